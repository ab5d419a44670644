"""The weights generated for one sample depend on the other samples of the batch.

Finds:
An operation that mixes the batch, between per-sample conditions and per-sample weights: a batch norm in
the hypernetwork's trunk, a mean or softmax over the batch axis, a reshape that moves samples into each
other before a grouped convolution.

Why it matters:
Each sample should get its own network from its own condition. If statistics of the batch enter, the
weights of sample i change with whoever stands beside it: predictions depend on the batch, evaluation with
running statistics gives other weights than training did, and a batch of one raises or degenerates. A
wrong reshape runs without a message and mixes samples altogether.

Fix:
Normalise within the sample:

    self.norm = nn.LayerNorm(10)                         # not nn.BatchNorm1d(10)

and keep the batch axis in front until the product: `torch.bmm(x.unsqueeze(1), weights)`.

Not found:
Silent where mixing is the purpose: support sets, attention between samples, contrastive losses, batch
norm in the *main* network. Silent as well for a batch norm over the rows of a learned embedding table,
which is no batch of data.

Where it is meant, write `# hypercheck: ignore[HC603]` on the line that mixes.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights that depend on the rest of the batch."""
    yield from ()


RULE = Rule("HC603", "batch-crosstalk", Severity.WARNING, "over steps", check, __doc__)
