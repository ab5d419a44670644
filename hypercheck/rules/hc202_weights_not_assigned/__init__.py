"""Weights were generated, and the main network used its own.

Finds:
Generated tensors of the right shape that end nowhere, while a layer with a weight of that very shape
computed with the one it was born with. The usual causes: the call that hands them over is missing, or it
has no effect, as in `setattr(main, "0.weight", weight)`, in `weights["0.weigth"] = weight`, or in an
assignment to a copy of the module. Also weights that the loss only penalises, and no data ever meets.

Why it matters:
`setattr` with a dotted name makes an attribute called "0.weight" on the outer module; it does not follow
the dots. The layer keeps its Parameter. That Parameter is registered, is in the optimizer and learns, so
the loss falls as in any ordinary network. The hypernetwork has no part in it, and its `.grad` stays None.

Fix:
Address the module that owns the weight:

    owner, _, name = "0.weight".rpartition(".")
    layer = main.get_submodule(owner)
    delattr(layer, name)                         # once, before the optimizer is made
    setattr(layer, name, weight)                 # in every forward pass

or do not assign at all:

    y = torch.func.functional_call(main, {"0.weight": weight}, x)

Not found:
Silent where some generated tensors are unused and others carry the gradient (see HC203), for
hypernetworks that are run for a regulariser or for logging only, and for a main network that is meant to
have weights of its own beside the generated ones. Where shapes give no hint which layer was meant, HC206
reports the hypernetwork as unreached.

Where it is meant, write `# hypercheck: ignore[HC202]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import DeadEnd, RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import place
from hypercheck.rules.persistence import no_gradient, persistent_dead_ends
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights that the main network did not use."""
    yield from _penalised(facts)
    for dead, steps in persistent_dead_ends(facts, ("unassigned", "unused-name")):
        names = tuple(facts.name(key) for key in dead.victims)
        if dead.source in dead.own:  # the start values of the very tensors that were used
            continue
        if dead.kind == "unassigned":
            message = f"{dead.source} was generated, and the main network used its own {listed(dead.own)}"
            why = "the generated numbers were never handed over, so the loss does not depend on them"
            fix = "hand them over in the call: torch.func.functional_call(main, weights, x)"
        else:
            message = (
                f"{dead.source} was put under the name {dead.own[0]!r}, which the main network does not read"
            )
            why = (
                "an assignment to a name that no forward reads changes nothing: "
                "the main network used its own weights"
            )
            fix = (
                "use the very names of main.named_parameters(): torch.func.functional_call(main, {name: w}, "
                "x)"
            )
        yield RULE.finding(
            steps,
            dead.source,
            message,
            why,
            fix,
            victims=names,
            location=dead.location,
            related=dead.related,
            seen=(f"no way leads from {dead.source} to the loss", no_gradient(names)),
            evidence={
                "own": list(dead.own),
                "shapes": [list(shape) for shape in dead.shapes],
                "starved": len(names),
            },
        )


def _penalised(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights whose only way to the loss is a penalty on their size."""
    found: dict[tuple[str, int], list[tuple[int, DeadEnd]]] = {}
    for step in facts.steps:
        for dead in step.dead_ends:
            if dead.kind == "penalised":
                found.setdefault(place(dead.location), []).append((step.step, dead))
    judged = sum(bool(step.updates) for step in facts.steps)
    for seen in found.values():
        dead, names = seen[-1][1], tuple(facts.name(key) for key in seen[-1][1].victims)
        if len(seen) < 3 or len(seen) < judged:
            continue
        yield RULE.finding(
            tuple(step for step, _ in seen),
            dead.source,
            f"{dead.source} was generated, and the main network used its own {listed(dead.own)}",
            "the generated numbers meet a penalty on their size and no data, so they learn to be small",
            "hand them over in the call: torch.func.functional_call(main, weights, x)",
            victims=names,
            location=dead.location,
            related=dead.related,
            seen=(f"the only way from {dead.source} to the loss goes by terms without data",),
            evidence={"own": list(dead.own), "shapes": [list(shape) for shape in dead.shapes]},
        )


RULE = Rule(
    "HC202",
    "weights-not-assigned",
    Severity.ERROR,
    "before backward",
    check,
    __doc__,
    explains=("HC206", "HC402"),
)
