"""Facts that hold over the recorded steps: what one odd step shows is no finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from hypercheck.facts import (
    DeadEnd,
    DeadFunction,
    LostLeaf,
    OptimizerFact,
    RunFacts,
    StaleFact,
    StepFacts,
    TensorFact,
    UsageFact,
)
from hypercheck.findings import Location
from hypercheck.rules.starvation import learned, starved_since

Spans = tuple[tuple[int, int], ...]
Steps = tuple[int, ...]


def _place(location: Location | None) -> tuple[str, int]:
    return (location.file, location.line) if location is not None else ("", 0)


def persistent_dead_functions(facts: RunFacts, kind: str) -> Iterator[tuple[DeadFunction, Steps]]:
    """Operations on every way of victims that never get a gradient."""
    fed = learned(facts)
    judged = [step for step in facts.steps if step.updates]
    found: dict[tuple[str, int], tuple[DeadFunction, list[int]]] = {}
    for step in judged:
        for dead in step.dead_functions:
            victims = tuple(key for key in dead.victims if key not in fed)
            if dead.kind == kind and victims:
                found.setdefault(_place(dead.location), (replace(dead, victims=victims), []))[1].append(
                    step.step
                )
    for dead, steps in found.values():
        if len(steps) >= min(2, len(judged)):
            yield dead, tuple(steps)


def persistent_dead_ends(facts: RunFacts, kinds: tuple[str, ...]) -> Iterator[tuple[DeadEnd, Steps]]:
    """Ends of generated values whose victims never learn."""
    fed = learned(facts)
    late = starved_since(facts)
    found: dict[tuple[str, str, int], tuple[DeadEnd, list[int]]] = {}
    for step in facts.steps:
        for dead in step.dead_ends:
            victims = tuple(
                key for key in dead.victims if key not in fed or step.step >= late.get(key, step.step + 1)
            )
            if dead.kind in kinds and victims:
                key = (dead.kind, *_place(dead.location))
                found.setdefault(key, (replace(dead, victims=victims), []))[1].append(step.step)
    judged = sum(bool(step.updates) for step in facts.steps)
    for dead, steps in found.values():
        if len(steps) >= min(2, judged):
            yield dead, tuple(steps)


def persistent_usages(facts: RunFacts) -> Iterator[tuple[UsageFact, Steps]]:
    """For each generator, the use of its output over all recorded steps together."""
    found: dict[tuple[str, int, int], tuple[UsageFact, list[int]]] = {}
    sizes: dict[tuple[str, int, int], set[int]] = {}
    for step in facts.steps:
        for usage in step.usages:
            sizes.setdefault((*_place(usage.location), usage.width), set()).add(usage.total)
    tails: dict[tuple[str, int, int], set[int]] = {}
    for step in facts.steps:
        merged: dict[tuple[str, int, int], UsageFact] = {}
        for usage in step.usages:
            if len(usage.unused) == 1 and usage.unused[0][1] == usage.total:
                tails.setdefault((*_place(usage.location), usage.total), set()).add(usage.used)
            if len(sizes[(*_place(usage.location), usage.width)]) > 1:
                usage = _by_columns(usage)
            key = (*_place(usage.location), usage.total)
            merged[key] = _both(merged[key], usage) if key in merged else usage
        for key, usage in merged.items():
            old = found.get(key)
            found[key] = (_both(old[0], usage), [*old[1], step.step]) if old else (usage, [step.step])
    for key, (usage, steps) in found.items():
        # One output that is cut to the lengths of several weights has a surplus on purpose.
        yield replace(usage, cropped=usage.cropped or len(tails.get(key, ())) > 1), tuple(steps)


def _by_columns(usage: UsageFact) -> UsageFact:
    """The use of one row's outputs: where a generator is called for more rows here and for fewer there."""
    idle = sum(end - start for start, end in usage.idle_columns)
    return replace(
        usage, shape=(usage.width,), total=usage.width, used=usage.width - idle, unused=usage.idle_columns
    )


def _both(one: UsageFact, other: UsageFact) -> UsageFact:
    unused = _common(one.unused, other.unused)
    left = sum(end - start for start, end in unused)
    return replace(
        one,
        unused=unused,
        used=one.total - left,
        overlaps=one.overlaps if one.overlaps and other.overlaps else (),
        slots=tuple(dict.fromkeys((*one.slots, *other.slots))),
        cropped=one.cropped or other.cropped,
    )


def _common(one: Spans, other: Spans) -> Spans:
    found = []
    for start, end in one:
        for low, high in other:
            if max(start, low) < min(end, high):
                found.append((max(start, low), min(end, high)))
    return tuple(sorted(found))


def persistent_losses(facts: RunFacts, kinds: tuple[str, ...]) -> Iterator[tuple[int, LostLeaf, Steps]]:
    """Tensors outside of every optimizer that are read on at least two recorded steps."""
    seen: dict[int, tuple[LostLeaf, list[int]]] = {}
    judged = [step for step in facts.steps if step.backwards]
    for step in judged:
        for lost in step.lost:
            if lost.kind in kinds:
                seen.setdefault(lost.key, (lost, []))[1].append(step.step)
    for key, (lost, steps) in seen.items():
        if len(steps) >= 2:
            yield key, lost, tuple(steps)


def unheld_tensors(facts: RunFacts, wanted: Callable[[TensorFact], bool]) -> list[tuple[TensorFact, Steps]]:
    """Trainable Parameters that nothing has ever stepped, read on at least two recorded steps."""
    seen: dict[int, list[int]] = {}
    stepping = [step for step in facts.steps if step.updates]
    for step in stepping:
        for key in step.unheld:
            seen.setdefault(key, []).append(step.step)
    found = []
    for key, steps in seen.items():
        tensor = facts.tensors.get(key)
        if tensor is None or tensor.optimizers or tensor.moved:
            continue
        if len(steps) >= 2 and wanted(tensor):
            found.append((tensor, tuple(steps)))
    return found


def by_place(
    items: list[tuple[TensorFact, Steps]], place: Callable[[TensorFact], Location | None]
) -> Iterator[tuple[list[TensorFact], Steps]]:
    """The tensors grouped by the statement that they share."""
    groups: dict[tuple[str, int], tuple[list[TensorFact], Steps]] = {}
    for tensor, steps in items:
        groups.setdefault(_place(place(tensor)), ([], steps))[0].append(tensor)
    yield from groups.values()


def replacements(facts: RunFacts) -> list[tuple[TensorFact, Steps]]:
    """Tensors without an optimizer that came in the place of some that an optimizer holds.

    What else of the same model has no optimizer went the same way.
    """
    missing = unheld_tensors(facts, lambda tensor: True)
    found = [item for item in missing if _replaced(facts, item[0])]
    models = {tensor.model for tensor, _ in found} - {""}
    more = [item for item in missing if item not in found and item[0].holder != "container"]
    return found + [item for item in more if item[0].model in models]


def _replaced(facts: RunFacts, tensor: TensorFact) -> bool:
    """Whether the tensor came after the optimizers, and one of them holds tensors that nobody else holds."""
    orphans = {key for optimizer in facts.optimizers for key in optimizer.orphans}
    twins = any(dead_twins(facts, optimizer, tensor) for optimizer in facts.optimizers)
    return twins or (bool(orphans) and tensor.late)


def dead_twins(facts: RunFacts, optimizer: OptimizerFact, tensor: TensorFact) -> list[int]:
    """What the optimizer holds, no module has any more, and is of the tensor's shape."""
    known = [(key, facts.tensors[key]) for key in optimizer.keys if key in facts.tensors]
    return [
        key
        for key, other in known
        if other.shape == tensor.shape and (key in optimizer.orphans or other.cast_off)
    ]


def idle_tensors(facts: RunFacts, optimizer: OptimizerFact) -> tuple[str, ...]:
    """Trainable tensors that got a gradient in steps in which nothing stepped them."""
    due = {
        key for other in facts.optimizers if other.name != optimizer.name for key in other.keys if other.steps
    }
    names = [tensor.name for key, tensor in facts.tensors.items() if key not in due and tensor.requires_grad]
    return tuple(names[:12])


def fresh_elsewhere(step: StepFacts, stale: StaleFact) -> bool:
    """Whether the step also used weights that the same tensors had generated anew."""
    return bool(step.links) and not any(item.source == stale.source for item in step.stale)


def no_gradient(names: tuple[str, ...]) -> str:
    """The sentence that tells how many tensors starve."""
    return (
        f"no gradient came to {len(names)} {'tensor' if len(names) == 1 else 'tensors'} on any recorded step"
    )
