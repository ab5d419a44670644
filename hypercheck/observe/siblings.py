"""One code, or one head, where each piece of the main network should have its own, beside idle others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from hypercheck.facts import SharedSibling
from hypercheck.findings import Location
from hypercheck.observe import spelling
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.flow import Slot

_MOST_USES = 2000


class SiblingFinder:
    """Pieces of one step that one tensor made twice, while its sibling made none.

    Siblings are tensors of one shape that differ in one component of their path: the entries of a
    `ParameterList`, the weights of the heads of a `ModuleDict`, two attributes of a module.
    """

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._tape = evidence.tape
        self._flow = evidence.flow
        self._naming = evidence.naming
        self._above: dict[int, frozenset[int]] = {}

    def facts(self, starved: list[int]) -> Iterator[SharedSibling]:
        """One fact for each family that has as many members as there are pieces, and idle ones among them."""
        idle = {number for number in starved if number not in self._evidence.reached}
        if not idle:
            return
        told: set[int] = set()
        pieces = self._pieces()
        for family in self._families(idle):
            if idle & set(family) <= told:
                continue
            for uses in pieces:
                fact = self._shared(family, idle, uses)
                if fact is not None:
                    told.update(fact.idle)
                    yield fact
                    break

    def _families(self, idle: set[int]) -> Iterator[tuple[int, ...]]:
        """Groups of sibling tensors with an idle one among them."""
        groups: dict[object, list[int]] = defaultdict(list)
        for number, update in self._evidence.updates.items():
            first = self._tape.first_values.get(number)
            parts = self._naming.object(number).replace("[", ".[").split(".")
            if first is None or not update.asks:
                continue
            shape = self._tape.values[first].shape
            for place in range(1, len(parts)):
                groups[(*parts[:place], "*", *parts[place + 1 :], shape)].append(number)
        for group in groups.values():
            if len(group) > 1 and idle & set(group) and not idle >= set(group):
                yield tuple(group)

    def _pieces(self) -> list[list[tuple[int, Slot]]]:
        """Generated values on a live way to the loss: those of one shape, and their uses as one shape."""
        made: dict[object, dict[object, tuple[int, Slot]]] = defaultdict(dict)
        used: dict[object, dict[object, tuple[int, Slot]]] = defaultdict(dict)
        for slot in self._flow.slots[:_MOST_USES]:
            if slot.value not in self._flow.live:
                continue
            for root in self._roots(slot):
                if self._tape.values[root].op >= self._evidence.step.first_op:
                    shape, weight = self._tape.values[root].shape, self._tape.values[slot.value].shape
                    made[shape].setdefault(root, (root, slot))
                    used[shape, weight].setdefault((root, slot.op), (root, slot))
        groups = [list(group.values()) for group in (*made.values(), *used.values())]
        return [group for group in groups if len(group) > 1]

    def _roots(self, slot: Slot) -> tuple[int, ...]:
        """The generated values that a weight shows."""
        return tuple(self._flow.elements.shown(slot.value) or ()) or (self._flow.root(slot.value),)

    def _shared(
        self, family: tuple[int, ...], idle: set[int], uses: list[tuple[int, Slot]]
    ) -> SharedSibling | None:
        users: dict[int, list[tuple[int, Slot]]] = defaultdict(list)
        for root, slot in uses:
            members = self._members(family, root)
            if len(members) > 1:
                return None
            if members:
                users[members[0]].append((root, slot))
        left = tuple(number for number in family if number in idle)
        pieces = sum(map(len, users.values()))
        twice = {number: found for number, found in users.items() if len(found) > 1}
        if pieces != len(family) or len(users) + len(left) != len(family) or not twice:
            return None
        number, (first, second, *_) = next(iter(twice.items()))
        if not self._are_in_one_network(first, second):
            return None
        return SharedSibling(
            key=number,
            idle=left,
            pieces=pieces,
            shape=self._tape.values[second[0]].shape,
            location=self._picked_at(number, second[0]),
            source=self._naming.value(second[0]),
        )

    def _members(self, family: tuple[int, ...], root: int) -> list[int]:
        """Those of the family that the value was made of."""
        if root not in self._above:
            self._above[root] = frozenset(self._flow.trainable_above(root))
        return [number for number in family if number in self._above[root]]

    def _picked_at(self, number: int, root: int) -> Location | None:
        """The statement that chose the tensor for a piece: the outermost call that it was given to."""
        reader, value = self._reader(number, root)
        calls = self._tape.module_calls
        place, module = self._tape.ops[reader].site, self._tape.ops[reader].module
        while module >= 0:
            call = next((item for item in reversed(calls.get(module, ())) if item.op <= reader), None)
            if call is None or call.site is None:
                break
            if value in call.given:
                place = call.site
            module = call.parent
        return spelling.picked_at(place)

    def _reader(self, number: int, root: int) -> tuple[int, int]:
        """The operation on the way to a piece that read the tensor, and the value that it read."""
        tape, seen, stack = self._tape, {root}, [root]
        while stack:
            index = tape.values[stack.pop()].op
            if index < 0:
                continue
            for source in tape.ops[index].inputs:
                if source >= 0 and tape.values[source].object == number:
                    return index, source
                if source >= 0 and source not in seen:
                    seen.add(source)
                    stack.append(source)
        return tape.values[root].op, root

    def _are_in_one_network(self, first: tuple[int, Slot], second: tuple[int, Slot]) -> bool:
        """Whether they are parts of one weight, meet one input, or one meets what the other computed."""
        (_, slot), (_, other) = first, second
        if slot.value == other.value:
            return True
        inputs = [set(self._tape.ops[item.op].inputs) - {item.value} for item in (slot, other)]
        if inputs[0] & inputs[1]:
            return True
        below = self._flow.descendants(*self._tape.ops[slot.op].outputs)
        return bool(inputs[1] & below)
