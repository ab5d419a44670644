"""Which computed values serve as weights: by the name of the argument, or by what they descend from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from hypercheck.observe.entries import Op
from hypercheck.observe.operations import ADDITIONS, CONTRACTIONS, NAMED_WEIGHTS, SCALINGS, SLOTS
from hypercheck.observe.reach import Reach

_RECURRENT = frozenset({"gru", "lstm", "rnn_tanh", "rnn_relu", "multi_head_attention_forward"})
_OPAQUE = ("vmap", "function:", "func.grad")
_NOISE = frozenset({"randn_like", "rand_like"})


class Slot(NamedTuple):
    """A generated value in the place of a weight."""

    op: int
    argument: str
    value: int
    soft: bool
    """Recognised by what it descends from, not by the argument's name."""
    certain: bool = True
    """False where the other operand might as well be the weight: both are computed, of different data."""


class SlotFinder:
    """Finds every use of a generated value as a weight, on the way to the loss."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._tape = reach.tape
        self._ancestry = reach.ancestry
        self._weighted: dict[int, int] = {}
        """What was computed with generated weights, to the data that those come of, as bits."""

    def find(self) -> list[Slot]:
        """Every use of a generated value as a weight, on the way to the loss."""
        found: list[Slot] = []
        roots: set[int] = set()
        values, ops = self._tape.values, self._tape.ops
        for index in sorted({values[value].op for value in self._reach.in_loss}):
            if index < 0:
                continue
            op, made = ops[index], len(found)
            if op.name in SLOTS or op.name in _RECURRENT or op.name.startswith(_OPAQUE):
                arguments = self._weight_arguments(op, index, roots)
                taken = [item for item in arguments if self._reach.is_generated(item[1])]
                if len(taken) > 1 and (op.name in CONTRACTIONS or op.name in SCALINGS):
                    taken = self._told_apart(op, taken, roots)
                for argument, value, soft in taken:
                    certain = not soft or self._certain(op, value, roots)
                    found.append(Slot(index, argument, value, soft, certain))
                    if certain:
                        roots.add(self._reach.root(value))
            self._pass_on(op, found[made:])
        return found

    def _told_apart(
        self, op: Op, taken: list[tuple[str, int, bool]], roots: set[int]
    ) -> list[tuple[str, int, bool]]:
        """Of the factors of a product that may be its weights, those that rather are, where it can be told.

        A weight is known, or was cut out of an output, or something is added that comes of the same data.
        """
        added = [
            value
            for made in op.outputs
            for edge in self._reach.children.get(made, ())
            if self._tape.ops[edge.op].name in ADDITIONS
            for value in self._tape.ops[edge.op].inputs
            if value not in op.outputs and self._reach.is_generated(value)
        ]
        for rather in (
            lambda value: self._reach.root(value) in roots,
            self._is_cut,
            lambda value: any(not self._ancestry.are_apart(value, other) for other in added),
        ):
            likely = [item for item in taken if rather(item[1])]
            if likely:
                taken = likely
        return taken

    def _pass_on(self, op: Op, slots: list[Slot]) -> None:
        """Note for what an operation made which data the generated weights behind it come of."""
        data = None
        for value in op.inputs:
            behind = self._weighted.get(value)
            if behind is not None:
                data = behind | (data or 0)
        for slot in slots:
            if slot.certain:
                data = self._ancestry.data(slot.value) | (data or 0)
        if data is not None:
            for value in op.outputs:
                self._weighted[value] = data

    def _weight_arguments(self, op: Op, index: int, roots: set[int]) -> Iterator[tuple[str, int, bool]]:
        if op.name in _RECURRENT:
            first = 3 if op.name == "multi_head_attention_forward" else 2
            for position, value in enumerate(op.inputs[first:]):
                yield f"weight {position}", value, True
            return
        if op.name.startswith(_OPAQUE):
            for note in self._tape.inner_sites.get(index, ()):
                if note[0].startswith("slot:"):
                    for argument, value in note[2]:
                        if argument in NAMED_WEIGHTS:
                            yield argument, value, False
            if op.name == "vmap":
                for value in op.inputs:
                    if self._reach.root(value) in roots or self._free_of_data(value):
                        yield "weight", value, True
            return
        pairs: list[tuple[str, int]] = list(op.arguments or ())
        if op.name in CONTRACTIONS or op.name in SCALINGS or op.name in ADDITIONS:
            yield from self._soft_arguments(op, pairs, roots)
            return
        for argument, value in pairs:
            if argument in NAMED_WEIGHTS:
                yield argument, value, False

    def _certain(self, op: Op, value: int, roots: set[int]) -> bool:
        """Whether the value rather than another operand of the product is the weight."""
        if op.name not in CONTRACTIONS or not isinstance(op.arguments, tuple):
            return True
        if self._reach.root(value) in roots or self._is_unflattened(value):
            return True  # activations seldom are
        if self._free_of_data(value):
            return True
        others = [other for name, other in op.arguments if other != value and name != "bias"]
        return not any(self._ancestry.trainable(other) for other in others)

    def _free_of_data(self, value: int) -> bool:
        return self._ancestry.data(value) == 0

    def _soft_arguments(
        self, op: Op, pairs: list[tuple[str, int]], roots: set[int]
    ) -> Iterator[tuple[str, int, bool]]:
        for _argument, value in pairs:
            # The factors decide: a bias that is generated beside the weight says nothing about the input.
            others = [other for name, other in pairs if other != value and name != "bias"]
            if not others or not self._ancestry.trainable(value) or self._is_one_number(value):
                continue
            known = self._reach.root(value) in roots
            size = math.prod(self._tape.values[value].shape)
            largest = max(math.prod(self._tape.values[other].shape) for other in others)
            inputs = [other for other in others if self._ancestry.data(other)]
            apart = any(self._ancestry.are_apart(value, other) for other in inputs)
            raw = bool(inputs) and not any(self._ancestry.trainable(other) for other in others)
            joins = any(self._joins(value, other) for other in inputs)
            if op.name in CONTRACTIONS:
                if known or apart or raw or joins or self._is_per_position(value, inputs):
                    yield "weight", value, True
            elif op.name in SCALINGS:
                fits = size <= largest or raw or self._is_unflattened(value)
                new = apart and fits and not self._is_share(value, inputs)
                if (inputs and (known or new)) or ((raw or joins) and size < largest):
                    yield "scale", value, True
            elif ((known or apart or joins) and size < largest) or (known and joins):
                yield "bias", value, True

    def _is_one_number(self, value: int) -> bool:
        """Whether the value is a single computed number: a loss, or a share of one."""
        values = self._tape.values
        return not values[value].shape and not values[self._reach.root(value)].shape

    def _is_share(self, value: int, inputs: list[int]) -> bool:
        """Whether a number for each sample meets another one, as in a weighted loss, or noise."""
        values, ops = self._tape.values, self._tape.ops
        shape = values[value].shape
        alike = all(values[other].shape == shape for other in inputs)
        noise = all(values[i].op >= 0 and ops[values[i].op].name in _NOISE for i in inputs)
        return alike and (noise or math.prod(shape[1:]) == 1)

    def _joins(self, value: int, other: int) -> bool:
        """Whether a value meets what was computed with a generated weight of its own kind.

        What a main network computes descends from weights that were used before, and the next weights do not:
        they come of no other data than those.
        """
        behind = self._weighted.get(other)
        if behind is None or value in self._weighted:
            return False
        return not self._ancestry.data(value) & ~behind

    def _is_per_position(self, value: int, inputs: list[int]) -> bool:
        """Whether an output was cut into matrices, one for each vector of an input that nothing made."""
        values, length = self._tape.values, len(self._tape.values[value].shape)
        return (
            bool(inputs)
            and self._is_unflattened(value)
            and all(
                len(values[other].shape) < length and not self._ancestry.computed(other) for other in inputs
            )
        )

    def _is_cut(self, value: int) -> bool:
        """Whether the value is a part of an output, or of an output that got axes by a view."""
        values, root = self._tape.values, self._reach.root(value)
        return self._is_unflattened(value) or math.prod(values[value].shape) < math.prod(values[root].shape)

    def _is_unflattened(self, value: int) -> bool:
        """Whether an output got axes by a view on its way to this value."""
        values, ops = self._tape.values, self._tape.ops
        while parents := self._reach.elements.parents(value):
            longer = len(values[value].shape) > len(values[parents[0]].shape)
            if longer and ops[values[value].op].name not in ("unsqueeze", "__getitem__"):
                return True
            value = parents[0]
        return False
