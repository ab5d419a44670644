"""What was generated and then never came to the loss."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from hypercheck.facts import DeadEnd
from hypercheck.findings import Location
from hypercheck.observe import frames
from hypercheck.observe.entries import ModuleCall
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.operations import ADDITIONS, CONTRACTIONS, SCALINGS, Kind
from hypercheck.observe.penalties import Penalties
from hypercheck.observe.tape import Tape


class DeadEndFinder:
    """The dead ends of one step: starved tensors whose values reach no loss."""

    def __init__(self, evidence: Evidence, penalties: Penalties) -> None:
        self._evidence = evidence
        self._penalties = penalties
        self._tape = evidence.tape
        self._flow = evidence.flow
        self._step = evidence.step
        self._session = evidence.session
        self._naming = evidence.naming
        self._updates = evidence.updates
        self._backwards = evidence.backwards

    def facts(self, starved: list[int]) -> list[DeadEnd]:
        tape, flow = self._tape, self._flow
        in_loss = self._evidence.values_of(set(starved))
        hungry = {number for number in starved if number not in in_loss}
        if not hungry or not self._backwards:
            return []
        reads: dict[int, list[int]] = defaultdict(list)
        start = self._step.first_op
        children: dict[int, list[int]] = defaultdict(list)
        end = max(item.op for item in self._backwards)
        for index in range(start, min(end, len(tape.ops))):
            op = tape.ops[index]
            for value in op.inputs:
                if value >= 0:
                    children[value].append(index)
                    if tape.values[value].object in hungry and op.mode == "grad" and op.kind != Kind.FLAG_SET:
                        reads[tape.values[value].object].append(value)
        if not reads:
            return []
        flood: set[int] = set()
        stack = [value for values in reads.values() for value in values]
        used_as_weight = False
        while stack:
            value = stack.pop()
            for index in children.get(value, ()):
                op = tape.ops[index]
                if op.kind == Kind.WRITE and op.name in ("alias",):
                    continue
                for target in op.outputs:
                    if target in flood or target in flow.in_loss:
                        continue
                    flood.add(target)
                    stack.append(target)
                if isinstance(op.arguments, tuple) and op.name not in ADDITIONS | SCALINGS:
                    used_as_weight = used_as_weight or _as_weight(op.arguments, value, hungry, tape)
                used_as_weight = used_as_weight or self._meets_data(index, value)
        return self._dead_end_of(tuple(sorted(reads)), flood, used_as_weight)

    def _dead_end_of(self, victims: tuple[int, ...], flood: set[int], used: bool) -> list[DeadEnd]:
        tape, flow = self._tape, self._flow
        if not flood:
            return []
        objects = {tape.values[value].object for value in flood}
        own = self._own_weights()
        terminal = [value for value in flood if tape.values[value].requires_grad]
        last = max(
            terminal, key=lambda value: (math.prod(tape.values[value].shape), value), default=max(flood)
        )
        source = self._naming.value(last)
        made = frames.location(tape.ops[tape.values[last].op].site, "generated here")
        shapes = tuple(dict.fromkeys(tape.values[value].shape for value in sorted(terminal)))[-12:]
        calls = [call for call in self._session.functional_calls if call["op"] >= self._step.first_op]
        if any(self._came_back(call, flood) for call in calls):
            place = frames.location(tape.ops[self._exports(flood)[-1]].site)
            return [DeadEnd("exported", place, victims, source, shapes)]
        for call in calls:
            place = frames.location(call["site"])
            if call["unknown"] and set(call["given"].values()) & objects:
                names = tuple(call["unknown"][:6])
                return [
                    DeadEnd("unused-name", place, victims, source, shapes, names, (made,) if made else ())
                ]
            if call["own"] and set(call["given"].values()) & {tape.values[v].object for v in flow.in_loss}:
                return [
                    DeadEnd(
                        "stale-call",
                        place,
                        victims,
                        source,
                        shapes,
                        tuple(call["own"][:6]),
                        (made,) if made else (),
                    )
                ]
        for item in tape.assignments:
            read = self._evidence.readers.get(item.value)
            if item.op >= self._step.first_op and item.object in objects and not read:
                place = frames.location(item.site)
                return [
                    DeadEnd(
                        "unused-name", place, victims, source, shapes, (item.name,), (made,) if made else ()
                    )
                ]
        loss_at = self._evidence.loss_location()
        if used:
            lost = not self._evidence.readers.get(last) and self._stays_inside(last)
            place = made if lost else loss_at
            return [DeadEnd("disconnected", place, victims, source, shapes, (), (made,) if made else ())]
        fits = self._fitting(shapes, own)
        if fits:
            mine = {number: item for number, item in own.items() if self._naming.object(number) in fits}
            meant = {tape.values[value].shape for value, _ in mine.values()}
            last = max((v for v in terminal if _ends_with(tape.values[v].shape, meant)), default=last)
            source = self._naming.value(last)
            made = frames.location(tape.ops[tape.values[last].op].site, "generated here")
            place, related = (
                self._main_call(mine or own, flood, tape.values[last].op),
                (made,) if made else (),
            )
            if place is None or self._out_of_reach(last, mine or own):
                place, related = made, ()
            return [DeadEnd("unassigned", place, victims, source, shapes, fits, related)]
        gone = self._exports(flood)
        # Beside weights that are whole, what is exported is only looked at: logged, or plotted.
        if gone and not any(slot.value in flow.live for slot in flow.slots):
            return [DeadEnd("exported", frames.location(tape.ops[gone[-1]].site), victims, source, shapes)]
        for value in terminal:
            numbers = self._numbers_of(value)
            if numbers and not gone:
                place = frames.location(tape.ops[numbers[0]].site)
                return [DeadEnd("itemised", place, victims, self._naming.value(value), shapes)]
        if not gone and self._nothing_learns():
            return [DeadEnd("disconnected", loss_at, victims, source, shapes, (), (made,) if made else ())]
        if gone or not self._stays_inside(last):
            return []
        dropped = tuple(number for number in victims if self._inside_a_generator(number))
        return [DeadEnd("dropped", made, dropped, source, shapes)] if dropped else []

    def penalised(self) -> list[DeadEnd]:
        """What is generated in the shapes of the main network's own weights, and meets a penalty alone."""
        tape, flow = self._tape, self._flow
        ancestry, used = flow.ancestry, self._evidence.upstream_of_slots
        own = {
            number: (value, op)
            for number, (value, op) in self._own_weights().items()
            if any(ancestry.data(item) for item in tape.ops[op].inputs)
        }
        fed = {number for number, update in self._updates.items() if update.size.state == "ok"}
        leaves: dict[int, list[int]] = defaultdict(list)
        for value in flow.live:
            fact = tape.values[value]
            if fact.leaf and fact.object in fed and fact.object not in used and fact.object not in own:
                leaves[fact.object].append(value)
        for number in [n for n in own if n in fed and n not in used]:
            values = [value for value in flow.live if tape.values[value].object == number]
            if self._penalties.below(values, used):  # a layer of what is only penalised itself
                del own[number]
                leaves[number] = values
        made: set[int] = set()
        victims = []
        for number, values in leaves.items():
            below = self._penalties.below(values, own.keys() | used)
            if below:
                victims.append(number)
                made |= below
        terminal = sorted(value for value in made if len(tape.values[value].shape) > 1)
        shapes = {tape.values[value].shape for value in terminal}
        fits = {number: item for number, item in own.items() if tape.values[item[0]].shape in shapes}
        if (
            not fits
            and not flow.slots
            and set(victims) == {n for n in self._updates if self._evidence.asks(n)}
        ):
            fits = own  # all that anything learns is to be small
        if not fits or not terminal:
            return []
        wanted = {tape.values[item[0]].shape for item in fits.values()} & shapes or shapes
        last = next(value for value in terminal if tape.values[value].shape in wanted)
        place = frames.location(tape.ops[tape.values[last].op].site, "generated here")
        names = tuple(self._naming.object(number) for number in list(fits)[:6])
        call = self._main_call(fits, made, tape.values[last].op) or place
        source = self._naming.value(last)
        return [
            DeadEnd(
                "penalised", call, tuple(victims), source, tuple(shapes), names, (place,) if place else ()
            )
        ]

    def _exports(self, flood: set[int]) -> list[int]:
        """The operations by which whole values left torch."""
        ops = self._tape.ops
        return [
            index
            for index in range(self._step.first_op, self._evidence.end())
            if ops[index].kind == Kind.EXPORT
            and flood & set(ops[index].inputs)
            and ops[index].name not in ("item", "__float__")
        ]

    def _numbers_of(self, value: int) -> list[int]:
        """The operations that took each element of a value as a Python number; () where one was not taken."""
        tape, readers = self._tape, self._evidence.readers
        stack, found = [value], []
        for item in stack:
            for index in readers.get(item, ()):
                if tape.ops[index].kind == Kind.EXPORT:
                    found.append(index)
                elif tape.ops[index].kind in (Kind.VIEW, Kind.MAYBE_VIEW):
                    stack.extend(tape.ops[index].outputs)
        size = math.prod(tape.values[value].shape)
        return found if size > 1 and len(found) >= size else []

    def _came_back(self, call: dict[str, Any], flood: set[int]) -> bool:
        """Whether the call was given tensors from outside of torch, while generated ones had gone there."""
        given = [number for name, number in call["given"].items() if name not in call["own"]]
        firsts = [self._tape.first_values[number] for number in given if number in self._tape.first_values]
        values = [self._tape.values[first] for first in firsts]
        new = any(value.op >= self._step.first_op and not value.requires_grad for value in values)
        return new and bool(self._exports(flood))

    def _meets_data(self, index: int, value: int) -> bool:
        """Whether a computed value is multiplied with data that the loss depends on too."""
        op, tape, flow = self._tape.ops[index], self._tape, self._flow
        fact = tape.values[value]
        if op.name not in CONTRACTIONS | SCALINGS or fact.leaf or not fact.requires_grad:
            return False
        return any(
            other >= 0 and not tape.values[other].requires_grad and flow.root(other) in flow.in_loss
            for other in op.inputs
        )

    def _stays_inside(self, value: int) -> bool:
        """Whether a module that made the value never gave it out: outputs that callers ignore are normal."""
        index = self._tape.values[value].op
        module = self._tape.ops[index].module if index >= 0 else -1
        while module >= 0:
            if all(module != other for other, _ in self._tape.returned.get(value, ())):
                return True
            call = self._tape.call_at(module, index)
            module = call.parent if call is not None else -1
        return False

    def _nothing_learns(self) -> bool:
        """Whether nothing that the optimizers step had a gradient, and no generated weight has one."""
        if any(slot.value in self._flow.live for slot in self._flow.slots):
            return False
        due = [update for number, update in self._updates.items() if self._evidence.asks(number)]
        return bool(due) and all(update.size.state in ("none", "zero") for update in due)

    def _out_of_reach(self, value: int, own: dict[int, tuple[int, int]]) -> bool:
        """Whether the module that made the value keeps it, and the main network is called outside of that."""
        module = self._tape.ops[self._tape.values[value].op].module
        used = min(op for _, op in own.values())
        around = {self._tape.ops[used].module} | {call.parent for call in self._calls_around(used)}
        return self._stays_inside(value) and module not in around

    def _calls_around(self, index: int) -> list[ModuleCall]:
        """The calls of modules that were running at an operation, innermost first."""
        chain: list[ModuleCall] = []
        module = self._tape.ops[index].module
        while module >= 0 and len(chain) < 40:
            call = self._tape.call_at(module, index)
            if call is None:
                break
            chain.append(call)
            module = call.parent
        return chain

    def _inside_a_generator(self, number: int) -> bool:
        """Whether the smallest module around the tensor's own that generates weights does nothing else."""
        upstream = self._evidence.upstream_of_slots
        own = self._naming.module_of(number)
        paths = {other: self._naming.module_of(other) for other in self._updates}
        while "." in own:
            own = own.rpartition(".")[0]
            inside = [other for other, path in paths.items() if path == own or path.startswith(own + ".")]
            if any(other in upstream for other in inside):
                hungry = ("none", "zero")
                return all(other in upstream or self._updates[other].size.state in hungry for other in inside)
        return False

    def _own_weights(self) -> dict[int, tuple[int, int]]:
        """Leaf tensors that served as weights of this step: object to (value, operation)."""
        found: dict[int, tuple[int, int]] = {}
        for edges in self._flow.children.values():
            for edge in edges:
                op = self._tape.ops[edge.op]
                if edge.op < self._step.first_op:
                    continue
                if op.name == "vmap" and self._leafy(edge.source):
                    found[self._tape.values[edge.source].object] = (edge.source, edge.op)
                if not isinstance(op.arguments, tuple):
                    continue
                for item in op.arguments:
                    if isinstance(item, tuple) and len(item) == 2 and item[0] in ("weight", "bias", "right"):
                        value = item[1]
                        if isinstance(value, int) and not self._leafy(value):
                            value = self._flow.root(value)
                        if isinstance(value, int) and self._leafy(value):
                            found[self._tape.values[value].object] = (value, edge.op)
        return found

    def _leafy(self, value: int) -> bool:
        fact = self._tape.values[value]
        return fact.leaf or (not fact.requires_grad and self._tape.objects[fact.object].is_parameter)

    def _fitting(
        self, shapes: tuple[tuple[int, ...], ...], own: dict[int, tuple[int, int]]
    ) -> tuple[str, ...]:
        """The main network's own tensors of the shapes (or together the size) of what was generated."""
        wanted = {self._tape.values[value].shape: number for number, (value, _) in own.items()}
        hits = [
            number
            for shape, number in wanted.items()
            if len(shape) > 1 and any(_ends_with(made, {shape}) for made in shapes)
        ]
        if hits:
            return tuple(self._naming.object(number) for number in hits[:6])
        by_module: dict[str, list[int]] = defaultdict(list)
        for number in own:
            by_module[self._naming.module_of(number).split(".")[0]].append(number)
        shown = [self._tape.values[value].shape for value, _ in own.values()]
        total = sum(math.prod(shape) for shape in shown)
        weights = sum(math.prod(shape) for shape in shown if len(shape) > 1)
        flat = {math.prod(shape) for shape in shapes} | {shape[-1] for shape in shapes if shape}
        if own and (total in flat or weights in flat):
            return tuple(self._naming.object(number) for number in list(own)[:6])
        return ()

    def _main_call(self, own: dict[int, tuple[int, int]], flood: set[int], made: int) -> Location | None:
        """Where the main network was called without what was generated, else where it used its own weight.

        From the outside in: a call that was given the generated values, or in which they were made, is right
        so far, and what it calls is to blame; the first one that never met them is the guilty one.
        """
        indexes = [op for _, op in own.values()]
        if not indexes:
            return None
        first = min(indexes)
        for call in reversed(self._calls_around(first)):
            if call.op > made and not call.given & flood and call.site is not None:
                return frames.location(call.site)
        return frames.location(self._tape.ops[first].site)


def _ends_with(shape: tuple[int, ...], wanted: set[tuple[int, ...]]) -> bool:
    """Whether it is one of the wanted shapes, for one or for a batch."""
    return any(shape[len(shape) - len(item) :] == item for item in wanted if len(shape) >= len(item))


def _as_weight(arguments: tuple[object, ...], value: int, hungry: set[int], tape: object) -> bool:
    """Whether a computed value stands in a weight's place of the call."""

    assert isinstance(tape, Tape)
    fact = tape.values[value]
    if fact.leaf or fact.op < 0:
        return False
    return any(
        isinstance(item, tuple)
        and len(item) == 2
        and (item[0] in ("weight", "right", "bias") or str(item[0]).startswith("operand"))
        and item[1] == value
        for item in arguments
    )
