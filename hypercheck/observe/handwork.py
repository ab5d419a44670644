"""What the program itself writes into leaves, in place of an optimizer or beside one."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence, Set
from typing import NamedTuple

from hypercheck.observe.entries import Op
from hypercheck.observe.operations import Kind
from hypercheck.observe.tape import Tape

_WRITES = frozenset({Kind.WRITE, Kind.DATA_SET})
_IN_PLACE = frozenset({"data.__set__", "alias", "__setitem__", "__isub__", "__iadd__"})
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


def written(tape: Tape, start: int, filled: Set[int], *, beside_optimizers: bool) -> set[int]:
    """The leaves that operations from `start` on updated in place, or made anew, where they had gradients."""
    # Where an optimizer was built, values that are loaded are averages, or the best ones: no update.
    ignored = "load_state_dict" if beside_optimizers else ""
    values = tape.values
    found: set[int] = set()
    for op in tape.ops[start:]:
        if ignored in op.tags or "init" in op.tags or op.kind == Kind.FLAG_SET:
            continue
        if op.name.endswith("_") or op.name in _IN_PLACE:
            found.update(values[value].object for value in op.outputs if values[value].leaf)
    for number in filled - found:
        tensor = tape.tensor(number)
        if tensor is not None and tape.peek(tensor) is not None:
            value = tape.value_of(tensor)
            made = values[value].op
            if made >= start and values[value].leaf and ignored not in tape.ops[made].tags:
                found.add(number)
    return found


def end_of_update(tape: Tape, start: int) -> int:
    """One past the last operation from `start` on that wrote a leaf."""
    for index in range(len(tape.ops) - 1, start - 1, -1):
        op = tape.ops[index]
        if op.inputs and any(tape.values[value].leaf for value in op.outputs):
            return index + 1
    return start


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
