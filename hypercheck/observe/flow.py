"""The two graphs of one step, compared: which values reach the loss, and which of them carry a gradient."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from hypercheck.observe.elements import Elements
from hypercheck.observe.entries import Op
from hypercheck.observe.operations import (
    ADDITIONS,
    CONTRACTIONS,
    NAMED_WEIGHTS,
    SCALINGS,
    SLOTS,
    Kind,
)
from hypercheck.observe.tape import Tape

_RECURRENT = frozenset({"gru", "lstm", "rnn_tanh", "rnn_relu", "multi_head_attention_forward"})
PICKERS = frozenset({"__getitem__", "index_select", "take", "gather"})
_OPAQUE = ("vmap", "function:", "func.grad")
_FLAG_SET = int(Kind.FLAG_SET)
_new = tuple.__new__
_NOTHING = (0, 0, False)
_NOISE = frozenset({"randn_like", "rand_like"})
_LAYERS = frozenset("linear conv1d conv2d conv3d bilinear gru lstm conv_transpose2d".split())


class Edge(NamedTuple):
    """A value that went into another by one operation."""

    source: int
    target: int
    op: int


class Slot(NamedTuple):
    """A generated value in the place of a weight."""

    op: int
    argument: str
    value: int
    soft: bool
    """Recognised by what it descends from, not by the argument's name."""
    certain: bool = True
    """False where the other operand might as well be the weight: both are computed, of different data."""


class Flow:
    """The values on the way to the losses, and the part of them that a gradient comes back through.

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
        self._weighted: dict[int, int] = {}
        """What was computed with generated weights, to the data that those come of, as bits."""
        self._reach()
        self._carry()

    # -- reach ----------------------------------------------------------------------------------

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

    def same_object(self, edge: Edge) -> bool:
        """Whether the edge is one tensor's own history: a write in place, or a changed flag."""
        values = self.tape.values
        return values[edge.source].object == values[edge.target].object

    def broken(self, edge: Edge) -> bool:
        """Whether the data-flow edge loses the gradient of its source."""
        values = self.tape.values
        if not values[edge.source].requires_grad:
            return False
        if self.same_object(edge) and self.tape.ops[edge.op].name != "detach_":
            return False
        return not self.carries(edge.source, edge.target, self.tape.ops[edge.op])

    # -- sources --------------------------------------------------------------------------------

    @cached_property
    def order(self) -> list[int]:
        """The values on the way to the loss, oldest first."""
        return sorted(self.in_loss)

    @cached_property
    def _bits(self) -> dict[int, int]:
        return {number: index for index, number in enumerate(sorted(self.trainable))}

    @cached_property
    def ancestry(self) -> dict[int, tuple[int, int, bool]]:
        """Value to (trainable ancestors as bits, other sources as bits, whether a contraction is between)."""
        values, ops = self.tape.values, self.tape.ops
        found: dict[int, tuple[int, int, bool]] = {}
        data_bits: dict[int, int] = {}
        for value in self.order:
            fact = values[value]
            own = self._bits.get(fact.object)
            trainable = 1 << own if own is not None else 0
            data = 0
            computed = False
            if fact.op >= 0:
                op = ops[fact.op]
                sources = op.inputs
                if op.name in PICKERS and sources and found.get(sources[0], (0, 0, False))[1]:
                    sources = sources[:1]  # which samples came by chance into the batch says nothing of them
                for source in sources:
                    above = found.get(source)
                    if above is not None:
                        trainable |= above[0]
                        data |= above[1]
                        computed = computed or above[2]
                computed = computed or op.name in CONTRACTIONS or op.name in _LAYERS
                if not op.inputs and (fact.leaf or not fact.requires_grad) and own is None and fact.shape:
                    data |= 1 << data_bits.setdefault(fact.object, len(data_bits))
                if fact.leaf and own is not None:
                    # A tensor that learns by itself: what initialised it is no input of the step.
                    data = 0
                    computed = computed and trainable != 1 << own
            elif (fact.leaf or not fact.requires_grad) and own is None:
                data = 1 << data_bits.setdefault(fact.object, len(data_bits))
            found[value] = (trainable, data, computed)
        return found

    def trainable_above(self, value: int) -> list[int]:
        """The trainable objects that a value descends from, by whatever way."""
        bits = self.ancestry.get(value, (0, 0, False))[0]
        return [number for number, bit in self._bits.items() if bits >> bit & 1]

    # -- slots ----------------------------------------------------------------------------------

    @cached_property
    def slots(self) -> list[Slot]:
        """Every use of a generated value as a weight, on the way to the loss."""
        found: list[Slot] = []
        roots: set[int] = set()
        values, ops = self.tape.values, self.tape.ops
        for index in sorted({values[value].op for value in self.in_loss}):
            if index < 0:
                continue
            op, made = ops[index], len(found)
            if op.name in SLOTS or op.name in _RECURRENT or op.name.startswith(_OPAQUE):
                taken = [
                    item for item in self._weight_arguments(op, index, roots) if self.is_generated(item[1])
                ]
                if len(taken) > 1 and (op.name in CONTRACTIONS or op.name in SCALINGS):
                    taken = self._told_apart(op, taken, roots)
                for argument, value, soft in taken:
                    certain = not soft or self._certain(op, value, roots)
                    found.append(Slot(index, argument, value, soft, certain))
                    if certain:
                        roots.add(self.root(value))
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
            for edge in self.children.get(made, ())
            if self.tape.ops[edge.op].name in ADDITIONS
            for value in self.tape.ops[edge.op].inputs
            if value not in op.outputs and self.is_generated(value)
        ]
        for rather in (
            lambda value: self.root(value) in roots,
            self._is_cut,
            lambda value: any(not self._are_apart(value, other) for other in added),
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
                data = self.ancestry[slot.value][1] | (data or 0)
        if data is not None:
            for value in op.outputs:
                self._weighted[value] = data

    def is_generated(self, value: int) -> bool:
        """Whether the value descends from something trainable by at least one computation."""
        fact = self.tape.values[value]
        if fact.op < 0:
            return False
        trainable, _, computed = self.ancestry.get(value, (0, 0, False))
        own = self._bits.get(fact.object)
        others = trainable & ~(1 << own) if own is not None else trainable
        if not others:
            return False
        if fact.requires_grad and not fact.leaf:
            return self.root(value) is not None and not self._only_viewed(value)
        return computed

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

    def _weight_arguments(self, op: Op, index: int, roots: set[int]) -> Iterator[tuple[str, int, bool]]:
        if op.name in _RECURRENT:
            first = 3 if op.name == "multi_head_attention_forward" else 2
            for position, value in enumerate(op.inputs[first:]):
                yield f"weight {position}", value, True
            return
        if op.name.startswith(_OPAQUE):
            for note in self.tape.inner_sites.get(index, ()):
                if note[0].startswith("slot:"):
                    for argument, value in note[2]:
                        if argument in NAMED_WEIGHTS:
                            yield argument, value, False
            if op.name == "vmap":
                for value in op.inputs:
                    if self.root(value) in roots or self._free_of_data(value):
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
        if self.root(value) in roots or self._is_unflattened(value):
            return True  # activations seldom are
        if self._free_of_data(value):
            return True
        others = [other for name, other in op.arguments if other != value and name != "bias"]
        return not any(self.ancestry.get(other, (0, 0, False))[0] for other in others)

    def _free_of_data(self, value: int) -> bool:
        return self.ancestry.get(value, (0, 0, False))[1] == 0

    def _soft_arguments(
        self, op: Op, pairs: list[tuple[str, int]], roots: set[int]
    ) -> Iterator[tuple[str, int, bool]]:
        for _argument, value in pairs:
            # The factors decide: a bias that is generated beside the weight says nothing about the input.
            others = [other for name, other in pairs if other != value and name != "bias"]
            if not others or not self.ancestry.get(value, _NOTHING)[0] or self._is_one_number(value):
                continue
            known = self.root(value) in roots
            size = math.prod(self.tape.values[value].shape)
            largest = max(math.prod(self.tape.values[other].shape) for other in others)
            inputs = [other for other in others if self.ancestry.get(other, _NOTHING)[1]]
            apart = any(self._are_apart(value, other) for other in inputs)
            raw = bool(inputs) and not any(self.ancestry.get(other, _NOTHING)[0] for other in others)
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
        values = self.tape.values
        return not values[value].shape and not values[self.root(value)].shape

    def _is_share(self, value: int, inputs: list[int]) -> bool:
        """Whether a number for each sample meets another one, as in a weighted loss, or noise."""
        values, ops = self.tape.values, self.tape.ops
        shape = values[value].shape
        alike = all(values[other].shape == shape for other in inputs)
        noise = all(values[i].op >= 0 and ops[values[i].op].name in _NOISE for i in inputs)
        return alike and (noise or math.prod(shape[1:]) == 1)

    def _are_apart(self, value: int, other: int) -> bool:
        """Whether each of two values comes of data that the other one never met, or one of none."""
        mine, theirs = self.ancestry.get(value, _NOTHING)[1], self.ancestry.get(other, _NOTHING)[1]
        return not mine & theirs or bool(mine & ~theirs and theirs & ~mine)

    def _joins(self, value: int, other: int) -> bool:
        """Whether a value meets what was computed with a generated weight of its own kind.

        What a main network computes descends from weights that were used before, and the next weights do not:
        they come of no other data than those.
        """
        behind = self._weighted.get(other)
        if behind is None or value in self._weighted:
            return False
        return not self.ancestry.get(value, _NOTHING)[1] & ~behind

    def _is_per_position(self, value: int, inputs: list[int]) -> bool:
        """Whether an output was cut into matrices, one for each vector of an input that nothing made."""
        values, length = self.tape.values, len(self.tape.values[value].shape)
        return (
            bool(inputs)
            and self._is_unflattened(value)
            and all(
                len(values[other].shape) < length and not self.ancestry.get(other, _NOTHING)[2]
                for other in inputs
            )
        )

    def _is_cut(self, value: int) -> bool:
        """Whether the value is a part of an output, or of an output that got axes by a view."""
        values, root = self.tape.values, self.root(value)
        return self._is_unflattened(value) or math.prod(values[value].shape) < math.prod(values[root].shape)

    def _is_unflattened(self, value: int) -> bool:
        """Whether an output got axes by a view on its way to this value."""
        values, ops = self.tape.values, self.tape.ops
        while parents := self.elements.parents(value):
            longer = len(values[value].shape) > len(values[parents[0]].shape)
            if longer and ops[values[value].op].name not in ("unsqueeze", "__getitem__"):
                return True
            value = parents[0]
        return False

    @cached_property
    def into_slots(self) -> set[int]:
        """The values from which a weight slot can be reached on the way to the loss."""
        found: set[int] = set()
        stack = [slot.value for slot in self.slots]
        found.update(stack)
        values, ops = self.tape.values, self.tape.ops
        while stack:
            index = values[stack.pop()].op
            if index < 0:
                continue
            for source in ops[index].inputs:
                if source >= 0 and source in self.in_loss and source not in found:
                    found.add(source)
                    stack.append(source)
        return found

    @cached_property
    def below_slots(self) -> set[int]:
        """The values that were computed with a generated weight."""
        return self.descendants(*(value for slot in self.slots for value in self.tape.ops[slot.op].outputs))

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

    # -- cuts -----------------------------------------------------------------------------------

    def upstream(self, start: int) -> set[int]:
        """The values whose gradient would come through `start` if it had one: none of them is live."""
        found = {start}
        stack = [start]
        values, ops = self.tape.values, self.tape.ops
        while stack:
            value = stack.pop()
            index = values[value].op
            if index < 0:
                continue
            op = ops[index]
            for source in op.inputs:
                if source < 0 or source in found or source in self.live:
                    continue
                if self.carries(source, value, op) or values[source].object == values[value].object:
                    found.add(source)
                    stack.append(source)
        return found

    def broken_edges(self) -> list[Edge]:
        """All edges on the way to a loss that lose the gradient of a source without another live way."""
        found = []
        for source, edges in self.children.items():
            if source not in self.live and self.tape.values[source].requires_grad:
                found.extend([edge for edge in edges if self.broken(edge)])
        return sorted(found, key=lambda edge: (edge.op, edge.source))

    @cached_property
    def mends(self) -> dict[int, int]:
        """Value to the least number of broken edges on a way from it to a loss."""
        values, ops = self.tape.values, self.tape.ops
        found = dict.fromkeys(self.losses, 0)
        queue = deque(self.losses)
        while queue:
            value = queue.popleft()
            index = values[value].op
            if index < 0:
                continue
            for source in ops[index].inputs:
                if source < 0:
                    continue
                broken = self.broken(Edge(source, value, index))
                if found[value] + broken < found.get(source, len(values)):
                    found[source] = found[value] + broken
                    (queue.append if broken else queue.appendleft)(source)
        return found

    def needless(self, edge: Edge, starved: Iterable[Iterable[int]]) -> bool:
        """Whether mending a broken edge would help nobody: each of the starved has a shorter way past it.

        `starved` are the values of each starved object. An edge with no other cut below it is never needless.
        """
        below = self.mends.get(edge.target, 0)
        ways = [[self.mends[value] for value in values if value in self.mends] for values in starved]
        return below > 0 and all(way and min(way) <= below for way in ways)

    def way_down(self, edge: Edge) -> list[int]:
        """The operations from the edge to the nearest weight slot, else to the loss; the edge's own first."""
        goals = {slot.value: slot.op for slot in self.slots}
        previous: dict[int, tuple[int, int]] = {}
        queue = [edge.target]
        seen = {edge.target}
        goal: int | None = edge.target if edge.target in goals else None
        last: int | None = None
        position = 0
        while position < len(queue) and goal is None:
            value = queue[position]
            position += 1
            last = value if value in self.losses else last
            for child in self.children.get(value, ()):
                if child.target in seen:
                    continue
                seen.add(child.target)
                previous[child.target] = (value, child.op)
                queue.append(child.target)
                if child.target in goals:
                    goal = child.target
                    break
        end = goal if goal is not None else last
        steps: list[int] = []
        while end is not None and end != edge.target and end in previous:
            end, op = previous[end]
            steps.append(op)
        return [edge.op, *reversed(steps)]
