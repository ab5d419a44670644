"""What one recorded step left behind, and the questions that several finders ask of it."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from hypercheck.findings import Location
from hypercheck.observe import frames
from hypercheck.observe.entries import Op
from hypercheck.observe.flow import Flow
from hypercheck.observe.naming import Naming
from hypercheck.observe.operations import SLOTS, Kind
from hypercheck.observe.records import Step
from hypercheck.observe.session import Session
from hypercheck.observe.slots import Slot

_WEIGHT_NAMES = frozenset("weight bias right left".split())
_IMPORTS = frozenset("from_numpy frombuffer tensor as_tensor".split())


def _weights(op: Op) -> list[int]:
    """The values that an operation may have taken as its weights."""
    if op.name not in SLOTS:
        return []
    return [value for name, value in op.arguments or () if name in _WEIGHT_NAMES]


class Evidence:
    """One step's part of the record, with its two graphs."""

    def __init__(self, session: Session, step: Step, steps_of_ops: list[tuple[int, int]]) -> None:
        self.session = session
        self.step = step
        self.tape = session.tape
        self.naming = Naming(session)
        self._steps_of_ops = steps_of_ops
        normal = [item for item in step.backwards if not item.by_grad]
        self.backwards = normal or step.backwards
        losses = [loss for item in self.backwards for loss in item.losses]
        self.updates = {update.object: update for update in step.updates}
        self.flow = Flow(self.tape, losses, self._trainable(), step.first_op)
        self.reached: frozenset[int] = frozenset().union(*(item.reached for item in self.backwards))

    def _trainable(self) -> frozenset[int]:
        held = {number for record in self.session.optimizers for number in record.objects}
        leaves = self.tape.leaves()
        # What autograd.grad differentiates by and no optimizer steps is an input: a collocation point.
        points = {n for n in self.session.differentiated if not self.tape.objects[n].is_parameter}
        return frozenset(held | {number for number in leaves - points if not self._is_data(number)})

    def _is_data(self, number: int) -> bool:
        """Whether a leaf is data of this step: copied from what was there before, and does not learn."""
        tape, first = self.tape, self.tape.first_values.get(number)
        if first is None or self.tape.objects[number].is_parameter:
            return False
        stack, seen, given = [first], {first}, False
        while stack:
            fact = tape.values[stack.pop()]
            if fact.op < self.step.first_op:
                if fact.requires_grad or tape.objects[fact.object].is_parameter:
                    return False
                given = given or fact.object != number
                continue
            op = tape.ops[fact.op]
            given = given or (op.name in _IMPORTS and fact.object != number)
            news = [value for value in op.inputs if value >= 0 and value not in seen]
            seen.update(news)
            stack.extend(news)
        return given

    def asks(self, number: int) -> bool:
        update = self.updates.get(number)
        if update is not None:
            return update.asks
        tensor = self.tape.tensor(number)
        return tensor is not None and tensor.requires_grad

    def is_frozen(self, number: int) -> bool:
        update = self.updates.get(number)
        if update is not None:
            return not update.asks
        tensor = self.tape.tensor(number)
        return tensor is not None and not tensor.requires_grad

    def values_of(self, numbers: set[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for value in self.flow.in_loss if numbers else ():
            number = self.tape.values[value].object
            if number in numbers:
                found[number].append(value)
        return found

    def size_of(self, number: int) -> int:
        update = self.updates.get(number)
        return update.numel if update is not None else 0

    def step_of(self, op: int) -> int:
        step = 0
        for first, number in self._steps_of_ops:
            if first > op:
                break
            step = number
        return step

    def first_op_of(self, step: int) -> int:
        """Where the tape stood when a step began, or this one where that is not known."""
        return next((first for first, number in self._steps_of_ops if number == step), self.step.first_op)

    def end(self) -> int:
        return self.step.end_op or len(self.tape.ops)

    @cached_property
    def readers(self) -> dict[int, list[int]]:
        """Values to the operations of this step that read them."""
        found: dict[int, list[int]] = defaultdict(list)
        for index in range(self.step.first_op, self.end()):
            for value in self.tape.ops[index].inputs:
                if value >= 0:
                    found[value].append(index)
        return found

    @cached_property
    def own_slots(self) -> list[Slot]:
        """The uses of generated weights in this step, one for each statement, module and shape."""
        unique: dict[tuple[int, str, int], Slot] = {}
        for slot in self.flow.slots:
            op = self.tape.ops[slot.op]
            if slot.op >= self.step.first_op:
                unique.setdefault((slot.value, slot.argument, op.module), slot)
        seen: dict[tuple[object, ...], Slot] = {}
        for slot in unique.values():
            op = self.tape.ops[slot.op]
            value = self.tape.values[slot.value]
            made = self.tape.ops[value.op].site if value.op >= 0 else None
            # Sites are kept one object each, and hash slowly: their code objects hash all constants.
            key = (op.module, slot.argument, id(op.site), id(made), value.shape, self.flow.root(slot.value))
            seen.setdefault(key, slot)
        return list(seen.values())

    def generators_of(self, slot: Slot) -> list[int]:
        """The trainable tensors that made a generated weight: without the tensor that carries it."""
        own = self.tape.values[slot.value].object
        return [number for number in self.flow.ancestry.objects(slot.value) if number != own]

    @cached_property
    def upstream_of_slots(self) -> set[int]:
        """The trainable tensors that generate weights."""
        found: set[int] = set()
        for slot in self.flow.slots:
            found.update(self.generators_of(slot))
        return found

    def all_starved(self, numbers: list[int]) -> bool:
        """Whether none of the tensors that are due in this step got a gradient."""
        due = [self.updates[number] for number in numbers if number in self.updates]
        return bool(due) and all(update.size.state in ("none", "zero") for update in due)

    def trainable_behind(self, value: int) -> list[int]:
        tape = self.tape
        stack, seen, found = [value], {value}, set()
        while stack and len(seen) < 20_000:
            item = stack.pop()
            fact = tape.values[item]
            if fact.object in self.updates:
                found.add(fact.object)
            if fact.op >= 0:
                for source in tape.ops[fact.op].inputs:
                    if source >= 0 and source not in seen:
                        seen.add(source)
                        stack.append(source)
        return sorted(found)

    def loss_location(self) -> Location | None:
        for item in self.backwards:
            for loss in item.losses:
                index = self.tape.values[loss].op
                if index >= 0 and self.tape.ops[index].kind != Kind.FLAG_SET:
                    return frames.location(self.tape.ops[index].site)
            return frames.location(item.site)
        return None

    def weight_values(self) -> list[int]:
        """The values that stand where weights stand, in this step."""
        ops, first = self.tape.ops, self.step.first_op
        return [
            source
            for source, edges in self.flow.children.items()
            if any(edge.op >= first and source in _weights(ops[edge.op]) for edge in edges)
        ]

    def only_through(self, indexes: tuple[int, ...], live: list[int]) -> list[int]:
        """The tensors whose every live way to the loss passes one of the operations."""
        stops = frozenset(indexes)
        flow, tape = self.flow, self.tape
        seen: set[int] = set()
        stack = [loss for loss in flow.losses if loss in flow.live]
        seen.update(stack)
        while stack:
            value = stack.pop()
            at = tape.values[value].op
            if at < 0 or at in stops:
                continue
            for source in tape.ops[at].inputs:
                if (
                    source >= 0
                    and source not in seen
                    and source in flow.live
                    and flow.carries(source, value, tape.ops[at])
                ):
                    seen.add(source)
                    stack.append(source)
        without = {tape.values[value].object for value in seen}
        return [number for number in live if number not in without]
