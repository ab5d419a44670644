"""An inner-loop update was cut off from what it was computed with.

Finds:
`torch.autograd.grad(inner_loss, weights)` without `create_graph=True`, or fast weights that are detached
after their update, when something trainable loses its only way to the outer loss by it: a learned inner
loss or generated targets in the first case, the starting weights in the second.
Also a derivative by an input (the residual of a differential equation, a gradient penalty) that stands in the
loss as a plain number, since `create_graph=True` is missing.

Why it matters:
Without `create_graph=True` the inner gradient comes back as a constant, without `grad_fn`. The updated
weight then depends on its starting value, but not on the way in which the step was found. First-order
methods leave it at that on purpose. A learned inner loss, however, has no other way to the outer loss,
and stays as it was. Detaching the fast weights cuts the starting value off too.

Fix:
Record the inner gradient, and keep the update out of place:

    (slope,) = torch.autograd.grad(inner, weight, create_graph=True)
    adapted = weight - rate * slope

Memory grows with the number of inner steps; detach between the outer steps, not within one.

Not found:
Silent for first-order MAML, Reptile, ANIL and implicit gradients: there everything trainable still gets a
gradient, or gets it by hand. A derivative that multiplies a term of the loss, is detached further on, or
goes through a layer, is a weight, a target or an input, and silent. Inner loops in libraries that replace
tensors behind torch's back are not followed.

Where it is meant, write `# hypercheck: ignore[HC117]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import FlatDerivative, RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import place
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Inner-loop updates and derivatives whose graph was dropped."""
    yield from _flat(facts)
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"the inner update goes on without the history of {cut.source}",
        (
            "without create_graph=True (or after a detach) the inner gradient is a constant, "
            "so the outer loss cannot pass through it"
        ),
        lambda cut: (
            "torch.autograd.grad(inner_loss, fast_weights, create_graph=True), "
            "and no detach() on the fast weights"
        ),
    )


def _flat(facts: RunFacts) -> Iterator[Finding]:
    """Derivatives by an input, such as those of a differential equation, that the loss only looks at."""
    found: dict[tuple[str, int], list[tuple[int, FlatDerivative]]] = {}
    for step in facts.steps:
        for fact in step.flat_derivatives:
            found.setdefault(place(fact.location), []).append((step.step, fact))
    for seen in found.values():
        steps = tuple(dict.fromkeys(step for step, _ in seen))
        if len(steps) < 2:
            continue
        fact = seen[-1][1]
        names = tuple(facts.name(key) for key in fact.keys)
        yield RULE.finding(
            steps,
            "a derivative in the loss",
            "the loss contains a derivative that no gradient comes back from",
            (
                "without create_graph=True the derivative is a constant for autograd: its value counts in "
                "the loss, and nothing learns to change it"
            ),
            "torch.autograd.grad(u, x, torch.ones_like(u), create_graph=True)",
            victims=names,
            location=fact.location,
            seen=(
                "the result of autograd.grad has no grad_fn, and goes into the loss by arithmetic alone",
                f"{counted(len(names), 'trainable tensor')} made what was differentiated",
            ),
            evidence={"tensors": list(names)},
        )


RULE = Rule("HC117", "second-order-detached", Severity.ERROR, "before backward", check, __doc__)
