"""A generated weight was copied into a Parameter while gradients were switched off.

Finds:
Writes in place under `torch.no_grad()` whose values came from a hypernetwork:
`layer.weight.copy_(weight)`, `layer.weight[...] = weight`, `torch.add(a, b, out=layer.weight)`, and the
helpers of `nn.init`, which switch gradients off by themselves. The main network then used the Parameter,
and something upstream of `weight` starved.

Why it matters:
In grad mode torch refuses to write into a leaf that requires grad: "a leaf Variable that requires grad is
being used in an in-place operation". `no_grad` makes the message go away and the gradient with it: the
copy is not recorded, the Parameter stays a leaf, and `backward()` ends there.

Fix:
Do not copy; compute with the generated tensor:

    y = F.conv2d(x, kernel, conv.bias, padding=1)

or `torch.func.functional_call(conv, {"weight": kernel}, x)`, which needs no change to the module. If the
numbers must lie in that very tensor, take away its `requires_grad` and copy with gradients on; torch
records that as CopyBackwards:

    conv.weight.requires_grad_(False)            # once, before the optimizer is made
    conv.weight.detach_().copy_(kernel)          # in every forward pass: a new graph each time

Not found:
Silent for initialisation, for optimizers written by hand, for running averages and for weights that are
loaded: there the values written do not come from something that should learn by this way.

Where it is meant, write `# hypercheck: ignore[HC103]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules import repair
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by an in-place write with gradients switched off."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"{cut.target} was overwritten with {cut.source} while autograd was off",
        (
            "a write under no_grad moves the numbers and records nothing, "
            "so the loss cannot reach what made them"
        ),
        lambda cut: repair.hand_over(cut.location),
    )


RULE = Rule("HC103", "copy-no-grad", Severity.ERROR, "before backward", check, __doc__)
