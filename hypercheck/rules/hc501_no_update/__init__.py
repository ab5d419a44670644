"""A tensor has a gradient and an optimizer, the step was made, and it did not change.

Finds:
A trainable tensor whose values are bit for bit the same before and after `optimizer.step()`, in all
recorded steps, with a gradient that is neither zero nor NaN and a learning rate above zero. The usual
cause is precision: the update is smaller than half the distance to the next number that the dtype can
hold.

Why it matters:
bfloat16 has 8 significant bits: just below 1.0 its numbers lie 0.004 apart. An update of 0.0005 is
rounded away, not once but every time, and the optimizer's state moves on as if it had happened.
Embeddings are hit first, because their entries are about 1 in size while updates are about the learning
rate. In float32 the same happens with learning rates of 1e-8.

Fix:
Keep the trained copy in float32 and compute in the short dtype:

    self.code = nn.Parameter(torch.ones(5))              # float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        weight = self.head(self.code)

Other causes: the values are written back after each step (a projection, weights that are loaded anew), or
a custom optimizer skips them.

Not found:
A learning rate of zero is HC502, a missing step HC503, a skipped one HC504. Quantised and sign-based
optimizers that change a tensor in some steps only are silent as soon as one recorded step changes it.

Where it is meant, write `# hypercheck: ignore[HC501]` on the line that makes the tensor.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Location, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import agreed, counted, first_place, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Tensors that an optimizer stepped without changing them."""
    yield from _undone(facts)
    still: dict[int, list[int]] = {}
    moved: set[int] = set()
    for step in facts.steps:
        largest = max((update.norm for update in step.updates if update.gradient == "ok"), default=0.0)
        for update in step.updates:
            if update.changed:
                moved.add(update.key)
            elif (
                update.changed is False
                and update.gradient == "ok"
                and update.norm > 1e-6 * largest  # below that it is rounding noise, as before a BatchNorm
                and update.learning_rate != 0
            ):
                still.setdefault(update.key, []).append(step.step)
    keys = [key for key, steps in still.items() if key not in moved and len(steps) >= 3]
    if keys:
        names = tuple(facts.name(key) for key in keys)
        yield RULE.finding(
            tuple(still[keys[0]]),
            names[0],
            f"{listed(names)} got a gradient, and the step did not change {agreed(len(names), 'it', 'them')}",
            "the update was smaller than the number format can show, or the values were put back",
            "raise the learning rate, keep the parameter in float32, or remove what restores the old values",
            victims=names,
            location=first_place(_places(facts, keys[0])),
            seen=(f"bit-equal before and after {counted(len(still[keys[0]]), 'step')}",),
            evidence={"tensors": list(names)},
        )


def _undone(facts: RunFacts) -> Iterator[Finding]:
    """Tensors that each step changes, and that have their old values again when the next one comes."""
    starts: dict[int, list[int]] = {}
    places: dict[int, Location] = {}
    for step in facts.steps:
        for update in step.updates:
            starts.setdefault(update.key, []).append(update.start)
            if update.undone_at is not None:
                places[update.key] = update.undone_at
    keys = [key for key, seen in starts.items() if len(seen) >= 4 and len(set(seen)) == 1 and seen[0]]
    keys = [key for key in keys if key in places and not facts.tensors[key].kept]
    if keys:
        names = tuple(facts.name(key) for key in keys)
        yield RULE.finding(
            tuple(step.step for step in facts.steps if step.updates),
            names[0],
            f"{listed(names)} {agreed(len(names), 'changes', 'change')} in every step, "
            f"and {agreed(len(names), 'is', 'are')} put back before the next one",
            "a statement after the update writes the old values again, so no step leaves anything behind",
            "restore values only where that is meant: not after every step",
            victims=names,
            location=places[keys[0]],
            seen=(f"the same values before each of {counted(len(starts[keys[0]]), 'update')}",),
            evidence={"tensors": list(names)},
        )


def _places(facts: RunFacts, key: int) -> list[Location | None]:
    """Where the tensor was given a short number format, else where its rate was chosen."""
    tensor = facts.tensors[key]
    holders = [optimizer for optimizer in facts.optimizers if key in optimizer.keys and optimizer.steps]
    rates = [optimizer.rate_set_at or optimizer.location for optimizer in holders]
    short = tensor.dtype in ("torch.bfloat16", "torch.float16")
    return [tensor.made_at, *rates] if short else [*rates, tensor.made_at]


RULE = Rule("HC501", "no-update", Severity.ERROR, "after step", check, __doc__)
