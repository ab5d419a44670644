"""The network that holds the weights was copied with `copy.deepcopy`, and only the copy was trained.

Finds:
`copy.deepcopy(main)` or `copy.deepcopy(hyper)` inside of the training step, where the copy meets the loss
and the tensors of the original, which the optimizer holds, get no gradient.

Why it matters:
A deep copy is made of new leaves. It starts with the same numbers and shares no history, so the gradients
of the copy stay with the copy and are thrown away with it. With plain generated tensors inside of the
module torch would raise ("Only Tensors created explicitly by the user support the deepcopy protocol");
with Parameters alone, or after a detach, it copies in silence.

Fix:
Use the one network with different weights; it need not be copied for each task:

    for task in tasks:
        y = torch.func.functional_call(main, generate(task), x[task])

If separate objects are wanted, copy the structure once at the start and let the weights come from the
original in every step: `torch.func.functional_call(worker, dict(main.named_parameters()), x)`.

Not found:
Silent for EMA teachers, target networks, best-so-far snapshots, ensembles whose members are all in the
optimizer, and for first-order meta-learning that carries the copy's gradients or weights back by hand.

Where it is meant, write `# hypercheck: ignore[HC109]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by a deep copy."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"the copy made of {cut.source} is what the loss uses; the original never learns",
        (
            "copy.deepcopy makes new leaf parameters: the copy gets the gradients, "
            "the original that the optimizer holds gets none"
        ),
        lambda cut: (
            "use the original instead of its deep copy (or copy first and build the optimizer from the copy)"
        ),
    )


RULE = Rule("HC109", "deepcopy-main", Severity.ERROR, "before backward", check, __doc__)
