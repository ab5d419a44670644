"""The two graphs of one step, compared: where generated weights serve, and where a gradient is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from functools import cached_property

from hypercheck.observe.reach import Edge, Reach
from hypercheck.observe.slots import Slot, SlotFinder


class Flow(Reach):
    """What reaches the losses, with the uses of generated weights and the edges that lose a gradient."""

    @cached_property
    def slots(self) -> list[Slot]:
        """Every use of a generated value as a weight, on the way to the loss."""
        return SlotFinder(self).find()

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
