"""Several chunks, layers or tasks receive the same embedding, and so the same weights.

Finds:
A chunk or task embedding whose rows are all equal, or one embedding that is expanded for all, so that the
generator gives identical pieces in every recorded step. Also one embedding or head that is used for two
pieces, while its sibling is used for none: an index that is off by one, a key with a typing error.

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

from hypercheck.facts import RunFacts, SharedSibling
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import Seen, by_statement, over_steps, place, shape, used_at
from hypercheck.rules.persistence import no_gradient
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import learned, listed, live_rows, span_text

_FEWEST = 3


def check(facts: RunFacts) -> Iterator[Finding]:
    """Chunks, layers or tasks that share one embedding."""
    yield from _shared_siblings(facts)
    shared = [seen for seen in over_steps(facts).values() if _is_shared(seen)]
    for group in by_statement(shared):
        seen = group[0]
        weight = seen[-1][1]
        table = weight.pieces_of
        names = tuple(facts.name(key) for key in weight.keys)
        yield RULE.finding(
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


def _shared_siblings(facts: RunFacts) -> Iterator[Finding]:
    """One code or head that serves for two pieces, beside another that serves for none."""
    fed = learned(facts)
    cut_off = {key for step in facts.steps for cut in step.cuts for key in cut.victims}
    found: dict[tuple[str, int], dict[int, list[SharedSibling]]] = {}
    for step in facts.steps:
        for fact in step.shared:
            if not (fed | cut_off) & set(fact.idle) and not _alive(facts, fact):
                found.setdefault(place(fact.location), {}).setdefault(step.step, []).append(fact)
    for seen in found.values():
        last = list(seen.values())[-1]
        if len({item.picked for items in seen.values() for item in items}) > len(last):
            continue  # data says which rows there are, and which of them come twice
        due = {key for item in last for key in (item.key, *item.idle)}
        judged = sum(due <= {update.key for update in step.updates} for step in facts.steps)
        if len(seen) < max(_FEWEST, judged - 1):
            continue
        fact, keys = last[0], dict.fromkeys(key for item in last for key in item.idle)
        used, idle = facts.name(fact.key), tuple(facts.name(key) for key in keys)
        if fact.rows:
            used, idle = f"one row of {used}", (f"{used}[{span_text(fact.rows)}]",)
        yield RULE.finding(
            tuple(seen),
            used,
            f"two pieces of the main network are generated from {used}, and none from {listed(idle)}",
            (
                f"{fact.pieces} pieces are generated here from {fact.pieces} tensors of one kind, one of "
                "them more than once: these pieces are equal, and what was left out never learns"
            ),
            "give each piece its own: look at how the index or the key is computed",
            victims=idle,
            location=fact.location,
            seen=(
                f"{fact.pieces} pieces of shape {shape(fact.shape)} in {len(seen)} recorded steps",
                no_gradient(idle),
            ),
            evidence={"used": used, "idle": list(idle), "pieces": fact.pieces, "steps": len(seen)},
        )


def _alive(facts: RunFacts, fact: SharedSibling) -> bool:
    """Whether one of the rows said to be idle learns in another step."""
    alive = live_rows(facts, fact.key) if fact.rows else set()
    return any(row in alive for span in fact.rows for row in range(*span))


def _is_shared(seen: Seen) -> bool:
    """Whether all pieces are equal in all recorded steps although the generator learns."""
    return len(seen) >= _FEWEST and all(
        weight.pieces > 1 and weight.row_spread == 0 and weight.learning and weight.rms != 0
        for _, weight in seen
    )


RULE = Rule("HC604", "shared-chunk", Severity.WARNING, "over steps", check, __doc__)
