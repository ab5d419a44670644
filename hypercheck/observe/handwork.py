"""What the program itself writes into leaves, beside its optimizers: numbers that others have learned."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from hypercheck.observe.entries import Op
from hypercheck.observe.operations import Kind
from hypercheck.observe.tape import Tape

_WRITES = frozenset({Kind.WRITE, Kind.DATA_SET})
_MOST = 64


class Handwork(NamedTuple):
    """Objects of leaves that were moved, and of those whose learned numbers, or gradients, moved them."""

    moved: frozenset[int]
    movers: frozenset[int]


def find_handwork(tape: Tape, starts: Sequence[int]) -> Handwork:
    """The leaves that were written to with their own numbers and those of other leaves, or gradients.

    `starts` are the first operations of the recorded steps. One step alone may have been for a good start.
    """
    steps, movers = defaultdict[int, set[int]](set), set[int]()
    for index, op in enumerate(tape.ops):
        if op.kind not in _WRITES:
            continue
        for value in op.outputs:
            if not tape.values[value].leaf:
                continue
            own = tape.values[value].object
            sources = _sources(tape, op)
            if own in sources and len(sources) > 1:
                steps[own].add(bisect(starts, index))
                movers |= sources - {own}
    moved = frozenset(number for number, seen in steps.items() if len(seen) > 1)
    return Handwork(moved, frozenset(movers))


def _sources(tape: Tape, op: Op) -> set[int]:
    """The leaves and gradients that an operation's inputs were computed of."""
    values, found = tape.values, set()
    stack = list(op.inputs)
    seen = set(stack)
    while stack and len(seen) < _MOST:
        value = stack.pop()
        fact = values[value]
        if fact.leaf or fact.object in tape.gradients.objects:
            found.add(fact.object)
        elif fact.op >= 0:
            news = [item for item in tape.ops[fact.op].inputs if item >= 0 and item not in seen]
            seen.update(news)
            stack.extend(news)
    return found
