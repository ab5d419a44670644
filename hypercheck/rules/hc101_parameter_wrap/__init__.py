"""A generated weight was wrapped in `nn.Parameter`, which keeps its numbers and drops its history.

Finds:
A statement such as `layer.weight = nn.Parameter(weight)`, where `weight` was computed by a hypernetwork,
the main network used it, and something upstream of it got no gradient for that reason.
`nn.ParameterList`, `nn.ParameterDict` and `register_parameter(name, nn.Parameter(weight))` do the same;
the two containers do so without saying it, for they turn every tensor that they are given into a
Parameter.

Why it matters:
A Parameter is a leaf: it has no `grad_fn`. `nn.Parameter(weight)` shares the memory of `weight`, so the
main network computes with the right numbers, but `backward()` stops at the new leaf. The gradient lands
in the wrapper's `.grad`, the wrapper is replaced in the next step, and the hypernetwork never hears of
the loss. Nothing raises, and the loss may fall a little, since the main network's own biases do learn.

Fix:
Give the main network the tensor itself. A registered Parameter's name refuses a plain tensor, so remove
the name once, when the network is built, and set a plain attribute in the forward pass:

    del layer.weight                 # once, before the optimizer is made
    layer.weight = weight            # in every forward pass

or leave the main network as it is and call it with the generated tensors in place of its own:

    y = torch.func.functional_call(main, {"0.weight": weight}, x)

Not found:
Silent where the wrapper is a starting value on purpose: it is made once, an optimizer holds it and trains
it, and the tensors that it was computed from learn by another way. Silent as well where the hypernetwork
gets its gradient by hand, as in `torch.autograd.grad(weights, parameters, grad_outputs=gradients)`. A
wrap inside of compiled code is not seen.

Where it is meant, write `# hypercheck: ignore[HC101]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules import repair
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by wrapping a generated tensor in a Parameter."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"{cut.target} received the numbers of {cut.source}, but not their history",
        (
            "nn.Parameter(t) makes a new leaf on t's memory and forgets t.grad_fn, "
            "so the loss cannot reach what made t"
        ),
        lambda cut: repair.plain_container(cut.location) or repair.hand_over(cut.location),
    )


RULE = Rule("HC101", "parameter-wrap", Severity.ERROR, "before backward", check, __doc__)
