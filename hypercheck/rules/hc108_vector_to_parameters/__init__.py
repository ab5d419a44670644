"""A generated vector was handed over with `vector_to_parameters`, which writes through `.data`.

Finds:
`torch.nn.utils.vector_to_parameters(theta, main.parameters())` with a `theta` that a hypernetwork made.

Why it matters:
The function's name promises exactly what a hypernetwork needs, and it does give each Parameter the right
slice. But it sets `param.data`: the Parameters share the memory of `theta` and remain leaves without
`grad_fn`. `backward()` fills their `.grad`, and `theta` gets none.

Fix:
Cut the vector yourself, once, in the same order, and call the network with the pieces:

    named = dict(main.named_parameters())
    parts = theta.split([p.numel() for p in named.values()])
    weights = {name: part.view_as(named[name]) for name, part in zip(named, parts)}
    y = torch.func.functional_call(main, weights, x)

`split` and `view_as` are recorded, and every number is used once.

Not found:
Silent where the vector is not generated: evolution strategies, line searches, averages, second-order
optimizers that work on a flat copy. Its sister `parameters_to_vector` keeps the history and is never
reported.

Where it is meant, write `# hypercheck: ignore[HC108]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules import repair
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by `vector_to_parameters`."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: (
            f"vector_to_parameters copied the numbers of {repair.first_argument(cut.location) or cut.source} "
            "into the parameters, "
            "but not their history"
        ),
        "vector_to_parameters assigns to each parameter's .data, which happens outside of autograd",
        lambda cut: (
            "split the vector yourself and hand the pieces over: torch.func.functional_call(main, "
            "dict(zip(names, pieces)), x)"
        ),
    )


RULE = Rule("HC108", "vector-to-parameters", Severity.ERROR, "before backward", check, __doc__)
