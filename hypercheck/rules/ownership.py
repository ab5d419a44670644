"""Which optimizer should have held a tensor that none holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypercheck.facts import OptimizerFact, RunFacts, TensorFact, pieces

OF_A_COPY = ("HC103", "HC105", "HC107", "HC109")
"""What a target network, or a copy of the best one, looks like when the optimizer holds the wrong model."""

Steps = tuple[int, ...]
Path = tuple[str, ...]


def guilty(facts: RunFacts, missing: Sequence[tuple[TensorFact, Steps]]) -> OptimizerFact | None:
    """The optimizer that was meant to have the tensors.

    It holds their next of kin and steps when they get their gradients; of several, the one that holds only
    what another holds as well (it was given the wrong model), else the one that was built last.
    """
    best: tuple[int, ...] = ()
    found = None
    for optimizer in active(facts, missing):
        twin = int(is_twin(facts, optimizer))
        score = max(_kinship(facts, optimizer, tensor, twin) for tensor, _ in missing[:_MOST])
        if score >= best:
            best, found = score, optimizer
    return found


def active(facts: RunFacts, missing: Sequence[tuple[TensorFact, Steps]]) -> list[OptimizerFact]:
    """The optimizers that stepped in the steps in which the tensors should have been stepped too."""
    numbers = {number for _, steps in missing for number in steps}
    stepped = {(u.optimizer, u.key) for step in facts.steps if step.step in numbers for u in step.updates}
    return [item for item in facts.optimizers if any((item.name, key) in stepped for key in item.keys)]


def held_instead(facts: RunFacts, missing: Sequence[tuple[TensorFact, Steps]]) -> list[str]:
    """Names of what the optimizers hold in the tensors' place: it has their shapes, and gets no gradient."""
    numbers = {number for _, steps in missing for number in steps}
    shapes = {tensor.shape for tensor, _ in missing}
    steps = [step for step in facts.steps if step.step in numbers]
    fed = {update.key for step in steps for update in step.updates if update.gradient in ("ok", "nonfinite")}
    held = {key for optimizer in facts.optimizers if optimizer.steps for key in optimizer.keys} - fed
    known = [facts.tensors[key] for key in sorted(held) if key in facts.tensors]
    return [tensor.name for tensor in known if tensor.shape in shapes]


def siblings(facts: RunFacts, tensor: TensorFact) -> Iterator[int]:
    """Tensors of the same shape that stand beside this one in a list or dict: only the index differs."""
    own = {pieces(name) for name in (tensor.name, *tensor.aliases)}
    for key, other in facts.tensors.items():
        if key != tensor.key and other.shape == tensor.shape:
            theirs = {pieces(name) for name in (other.name, *other.aliases)}
            if any(_differ_in_index(one, two) for one in own for two in theirs if len(one) == len(two)):
                yield key


def _differ_in_index(one: Path, two: Path) -> bool:
    apart = [pair for pair in zip(one, two, strict=True) if pair[0] != pair[1]]
    return len(apart) == 1 and all(piece.isdigit() for piece in apart[0])


_MOST = 12
"""How many of the tensors are looked at."""


def _kinship(facts: RunFacts, optimizer: OptimizerFact, tensor: TensorFact, twin: int) -> tuple[int, ...]:
    """How near the nearest tensor of the optimizer stands: first, how many pieces of the names are alike."""
    own, best = pieces(tensor.name), (0, 0, twin, 0)
    for key in optimizer.keys:
        other = facts.tensors.get(key)
        if other is not None:
            theirs = pieces(other.name)
            same = [a == b for a, b in zip(own, theirs, strict=False)]
            common = same.index(False) if False in same else len(same)
            family = len(own) == len(theirs) and same.count(False) == 1
            best = max(best, (common, int(family), twin, int(other.shape == tensor.shape)))
    return best


def is_twin(facts: RunFacts, optimizer: OptimizerFact) -> bool:
    """Whether an optimizer built before holds all that this one does, and both go on stepping."""
    steps: dict[str, list[int]] = {}
    for step in facts.steps:
        for name in {update.optimizer for update in step.updates}:
            steps.setdefault(name, []).append(step.step)
    mine = steps.get(optimizer.name)
    for other in facts.optimizers[: facts.optimizers.index(optimizer)]:
        theirs = steps.get(other.name)
        if optimizer.name != other.name and mine and theirs and set(optimizer.keys) == set(other.keys):
            if theirs[0] < mine[-1] and mine[0] < theirs[-1]:
                return True
    return False
