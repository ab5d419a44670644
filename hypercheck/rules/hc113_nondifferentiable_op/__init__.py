"""An operation without a useful derivative lies between the hypernetwork and its weight.

Finds:
`argmax`, comparisons, `one_hot`, `.long()`, `.bool()` and other operations whose results cannot carry a
gradient, and `round`, `floor`, `ceil`, `sign`, `trunc`, whose derivative is zero everywhere, when all
ways from a hypernetwork to the loss lead through them.

Why it matters:
The two kinds fail differently. A comparison or a cast to integer returns a tensor with
`requires_grad=False`, and upstream `.grad` stays None. `round` and its kin do have a backward,
SignBackward or RoundBackward, and it multiplies by zero: every upstream `.grad` exists, and every element
of it is exactly 0. Momentum and weight decay may move the parameters even so, which makes it look like
training.

Fix:
Use the rounded value in the forward pass and the unrounded one for the gradient, a straight-through
estimator:

    binary = theta + (torch.sign(theta) - theta).detach()

or a soft relative of the operation: `torch.softmax` for `argmax`, `F.gumbel_softmax(logits, hard=True)`
for a choice, `torch.sigmoid(k * (a - b))` for `a > b`.

Not found:
Silent for straight-through estimators, for masks and indices that only select which weights are used, and
for score-function estimators such as REINFORCE, where the gradient comes through a log-probability.

Where it is meant, write `# hypercheck: ignore[HC113]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.persistence import persistent_dead_functions
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, cut_findings, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by an operation without a derivative, or with a derivative of zero."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"an operation without a derivative stands between {cut.source} and the weight",
        "comparisons, argmax, rounding and casts to integers have no derivative, so no gradient passes them",
        lambda cut: (
            "use a soft form (softmax, sigmoid), or a straight-through estimator: "
            "w + (torch.round(w) - w).detach()"
        ),
    )
    for dead, steps in persistent_dead_functions(facts, "zero-derivative"):
        names = tuple(facts.name(key) for key in dead.victims)
        yield RULE.finding(
            steps,
            names[0],
            (
                f"{dead.name} has a derivative of zero everywhere, "
                f"and every way from {listed(names)} to the loss passes it"
            ),
            (
                "round, floor, sign and the like are recorded by autograd with a zero derivative: "
                "the gradient arrives as exact zeros"
            ),
            f"use a straight-through estimator: w + (torch.{dead.name.strip('_')}(w) - w).detach()",
            victims=names,
            location=dead.location,
            seen=(f"the gradient of {counted(len(names), 'tensor')} is exactly zero on every recorded step",),
            evidence={"operation": dead.name, "starved": len(names)},
        )


RULE = Rule("HC113", "nondifferentiable-op", Severity.ERROR, "before backward", check, __doc__)
