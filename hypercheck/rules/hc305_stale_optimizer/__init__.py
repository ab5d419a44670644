"""The optimizer holds tensors that the model no longer uses.

Finds:
An optimizer that was made before a layer was replaced, re-created or re-wrapped, so that its list points
at the old tensors and the new ones learn nowhere. Also a parameter group that is empty because its
iterator had been used up: `parameters = model.parameters()` gives its tensors once.

Why it matters:
An optimizer keeps tensors, not names. After `model.head = nn.Linear(8, 12)` it goes on stepping the old
head, which has no gradient and is passed over in silence. torch refuses an empty parameter list, but not
an empty group among others. With generated weights the same happens in a harmless form: the Parameters
that were deleted from the main network stay in the optimizer as dead state. That is told as a note, with
its size.

Fix:
Build the network completely, then the optimizer:

    model.head = nn.Linear(8, 3 * 4)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

For a replacement during the training add the new tensors:
`optimizer.add_param_group({"params": model.head.parameters()})`.

Not found:
An error only where something trainable is left without an optimizer by it. Silent for optimizers that are
made anew per epoch, task or round, since membership is judged at the time of each step.

Where it is meant, write `# hypercheck: ignore[HC305]` on the line that makes the optimizer.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import OptimizerFact, RunFacts, TensorFact
from hypercheck.findings import Finding, Severity
from hypercheck.rules.ownership import OF_A_COPY, active, held_instead
from hypercheck.rules.persistence import Steps, dead_twins, idle_tensors, replacements
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import agreed, counted, first_place, listed

_FEWEST = 3


def check(facts: RunFacts) -> Iterator[Finding]:
    """Optimizers that hold tensors nobody uses any more."""
    missing = replacements(facts)
    if missing:
        holders = active(facts, missing) or list(facts.optimizers)
        holder = max(reversed(holders), key=lambda optimizer: len(_dead(facts, optimizer, missing)))
        count = len(_dead(facts, holder, missing))
        names = tuple(dict.fromkeys(tensor.name for tensor, _ in missing))
        made = first_place([tensor.made_at for tensor, _ in missing])
        yield RULE.finding(
            missing[0][1],
            names[0],
            f"{holder.name} still holds the tensors that {listed(names)} replaced",
            (
                "an optimizer keeps the very tensors that it was built with; "
                "a replacement is unknown to it and never learns"
            ),
            "build the optimizer after the last replacement of a parameter",
            victims=names,
            location=holder.location,
            related=(made.labelled("replaced here"),) if made else (),
            seen=(
                f"{counted(count, 'tensor')} of {holder.name} "
                f"{agreed(count, 'belongs', 'belong')} to no live module",
            ),
            evidence={
                "orphans": count,
                "orphan_bytes": holder.orphan_bytes,
                "held_instead": held_instead(facts, missing),
            },
        )
    yield from _made_again(facts)
    for optimizer in facts.optimizers:
        if optimizer.empty_groups and optimizer.steps:
            idle = idle_tensors(facts, optimizer)
            yield RULE.finding(
                (),
                optimizer.name,
                f"{optimizer.name} has an empty parameter group",
                (
                    "an iterator such as filter(...) or parameters() is exhausted after its first use: "
                    "a second optimizer gets nothing"
                ),
                "make a list of the parameters first, and give that list to every optimizer",
                severity=Severity.ERROR if idle or not optimizer.keys else Severity.WARNING,
                victims=idle,
                location=optimizer.location,
                seen=(f"group {optimizer.empty_groups[0]} of {optimizer.name} holds no tensor",),
                evidence={"empty_groups": list(optimizer.empty_groups)},
            )


def _dead(facts: RunFacts, optimizer: OptimizerFact, missing: list[tuple[TensorFact, Steps]]) -> set[int]:
    """What the optimizer holds and nobody uses: in the place of the missing tensors, and else."""
    return set(optimizer.orphans).union(*(dead_twins(facts, optimizer, tensor) for tensor, _ in missing))


def _made_again(facts: RunFacts) -> Iterator[Finding]:
    """Parameters that every step makes anew, in place of those that the optimizer holds."""
    steps = [step for step in facts.steps if step.fresh]
    holder = next((item for item in facts.optimizers if item.orphans and item.steps), None)
    if holder is None or len(steps) < _FEWEST:
        return
    shapes = {facts.tensors[key].shape for key in holder.orphans if key in facts.tensors}
    keys = [key for step in steps for key in step.fresh if facts.tensors[key].shape in shapes]
    if len(keys) < _FEWEST:
        return
    place = first_place([facts.tensors[key].made_at for key in keys])
    names = tuple(dict.fromkeys(facts.name(key) for key in keys))
    yield RULE.finding(
        tuple(step.step for step in steps),
        names[0],
        f"{listed(names)} {agreed(len(names), 'is', 'are')} made anew in each step, unknown to {holder.name}",
        "the optimizer steps the tensors that were replaced, and what the new ones learn is thrown away",
        "make the parameter once, in __init__, and only read it here",
        victims=names,
        location=place,
        seen=(
            f"{counted(len(holder.orphans), 'tensor')} of {holder.name} "
            f"{agreed(len(holder.orphans), 'belongs', 'belong')} to no live module",
        ),
        evidence={"orphans": len(holder.orphans), "steps": len(steps)},
    )


RULE = Rule("HC305", "stale-optimizer", Severity.ERROR, "before step", check, __doc__, explains=OF_A_COPY)
