"""What the size of a generated weight is to be measured against."""

from __future__ import annotations

import math
from collections.abc import Iterator

from hypercheck.observe.look import Look
from hypercheck.observe.operations import CONTRACTIONS
from hypercheck.observe.samples import LAYERS
from hypercheck.observe.slots import Slot

_NORMS = frozenset(
    "batch_norm layer_norm group_norm instance_norm rms_norm normalize norm vector_norm std var rsqrt "
    "softmax log_softmax local_response_norm var_mean std_mean".split()
)
_SINES = frozenset({"sin", "cos", "sin_", "cos_"})
_SCALAR = frozenset("mul div __mul__ __rmul__ __truediv__ mul_ div_ multiply true_divide".split())


class WeightScale:
    """How many numbers meet in one output of a generated weight, and whether its size matters."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._tape = look.tape
        self._flow = look.flow

    def fan_in(self, slot: Slot, root: int) -> int | None:
        """How many numbers of the weight meet in one output; None where it is no weight matrix."""
        op = self._tape.ops[slot.op]
        shape = self._tape.values[slot.value].shape
        if slot.argument != "weight" or len(shape) < 2:
            return None
        if op.name == "linear":
            return shape[1]
        if op.name in ("conv1d", "conv2d", "conv3d"):
            return math.prod(shape[1:])
        if op.name not in CONTRACTIONS or not self._is_cut_from_rows(shape, root):
            return None
        if op.name == "einsum":
            return _einsum_fan_in(self._look.details.get(slot.op), self._position(slot), shape)
        side = next((name for name, value in op.arguments if value == slot.value), "")
        return shape[-2] if side == "right" else shape[-1] if side == "left" else None

    def _position(self, slot: Slot) -> int:
        values = [value for _, value in self._tape.ops[slot.op].arguments]
        return values.index(slot.value) if slot.value in values else -1

    def _is_cut_from_rows(self, shape: tuple[int, ...], root: int) -> bool:
        """Whether whole matrices were cut from rows of the output: attention's keys, and features that are
        compared with features, are no weights although they stand in the same place."""
        made = self._tape.values[root].shape
        return bool(made) and shape[-1] * shape[-2] <= made[-1]

    def exempt(self, slot: Slot) -> str:
        """Why the weight's size says nothing about the size of what the layer puts out."""
        ops, flow = self._tape.ops, self._flow
        for index in self._above_ops(slot.value):
            if ops[index].name in _NORMS:
                return "normalised"
        stack = [(value, 0) for value in ops[slot.op].outputs]
        seen = {value for value, _ in stack}
        while stack:
            value, depth = stack.pop()
            for child in flow.children.get(value, ()):
                op = ops[child.op]
                if op.name in _NORMS:
                    return "normalised"
                if op.name in _SINES:
                    return "sine"
                if op.name in _SCALAR and len(op.inputs) == 1 and child.target not in flow.losses:
                    return "scaled"
                further = op.name not in LAYERS and depth < 8
                if further and child.target not in seen and len(self._tape.values[child.target].shape) > 0:
                    seen.add(child.target)
                    stack.append((child.target, depth + 1))
        return ""

    def factor(self, slot: Slot) -> int | None:
        """The operation that multiplies what the generator puts out with one number, if any does."""
        for index in self._above_ops(slot.value):
            op = self._tape.ops[index]
            sizes = [math.prod(self._tape.values[value].shape) for value in op.inputs if value >= 0]
            if op.name in _SCALAR and sizes and (len(sizes) == 1 or min(sizes) == 1 < max(sizes)):
                return index
        return None

    def _above_ops(self, value: int) -> Iterator[int]:
        """The operations between the last layer of the generator and the weight."""
        stack, seen = [value], {value}
        while stack and len(seen) < 64:
            fact = self._tape.values[stack.pop()]
            if fact.op < self._look.digest.step.first_op or fact.leaf:
                continue
            op = self._tape.ops[fact.op]
            yield fact.op
            if op.name in LAYERS:
                continue
            for source in op.inputs:
                if source >= 0 and source not in seen:
                    seen.add(source)
                    stack.append(source)


def _einsum_fan_in(equation: object, position: int, shape: tuple[int, ...]) -> int | None:
    """The product of the weight's axes that are summed over."""
    if not isinstance(equation, str) or "->" not in equation or "." in equation or position < 0:
        return None
    left, right = equation.replace(" ", "").split("->")
    terms = left.split(",")
    if len(terms) != 2 or position >= 2 or len(terms[position]) != len(shape):
        return None
    size = 1
    for letter, length in zip(terms[position], shape):
        size *= 1 if letter in right else length
    return size
