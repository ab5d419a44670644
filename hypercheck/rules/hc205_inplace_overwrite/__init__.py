"""A generated weight was overwritten before the main network used it.

Finds:
`nn.init.xavier_uniform_(weight)`, `weight.zero_()`, `weight.copy_(other)`, `weight.data[...] = other` and
the like, on a tensor that a hypernetwork made, between its generation and its use, when nothing of the
generated values is left.

Why it matters:
The main network computes with the new numbers. Where the write was hidden from autograd (`nn.init` works
under `no_grad`), the graph still says that the weight came from the hypernetwork, so gradients do flow
and parameters do move; yet the loss does not depend on them at all. Every check for a missing gradient
passes.

Fix:
Initialise the layer that makes the weights, once, and leave its output alone:

    nn.init.xavier_uniform_(self.head.weight)       # in __init__
    weight = self.head(code).view(3, 4)             # in forward

To change a generated weight, make a new tensor: `weight = weight * mask`,
`weight = torch.where(mask, weight, other)`.

Not found:
Silent for writes that keep the values in play: `weight.mul_(scale)`, `weight.add_(base)`, `clamp_`,
masks, and for writes after the last use. Memory that is overwritten by another library is not seen.

Where it is meant, write `# hypercheck: ignore[HC205]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import OverwriteFact, RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import learned


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights that were overwritten before use."""
    grouped: dict[str, tuple[OverwriteFact, list[int]]] = {}
    for step in facts.steps:
        for item in step.overwrites:
            key = f"{item.location.file}:{item.location.line}" if item.location else item.name
            grouped.setdefault(key, (item, []))[1].append(step.step)
    judged = [step for step in facts.steps if step.updates]
    fed = learned(facts)
    for item, steps in grouped.values():
        starved = item.gradient_flows or any(key not in fed for key in item.victims)
        if len(steps) < min(2, len(judged)) or not starved:
            continue
        yield RULE.finding(
            tuple(steps),
            item.name,
            f"{item.name} was generated, then overwritten before the main network used it",
            "the values used are not the generated ones; the gradient still flows to the generator, "
            "for values that never counted"
            if item.gradient_flows
            else "the values used are not the generated ones, so the gradient of the generator is zero",
            "initialise or overwrite the main network before the weights are handed over, never after",
            victims=tuple(facts.name(key) for key in item.victims),
            location=item.location,
            related=(item.made_at,) if item.made_at else (),
            seen=("the overwriting statement reads nothing of the generated values",),
            evidence={"name": item.name},
        )


RULE = Rule(
    "HC205", "inplace-overwrite", Severity.ERROR, "before backward", check, __doc__, explains=("HC401",)
)
