"""Gradients were cleared or replaced between the backward pass and the optimizer's step.

Finds:
`optimizer.zero_grad()`, `model.zero_grad()`, `parameter.grad = None` or a replacement of `.grad`, after
the `backward()` that had filled it (or the `parameter.grad = ...`) and before the `step()` that should have
used it: in all recorded steps, or in a third of them, as by an evaluation that clears.

Why it matters:
`zero_grad()` sets `.grad` to None by default, and `step()` passes over every tensor whose `.grad` is
None. Nothing changes and nothing raises. With `set_to_none=False` the step is made with zeros; momentum
and weight decay then move the parameters a little, which looks like slow training.

Fix:
Clear before the backward pass, or after the step:

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

Not found:
Silent where only part of the gradients is cleared on purpose (the generator's, before the discriminator's
turn), where the gradient was used in another way first, and for clipping, unscaling and averaging, which
change gradients in place.

Where it is meant, write `# hypercheck: ignore[HC404]` on the line that clears.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Location, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, learned, listed, starved_since


def check(facts: RunFacts) -> Iterator[Finding]:
    """Gradients that were cleared before they were used."""
    fed, late = learned(facts) - _often_cleared(facts), starved_since(facts)
    cleared: dict[tuple[str, int], tuple[Location, list[int], list[int]]] = {}
    for step in facts.steps:
        for update in step.updates:
            since = late.get(update.key, step.step + 1)
            if update.cleared_at is not None and (update.key not in fed or step.step >= since):
                key = (update.cleared_at.file, update.cleared_at.line)
                entry = cleared.setdefault(key, (update.cleared_at, [], []))
                entry[1].append(update.key)
                entry[2].append(step.step)
    scaled = {update.cleared_at for step in facts.steps for update in step.updates if update.scaled_away}
    for place, keys, steps in cleared.values():
        away = place in scaled
        names = tuple(dict.fromkeys(facts.name(key) for key in keys))
        yield RULE.finding(
            tuple(dict.fromkeys(steps)),
            names[0],
            f"the gradients of {listed(names)} were {'scaled to nothing' if away else 'cleared'} "
            "after the backward and before the step",
            "the optimizer steps with what stands in .grad at that moment, and there was nothing left",
            "look at the factor, or at the norm that is clipped to: it is 0"
            if away
            else "call zero_grad() before backward() or after step(), never between them",
            victims=names,
            location=place,
            seen=(f"filled by the backward, gone at the step, for {counted(len(names), 'tensor')}",),
            evidence={"tensors": list(names)},
        )


def _often_cleared(facts: RunFacts) -> frozenset[int]:
    """Keys of the tensors that lose their gradient in a third of the recorded steps or more.

    A step counts where its optimizer had nothing left at all: clearing some of many is often meant.
    """
    cleared: Counter[int] = Counter()
    judged: Counter[int] = Counter()
    for step in facts.steps:
        judged.update(update.key for update in step.updates)
        fed = {update.optimizer for update in step.updates if update.gradient == "ok"}
        lost = [update for update in step.updates if update.cleared_at and update.optimizer not in fed]
        cleared.update(update.key for update in lost)
    return frozenset(key for key, count in cleared.items() if count >= 3 and 3 * count >= judged[key])


RULE = Rule(
    "HC404",
    "zero-grad-after-backward",
    Severity.ERROR,
    "before step",
    check,
    __doc__,
    explains=("HC401", "HC402"),
)
