"""One code, or one head, where each piece of the main network should have its own, beside idle others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from hypercheck.facts import SharedSibling, pieces
from hypercheck.findings import Location
from hypercheck.observe import choices
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.gradients import GradientSize
from hypercheck.observe.look import Look
from hypercheck.observe.slots import Slot

Use = tuple[int, Slot]
"""A generated value, and where it serves as a weight."""

_MOST_USES, _MOST_ROWS = 2000, 32


class SiblingFinder:
    """Pieces of one step that one tensor made twice, while its sibling made none.

    Siblings are tensors of one shape that differ in one component of their path: the entries of a
    `ParameterList`, the weights of the heads of a `ModuleDict`, two attributes of a module. The rows of a
    table are siblings too.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._evidence: Evidence = look.digest
        self._tape = look.tape
        self._flow = look.flow
        self._naming = look.digest.naming
        self._above: dict[int, frozenset[int]] = {}

    def facts(self, starved: list[int]) -> Iterator[SharedSibling]:
        """One fact for each family that has as many members as there are pieces, and idle ones among them."""
        idle = {number for number in starved if number not in self._evidence.reached}
        tables = self._tables()
        if not idle and not tables:
            return
        told: set[int] = set()
        pieces = self._pieces()
        for table in tables:
            fact = self._shared_row(table)
            if fact is not None:
                yield fact
        for family in self._families(idle):
            if idle & set(family) <= told:
                continue
            for uses in pieces:
                fact = self._shared(family, idle, uses)
                if fact is not None and fact.key not in fact.idle:
                    told.update(fact.idle)
                    yield fact
                    break

    def _families(self, idle: set[int]) -> Iterator[tuple[int, ...]]:
        """Groups of sibling tensors with an idle one among them."""
        groups: dict[object, list[int]] = defaultdict(list)
        for number, update in self._evidence.updates.items():
            first = self._tape.first_values.get(number)
            parts = pieces(self._naming.object(number))
            if first is None or not update.asks:
                continue
            shape = self._tape.values[first].shape
            for place in range(1, len(parts)):
                groups[(*parts[:place], "*", *parts[place + 1 :], shape)].append(number)
        for group in groups.values():
            if len(group) > 1 and idle & set(group) and not idle >= set(group):
                yield tuple(group)

    def _tables(self) -> list[int]:
        """The tensors that learn, but for some of their rows, which got no gradient in this step."""
        found = []
        for number, update in self._evidence.updates.items():
            idle = _idle(update.size)
            first = self._tape.first_values.get(number)
            rows = len(self._tape.values[first].shape) == 2 if first is not None else False
            if rows and update.size.state == "ok" and 0 < idle < update.size.rows <= _MOST_ROWS:
                found.append(number)
        return found

    def _shared_row(self, table: int) -> SharedSibling | None:
        """The pieces that one row of the table made twice, while as many rows are there as pieces."""
        size = self._evidence.updates[table].size
        for uses in self._made.values():
            mine = [(root, slot) for root, slot in uses if self._members((table,), root)]
            root = self._twin(mine, size) if len(mine) > 1 else self._twin_rows(mine, size)
            if root is not None:
                return SharedSibling(
                    key=table,
                    idle=(),
                    rows=size.zero_rows,
                    pieces=size.rows,
                    shape=self._tape.values[root].shape[-1:],
                    location=self._picked_at(table, root),
                    source=self._naming.value(root),
                    picked=self._picked(table, root) if len(mine) == 1 else "",
                )
        return None

    def _twin(self, uses: list[Use], size: GradientSize) -> int | None:
        """The second of two equal values of one network, where a table has a row for each of the values.

        Where all layers are made of one row, each may have a set of values of its own.
        """
        alike: dict[str, list[Use]] = defaultdict(list)
        for root, slot in uses:
            alike[self._mark(root, slot)].append((root, slot))
        learning = size.rows - _idle(size)
        one_set = len(uses) == size.rows and len(alike) == learning
        sets = learning == 1 and all(len(group) == size.rows for group in alike.values())
        if "" in alike or not (one_set or sets):
            return None
        first, second, *_ = max(alike.values(), key=len)
        return second[0] if self._are_in_one_network(first, second) else None

    def _twin_rows(self, uses: list[Use], size: GradientSize) -> int | None:
        """The value whose rows are as many as the table's, and of as many kinds as those that learn."""
        for root, slot in uses:
            shape = self._tape.values[root].shape
            sample = self._look.output(slot.value, root)
            if sample is not None and len(shape) > 1 and sample.picked.shape[0] == shape[0] == size.rows:
                kinds = sample.picked.unique(dim=0).shape[0]
                return root if kinds == size.rows - _idle(size) else None
        return None

    def _picked(self, table: int, root: int) -> str:
        """A mark of the numbers by which rows were looked up, so that they can be compared between steps."""
        return self._look.mark(self._tape.ops[self._reader(table, root)].inputs)

    def _mark(self, root: int, slot: Slot) -> str:
        sample = self._look.output(slot.value, root) or self._look.of.get(slot.value)
        return sample.mark() if sample is not None else ""

    def _pieces(self) -> list[list[Use]]:
        """Generated values on a live way to the loss: those of one shape, and their uses as one shape."""
        used: dict[object, dict[object, Use]] = defaultdict(dict)
        for root, slot in self._uses:
            shapes = self._tape.values[root].shape, self._tape.values[slot.value].shape
            used[shapes].setdefault((root, slot.op), (root, slot))
        groups = [*self._made.values(), *(list(group.values()) for group in used.values())]
        return [group for group in groups if len(group) > 1]

    @cached_property
    def _made(self) -> dict[object, list[Use]]:
        """Shapes to the generated values of each, with one use."""
        found: dict[object, dict[int, Use]] = defaultdict(dict)
        for root, slot in self._uses:
            found[self._tape.values[root].shape].setdefault(root, (root, slot))
        return {shape: list(uses.values()) for shape, uses in found.items()}

    @cached_property
    def _uses(self) -> list[Use]:
        """The values generated in this step, with each of their uses on a live way to the loss."""
        start = self._evidence.step.first_op
        live = [slot for slot in self._flow.slots[:_MOST_USES] if slot.value in self._flow.live]
        return [
            (root, slot) for slot in live for root in self._roots(slot) if self._tape.values[root].op >= start
        ]

    def _roots(self, slot: Slot) -> tuple[int, ...]:
        """The generated values that a weight shows."""
        return tuple(self._flow.elements.shown(slot.value) or ()) or (self._flow.root(slot.value),)

    def _shared(self, family: tuple[int, ...], idle: set[int], uses: list[Use]) -> SharedSibling | None:
        users: dict[int, list[Use]] = defaultdict(list)
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
            self._above[root] = frozenset(self._flow.ancestry.objects(root))
        return [number for number in family if number in self._above[root]]

    def _picked_at(self, number: int, root: int) -> Location | None:
        """The statement that chose the tensor, or its row, for a piece: that of a caller, where one did."""
        reader = self._reader(number, root)
        site, module = self._tape.ops[reader].site, self._tape.ops[reader].module
        found = choices.choice(site)
        while found.arguments and site is not None:
            call = self._tape.call_at(module, reader)
            while call is not None and call.site is not None and call.site.code is site.code:
                module = call.parent  # a layer that the statement calls: what the function runs in is above
                call = self._tape.call_at(module, reader)
            if site.code.co_name != "forward" or call is None or call.site is None:
                places = choices.callers(site.code)
                return places[-1] if places else found.place
            found = choices.passed(call.site, site.code, found.arguments)
            site, module = call.site, call.parent
        return found.place

    def _reader(self, number: int, root: int) -> int:
        """The operation on the way to a piece that read the tensor."""
        tape, seen, stack = self._tape, {root}, [root]
        while stack:
            index = tape.values[stack.pop()].op
            if index < 0:
                continue
            for source in tape.ops[index].inputs:
                if source >= 0 and tape.values[source].object == number:
                    return index
                if source >= 0 and source not in seen:
                    seen.add(source)
                    stack.append(source)
        return tape.values[root].op

    def _are_in_one_network(self, first: Use, second: Use) -> bool:
        """Whether they are parts of one weight, meet one input, or one meets what the other computed."""
        (_, slot), (_, other) = first, second
        if slot.value == other.value:
            return True
        inputs = [set(self._tape.ops[item.op].inputs) - {item.value} for item in (slot, other)]
        if inputs[0] & inputs[1]:
            return True
        below = self._flow.descendants(*self._tape.ops[slot.op].outputs)
        return bool(inputs[1] & below)


def _idle(size: GradientSize) -> int:
    """How many rows have no gradient."""
    return sum(end - start for start, end in size.zero_rows)
