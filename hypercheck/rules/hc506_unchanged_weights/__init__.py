"""The hypernetwork changed, and the weights that it generates did not.

Finds:
Parameters that move in every recorded step, a gradient that flows, and generated weights that are the
same, bit for bit, for the same condition: a rounding grid so coarse that no update crosses it, a
normalisation that removes what changes, a condition or a scale that multiplies by nothing.

Why it matters:
The loss sees the hypernetwork only through its weights. With a straight-through estimator the gradient
ignores the rounding, so everything upstream looks alive: gradients, updates, norms. The main network is
nevertheless the same function in each step.

Fix:
Compare the grid with the size of an update, and make it finer or the steps larger:

    grid = 1 / 4096
    weight = theta + (torch.round(theta / grid) * grid - theta).detach()

Coarse grids train if the unrounded values are kept and small updates can add up over many steps, as they
do in parameters: then this finding only says that the recorded steps were too few to cross.

Not found:
Weights that are reused from an earlier step are HC204. Judged over the recorded steps only, and only
where the same condition came up twice; with changing conditions nothing can be compared and the rule says
"not checked".

Where it is meant, write `# hypercheck: ignore[HC506]` on the line that makes the weight.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import Seen, by_statement, over_steps, shape, used_at
from hypercheck.rules.rule import Rule

_FEWEST = 4
"""Steps that must show the same weights: three updates lie between."""


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights that stay the same while their generator moves."""
    still = [seen for seen in over_steps(facts).values() if _stands_still(seen)]
    for group in by_statement(still):
        seen = group[0]
        weight = seen[-1][1]
        names = tuple(facts.name(key) for key in weight.keys)
        yield RULE.finding(
            tuple(step for step, _ in seen),
            weight.source,
            f"{weight.source} is the same, bit for bit, in {len(seen)} steps in which its generator changed",
            (
                "something between the generator's parameters and the weight swallows the updates, "
                "such as a rounding grid that none of them crosses"
            ),
            "make the grid finer than an update, or take out what keeps the values where they are",
            victims=names,
            location=weight.location,
            related=used_at(weight),
            seen=(
                f"{weight.source}, used with shape {shape(weight.shape)}: equal numbers in steps "
                + ", ".join(str(step) for step, _ in seen),
                f"{', '.join(names[:4])}: a gradient and an update in each of them",
            ),
            evidence={"weight": weight.source, "steps": len(seen), "tensors": list(names)},
        )


def _stands_still(seen: Seen) -> bool:
    """Whether all steps show one weight, several generators and the same condition."""
    weights = [weight for _, weight in seen]
    first = weights[0]
    return (
        len(weights) >= _FEWEST
        and all(weight.learning and weight.precise and weight.rms > 0 for weight in weights)
        and {weight.mark for weight in weights} == {first.mark}
        and {weight.condition_mark for weight in weights} == {first.condition_mark}
        and bool(first.condition_mark) == first.conditional
        and len({weight.generator_mark for weight in weights}) == len(weights)
        and first.generator_mark != ""
    )


RULE = Rule("HC506", "unchanged-weights", Severity.WARNING, "after step", check, __doc__)
