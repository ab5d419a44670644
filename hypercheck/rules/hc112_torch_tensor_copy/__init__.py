"""Generated values were copied into a new tensor with `torch.tensor` or one of its relatives.

Finds:
`torch.tensor(weight)`, `weight.new_tensor(weight)`, `torch.tensor([a, b, c])` or
`torch.as_tensor([a, b, c])` where the elements are tensors that a hypernetwork made.

Why it matters:
`torch.tensor` always makes a leaf. Given one tensor it warns; given a list of one-element tensors it
turns each into a Python number, with a warning at most. The values are right and the link is gone.
`torch.as_tensor(weight)` of a single tensor returns that very tensor and is harmless: only the list form
copies.

Fix:
Join with functions that autograd knows:

    kernel = torch.cat([tap(code) for tap in taps])      # pieces of shape [1]
    kernel = torch.stack([scalar_a, scalar_b])           # scalars

and for a change of dtype or device use `weight.to(...)`, which keeps the history.

Not found:
Silent for data: batches, targets, masks and constants that are built with `torch.tensor` from anything
but a generated value. Copies that the loss does not depend on are silent too.

Where it is meant, write `# hypercheck: ignore[HC112]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by copying values into a new tensor."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"{cut.target} is a fresh copy of {cut.source}, without its history",
        "torch.tensor (and as_tensor, new_tensor of a list of tensors) copies numbers into a new leaf",
        lambda cut: (
            "use the tensor itself; to join several, torch.stack([...]) or torch.cat([...]) keep the history"
        ),
    )


RULE = Rule("HC112", "torch-tensor-copy", Severity.ERROR, "before backward", check, __doc__)
