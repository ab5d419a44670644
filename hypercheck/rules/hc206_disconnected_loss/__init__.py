"""The loss does not depend on the hypernetwork.

Finds:
A loss whose graph reaches only the main network's leftovers (biases, norms, a skip layer), or nothing
trainable, in a step in which weights were generated and used. The values computed from those weights end
elsewhere: in a metric, in a variable that nobody reads, in the output of another branch.

Why it matters:
`backward()` starts at the loss, and can only reach what the loss was computed from. A mixed-up variable
is enough: `criterion(base, y)` where `criterion(prediction, y)` was meant. Whatever else is trainable
goes on learning, so the numbers that are printed look alive.

Fix:
Compute the loss from the prediction that used the generated weights:

    prediction = base + F.linear(x, weight)
    loss = F.mse_loss(prediction, y)

A quick look at any time: `hypercheck.walk(loss).path_to(hyper.weight)`.

Not found:
Silent where the hypernetwork is trained by another loss of the same step, by another optimizer's turn, or
with gradients that are handed over by `torch.autograd.grad`. Steps of the main network alone, in an
alternating scheme, are weighed together with the steps of the hypernetwork.

Where it is meant, write `# hypercheck: ignore[HC206]` on the line that computes the loss.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.persistence import no_gradient, persistent_dead_ends
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """Losses that depend on nothing of the hypernetwork."""
    for dead, steps in persistent_dead_ends(facts, ("disconnected",)):
        names = tuple(facts.name(key) for key in dead.victims)
        yield RULE.finding(
            steps,
            dead.source,
            f"the loss depends on nothing that was computed with {dead.source}",
            "the generated weights were used in a forward whose result never entered the loss",
            "compute the loss from the output of the network that uses the generated weights",
            victims=names,
            location=dead.location,
            related=dead.related,
            seen=("the values made with the generated weights end before the loss", no_gradient(names)),
            evidence={"starved": len(names)},
        )


RULE = Rule("HC206", "disconnected-loss", Severity.ERROR, "before backward", check, __doc__)
