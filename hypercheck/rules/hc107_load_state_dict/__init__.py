"""Generated weights were handed over with `load_state_dict`, which copies numbers only.

Finds:
`main.load_state_dict(weights)` with tensors that a hypernetwork made, and the same for writes into the
tensors that `state_dict()` returns.

Why it matters:
`load_state_dict` is made for files: it copies each value into the existing Parameter under `no_grad`.
With `assign=True` it wraps the value in a new Parameter instead. Both ways the main network ends with
leaves, the values are right, and no gradient passes. It is an inviting mistake, for the names of the
generated tensors fit so well.

Fix:
`torch.func.functional_call` takes the same dictionary and keeps the history:

    y = torch.func.functional_call(main, weights, x)

Names that are missing from the dictionary are taken from the module, so generated and ordinary weights
can be mixed. Names that the module does not know are ignored without a word: check the spelling.

Not found:
Silent for checkpoints, for resets to an earlier state, for target networks and for averages over clients
or steps (Reptile, federated averaging): their gradients do not come by this way, and are not expected to.

Where it is meant, write `# hypercheck: ignore[HC107]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules import repair
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by loading generated tensors as a state dict."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: (
            f"load_state_dict copied the numbers of {cut.source} into {cut.target}, but not their history"
        ),
        "load_state_dict copies under no_grad: it is meant for checkpoints, and the copy has no grad_fn",
        lambda cut: repair.called_with(cut.location),
    )


RULE = Rule("HC107", "load-state-dict", Severity.ERROR, "before backward", check, __doc__)
