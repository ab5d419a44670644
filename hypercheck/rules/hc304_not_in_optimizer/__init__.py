"""Trainable tensors get gradients, and no optimizer holds them.

Finds:
Registered parameters of the hypernetwork, or anything else trainable on the way to the loss, that belong
to no optimizer that steps: the optimizer was given the main network only, one of several networks was
forgotten, or `parameters()` of the wrong object was passed.

Why it matters:
Everything that can be looked at is right: the parameter is a registered leaf, the graph is whole, `.grad`
is filled. But `optimizer.step()` works on its own list and knows nothing of modules. If it holds the main
network's biases, the loss falls and the mistake hides well.

Fix:
Give the optimizer everything that should learn:

    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

or, with separate objects, `torch.optim.Adam([*hyper.parameters(), *main.parameters()])`. A line that
keeps it true:

    held = {p for group in optimizer.param_groups for p in group["params"]}
    assert held >= {p for p in model.parameters() if p.requires_grad}

Not found:
Silent where an optimizer that steps at other times holds them (several optimizers, alternating turns),
where the program updates them by hand, and for frozen parts. Membership is judged over all steps that
were seen, so an optimizer that only appears later than that is not known: raise `--steps`.

Where it is meant, write `# hypercheck: ignore[HC304]` on the line that makes the optimizer.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import OptimizerFact, RunFacts, TensorFact
from hypercheck.findings import Finding, Location, Severity
from hypercheck.rules import repair
from hypercheck.rules.persistence import replaced, unheld_tensors
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import agreed, counted, first_place, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Trainable tensors that no optimizer holds."""
    missing = unheld_tensors(facts, lambda tensor: tensor.holder != "container" and not tensor.optimizers)
    missing = [item for item in missing if not replaced(facts, item[0])]
    stepping = [optimizer for optimizer in facts.optimizers if optimizer.steps]
    generating = [item for item in missing if item[0].generates and not item[0].loaded]
    leftovers = [item for item in missing if not item[0].generates]
    place = first_place([optimizer.location for optimizer in stepping])
    twin = _twin(facts, stepping)
    if twin is not None and not generating:
        # Two optimizers with the same tensors, and others left over: one was given the wrong model.
        generating, leftovers, place = leftovers, [], twin.location
    for group, severity in ((generating, Severity.ERROR), (leftovers, Severity.NOTE)):
        if not group or not stepping:
            continue
        names = tuple(tensor.name for tensor, _ in group)
        yield Finding(
            RULE.code,
            RULE.name,
            severity,
            RULE.stage,
            group[0][1],
            names[0],
            f"{listed(names)} {agreed(len(names), 'gets', 'get')} a gradient, "
            f"and no optimizer holds {agreed(len(names), 'it', 'them')}",
            "an optimizer steps only the tensors that it was given when it was built (or by add_param_group)",
            repair.given_too(place, _kind(facts, place) or stepping[0].kind, _written(facts, group)),
            victims=names,
            location=place,
            seen=(
                f"{counted(len(names), 'trainable tensor')} on the way to the loss, in no group of "
                + listed([optimizer.name for optimizer in facts.optimizers]),
            ),
            evidence={
                "tensors": list(names),
                "optimizers": [optimizer.name for optimizer in facts.optimizers],
            },
        )


def _kind(facts: RunFacts, place: Location | None) -> str:
    """The class of the optimizer that was built there."""
    return next((item.kind for item in facts.optimizers if item.location == place and place), "")


def _written(facts: RunFacts, group: list[tuple[TensorFact, tuple[int, ...]]]) -> list[str]:
    """The missing tensors as one writes them: a module's parameters where all of them are missing."""
    missing = {tensor.name for tensor, _ in group}
    found: dict[str, None] = {}
    for tensor, _ in group:
        module = tensor.module
        others = [item.name for item in facts.tensors.values() if module and item.module == module]
        whole = len(others) > 1 and missing.issuperset(others)
        found.setdefault(f"*{module}.parameters()" if whole else tensor.name)
    return list(found)


def _twin(facts: RunFacts, optimizers: list[OptimizerFact]) -> OptimizerFact | None:
    """The later one of two optimizers that hold the very same tensors and step by turns.

    One that follows another (built anew for each task) is no twin of it.
    """
    steps: dict[str, list[int]] = {}
    for step in facts.steps:
        for name in {update.optimizer for update in step.updates}:
            steps.setdefault(name, []).append(step.step)
    for index, optimizer in enumerate(optimizers):
        for other in optimizers[:index]:
            mine, theirs = steps.get(optimizer.name), steps.get(other.name)
            if optimizer.name != other.name and mine and theirs and set(optimizer.keys) == set(other.keys):
                if theirs[0] < mine[-1] and mine[0] < theirs[-1]:
                    return optimizer
    return None


RULE = Rule("HC304", "not-in-optimizer", Severity.ERROR, "before step", check, __doc__)
