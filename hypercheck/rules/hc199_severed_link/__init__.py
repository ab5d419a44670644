"""The gradient ends between the hypernetwork and its weight, by a way that has no name here.

Finds:
A statement through which values pass and gradients do not, when none of HC101 to HC117 describes it. The
report names the operation, what went in (with its `grad_fn`), and what came out. Typical are the
reinterpretation of bits (`weight.view(torch.int32)`), operators registered without a derivative, and a
reentrant checkpoint none of whose inputs requires grad.

Why it matters:
Values reached the loss, so the main network's output depends on the hypernetwork. The gradient did not
come back, so the hypernetwork cannot learn of it. How it was lost matters less than where, and the place
is known.

Fix:
Look at the two tensors on both sides of the line that is named:

    print(before.requires_grad, before.grad_fn)
    print(after.requires_grad, after.grad_fn)

Then replace the operation by one that autograd knows, or pass the gradient around it:

    result = before + (operation(before.detach()) - before).detach()

For a checkpoint, `torch.utils.checkpoint.checkpoint(function, x, use_reentrant=False)`; for an operator
of your own, `torch.library.register_autograd`.

Not found:
What is not seen at all cannot be located: values that travel through other libraries and come back
changed. Such a hypernetwork is reported as HC401 or HC206.

Where it is meant, write `# hypercheck: ignore[HC199]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts whose mechanism is not recognised."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"the values of {cut.source} go on, their gradient does not",
        "the operation took a tensor with a history and returned one without",
        lambda cut: "replace the operation on this line by one that autograd records",
    )


RULE = Rule("HC199", "severed-link", Severity.ERROR, "before backward", check, __doc__)
