"""What each value on the way to the loss descends from: trainable tensors, and data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from hypercheck.observe.operations import CONTRACTIONS, LAYERS, PICKERS
from hypercheck.observe.tape import Tape


class Origins(NamedTuple):
    """Where a value comes from."""

    trainable: int
    """Trainable objects, as bits."""
    data: int
    """Other sources, as bits."""
    computed: bool
    """Whether a contraction is between."""


_NOTHING = Origins(0, 0, False)
_new = tuple.__new__


class Ancestry:
    """The origins of the values, which are given oldest first."""

    def __init__(self, tape: Tape, values: Iterable[int], trainable: Iterable[int]) -> None:
        self._tape = tape
        self._bits = {number: index for index, number in enumerate(sorted(trainable))}
        self._origins = self._traced(values)

    def trainable(self, value: int) -> int:
        """The trainable objects that a value descends from by whatever way, as bits."""
        return self._origins.get(value, _NOTHING).trainable

    def data(self, value: int) -> int:
        """The sources that do not learn, as bits."""
        return self._origins.get(value, _NOTHING).data

    def computed(self, value: int) -> bool:
        """Whether there is a contraction between a source and the value."""
        return self._origins.get(value, _NOTHING).computed

    def objects(self, value: int) -> list[int]:
        """The trainable objects that a value descends from, by whatever way."""
        bits = self.trainable(value)
        return [number for number, bit in self._bits.items() if bits >> bit & 1]

    def others(self, value: int, number: int) -> int:
        """The trainable objects other than this one, as bits."""
        own = self._bits.get(number)
        trainable = self.trainable(value)
        return trainable & ~(1 << own) if own is not None else trainable

    def are_apart(self, value: int, other: int) -> bool:
        """Whether each of two values comes of data that the other one never met, or one of none."""
        mine, theirs = self.data(value), self.data(other)
        return not mine & theirs or bool(mine & ~theirs and theirs & ~mine)

    def _traced(self, order: Iterable[int]) -> dict[int, Origins]:
        values, ops = self._tape.values, self._tape.ops
        found: dict[int, Origins] = {}
        data_bits: dict[int, int] = {}
        for value in order:
            fact = values[value]
            own = self._bits.get(fact.object)
            trainable = 1 << own if own is not None else 0
            data = 0
            computed = False
            if fact.op >= 0:
                op = ops[fact.op]
                sources = op.inputs
                if op.name in PICKERS and sources and found.get(sources[0], _NOTHING).data:
                    sources = sources[:1]  # which samples came by chance into the batch says nothing of them
                for source in sources:
                    above = found.get(source)
                    if above is not None:
                        trainable |= above[0]
                        data |= above[1]
                        computed = computed or above[2]
                computed = computed or op.name in CONTRACTIONS or op.name in LAYERS
                if not op.inputs and (fact.leaf or not fact.requires_grad) and own is None and fact.shape:
                    data |= 1 << data_bits.setdefault(fact.object, len(data_bits))
                if fact.leaf and own is not None:
                    # A tensor that learns by itself: what initialised it is no input of the step.
                    data = 0
                    computed = computed and trainable != 1 << own
            elif (fact.leaf or not fact.requires_grad) and own is None:
                data = 1 << data_bits.setdefault(fact.object, len(data_bits))
            found[value] = _new(Origins, (trainable, data, computed))
        return found
