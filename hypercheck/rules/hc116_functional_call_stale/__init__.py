"""`functional_call` was handed the main network's own parameters instead of the generated ones.

Finds:
`torch.func.functional_call(main, parameters, x)`, or a function of that kind, in whose dictionary the
module's own tensors, detached copies or old values stand under the names of weights that the hypernetwork
has just generated, so that the generated ones go unused.

Why it matters:
`functional_call` takes what it is given. In `{**weights, **own}` the later entry wins, so the generated
weight is dropped before the call. A misspelt name is worse: keys that the module does not have are
ignored without a message, and the module's own tensor is used. The call succeeds, the shapes fit, and the
loss is that of an ordinary network.

Fix:
Put the generated tensors last, or pass them alone; what is missing is taken from the module:

    y = torch.func.functional_call(main, weights, x)
    y = torch.func.functional_call(main, {**own, **weights}, x)

and let a spelling mistake raise:

    assert weights.keys() <= dict(main.named_parameters()).keys()

Not found:
Silent where no weights were generated for these names, and where the module's own parameters are meant to
be used in one call and the generated ones in another. Under `torch.func` transforms that hide their
tensors, see HC903.

Where it is meant, write `# hypercheck: ignore[HC116]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.persistence import no_gradient, persistent_dead_ends
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Functional calls that were given the module's own tensors."""
    for dead, steps in persistent_dead_ends(facts, ("stale-call", "unused-name")):
        if dead.kind != "stale-call":
            continue
        names = tuple(facts.name(key) for key in dead.victims)
        yield RULE.finding(
            steps,
            dead.source,
            f"functional_call was handed the module's own {listed(dead.own)}, not the generated weights",
            (
                "functional_call uses exactly the tensors it is given: "
                "with the module's own parameters it is an ordinary call"
            ),
            "hand the generated tensors over: torch.func.functional_call(main, weights, x)",
            victims=names,
            location=dead.location,
            related=dead.related,
            seen=(f"{dead.source} was generated and never reached the loss", no_gradient(names)),
            evidence={"own": list(dead.own), "starved": len(names)},
        )


RULE = Rule("HC116", "functional-call-stale", Severity.ERROR, "before backward", check, __doc__)
