"""A parameter is NaN or infinite after the update, although its gradient was finite.

Finds:
The first tensor whose values turn NaN or Inf in `optimizer.step()`, with the optimizer, its rate, and the
gradient's size: a learning rate that overflows, `eps=0` in Adam with a gradient of zero, state that was
loaded from another model.

Why it matters:
Adam divides by the root of the mean squared gradient plus `eps`. With `eps=0.0` a row that had no
gradient yet, such as the embedding of a task that was not in the batch, becomes 0/0. The loss stays
finite until that task's turn comes; then everything is NaN within one step.

Fix:
Keep the guard of the division:

    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)      # eps=1e-8

In float16 even 1e-8 is zero: use float32 for the trained copy, or `eps=1e-4`. For a rate that overflows,
lower it or clip the gradients.

Not found:
If the gradient was NaN or Inf before the step, the finding is HC403 and this one is folded under it.
Values that are infinite on purpose (masks in buffers) are no parameters and are not looked at.

Where it is meant, write `# hypercheck: ignore[HC505]` on the line that makes the optimizer.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import agreed, counted, first_place, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Parameters that became NaN or infinite in an update."""
    bad: dict[int, list[int]] = {}
    spoilt: set[int] = set()
    for step in facts.steps:
        for update in step.updates:
            if update.gradient == "nonfinite":
                spoilt.add(update.key)  # told as HC403, and the tensor stays what that made of it
            elif not update.finite_after and update.key not in spoilt:
                bad.setdefault(update.key, []).append(step.step)
    if bad:
        keys = list(bad)
        names = tuple(facts.name(key) for key in keys)
        yield RULE.finding(
            tuple(bad[keys[0]]),
            names[0],
            f"{listed(names)} {agreed(len(names), 'holds', 'hold')} NaN or Inf after the update",
            "from here on every result that uses them is NaN",
            (
                "the gradients are finite: look at what the optimizer makes of them (eps=0 divides 0 by 0), "
                "and lower the learning rate"
            ),
            victims=names,
            location=first_place([o.location for o in facts.optimizers if keys[0] in o.keys]),
            seen=(f"NaN or Inf in {counted(len(names), 'tensor')} after step {bad[keys[0]][0]}",),
            evidence={"tensors": list(names)},
        )


RULE = Rule("HC505", "nonfinite-parameter", Severity.ERROR, "after step", check, __doc__)
