"""Several chunks, layers or tasks receive the same embedding, and so the same weights.

Finds:
A chunk or task embedding whose rows are all equal, or one embedding that is expanded for all, so that the
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
are silent, and so are two equal rows among others that differ.

Where it is meant, write `# hypercheck: ignore[HC604]` on the line that generates.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import Seen, by_statement, over_steps, shape, used_at
from hypercheck.rules.rule import Rule

_FEWEST = 3


def check(facts: RunFacts) -> Iterator[Finding]:
    """Chunks, layers or tasks that share one embedding."""
    shared = [seen for seen in over_steps(facts).values() if _is_shared(seen)]
    for group in by_statement(shared):
        seen = group[0]
        weight = seen[-1][1]
        table = weight.pieces_of
        names = tuple(facts.name(key) for key in weight.keys)
        yield Finding(
            RULE.code,
            RULE.name,
            RULE.severity,
            RULE.stage,
            tuple(step for step, _ in seen),
            weight.source,
            f"the {weight.pieces} pieces that {weight.source} generates are all the same",
            (
                "the generator is a function: equal embeddings give equal pieces, and where nothing parts "
                "the embeddings, the pieces stay equal for ever"
            ),
            (
                f"start the {weight.pieces} rows of {table} apart: nn.init.normal_({table})"
                if table
                else f"give each piece its own embedding: nn.Parameter(torch.randn({weight.pieces}, width))"
            ),
            victims=names,
            location=weight.location,
            related=used_at(weight),
            seen=(
                f"{weight.pieces} rows, equal bit for bit in {len(seen)} recorded steps",
                f"they are parts of {len(group)} weights, one of shape {shape(weight.shape)}",
            ),
            evidence={
                "generator": weight.source,
                "pieces": weight.pieces,
                "embedding": table,
                "steps": len(seen),
            },
        )


def _is_shared(seen: Seen) -> bool:
    """Whether all pieces are equal in all recorded steps although the generator learns."""
    return len(seen) >= _FEWEST and all(
        weight.pieces > 1 and weight.row_spread == 0 and weight.learning and weight.rms != 0
        for _, weight in seen
    )


RULE = Rule("HC604", "shared-chunk", Severity.WARNING, "over steps", check, __doc__)
