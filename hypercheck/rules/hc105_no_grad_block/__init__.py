"""The hypernetwork ran with gradients switched off.

Finds:
A `with torch.no_grad():` block, a `@torch.no_grad()` decorator, `torch.set_grad_enabled(False)` or a
context that ends up there, around the code that generates weights which the loss then depends on.

Why it matters:
Under `no_grad` results carry no `grad_fn` and `requires_grad=False`, even if every input requires grad. A
generated weight made there is a constant to `backward()`. The rest of the main network trains as usual,
so the loss falls and the hypernetwork stays as it was initialised. The block often wraps a little too
much: it was meant for the evaluation, for a frozen encoder in front, or to save memory.

Fix:
Move the generation out of the block:

    with torch.no_grad():
        features = frozen_encoder(x)
    weight = hyper(features).view(3, 4)

A function that is used in training and in evaluation should leave the switch to its caller:

    with torch.set_grad_enabled(training):
        weight = hyper(condition)

Not found:
Silent for evaluation, for target networks, for regularisation targets and for everything else whose
values never meet a loss, and where the hypernetwork is called a second time with gradients on. A switch
that was turned off and never back on is HC115's business once it has frozen everything.

Where it is meant, write `# hypercheck: ignore[HC105]` on the `with` or decorator line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by running the generator under `no_grad`."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"{cut.source} was used while autograd was off",
        (
            "under no_grad, operations on trainable tensors record no grad_fn, "
            "so their results cannot lead the gradient back"
        ),
        lambda cut: (
            "compute the weights outside of the no_grad block (or remove the decorator or the switch)"
        ),
        soft=True,
    )


RULE = Rule("HC105", "no-grad-block", Severity.ERROR, "before backward", check, __doc__)
