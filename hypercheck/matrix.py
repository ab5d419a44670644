"""The fault matrix: every reference model trained with every way of handing its weights over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.progress import track

from hypercheck import checker, models
from hypercheck.findings import Severity
from hypercheck.models.handover import build_case, handover, ways
from hypercheck.observe.observation import Observation
from hypercheck.settings import Settings

FOUND, SILENT, MISSED = "found", "silent", "missed"
FALSE_ALARM, OTHER_LINE, NOT_APPLICABLE = "alarm", "line", "-"
RIGHT = frozenset({FOUND, SILENT, NOT_APPLICABLE})
SYMBOLS = {FOUND: "✓", NOT_APPLICABLE: "–", MISSED: "missed", OTHER_LINE: "line"}
"""What stands in a cell of the Markdown table."""
MODEL, RIGHT_WAYS = "model", "right ways silent"
_STEPS = 4


@dataclass(frozen=True)
class Cell:
    """What happened for one model and one way: one of the states above, and the codes that were reported."""

    model: str
    way: str
    state: str
    codes: tuple[str, ...] = ()


def cell(model: str, way: str) -> Cell:
    """Train one case for a few steps under the checker and compare what it says with what is wrong."""
    observation = Observation(steps=_STEPS)
    observation.start()
    try:
        case = build_case(model, way)
        if not case.applies:
            return Cell(model, way, NOT_APPLICABLE)
        for _ in range(_STEPS):
            case.step()
    finally:
        observation.stop()
    findings, _, _ = checker.judge(observation.facts(), Settings())
    strong = [finding for finding in findings if finding.severity is not Severity.NOTE]
    codes = tuple(dict.fromkeys(finding.code for finding in strong))
    expected = case.expected
    if expected is None:
        return Cell(model, way, FALSE_ALARM if strong else SILENT, codes)
    hits = [finding for finding in strong if expected.names(finding.code)]
    if not hits:
        return Cell(model, way, MISSED, codes)
    places = [finding.location for finding in hits if finding.location is not None]
    there = any(expected.stands_at(place.file, place.line, place.end_line) for place in places)
    return Cell(model, way, FOUND if there else OTHER_LINE, codes)


def cells(names: Iterable[str], chosen: Iterable[str]) -> list[Cell]:
    """The cells of the models and ways, with a progress bar on a terminal."""
    pairs = [(model, way) for model in names for way in chosen]
    console = Console(stderr=True)
    shown = track(pairs, "checking", console=console, disable=not console.is_terminal)
    return [cell(*pair) for pair in shown]


def render(found: list[Cell], markdown: bool) -> str:
    """The matrix: a row for each model, a column for each way."""
    names = list(dict.fromkeys(item.model for item in found))
    columns = list(dict.fromkeys(item.way for item in found))
    table = {(item.model, item.way): item.state for item in found}
    if markdown:
        return _markdown(names, columns, table)
    lines = []
    for way in columns:
        states: dict[str, list[str]] = {}
        for name in names:
            states.setdefault(table[name, way], []).append(name)
        counts = ", ".join(
            f"{state} {len(items)}" for state, items in states.items() if state != NOT_APPLICABLE
        )
        lines.append(f"{way:26} {counts or 'does not apply'}")
        lines += [
            f"{'':26}   {state}: {', '.join(items)}" for state, items in states.items() if state not in RIGHT
        ]
    return "\n".join(lines)


def _markdown(names: list[str], columns: list[str], table: dict[tuple[str, str], str]) -> str:
    """One row for each model: the right ways counted in one column, a column for each wrong way's code."""
    codes = {way: handover(way).code for way in columns}
    right = [way for way in columns if not codes[way]]
    wrong = [way for way in columns if codes[way]]
    lines = [
        f"| {' | '.join([MODEL, *([RIGHT_WAYS] if right else []), *(codes[way] for way in wrong)])} |",
        "|---" * (1 + bool(right) + len(wrong)) + "|",
    ]
    for name in names:
        states = [table[name, way] for way in right]
        silent, applied = states.count(SILENT), len(states) - states.count(NOT_APPLICABLE)
        counted = [f"{silent} of {applied}"] if right else []
        lines.append(f"| {' | '.join([name, *counted, *(SYMBOLS[table[name, way]] for way in wrong)])} |")
    return "\n".join(lines)


def run(names: tuple[str, ...], faults: tuple[str, ...], markdown: bool) -> tuple[str, int]:
    """The matrix as text, and the exit status: 1 if a cell is wrong.

    Raises ValueError for an unknown model or way.
    """
    for name in names:
        models.info(name)
    chosen = [handover(fault).name for fault in faults] or list(ways())
    found = cells(names or models.names(), chosen)
    wrong = [item for item in found if item.state not in RIGHT]
    applied = [item for item in found if item.state != NOT_APPLICABLE]
    summary = f"{len(applied) - len(wrong)} of {len(applied)} cells right"
    return f"{render(found, markdown)}\n\n{summary}", int(bool(wrong))
