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
where the program updates them by hand, and for frozen parts. What generates no weights is a note, unless
its fellow in a list or dict is in an optimizer, or the program thaws it. Membership is judged over all
steps that were seen, so an optimizer that only appears later than that is not known: raise `--steps`.

Where it is meant, write `# hypercheck: ignore[HC304]` on the line that makes the optimizer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from hypercheck.facts import RunFacts, TensorFact, pieces
from hypercheck.findings import Finding, Severity
from hypercheck.rules import repair
from hypercheck.rules.ownership import OF_A_COPY, guilty, held_instead, is_twin, siblings
from hypercheck.rules.persistence import replacements, unheld_tensors
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import agreed, counted, listed

Item = tuple[TensorFact, tuple[int, ...]]
"""A tensor that no optimizer holds, with the steps that read it."""


def check(facts: RunFacts) -> Iterator[Finding]:
    """Trainable tensors that no optimizer holds."""
    if not any(optimizer.steps for optimizer in facts.optimizers):
        return
    gone = {tensor.key for tensor, _ in replacements(facts)}
    missing = unheld_tensors(facts, lambda tensor: tensor.holder != "container" and tensor.key not in gone)
    generating = [item for item in missing if item[0].generates and _is_to_learn(item[0])]
    leftovers = [item for item in missing if not item[0].generates]
    generating += _beside(generating, leftovers)
    leftovers = [item for item in leftovers if item not in generating]
    blamed = guilty(facts, leftovers)
    if blamed is not None and is_twin(facts, blamed) and not generating:
        # Two optimizers with the same tensors, and others left over: one was given the wrong model.
        generating, leftovers = leftovers, []
    forgotten = _forgotten(facts, leftovers)
    leftovers = [item for item in leftovers if item not in forgotten]
    for group, severity in (
        (generating, Severity.ERROR),
        (forgotten, Severity.WARNING),
        (leftovers, Severity.NOTE),
    ):
        blamed = guilty(facts, group)
        if blamed is None:
            continue
        names = tuple(dict.fromkeys(tensor.name for tensor, _ in group))
        yield RULE.finding(
            group[0][1],
            names[0],
            f"{listed(names)} {agreed(len(names), 'gets', 'get')} a gradient, "
            f"and no optimizer holds {agreed(len(names), 'it', 'them')}",
            "an optimizer steps only the tensors that it was given when it was built (or by add_param_group)",
            repair.given_too(blamed.location, blamed.kind, _written(facts, group)),
            severity=severity,
            victims=names,
            location=blamed.location,
            seen=(
                f"{counted(len(names), 'trainable tensor')} on the way to the loss, in no group of "
                + listed([optimizer.name for optimizer in facts.optimizers]),
            ),
            evidence={
                "tensors": list(names),
                "optimizers": [optimizer.name for optimizer in facts.optimizers],
                "held_instead": held_instead(facts, group) if severity is Severity.ERROR else [],
            },
        )


def _forgotten(facts: RunFacts, missing: list[Item]) -> list[Item]:
    """Tensors that were left out by mistake although they generate nothing, by their fellows.

    One of the same list or dict learns; they ask for gradients all the same, and their values come from no
    other training. Where the program thaws them itself, it wants them to learn.
    """
    held = {key for optimizer in facts.optimizers if optimizer.steps for key in optimizer.keys}
    able = [item for item in missing if item[0].training and _is_to_learn(item[0])]
    kinds = {
        re.sub(r"\d+", "#", tensor.name)
        for tensor, _ in able
        if tensor.thawed or any(key in held for key in siblings(facts, tensor))
    }
    return [item for item in able if item[0].thawed or re.sub(r"\d+", "#", item[0].name) in kinds]


def _is_to_learn(tensor: TensorFact) -> bool:
    """Whether its values came from no other training, or the program asks for its gradient itself."""
    return tensor.thawed or not tensor.loaded


def _written(facts: RunFacts, group: list[Item]) -> list[str]:
    """The missing tensors as one writes them: a module's parameters where all of them are missing."""
    missing = {tensor.name for tensor, _ in group}
    found: dict[str, None] = {}
    for tensor, _ in group:
        written = tensor.name
        for whole in (tensor.module, tensor.model):
            inside = [item.name for item in facts.tensors.values() if whole in (item.module, item.model)]
            if whole and len(inside) > 1 and missing.issuperset(inside):
                written = f"*{whole}.parameters()"
        found[written] = None
    return list(found)


def _beside(group: list[Item], others: list[Item]) -> list[Item]:
    """Those of the others that belong to the same part of the program as all of the group."""
    names = zip(*(pieces(tensor.name) for tensor, _ in group), strict=False)
    common = tuple(piece[0] for piece in takewhile(lambda alike: len(set(alike)) == 1, names))
    near = [item for item in others if common and pieces(item[0].name)[: len(common)] == common]
    return [item for item in near if _is_to_learn(item[0])]


RULE = Rule("HC304", "not-in-optimizer", Severity.ERROR, "before step", check, __doc__, explains=OF_A_COPY)
