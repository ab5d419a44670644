"""What the cut rules share: from cuts and their victims, over all recorded steps, to findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from hypercheck.facts import CutFact, RunFacts
from hypercheck.findings import Finding, Location, Severity

Spans = tuple[tuple[int, int], ...]


def learned(facts: RunFacts) -> frozenset[int]:
    """Keys of the tensors that got a gradient in at least one recorded step, not by a penalty alone."""
    found: set[int] = set()
    for step in facts.steps:
        penalised = {key for cut in step.cuts if cut.penalised for key in cut.victims}
        found.update(u.key for u in step.updates if u.gradient == "ok" and u.key not in penalised)
    return frozenset(found)


def starved_since(facts: RunFacts, least: int = 3) -> dict[int, int]:
    """Keys of tensors that learned first and then never again, with the recorded step since when.

    What starved once before and came back is trained by turns, and is left out.
    """
    states: dict[int, list[tuple[int, bool]]] = {}
    for step in facts.steps:
        for update in step.updates:
            states.setdefault(update.key, []).append((step.step, update.gradient in ("ok", "nonfinite")))
    found = {}
    for key, seen in states.items():
        hungry = [number for number, fed in seen if not fed]
        if len(hungry) >= least and len(hungry) < len(seen):
            tail = seen[-len(hungry) :]
            if not any(fed for _, fed in tail):
                found[key] = tail[0][0]
    return found


def live_rows(facts: RunFacts, key: int) -> set[int]:
    """The rows of a tensor whose gradient was not zero in at least one recorded step."""
    found: set[int] = set()
    for step in facts.steps:
        for update in step.updates:
            if update.key == key and update.gradient == "ok":
                zero = {row for start, end in update.zero_rows for row in range(start, end)}
                found.update(row for row in range(update.rows) if row not in zero)
    return found


def persistent_cuts(facts: RunFacts, mechanism: str) -> list[tuple[CutFact, tuple[int, ...]]]:
    """The cuts of a mechanism whose victims never learn in any recorded step, each with its steps."""
    fed = learned(facts)
    late = starved_since(facts)
    found: dict[tuple[str, int, str], tuple[CutFact, list[int]]] = {}
    rows_alive: dict[int, set[int]] = {}
    for step in facts.steps:
        for cut in step.cuts:
            if cut.mechanism != mechanism:
                continue
            victims = tuple(
                key
                for key in cut.victims
                if key not in fed or (cut.in_weight and step.step >= late.get(key, step.step + 1))
            )
            rows = {}
            for key, spans in cut.victim_rows.items():
                alive = rows_alive.setdefault(key, live_rows(facts, key))
                left = tuple(span for span in spans if not any(row in alive for row in range(*span)))
                if left:
                    rows[key] = left
            if not victims and not rows:
                continue
            if not victims and len([item for item in facts.steps if item.updates]) < 2:
                continue
            place = cut.location
            key_of = (
                (place.file, place.line, cut.mechanism) if place else ("", hash(cut.source), cut.mechanism)
            )
            old = found.get(key_of)
            fresh = _with_victims(cut, victims, rows)
            if old is None:
                found[key_of] = (fresh, [step.step])
            else:
                both = tuple(sorted({*old[0].victims, *victims}))
                found[key_of] = (
                    _with_victims(old[0], both, {**old[0].victim_rows, **rows}),
                    [*old[1], step.step],
                )
    return [(cut, tuple(steps)) for cut, steps in found.values() if _lasting(facts, cut, steps)]


def _lasting(facts: RunFacts, cut: CutFact, steps: list[int]) -> bool:
    """Whether the cut was still there when its victims were last due, or comes back again and again.

    Start values are copied once only; a branch that some steps skip, by chance, has its cut in the others.
    """
    keys = {*cut.victims, *cut.victim_rows}
    due = [step.step for step in facts.steps if any(update.key in keys for update in step.updates)]
    return not due or due[-1] in steps or len(due) < 2 or len(steps) >= max(3, len(due) / 3)


def _with_victims(cut: CutFact, victims: tuple[int, ...], rows: dict[int, Spans]) -> CutFact:
    return replace(cut, victims=victims, victim_rows=rows)


Words = Callable[[CutFact], str]


def cut_findings(
    facts: RunFacts, code: str, name: str, message: Words, why: str, fix: Words, *, soft: bool = False
) -> Iterator[Finding]:
    """Findings for the persistent cuts of one mechanism.

    A cut of a `soft` mechanism (one that people also use on purpose) on a way that enters no generated weight
    is a note, and so is one whose victims were all put into evaluation mode.
    """
    merged: dict[tuple[str, str, tuple[int, ...]], list[tuple[CutFact, tuple[int, ...]]]] = {}
    for cut, steps in persistent_cuts(facts, name):
        place = cut.location
        key = (
            place.file if place else "",
            place.function if place else "",
            cut.victims or tuple(cut.victim_rows),
        )
        merged.setdefault(key, []).append((cut, steps))
    for group in merged.values():
        cut, steps = group[0]
        severity = Severity.ERROR
        asleep = cut.asleep and not set(cut.victims) & learned(facts)
        if soft and (asleep or not cut.in_weight):
            severity = Severity.WARNING if name == "detach" and not asleep else Severity.NOTE
        others = [
            other.location.labelled("cuts as well") for other, _ in group[1:] if other.location is not None
        ]
        lines = sorted({place.line for place in others if cut.location and place.line != cut.location.line})
        too = f"   # line {' and '.join(map(str, lines[:3]))} as well" if lines and code != "HC104" else ""
        names = tuple(facts.name(key) for key in cut.victims)
        names += tuple(f"{facts.name(key)}[{span_text(spans)}]" for key, spans in cut.victim_rows.items())
        yield Finding(
            code=code,
            rule=name,
            severity=severity,
            stage="before backward",
            steps=steps,
            subject=cut.source,
            message=message(cut),
            why=why,
            fix=fix(cut) + too,
            victims=names,
            location=cut.location,
            related=(*others, *cut.related),
            seen=(*cut.seen, starved_sentence(facts, cut)),
            evidence={
                "source": cut.source,
                "target": cut.target,
                "starved": len(names),
                "trainable": len({update.key for step in facts.steps for update in step.updates}),
                "ranges": [list(span) for span in cut.ranges],
                "reaches_weight": cut.in_weight,
            },
        )


def starved_sentence(facts: RunFacts, cut: CutFact) -> str:
    """How many tensors got no gradient, of how many that the optimizers step."""
    stepped = {update.key for step in facts.steps for update in step.updates}
    if cut.penalised:
        return "the only gradient that comes to them is the one of a penalty on what they generate"
    if cut.victims:
        count = len(cut.victims)
        return f"no gradient came to {count} of the {len(stepped)} tensors that the optimizers step"
    rows = sum(end - start for spans in cut.victim_rows.values() for start, end in spans)
    return f"the gradient is exactly zero on {rows} rows that pass here, and on no step otherwise"


def span_text(spans: Spans, most: int = 3) -> str:
    """Ranges in the way Python writes slices.

    >>> span_text(((0, 4), (6, 7)))
    '0:4, 6'
    """
    shown = [f"{start}:{end}" if end - start > 1 else str(start) for start, end in spans[:most]]
    return ", ".join(shown) + (", …" if len(spans) > most else "")


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun.

    >>> counted(1, "tensor"), counted(3, "tensor")
    ('1 tensor', '3 tensors')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def agreed(number: int, one: str, many: str) -> str:
    """The form of a verb that agrees with a number.

    >>> agreed(1, "is", "are"), agreed(2, "is", "are")
    ('is', 'are')
    """
    return one if number == 1 else many


def listed(names: list[str] | tuple[str, ...], most: int = 3) -> str:
    """The first names, and how many more.

    >>> listed(["a", "b", "c", "d"], most=2)
    'a, b and 2 more'
    >>> listed(["best", "best", "net.bias"])
    'best (2 tensors) and net.bias'
    """
    counts = Counter(names)
    shown = [name if count == 1 else f"{name} ({count} tensors)" for name, count in counts.items()][:most]
    left = len(names) - sum(list(counts.values())[:most])
    if left:
        return ", ".join(shown) + f" and {left} more"
    return ", ".join(shown[:-1]) + (" and " if len(shown) > 1 else "") + shown[-1] if shown else "nothing"


def first_place(places: list[Location | None]) -> Location | None:
    """The first place that is known."""
    return next((place for place in places if place is not None), None)
