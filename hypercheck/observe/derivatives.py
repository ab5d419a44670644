"""Derivatives by an input that stand in the loss and lead back to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import FlatDerivative
from hypercheck.observe import frames
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.operations import ADDITIONS, CONTRACTIONS
from hypercheck.observe.samples import LAYERS

_SUMS = ADDITIONS | frozenset("sub __sub__ rsub mse_loss l1_loss smooth_l1_loss huber_loss".split())
_CUTS = frozenset({"detach", "data"})


class DerivativeFinder:
    """The calls of `autograd.grad` in one step whose result is a term of the loss, and has no history."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._tape = evidence.tape
        self._flow = evidence.flow

    def facts(self) -> Iterator[FlatDerivative]:
        """One fact for each such call: its result counts, and nothing learns from it."""
        tape = self._tape
        for index in range(self._evidence.step.first_op, self._evidence.end()):
            op = tape.ops[index]
            if op.name != "autograd.grad" or any(tape.values[item].requires_grad for item in op.outputs):
                continue
            given = [item for item in op.inputs if item >= 0]
            points = [item for item in given if self._is_a_point(item)]
            made = [item for item in given if item not in points and item in self._flow.in_loss]
            above = {number for item in made for number in self._flow.ancestry.objects(item)}
            keys = tuple(sorted(number for number in above if number in self._evidence.updates))
            if points and keys and self._is_a_term(op.outputs):
                yield FlatDerivative(frames.location(op.site), keys)

    def _is_a_point(self, value: int) -> bool:
        """Whether it is data that was differentiated by: a place, a time, and no tensor that learns."""
        fact = self._tape.values[value]
        number = fact.object
        return (
            fact.leaf
            and number in self._evidence.session.differentiated
            and number not in self._evidence.updates
            and not self._tape.objects[number].is_parameter
        )

    def _is_a_term(self, outputs: tuple[int, ...]) -> bool:
        """Whether the values, or what was computed of them alone, are added to something that learns.

        What goes through a layer is an input, what multiplies a loss weighs its terms, and what is detached
        further on is a target: all three are constants on purpose.
        """
        flow, ops = self._flow, self._tape.ops
        added = False
        stack, seen = [item for item in outputs if item in flow.in_loss], set(outputs)
        while stack:
            for edge in flow.children.get(stack.pop(), ()):
                if edge.target in flow.live:
                    added = added or ops[edge.op].name in _SUMS
                elif edge.target not in seen:
                    seen.add(edge.target)
                    stack.append(edge.target)
        below = flow.descendants(*outputs)
        passed = {ops[edge.op].name for value in below for edge in flow.children.get(value, ())}
        return added and not passed & (LAYERS | CONTRACTIONS | _CUTS)
