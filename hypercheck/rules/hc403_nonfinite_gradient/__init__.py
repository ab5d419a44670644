"""A gradient is NaN or infinite.

Finds:
NaN or Inf in the gradient of a tensor upstream of the weights, with the first operation that produced it:
`sqrt` or a power at zero, a division by a norm that can vanish, `log(0)`, an overflow in half precision.

Why it matters:
The loss may be perfectly finite. The derivative of `sqrt` at 0 is infinite, and infinite times zero is
NaN; generated weights start at exactly zero more often than others, because zero-initialised heads are
common. `torch.where` does not protect: both branches are differentiated, and NaN times zero is NaN. One
step later every parameter is NaN.

Fix:
Keep the argument away from the singular point, inside of the function:

    length = torch.sqrt(rows.square().sum(1, keepdim=True) + 1e-2)

`rows.norm(dim=1)` has a gradient of zero at zero and is safe by itself, the division by it is not. With
`torch.where`, replace the bad values before the function: `torch.where(ok, x, 1.0).sqrt()`.

Not found:
An overflow of a loss scale that `GradScaler` handles is silent, unless it never ends (HC504). Gradients
that are large and finite are HC406's. `torch.autograd.detect_anomaly()` gives a second opinion, at a
price in time.

Where it is meant, write `# hypercheck: ignore[HC403]` on the line that is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, first_place, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Gradients that are NaN or infinite."""
    bad: dict[int, list[int]] = {}
    for step in facts.steps:
        for update in step.updates:
            if update.gradient == "nonfinite":
                bad.setdefault(update.key, []).append(step.step)
    judged = [step for step in facts.steps if step.updates]
    spoilt = min(
        (s.step for s in judged for u in s.updates if not u.finite_after and u.gradient != "nonfinite"),
        default=None,
    )
    if spoilt is not None and all(steps[0] > spoilt for steps in bad.values()):
        return  # the parameters were NaN first: nonfinite-parameter tells it
    keys = [key for key, steps in bad.items() if len(steps) >= min(2, len(judged))]
    if not keys:
        # The NaN may be hidden by then: made 0 after the backward, so that the tensors stand still instead.
        hidden = [step for step in judged if any(b.nonfinite_at for b in step.backwards)]
        keys = [u.key for u in hidden[-1].updates if u.gradient == "zero"] if len(hidden) >= 2 else []
        bad.update({key: [step.step for step in hidden] for key in keys})
    if keys:
        names = tuple(facts.name(key) for key in keys)
        backwards = [b for step in facts.steps for b in step.backwards if step.step in bad[keys[0]]]
        places = [b.nonfinite_at for b in backwards] + [b.loss_at or b.location for b in backwards]
        infinite = any(not b.finite for step in facts.steps for b in step.backwards)
        yield RULE.finding(
            tuple(bad[keys[0]]),
            names[0],
            f"the gradient of {listed(names)} is NaN or infinite",
            "the loss itself is not finite"
            if infinite
            else "the loss is finite and its derivative is not: sqrt or norm at 0, log of 0, a division by 0",
            (
                "keep the arguments of sqrt, norm, "
                "log and divisions away from 0 (add a small eps inside of them)"
            ),
            victims=names,
            location=first_place(places),
            seen=(f"NaN or Inf in {counted(len(names), 'gradient')}",),
            evidence={"tensors": list(names), "loss_finite": not infinite},
        )


RULE = Rule("HC403", "nonfinite-gradient", Severity.ERROR, "before step", check, __doc__, explains=("HC402",))
