"""Several chunks, layers or tasks receive the same embedding, and so the same weights.

Finds:
Rows of a chunk or task embedding that are equal, or one embedding that is expanded for all, so that the
generator gives identical pieces in every recorded step.

Why it matters:
The generator is a function: equal inputs give equal outputs. A main network that is made of identical
chunks has repeated rows, and all of them get the sum of the gradients of all, so they stay equal for
ever. The number of weights is large, the number of different ones is that of a single chunk. `expand` and
`repeat` of one row, `torch.zeros` followed by a shared update, and a lookup with a constant index are the
usual ways.

Fix:
One embedding for each chunk, and all of them different from the start:

    self.chunks = nn.Parameter(torch.randn(4, 6))        # 4 chunks
    theta = self.generator(self.chunks).flatten()

Not found:
Sharing by design is silent where it is written as such: one generated tensor that is used by two layers
(tied weights), kernels tiled from a base unit. Rows that are equal in the first step and part afterwards
are silent.

Where it is meant, write `# hypercheck: ignore[HC604]` on the line that generates.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """Chunks, layers or tasks that share one embedding."""
    yield from ()


RULE = Rule("HC604", "shared-chunk", Severity.WARNING, "over steps", check, __doc__)
