"""The values on the way to the losses, and the part of them that a gradient comes back through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from hypercheck.observe.ancestry import Ancestry
from hypercheck.observe.elements import Elements
from hypercheck.observe.entries import Op
from hypercheck.observe.operations import Kind
from hypercheck.observe.tape import Tape

_FLAG_SET = int(Kind.FLAG_SET)
_new = tuple.__new__


class Edge(NamedTuple):
    """A value that went into another by one operation."""

    source: int
    target: int
    op: int


class Reach:
    """What reaches the losses of one step by value (`in_loss`), and what by gradient (`live`).

    `trainable` are the object numbers that count as sources of learning.
    """

    def __init__(self, tape: Tape, losses: Iterable[int], trainable: frozenset[int], first_op: int) -> None:
        self.tape = tape
        self.losses = frozenset(losses)
        self.trainable = trainable
        self.first_op = first_op
        self.elements = Elements(tape)
        self.in_loss: set[int] = set()
        self.children: dict[int, list[Edge]] = defaultdict(list)
        self.live: set[int] = set()
        self._roots: dict[int, int] = {}
        self._reach()
        self._carry()

    def _reach(self) -> None:
        values, ops = self.tape.values, self.tape.ops
        stack = [value for value in self.losses if value >= 0]
        seen, children = self.in_loss, self.children
        seen.update(stack)
        while stack:
            value = stack.pop()
            index = values[value].op
            if index < 0:
                continue
            for source in ops[index].inputs:
                if source < 0:
                    continue
                children[source].append(_new(Edge, (source, value, index)))
                if source not in seen:
                    seen.add(source)
                    stack.append(source)

    def _carry(self) -> None:
        values, ops = self.tape.values, self.tape.ops
        stack = [value for value in self.losses if values[value].requires_grad]
        live = self.live
        live.update(stack)
        while stack:
            value = stack.pop()
            index = values[value].op
            if index < 0:
                continue
            op = ops[index]
            for source in op.inputs:
                if source >= 0 and source not in live and self.carries(source, value, op):
                    live.add(source)
                    stack.append(source)

    def carries(self, source: int, target: int, op: Op) -> bool:
        """Whether a gradient at `target` comes back to `source`."""
        above, below = self.tape.values[source], self.tape.values[target]
        if not above.requires_grad or not below.requires_grad or below.leaf:
            return False
        return op.kind != _FLAG_SET or above.object != below.object

    @cached_property
    def ancestry(self) -> Ancestry:
        """What the values on the way to the loss descend from."""
        return Ancestry(self.tape, sorted(self.in_loss), self.trainable)

    def is_generated(self, value: int) -> bool:
        """Whether the value descends from something trainable by at least one computation."""
        fact = self.tape.values[value]
        if fact.op < 0:
            return False
        if not self.ancestry.others(value, fact.object):
            return False
        if fact.requires_grad and not fact.leaf:
            return self.root(value) is not None and not self._only_viewed(value)
        return self.ancestry.computed(value)

    def _only_viewed(self, value: int) -> bool:
        """Whether the value is merely a view of a leaf: a transposed parameter is no generated weight."""
        root = self.root(value)
        fact = self.tape.values[root]
        return fact.op < 0 or fact.leaf

    def root(self, value: int) -> int:
        """The computed value that this one is a view of (the first one, where several were joined)."""
        known = self._roots.get(value)
        if known is not None:
            return known
        way, root = [], value
        while root not in self._roots and (parents := self.elements.parents(root)):
            way.append(root)
            root = parents[0]
        root = self._roots.setdefault(root, root)
        self._roots.update(dict.fromkeys(way, root))
        return root

    def descendants(self, *values: int) -> set[int]:
        """The values, and what was computed with them on the way to the loss."""
        stack = list(values)
        found = set(stack)
        while stack:
            for edge in self.children.get(stack.pop(), ()):
                if edge.target not in found:
                    found.add(edge.target)
                    stack.append(edge.target)
        return found
