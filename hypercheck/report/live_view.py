"""The live view of a running script: steps, time, gradient norms, links and findings, as rich renderables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hypercheck.findings import Finding, Link, StepNumbers
from hypercheck.report import words
from hypercheck.report.console import COLOURS, STATE_STYLES
from hypercheck.report.linkage import Linkage, gradient, in_order

BARS = "▁▂▃▄▅▆▇█"
MOST_LINKS = 8
MOST_FINDINGS = 5
SPARKS = 32
_NAMES = ("hypernet", "main")


@dataclass(frozen=True, slots=True)
class LiveState:
    """What is known while the script runs."""

    title: str
    elapsed_s: float
    steps_seen: int = 0
    steps_recorded: int = 0
    history: tuple[StepNumbers, ...] = ()
    links: tuple[Link, ...] = ()
    findings: tuple[Finding, ...] = ()
    losses: Mapping[int, float] = field(default_factory=dict)
    """Recorded step to its loss."""


def view(state: LiveState) -> Group:
    """The whole view. Its height changes only when links or findings come."""
    return Group(_head(state), *_norms(state), *_links(state.links, state.findings), *_findings(state))


def _head(state: LiveState) -> Text:
    rate = state.steps_seen / state.elapsed_s if state.elapsed_s > 0 else 0.0
    told = [f"step {state.steps_seen:,}", f"{state.steps_recorded:,} recorded", duration(state.elapsed_s)]
    if state.steps_seen:
        told.append(f"{rate:,.0f} steps/s" if rate >= 10 else f"{rate:.2g} steps/s")
    head = Text("hypercheck ", style="bold", no_wrap=True, overflow="ellipsis")
    head.append(" · ".join((words.plain(state.title), *told)), style="not bold")
    return head


def duration(elapsed_s: float) -> str:
    """A time as people say it.

    >>> duration(3.21), duration(75), duration(7384)
    ('3.2 s', '1 min 15 s', '2 h 3 min')
    """
    if elapsed_s < 60:
        return f"{elapsed_s:.1f} s"
    minutes, seconds = divmod(int(elapsed_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s"


def sparkline(values: Sequence[float], width: int = SPARKS) -> str:
    """One bar for each of the last values, on a log scale over all of them.

    Zero is a dot and what is not finite an exclamation mark, since neither has a place on the scale.

    >>> sparkline([1e-4, 1e-2, 1.0, 0.0, float("nan")])
    '▁▄█·!'
    """
    shown = values[-width:]
    logs = [math.log10(value) for value in shown if value > 0 and math.isfinite(value)]
    low, high = min(logs, default=0.0), max(logs, default=0.0)
    return "".join(_bar(value, low, high) for value in shown)


def _bar(value: float, low: float, high: float) -> str:
    if not math.isfinite(value):
        return "!"
    if value <= 0:
        return "·"
    if high - low < 1e-9:
        return BARS[len(BARS) // 2]
    return BARS[int((math.log10(value) - low) / (high - low) * (len(BARS) - 1) + 1e-9)]


def _norms(state: LiveState) -> Iterator[Text]:
    width = max(map(len, _NAMES))
    for name in _NAMES:
        values = [step.grad_norms.get(name, 0.0) for step in state.history]
        if not values:
            continue
        line = Text(f"  gradient of {name:<{width}}  ", no_wrap=True, overflow="ellipsis")
        line.append(sparkline(values), style="blue")
        line.append(f"  {words.number(values[-1])}", style="red" if values[-1] == 0 else "")
        yield line
    losses = list(state.losses.values())
    if losses:
        start = f"  {'loss':<{len('gradient of ') + width}}  "
        yield Text(f"{start}{sparkline(losses)}  {words.number(losses[-1])}", no_wrap=True)


def _links(links: Sequence[Link], findings: Sequence[Finding]) -> Iterator[RenderableType]:
    if not links:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("  weight", "shape", "from", "linked", "equal", "gradient"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis")
    # What is cut is what one looks for.
    for link, state in in_order(links, findings)[:MOST_LINKS]:
        table.add_row(
            Text(f"  {words.plain(link.slot)}"),
            words.shape(link.shape),
            Text(words.plain(link.source)),
            Text("✂ cut", "red") if state is Linkage.CUT else Text(state.value, STATE_STYLES[state]),
            words.answer(link.equal),
            gradient(link, state),
        )
    yield table
    if len(links) > MOST_LINKS:
        yield Text(f"  and {words.counted(len(links) - MOST_LINKS, 'generated weight')} more", style="dim")


def _findings(state: LiveState) -> Iterator[Text]:
    findings = words.in_order(state.findings)
    if not findings:
        if state.steps_recorded:
            yield Text("  no findings so far", style="dim")
        return
    for finding in findings[:MOST_FINDINGS]:
        line = Text("  ", no_wrap=True, overflow="ellipsis")
        line.append(f"{words.plain(finding.code)} {finding.severity.value}", COLOURS[finding.severity])
        line.append(f"  {words.place(finding.location)}  ", "dim")
        line.append(words.plain(finding.message))
        yield line
    if len(findings) > MOST_FINDINGS:
        yield Text(f"  and {words.counted(len(findings) - MOST_FINDINGS, 'finding')} more", style="dim")
