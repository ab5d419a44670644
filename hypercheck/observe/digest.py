"""One recorded step reduced to facts: the tape, the walk and the measurements become names and numbers."""

from __future__ import annotations

from collections import defaultdict
from types import CodeType

import torch

from hypercheck.facts import (
    BackwardFact,
    CutFact,
    DeadEnd,
    DeadFunction,
    LostLeaf,
    OverwriteFact,
    StaleFact,
    StepFacts,
    UpdateFact,
    UsageFact,
)
from hypercheck.findings import Link, Location, StepNumbers
from hypercheck.observe import frames, health, mechanisms
from hypercheck.observe.flow import Edge, Flow, Slot
from hypercheck.observe.frames import Site
from hypercheck.observe.gradients import ranges
from hypercheck.observe.naming import Naming
from hypercheck.observe.operations import ADDITIONS, CONTRACTIONS, OVERWRITES, SCALINGS, ZERO_DERIVATIVE, Kind
from hypercheck.observe.session import Backward, Session, Step, Update
from hypercheck.observe.tape import ModuleCall, Op

_MOST_LINKS = 400


class Digest:
    """The facts of one step."""

    def __init__(self, session: Session, step: Step, steps_of_ops: list[tuple[int, int]]) -> None:
        self.session = session
        self.step = step
        self.tape = session.tape
        self.naming = Naming(session)
        self._steps_of_ops = steps_of_ops
        self._written: dict[int, int] | None = None
        normal = [item for item in step.backwards if not item.by_grad]
        self.backwards = normal or step.backwards
        losses = [loss for item in self.backwards for loss in item.losses]
        self.updates = {update.object: update for update in step.updates}
        self.flow = Flow(self.tape, losses, self._trainable(), step.first_op)
        self.reached: frozenset[int] = frozenset().union(*(item.reached for item in self.backwards))

    def _trainable(self) -> frozenset[int]:
        held = {number for record in self.session.optimizers for number in record.objects}
        leaves = {value.object for value in self.tape.values if value.leaf}
        # What autograd.grad differentiates by and no optimizer steps is an input: a collocation point.
        points = {n for n in self.session.differentiated if not self.tape.objects[n].is_parameter}
        return frozenset(held | (leaves - points))

    def facts(self) -> StepFacts:
        """Everything that the rules need to know of the step."""
        starved = self._starved()
        cuts = self._cuts(starved)
        links = self._links()
        frozen = [n for n, u in self.updates.items() if u.optimizer >= 0 and self._is_frozen(n)]
        upstream = self._upstream_of_slots()
        generator_frozen = [n for n in frozen if n in upstream]
        trains = [n for n in upstream if n not in frozen and self._asks(n) and not self._is_main_leaf(n)]
        return StepFacts(
            step=self.step.number,
            backwards=tuple(self._backward_fact(item) for item in self.step.backwards if not item.by_grad),
            updates=tuple(self._update_fact(update) for update in self.step.updates),
            cuts=tuple(cuts),
            dead_ends=tuple(self._dead_ends(starved)),
            dead_functions=tuple(self._dead_functions(starved)),
            usages=tuple(self._usages()),
            stale=tuple(self._stale()),
            overwrites=(*self._overwrites(), *self._killed_by_writes()),
            lost=tuple(self._lost()),
            links=tuple(links),
            frozen=tuple(generator_frozen),
            frozen_at=self._frozen_at(generator_frozen or frozen),
            left_frozen=tuple(self._left_frozen(generator_frozen)),
            half_frozen=tuple(self._half_frozen(generator_frozen)),
            whole_generator_frozen=bool(generator_frozen) and not trains,
            unheld=tuple(self._unheld()),
            health=health.of_step(self),
            numbers=self._numbers(),
        )

    # -- who starves ----------------------------------------------------------------------------

    def _asks(self, number: int) -> bool:
        update = self.updates.get(number)
        if update is not None:
            return update.asks
        tensor = self.tape.tensor(number)
        return tensor is not None and tensor.requires_grad

    def _is_frozen(self, number: int) -> bool:
        update = self.updates.get(number)
        if update is not None:
            return not update.asks
        tensor = self.tape.tensor(number)
        return tensor is not None and not tensor.requires_grad

    def _starved(self) -> list[int]:
        """Due tensors whose gradient is absent or zero: an update was made, and nothing was there."""
        return [
            number
            for number, update in self.updates.items()
            if update.size.state in ("none", "zero") and self._asks(number) and self._numel(number) > 0
        ]

    def _numel(self, number: int) -> int:
        update = self.updates.get(number)
        return update.numel if update is not None else 0

    def _values_of(self, numbers: set[int]) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for value in self.flow.in_loss:
            number = self.tape.values[value].object
            if number in numbers:
                found[number].append(value)
        return found

    # -- cuts -----------------------------------------------------------------------------------

    def _cuts(self, starved: list[int]) -> list[CutFact]:
        flow = self.flow
        hungry = set(starved)
        in_loss = self._values_of(hungry)
        full = {
            number for number, values in in_loss.items() if not any(value in flow.live for value in values)
        }
        found: dict[tuple[str, str, int], CutFact] = {}
        last: set[tuple[str, str, int]] = set()
        last_cuts: set[int] = set()
        # A detached inner update ends more than the missing graph of its gradient does: it is told first.
        edges = sorted(flow.broken_edges(), key=lambda edge: self.tape.ops[edge.op].name == "autograd.grad")
        for edge in edges:
            if self._initialises(edge) or self._own_history(edge):
                continue
            above = flow.upstream(edge.source)
            victims = {self.tape.values[value].object for value in above} & full
            rows: dict[int, tuple[tuple[int, int], ...]] = {}
            if not victims:
                if edge.target not in flow.into_slots and not self._feeds_slot(edge):
                    continue
                rows = self._starved_rows(edge, above)
                if not rows:
                    continue
            verdict = mechanisms.judge(flow, edge)
            place = verdict.location
            key = (verdict.mechanism, place.file if place else "", place.line if place else verdict.op)
            fact = self._cut_fact(edge, verdict, victims, rows)
            if edge.target in flow.live:
                last_cuts.update((*victims, *rows))
                last.add(key)
            old = found.get(key)
            found[key] = fact if old is None else _merged(old, fact)
        # Below a cut whose values are live again, nothing else stands in the way; a cut into a frozen copy
        # (a target network) explains nothing that such a one explains.
        kept = [
            fact
            for key, fact in found.items()
            if key in last or not {*fact.victims, *fact.victim_rows} <= last_cuts
        ]
        return self._main_cuts(kept)

    def _own_history(self, edge: Edge) -> bool:
        """Whether the way leads back into the tensor it came from: a write through a view of itself."""
        values = self.tape.values
        number = values[edge.source].object
        if self.tape.ops[edge.op].name == "detach_":
            return False
        return any(
            values[value].object == number
            for index in self.flow.way_down(edge)
            for value in self.tape.ops[index].outputs
            if value >= 0
        )

    def _initialises(self, edge: Edge) -> bool:
        """Whether the edge copied start values, before this step, into a tensor that learns by itself."""
        if self.step.number == 1 or edge.op >= self.step.first_op:
            return False
        values = self.tape.values
        for index in self.flow.way_down(edge):
            if index >= self.step.first_op:
                return False
            for value in self.tape.ops[index].outputs:
                update = self.updates.get(values[value].object)
                if values[value].leaf and update is not None and update.size.state == "ok":
                    return True
        return False

    def _modulates(self, edge: Edge) -> bool:
        """Whether the values, still without a gradient, scale or shift computed values that have one."""
        flow, tape = self.flow, self.tape
        stack, seen = [edge.target], {edge.target}
        while stack:
            value = stack.pop()
            for child in flow.children.get(value, ()):
                op = tape.ops[child.op]
                if op.name in CONTRACTIONS or op.name in SCALINGS or op.name in ADDITIONS:
                    others = [item for item in op.inputs if item != value and item in flow.live]
                    if any(not tape.values[item].leaf and tape.values[item].op >= 0 for item in others):
                        return True
                if child.target not in seen and child.target not in flow.live:
                    seen.add(child.target)
                    stack.append(child.target)
        return False

    def _feeds_slot(self, edge: Edge) -> bool:
        return any(slot.value == edge.target for slot in self.flow.slots)

    def _main_cuts(self, cuts: list[CutFact]) -> list[CutFact]:
        """Where the victims of a side way are victims of a way into a weight too, the latter is to blame."""
        weighty = {victim for cut in cuts if cut.in_weight for victim in (*cut.victims, *cut.victim_rows)}
        kept = []
        for cut in cuts:
            own = {*cut.victims, *cut.victim_rows}
            if cut.in_weight or not own <= weighty:
                kept.append(cut)
        return kept

    def _cut_fact(
        self,
        edge: Edge,
        verdict: mechanisms.Verdict,
        victims: set[int],
        rows: dict[int, tuple[tuple[int, int], ...]],
    ) -> CutFact:
        tape, flow = self.tape, self.flow
        op = tape.ops[verdict.op]
        source = self.naming.value(edge.source)
        target_value = op.outputs[0] if op.outputs else edge.target
        target = self.naming.value(target_value)
        weight = edge.target in flow.into_slots or self._feeds_slot(edge) or self._modulates(edge)
        fact, receiver = tape.values[edge.source], tape.values[target_value]
        seen = [
            f"{source}: {'leaf' if fact.leaf else 'has a grad_fn'}, requires_grad=True, "
            f"shape {_shape(fact.shape)}",
            f"{target}: {'leaf' if receiver.leaf else 'no grad_fn'}, requires_grad={receiver.requires_grad}",
        ]
        asleep = bool(victims) and all(victim in self.step.asleep for victim in victims)
        index = flow.elements.of(edge.source) if rows else None
        spans: tuple[tuple[int, int], ...] = ()
        if index is not None:
            for root, positions in flow.elements.roots_of(index).items():
                spans = _spans(positions, _numel(tape.values[root].shape))
                break
        return CutFact(
            mechanism=verdict.mechanism,
            location=verdict.location,
            source=source,
            target=target,
            victims=tuple(sorted(victims)),
            victim_rows=rows,
            in_weight=weight,
            related=verdict.related,
            seen=tuple(seen),
            ranges=spans,
            asleep=asleep,
        )

    def _starved_rows(self, edge: Edge, above: set[int]) -> dict[int, tuple[tuple[int, int], ...]]:
        """Rows of tensors that learn otherwise, whose gradient is exactly zero and that pass this cut."""
        rows: dict[int, tuple[tuple[int, int], ...]] = {}
        flow, tape = self.flow, self.tape
        index = flow.elements.of(edge.source)
        if index is not None:
            for root, positions in flow.elements.roots_of(index).items():
                rows.update(self._rows_behind(root, positions))
        for value in above:
            fact = tape.values[value]
            if fact.op < 0:
                continue
            op = tape.ops[fact.op]
            if op.kind not in (Kind.VIEW, Kind.MAYBE_VIEW) and op.name not in ("embedding", "index_select"):
                continue
            leaf = next((item for item in op.inputs if tape.values[item].leaf and item in flow.live), None)
            if leaf is None:
                continue
            number = tape.values[leaf].object
            update = self.updates.get(number)
            part = flow.elements.of(value) if op.name != "embedding" else None
            if update is None or part is None or not update.size.zero_rows:
                continue
            for root, positions in flow.elements.roots_of(part).items():
                if tape.values[root].object == number:
                    rows.update(self._zero_rows(number, positions, tape.values[root].shape))
        return rows

    def _rows_behind(self, root: int, positions: torch.Tensor) -> dict[int, tuple[tuple[int, int], ...]]:
        """The rows of the head's weight and bias that make these elements of its output."""
        fact = self.tape.values[root]
        if fact.op < 0:
            return self._zero_rows(fact.object, positions, fact.shape) if fact.leaf else {}
        op = self.tape.ops[fact.op]
        if op.name not in ("linear", "addmm", "conv1d", "baddbmm") or not fact.shape:
            return {}
        columns = torch.unique(positions % fact.shape[-1])
        found: dict[int, tuple[tuple[int, int], ...]] = {}
        for value in op.inputs[1:]:
            leaf = self.tape.values[value]
            if leaf.leaf and leaf.shape and leaf.shape[0] == fact.shape[-1]:
                found.update(self._zero_rows(leaf.object, columns * _numel(leaf.shape[1:]), leaf.shape))
        return found

    def _zero_rows(
        self, number: int, positions: torch.Tensor, shape: tuple[int, ...]
    ) -> dict[int, tuple[tuple[int, int], ...]]:
        update = self.updates.get(number)
        if update is None or not update.size.zero_rows or not shape or update.size.state == "zero":
            return {}
        wanted = torch.unique(positions // max(1, _numel(shape[1:])))
        mask = torch.zeros(shape[0], dtype=torch.bool)
        for start, end in update.size.zero_rows:
            mask[start:end] = True
        if not bool(mask[wanted.long()].all()):
            return {}
        hit = torch.zeros(shape[0], dtype=torch.bool)
        hit[wanted.long()] = True
        return {number: ranges(hit)}

    # -- dead ends ------------------------------------------------------------------------------

    def _dead_ends(self, starved: list[int]) -> list[DeadEnd]:
        tape, flow = self.tape, self.flow
        in_loss = self._values_of(set(starved))
        hungry = {number for number in starved if number not in in_loss}
        if not hungry or not self.backwards:
            return []
        reads: dict[int, list[int]] = defaultdict(list)
        start = self.step.first_op
        children: dict[int, list[int]] = defaultdict(list)
        end = max(item.op for item in self.backwards)
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
        return self._dead_end_of(tuple(sorted(reads)), flood, used_as_weight)

    def _dead_end_of(self, victims: tuple[int, ...], flood: set[int], used: bool) -> list[DeadEnd]:
        tape, flow = self.tape, self.flow
        if not flood:
            return []
        objects = {tape.values[value].object for value in flood}
        own = self._own_weights()
        terminal = [value for value in flood if tape.values[value].requires_grad]
        last = max(terminal, key=lambda value: (_numel(tape.values[value].shape), value), default=max(flood))
        source = self.naming.value(last)
        made = frames.location(tape.ops[tape.values[last].op].site, "generated here")
        shapes = tuple(dict.fromkeys(tape.values[value].shape for value in sorted(terminal)))[-12:]
        for call in self.session.functional_calls:
            if call["op"] < self.step.first_op:
                continue
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
            if item.op >= self.step.first_op and item.object in objects:
                place = frames.location(item.site)
                return [
                    DeadEnd(
                        "unused-name", place, victims, source, shapes, (item.name,), (made,) if made else ()
                    )
                ]
        loss_at = self._loss_location()
        if used:
            return [DeadEnd("disconnected", loss_at, victims, source, shapes, (), (made,) if made else ())]
        fits = self._fitting(shapes, own)
        if fits:
            mine = {number: item for number, item in own.items() if self.naming.object(number) in fits}
            place = self._main_call(mine or own, flood, tape.values[last].op) or made
            return [DeadEnd("unassigned", place, victims, source, shapes, fits, (made,) if made else ())]
        gone = [
            index
            for index in range(self.step.first_op, self._end())
            if tape.ops[index].kind == Kind.EXPORT
            and flood & set(tape.ops[index].inputs)
            and tape.ops[index].name not in ("item", "__float__")
        ]
        # Beside weights that are whole, what is exported is only looked at: logged, or plotted.
        if gone and not any(slot.value in flow.live for slot in flow.slots):
            return [DeadEnd("exported", frames.location(tape.ops[gone[-1]].site), victims, source, shapes)]
        if gone or not self._stays_inside(last):
            return []
        dropped = tuple(number for number in victims if self._inside_a_generator(number))
        return [DeadEnd("dropped", made, dropped, source, shapes)] if dropped else []

    def _stays_inside(self, value: int) -> bool:
        """Whether a module that made the value never gave it out: outputs that callers ignore are normal."""
        index = self.tape.values[value].op
        module = self.tape.ops[index].module if index >= 0 else -1
        while module >= 0:
            if module not in self.tape.returned.get(value, ()):
                return True
            calls = [call for call in self.tape.module_calls.get(module, ()) if call.op <= index]
            module = calls[-1].parent if calls else -1
        return False

    def _inside_a_generator(self, number: int) -> bool:
        """Whether the smallest module around the tensor's own that generates weights does nothing else."""
        upstream = self._upstream_of_slots()
        own = self.naming.module_of(number)
        paths = {other: self.naming.module_of(other) for other in self.updates}
        while "." in own:
            own = own.rpartition(".")[0]
            inside = [other for other, path in paths.items() if path == own or path.startswith(own + ".")]
            if any(other in upstream for other in inside):
                hungry = ("none", "zero")
                return all(other in upstream or self.updates[other].size.state in hungry for other in inside)
        return False

    def _own_weights(self) -> dict[int, tuple[int, int]]:
        """Leaf tensors that served as weights of this step: object to (value, operation)."""
        found: dict[int, tuple[int, int]] = {}
        for edges in self.flow.children.values():
            for edge in edges:
                op = self.tape.ops[edge.op]
                if edge.op < self.step.first_op:
                    continue
                if op.name == "vmap" and self._leafy(edge.source):
                    found[self.tape.values[edge.source].object] = (edge.source, edge.op)
                if not isinstance(op.arguments, tuple):
                    continue
                for item in op.arguments:
                    if isinstance(item, tuple) and len(item) == 2 and item[0] in ("weight", "bias", "right"):
                        value = item[1]
                        if isinstance(value, int) and self._leafy(value):
                            found[self.tape.values[value].object] = (value, edge.op)
        return found

    def _leafy(self, value: int) -> bool:
        fact = self.tape.values[value]
        return fact.leaf or (not fact.requires_grad and self.tape.objects[fact.object].is_parameter)

    def _fitting(
        self, shapes: tuple[tuple[int, ...], ...], own: dict[int, tuple[int, int]]
    ) -> tuple[str, ...]:
        """The main network's own tensors of the shapes (or together the size) of what was generated."""
        wanted = {self.tape.values[value].shape: number for number, (value, _) in own.items()}
        hits = [number for shape, number in wanted.items() if len(shape) > 1 and shape in shapes]
        if hits:
            return tuple(self.naming.object(number) for number in hits[:6])
        by_module: dict[str, list[int]] = defaultdict(list)
        for number in own:
            by_module[self.naming.module_of(number).split(".")[0]].append(number)
        total = sum(_numel(self.tape.values[value].shape) for value, _ in own.values())
        weights = sum(
            _numel(self.tape.values[v].shape) for v, _ in own.values() if len(self.tape.values[v].shape) > 1
        )
        flat = {_numel(shape) for shape in shapes} | {shape[-1] for shape in shapes if shape}
        if own and (total in flat or weights in flat):
            return tuple(self.naming.object(number) for number in list(own)[:6])
        return ()

    def _main_call(self, own: dict[int, tuple[int, int]], flood: set[int], made: int) -> Location | None:
        """Where the main network was called without what was generated, else where it used its own weight.

        From the outside in: a call that was given the generated values, or in which they were made, is right
        so far, and what it calls is to blame; the first one that never met them is the guilty one.
        """
        calls = self.tape.module_calls
        indexes = [op for _, op in own.values()]
        if not indexes:
            return None
        first = min(indexes)
        chain: list[ModuleCall] = []
        module = self.tape.ops[first].module
        while module >= 0 and len(chain) < 40:
            call = next((item for item in reversed(calls.get(module, ())) if item.op <= first), None)
            if call is None:
                break
            chain.append(call)
            module = call.parent
        for call in reversed(chain):
            if call.op > made and not call.given & flood and call.site is not None:
                return frames.location(call.site)
        return frames.location(self.tape.ops[first].site)

    def _loss_location(self) -> Location | None:
        for item in self.backwards:
            for loss in item.losses:
                index = self.tape.values[loss].op
                if index >= 0:
                    return frames.location(self.tape.ops[index].site)
            return frames.location(item.site)
        return None

    # -- gradients that die inside of the graph -------------------------------------------------

    def _dead_functions(self, starved: list[int]) -> list[DeadFunction]:
        """Operations of zero derivative and custom functions that all ways of a live victim pass."""
        tape, flow = self.tape, self.flow
        live = [
            number
            for number, values in self._values_of(set(starved)).items()
            if any(value in flow.live for value in values)
        ]
        if not live:
            return []
        suspects = {}
        for edges in flow.children.values():
            for edge in edges:
                op = tape.ops[edge.op]
                if edge.source in flow.live and (
                    op.name in ZERO_DERIVATIVE or op.name.startswith("function:")
                ):
                    suspects[edge.op] = op
        found = []
        unexplained = set(live)
        for group in _groups(suspects):
            victims = self._only_through(group, sorted(unexplained))
            if victims:
                found.append(self._dead_function([suspects[index] for index in group], victims))
                unexplained -= set(victims)
        return [*found, *self._killed(unexplained)]

    def _dead_function(self, ops: list[Op], victims: list[int]) -> DeadFunction:
        op = ops[0]
        custom = op.name.startswith("function:")
        places = list(dict.fromkeys(place for item in ops if (place := frames.location(item.site))))
        place = places[0] if places else None
        related = tuple(item.labelled("here as well") for item in places[1:4])
        if custom and isinstance(op.arguments, CodeType):
            related = tuple(item.labelled("applied here") for item in places[:4])
            place = mechanisms.backward_location(op.arguments) or place
        kind = "custom" if custom else "zero-derivative"
        return DeadFunction(kind, op.name.removeprefix("function:"), place, tuple(victims), related)

    def _killed(self, unexplained: set[int]) -> list[DeadFunction]:
        """The operations at which the probe saw a gradient become zero."""
        found = []
        for killer in (item for backward in self.step.backwards for item in backward.killers):
            victims = killer.victims & unexplained
            op = self.tape.ops[killer.op]
            if killer.kind == "zero" and victims and op.kind != Kind.WRITE:
                place = frames.location(op.site)
                found.append(DeadFunction("killed", op.name, place, tuple(sorted(victims))))
        return found

    def _killed_by_writes(self) -> list[OverwriteFact]:
        """Generated values that a later write into the same tensor replaced: the probe saw them starve."""
        tape = self.tape
        found = []
        for killer in (item for backward in self.step.backwards for item in backward.killers):
            op = tape.ops[killer.op]
            if killer.kind != "zero" or op.kind != Kind.WRITE or not op.outputs:
                continue
            written = tape.values[op.outputs[0]].object
            writer = killer.op
            if not self._all_starved_before(op, killer.victims):
                # The values went in here, and it is a later write that wiped them out.
                later = (
                    index
                    for index in range(killer.op + 1, self._end())
                    if tape.ops[index].kind == Kind.WRITE
                    and any(tape.values[value].object == written for value in tape.ops[index].outputs)
                    and tape.ops[index].name != "alias"
                )
                writer = next(later, killer.op)
            place = frames.location(tape.ops[writer].site)
            name = self.naming.value(op.outputs[0])
            found.append(
                OverwriteFact(name, place, None, tuple(sorted(killer.victims)), gradient_flows=False)
            )
        return found

    def _all_starved_before(self, op: Op, victims: frozenset[int]) -> bool:
        """Whether the victims' values were in the tensor already when the operation wrote into it."""
        if not op.inputs:
            return True
        return victims <= set(self._trainable_behind(op.inputs[0]))

    def _only_through(self, indexes: tuple[int, ...], live: list[int]) -> list[int]:
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

    # -- use of the generated weights -----------------------------------------------------------

    def _links(self) -> list[Link]:
        found = []
        for slot in self._own_slots()[:_MOST_LINKS]:
            found.append(self._link(slot))
        return found

    def _own_slots(self) -> list[Slot]:
        unique: dict[tuple[int, str, int], Slot] = {}
        for slot in self.flow.slots:
            op = self.tape.ops[slot.op]
            if slot.op >= self.step.first_op:
                unique.setdefault((slot.value, slot.argument, op.module), slot)
        seen: dict[tuple[str, tuple[int, ...], int], Slot] = {}
        for slot in unique.values():
            op = self.tape.ops[slot.op]
            value = self.tape.values[slot.value]
            made = self.tape.ops[value.op].site if value.op >= 0 else None
            key = (f"{op.module}{slot.argument}{op.site}{made}", value.shape, self.flow.root(slot.value))
            seen.setdefault(key, slot)
        return list(seen.values())

    def _link(self, slot: Slot) -> Link:
        tape, flow = self.tape, self.flow
        op = tape.ops[slot.op]
        value = tape.values[slot.value]
        root = flow.root(slot.value)
        total = _numel(tape.values[root].shape)
        spans: tuple[tuple[int, int], ...] = ()
        used = total
        index = flow.elements.of(slot.value)
        if index is not None:
            positions = flow.elements.roots_of(index).get(root)
            if positions is not None:
                used = int(positions.numel())
                spans = _spans(positions, total)
        above = self._generators_of(slot)
        updates = [self.updates[number] for number in above if number in self.updates]
        norms = [update.size.norm for update in updates if update.size.state == "ok"]
        changed = [update.changed for update in updates if update.changed is not None]
        place = frames.location(op.site)
        module = self.session.module_names.get(op.module, "")
        where = f"{place.file}:{place.line}" if place else "?"
        slot_name = f"{module}.{slot.argument}" if module and not slot.soft else where
        return Link(
            name=self.naming.value(slot.value),
            shape=value.shape,
            slot=slot_name,
            source=self.naming.value(root),
            ranges=spans[:8],
            linked=slot.value in flow.live and any(self._live_object(number) for number in above),
            equal=True if index is not None else None,
            elements_used=used,
            elements_total=total,
            grad_norm=max(norms) if norms else None,
            updated=any(changed) if changed else None,
            location=place,
            reason="computed from " + ", ".join(self.naming.object(number) for number in above[:3]),
        )

    def _live_object(self, number: int) -> bool:
        return number in self.reached

    def _usages(self) -> list[UsageFact]:
        tape, flow = self.tape, self.flow
        roots: dict[int, list[Slot]] = defaultdict(list)
        for slot in self._own_slots():
            index = flow.elements.of(slot.value)
            if index is None:
                continue
            for root in flow.elements.roots_of(index):
                if tape.values[root].op >= self.step.first_op:
                    roots[root].append(slot)
        return [fact for root, slots in list(roots.items())[:200] if (fact := self._usage(root, slots))]

    def _usage(self, root: int, slots: list[Slot]) -> UsageFact | None:
        tape, flow = self.tape, self.flow
        shape = tape.values[root].shape
        total = _numel(shape)
        if total == 0 or root not in flow.elements.bases:
            return None
        if not tape.values[root].requires_grad and tape.ops[tape.values[root].op].mode == "grad":
            return None
        used = torch.zeros(total, dtype=torch.bool)
        stack, seen = [root], {root}
        while stack:
            value = stack.pop()
            for op_index in self._readers().get(value, ()):
                op = tape.ops[op_index]
                for target in op.outputs or (-1,):
                    if target >= 0 and value in flow.elements._parents(target):
                        if target not in seen:
                            seen.add(target)
                            stack.append(target)
                        continue
                    if op.kind == Kind.EXPORT or target in flow.in_loss:
                        index = flow.elements.of(value)
                        if index is None:
                            return None
                        positions = flow.elements.roots_of(index).get(root)
                        if positions is not None:
                            used[positions.long()] = True
        unused = ranges(~used)
        count = int(used.sum())
        overlaps, overlap_at = self._overlaps(root, slots)
        made = frames.location(tape.ops[tape.values[root].op].site)
        shapes = tuple(tape.values[slot.value].shape for slot in slots)
        chunk = shape[-1] if len(shape) == 2 and shape[0] > 1 and not self._batched(shape, shapes) else 0
        return UsageFact(
            source=self.naming.value(root),
            location=made,
            shape=shape,
            total=total,
            used=count,
            unused=unused[:64],
            overlaps=overlaps,
            overlap_at=overlap_at,
            slots=shapes[:16],
            chunk=chunk,
            cropped=self._cropped(shape, used) or (len(unused) > 1 and self._crops(root, used, slots)),
            sized_at=self._sized_at(root, chunk),
        )

    def _sized_at(self, root: int, chunk: int) -> Location | None:
        """The statement that chose how much is generated: where the head or the embeddings were made."""
        tape = self.tape
        rows = tape.values[root].shape[0] if tape.values[root].shape else 0
        if chunk:
            for number in self.flow.trainable_above(root):
                first = tape.first_values.get(number)
                if first is not None and tape.values[first].shape[:1] == (rows,):
                    return frames.location(tape.objects[number].made_at)
        op = tape.ops[tape.values[root].op]
        for value in op.inputs[1:]:
            fact = tape.values[value]
            if fact.leaf and fact.shape and fact.shape[0] == tape.values[root].shape[-1]:
                return frames.location(tape.objects[fact.object].made_at)
        return None

    def _batched(self, shape: tuple[int, ...], shapes: tuple[tuple[int, ...], ...]) -> bool:
        """Whether the first axis is a batch of whole networks rather than a stack of chunks."""
        return any(item and item[0] in (shape[0],) and len(item) >= 3 for item in shapes)

    def _crops(self, root: int, used: torch.Tensor, slots: list[Slot]) -> bool:
        """Whether the weights are boxes out of an output of several axes that is made to fit many layers.

        The output may be flat, and get its axes by a view. All boxes begin at the first row and none comes
        to the last one, else the rows are samples.
        """
        seen = self._cut_shape(root, slots) or self.tape.values[root].shape
        if sum(length > 1 for length in seen) < 2 or bool(used.reshape(seen[0], -1).any(dim=1).all()):
            return False
        crops = False
        for slot in slots[:64]:
            index = self.flow.elements.of(slot.value)
            positions = self.flow.elements.roots_of(index).get(root) if index is not None else None
            if positions is None:
                continue
            mask = torch.zeros(used.numel(), dtype=torch.bool)
            mask[positions.long()] = True
            where = mask.reshape(seen).nonzero()
            low, high = where.min(dim=0).values.tolist(), (where.max(dim=0).values + 1).tolist()
            if low[0] > 0:
                return False
            corner = high[0] < seen[0] and any(stop < size for stop, size in zip(high[1:], seen[1:]))
            crops = crops or (corner and self._cropped(seen, mask))
        return crops

    def _cut_shape(self, root: int, slots: list[Slot]) -> tuple[int, ...]:
        """The shape in which the output was cut up: that of the last whole view of it."""
        tape, parents = self.tape, self.flow.elements._parents
        total = _numel(tape.values[root].shape)
        for slot in slots[:64]:
            value = slot.value
            while above := parents(value):
                if _numel(tape.values[value].shape) < total == _numel(tape.values[above[0]].shape):
                    return tape.values[above[0]].shape
                value = above[0]
        return ()

    def _cropped(self, shape: tuple[int, ...], used: torch.Tensor) -> bool:
        """Whether the used part is a box inside of an output of several axes."""
        if len(shape) < 2 or not bool(used.any()):
            return False
        where = used.reshape(shape).nonzero()
        low, high = where.min(dim=0).values, where.max(dim=0).values + 1
        box = int((high - low).prod())
        trimmed = sum(int(a) > 0 or int(b) < n for a, b, n in zip(low, high, shape))
        return box == int(used.sum()) and (
            trimmed >= 2 or (len(shape) >= 3 and int(low[0]) == 0 and int(high[0]) == shape[0])
        )

    def _readers(self) -> dict[int, list[int]]:
        cached: dict[int, list[int]] | None = getattr(self, "_reader_table", None)
        if cached is None:
            cached = defaultdict(list)
            for index in range(self.step.first_op, self._end()):
                for value in self.tape.ops[index].inputs:
                    if value >= 0:
                        cached[value].append(index)
            self._reader_table = cached
        return cached

    def _end(self) -> int:
        return self.step.end_op or len(self.tape.ops)

    def _overlaps(self, root: int, slots: list[Slot]) -> tuple[tuple[tuple[int, int], ...], Location | None]:
        flow, tape = self.flow, self.tape
        owners: list[tuple[Slot, torch.Tensor]] = []
        taken = torch.zeros(_numel(tape.values[root].shape), dtype=torch.bool)
        for slot in slots[:64]:
            index = flow.elements.of(slot.value)
            positions = flow.elements.roots_of(index).get(root) if index is not None else None
            if positions is None:
                continue
            apart = not bool(taken[positions].any())
            taken[positions] = True
            for other, theirs in owners if not apart else ():
                both = positions[torch.isin(positions, theirs)]
                same = positions.numel() == theirs.numel() == both.numel()
                twice = same and self._slice_site(slot.value) != self._slice_site(other.value)
                if both.numel() and (twice or not same) and other.value != slot.value:
                    made = tape.ops[tape.values[slot.value].op] if tape.values[slot.value].op >= 0 else None
                    place = self._slice_site(slot.value) or (frames.location(made.site) if made else None)
                    return _spans(both, _numel(tape.values[root].shape)), place
            owners.append((slot, positions))
        return (), None

    def _slice_site(self, value: int) -> Location | None:
        """The statement that took the part: the view nearest to the weight that leaves something out."""
        flow, tape = self.flow, self.tape
        while parents := flow.elements._parents(value):
            if _numel(tape.values[value].shape) < _numel(tape.values[parents[0]].shape):
                return frames.location(tape.ops[tape.values[value].op].site)
            value = parents[0]
        return None

    # -- weights of another time ----------------------------------------------------------------

    def _step_of(self, op: int) -> int:
        step = 0
        for first, number in self._steps_of_ops:
            if first > op:
                break
            step = number
        return step

    def _stale(self) -> list[StaleFact]:
        tape, flow = self.tape, self.flow
        found: dict[str, StaleFact] = {}
        for slot in self._own_slots():
            root = flow.root(slot.value)
            made = tape.values[root].op
            if made < 0 or made >= self.step.first_op or tape.values[root].leaf:
                continue
            if root not in flow.live and not self._all_starved(flow.trainable_above(root)):
                continue
            step = self._step_of(made)
            if step >= self.step.number or self._made_before_any_step(step):
                continue
            above = [
                n
                for n in flow.trainable_above(root)
                if n in self.session.ever_stepped or n in self.session.manual
            ]
            if not above or not (self._updated_since(above) or self._stopped_learning(above)):
                continue
            source = self.naming.value(root)
            place = frames.location(tape.ops[made].site)
            used = frames.location(tape.ops[slot.op].site, "used here")
            found.setdefault(source, StaleFact(source, place, used, step, tuple(above)))
        return list(found.values())

    def _all_starved(self, numbers: list[int]) -> bool:
        """Whether none of the tensors that are due in this step got a gradient."""
        due = [self.updates[number] for number in numbers if number in self.updates]
        return bool(due) and all(update.size.state in ("none", "zero") for update in due)

    def _stopped_learning(self, above: list[int]) -> bool:
        """Whether the generator learned in earlier steps and is starved in this one."""
        return self._all_starved(above) and any(number in self.session.filled_ever for number in above)

    def _made_before_any_step(self, step: int) -> bool:
        return self.session.steps_seen - (1 if self.step.optimizers else 0) < step

    def _updated_since(self, above: list[int]) -> bool:
        return any(self.updates[number].changed for number in above if number in self.updates)

    def _overwrites(self) -> list[OverwriteFact]:
        tape, flow = self.tape, self.flow
        found = []
        for slot in self._with_what_they_view(self._all_weight_values()):
            value = tape.values[slot]
            index = value.op
            if index < self.step.first_op:
                continue
            op = tape.ops[index]
            writer = op
            if op.name == "alias" and op.inputs:
                writer = tape.ops[tape.values[op.inputs[0]].op]
            if (
                op.kind != Kind.WRITE
                or writer.name not in OVERWRITES
                or not value.requires_grad
                or value.leaf
            ):
                continue
            before = self._previous_value(slot)
            if before is None or tape.values[before].op < 0 or tape.values[before].leaf:
                continue
            if before in op.inputs:
                continue
            victims = self._trainable_behind(before)
            if victims and not set(victims) <= set(flow.trainable_above(slot)):
                place = frames.location(op.site)
                made = frames.location(tape.ops[tape.values[before].op].site, "generated here")
                found.append(OverwriteFact(self.naming.value(slot), place, made, tuple(victims)))
        return found

    def _with_what_they_view(self, weights: list[int]) -> list[int]:
        """The weights, and the values that they were taken from by views, each once."""
        found = dict.fromkeys(weights)
        for weight in weights:
            value = weight
            for _ in range(20):
                index = self.tape.values[value].op
                if index < self.step.first_op:
                    break
                op = self.tape.ops[index]
                if op.kind not in (Kind.VIEW, Kind.MAYBE_VIEW) or op.name in ("detach", "data"):
                    break
                value = op.inputs[0]
                found[value] = None
        return list(found)

    def _all_weight_values(self) -> list[int]:
        found = []
        for edges in self.flow.children.values():
            for edge in edges:
                op = self.tape.ops[edge.op]
                if edge.op >= self.step.first_op and isinstance(op.arguments, tuple):
                    for item in op.arguments:
                        if (
                            isinstance(item, tuple)
                            and len(item) == 2
                            and item[0] in ("weight", "bias", "right", "left")
                        ):
                            if item[1] == edge.source:
                                found.append(edge.source)
        return list(dict.fromkeys(found))

    def _previous_value(self, value: int) -> int | None:
        number = self.tape.values[value].object
        for other in range(value - 1, -1, -1):
            if self.tape.values[other].object == number:
                return other
        return None

    def _trainable_behind(self, value: int) -> list[int]:
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

    # -- what no optimizer holds ----------------------------------------------------------------

    def _held(self) -> set[int]:
        held = set(self.session.manual)
        for record in self.session.optimizers:
            held.update(record.objects)
        return held

    def _candidates(self) -> set[int]:
        """Leaves read in this step on a live way to the loss, made before it, meant for no other use."""
        tape, flow = self.tape, self.flow
        held = self._held()
        found = set()
        for edges in flow.children.values():
            for edge in edges:
                fact = tape.values[edge.source]
                if not fact.leaf or edge.op < self.step.first_op or edge.source not in flow.live:
                    continue
                if tape.ops[edge.op].kind == Kind.FLAG_SET:
                    continue
                number = fact.object
                if number in held or number in self.session.differentiated:
                    continue
                if number in tape.grad_reads and not tape.objects[number].is_parameter:
                    continue
                first = tape.first_values.get(number, 0)
                if self.step.number > 1 and tape.values[first].op >= self.step.first_op:
                    continue
                if self._received(edge.source):
                    continue
                found.add(number)
        return found

    def _received(self, value: int) -> bool:
        """Whether a leaf shows numbers that others had computed in this step: it is no weight of its own."""
        fact = self.tape.values[value]
        if fact.op < self.step.first_op or self.tape.ops[fact.op].kind == Kind.FLAG_SET:
            return False
        return any(number != fact.object for number in self.flow.trainable_above(value))

    def _generators_of(self, slot: Slot) -> list[int]:
        """The trainable tensors that made a generated weight: without the tensor that carries it."""
        own = self.tape.values[slot.value].object
        return [number for number in self.flow.trainable_above(slot.value) if number != own]

    def _upstream_of_slots(self) -> set[int]:
        found: set[int] = set()
        for slot in self.flow.slots:
            found.update(self._generators_of(slot))
        return found

    def _is_main_leaf(self, number: int) -> bool:
        return number not in self._upstream_of_slots()

    def _unheld(self) -> list[int]:
        return sorted(n for n in self._candidates() if self.tape.objects[n].is_parameter)

    def _lost(self) -> list[LostLeaf]:
        found = []
        for number in sorted(self._candidates()):
            fact = self.tape.objects[number]
            if fact.is_parameter:
                continue
            made = self._made_site(number)
            tensor = self.tape.tensor(number)
            state = "ok" if tensor is not None and tensor.grad is not None else "none"
            found.append(LostLeaf(number, "plain-leaf", made, 1, state))
        found.extend(self._nonleaves())
        found.extend(self._constants())
        return found

    def _made_site(self, number: int) -> Location | None:
        tape = self.tape
        first = tape.first_values.get(number)
        if first is not None and tape.values[first].op >= 0:
            return frames.location(tape.ops[tape.values[first].op].site)
        held = self.naming.held_at(number)
        return held or frames.location(tape.objects[number].made_at)

    def _nonleaves(self) -> list[LostLeaf]:
        """Values computed once, before this step, from a leaf that no optimizer holds."""
        tape, flow = self.tape, self.flow
        held = self._held()
        found: dict[int, LostLeaf] = {}
        for edges in flow.children.values():
            for edge in edges:
                fact = tape.values[edge.source]
                if edge.op < self.step.first_op or edge.source not in flow.live or fact.leaf:
                    continue
                if fact.op < 0 or fact.op >= self.step.first_op or not fact.requires_grad:
                    continue
                above = list(self._live_leaves(edge.source))
                if fact.object in self.session.differentiated or edge.source not in flow.into_slots:
                    continue
                if not above or any(
                    number in held or number in self.session.differentiated for number in above
                ):
                    continue
                if self._step_of(fact.op) > 1 and not tape.objects[fact.object].is_parameter:
                    pass
                op = tape.ops[fact.op]
                found[fact.object] = LostLeaf(
                    fact.object, "nonleaf", frames.location(op.site), 1, "none", op.name
                )
        return list(found.values())

    def _live_leaves(self, value: int) -> set[int]:
        tape, flow = self.tape, self.flow
        stack, seen, found = [value], {value}, set()
        while stack:
            item = stack.pop()
            fact = tape.values[item]
            if fact.leaf:
                found.add(fact.object)
            if fact.op < 0:
                continue
            for source in tape.ops[fact.op].inputs:
                if source >= 0 and source not in seen and flow.carries(source, item, tape.ops[fact.op]):
                    seen.add(source)
                    stack.append(source)
        return found

    def _constants(self) -> list[LostLeaf]:
        """Random plain tensors of a module, never trainable, that a generator reads in every step."""
        tape, flow = self.tape, self.flow
        found: dict[int, LostLeaf] = {}
        for value in flow.into_slots:
            fact = tape.values[value]
            if fact.requires_grad or fact.object < 0 or fact.object in found:
                continue
            known = tape.objects[fact.object]
            if (
                known.made_by not in ("randn", "rand", "normal", "empty", "zeros", "ones")
                or known.is_parameter
            ):
                continue
            holders = self.session.holders.get(fact.object, ())
            if not any(holder.kind in ("attribute", "container") for holder in holders):
                continue
            first = tape.first_values[fact.object]
            if tape.values[first].op >= self.step.first_op and self.step.number > 1:
                continue
            random = known.made_by in ("randn", "rand", "normal")
            detail = "random" if random else "constant"
            place = (
                frames.location(tape.ops[tape.values[first].op].site) if tape.values[first].op >= 0 else None
            )
            found[fact.object] = LostLeaf(fact.object, "constant", place, 1, "none", detail)
        return list(found.values())

    # -- the rest -------------------------------------------------------------------------------

    def _left_frozen(self, frozen: list[int]) -> list[int]:
        """Frozen tensors that a switch around another network's update leaves frozen.

        Either their fellows, frozen by the same statement, are thawed again each time; or the statement that
        freezes them is run again and again, beside several optimizers, and nothing ever thaws them.
        """
        tape = self.tape
        history: dict[int, list[tuple[bool, Site | None]]] = defaultdict(list)
        for index in tape.flag_ops:
            fact = tape.values[tape.ops[index].outputs[0]]
            history[fact.object].append((fact.requires_grad, tape.ops[index].site))
        toggled = {
            site
            for events in history.values()
            for site in [site for asks, site in events if not asks]
            if sum(not asks and other == site for asks, other in events) > 1 and site is not None
        }
        several = sum(bool(record.steps) for record in self.session.optimizers) > 1
        return [
            number
            for number in frozen
            if (history[number] and history[number][-1][1] in toggled)
            or (several and tape.frozen_again.get(number, 0) >= 3)
        ]

    def _half_frozen(self, frozen: list[int]) -> list[int]:
        """Frozen tensors of a generator's module in which another tensor learns."""
        learning = {
            self.naming.module_of(number)
            for number, update in self.updates.items()
            if update.size.state == "ok" and self._asks(number)
        }
        return [number for number in frozen if self.naming.module_of(number) in learning - {""}]

    def _frozen_at(self, frozen: list[int]) -> Location | None:
        wanted = set(frozen)
        for op in reversed(self.tape.ops):
            if (
                op.name == "flags"
                and op.site is not None
                and self.tape.values[op.outputs[0]].object in wanted
            ):
                if not self.tape.values[op.outputs[0]].requires_grad:
                    return frames.location(op.site)
        return None

    def _update_fact(self, update: Update) -> UpdateFact:
        cleared = self._cleared_at(update.object) if update.size.state in ("none", "zero") else None
        carried = any(
            update.object in item.carried and not self._replaced_since(update.object, item)
            for item in self.step.backwards
        )
        record = self.session.optimizers[update.optimizer] if update.optimizer >= 0 else None
        return UpdateFact(
            key=update.object,
            gradient=update.size.state,
            norm=update.size.norm,
            rows=update.size.rows,
            zero_rows=update.size.zero_rows[:256],
            changed=update.changed,
            ratio=update.ratio,
            learning_rate=update.rate,
            optimizer=self.naming.optimizer(record) if record else "",
            reached=update.object in self.reached,
            cleared_at=cleared,
            carried=carried,
            finite_after=update.finite_after,
            start=_digest_of(update.start) if update.start_moved else 0,
            undone_at=self._undone_at(update),
            frozen=update.optimizer >= 0 and self._is_frozen(update.object),
        )

    def _undone_at(self, update: Update) -> Location | None:
        """The statement of the program that last wrote into the tensor after an update of an earlier step."""
        written = self._writes().get(update.object)
        if written is None:
            return None
        op = self.tape.ops[written]
        sources = {number for value in op.inputs if value >= 0 for number in self._trainable_behind(value)}
        # What another network computes anew for each step is handed over, not put back.
        return frames.location(op.site) if sources <= {update.object} else None

    def _writes(self) -> dict[int, int]:
        """Objects to the last operation of this step, before its update, that wrote them."""
        if self._written is None:
            self._written = {}
            for index in range(self.step.first_op, self._end()):
                op = self.tape.ops[index]
                if op.kind in (Kind.WRITE, Kind.DATA_SET, Kind.FOREACH_WRITE):
                    for value in op.outputs:
                        self._written[self.tape.values[value].object] = index
        return self._written

    def _replaced_since(self, number: int, item: Backward) -> bool:
        """Whether the gradient was set by hand after the backward, so that nothing adds up."""
        events = self.tape.grad_events[item.event : self.step.end_event]
        return any(owner == number for _, owner, _, _ in events)

    def _cleared_at(self, number: int) -> Location | None:
        filled = [item.event for item in self.step.backwards if number in item.filled]
        if not filled:
            return None
        for _, owner, what, site in self.tape.grad_events[filled[-1] : self.step.end_event]:
            if owner == number and what == "clear":
                return frames.location(site)
        return None

    def _backward_fact(self, item: Backward) -> BackwardFact:
        return BackwardFact(
            location=frames.location(item.site),
            loss_at=self._loss_location(),
            finite=item.finite,
            nonfinite_at=self._nonfinite_at(item),
            value=item.value if item.finite else None,
            given_inputs=item.given_inputs,
            custom_functions=item.custom,
        )

    def _nonfinite_at(self, item: Backward) -> Location | None:
        """The operation that made the first NaN or Inf: in the forward, else in the backward."""
        births = [killer.op for killer in item.killers if killer.kind == "nonfinite"]
        index = item.nonfinite_op if item.nonfinite_op is not None else (births[0] if births else None)
        return frames.location(self.tape.ops[index].site) if index is not None else None

    def _numbers(self) -> StepNumbers:
        upstream = self._upstream_of_slots()
        squares: dict[str, float] = defaultdict(float)
        ratios: dict[str, float] = {}
        for number, update in self.updates.items():
            group = "hypernet" if number in upstream else "main"
            if update.size.state == "ok":
                squares[group] += update.size.norm**2
            if update.changed is not None:
                ratios[group] = max(ratios.get(group, 0.0), update.ratio)
        return StepNumbers(self.step.number, {k: v**0.5 for k, v in squares.items()}, ratios)


def _merged(old: CutFact, new: CutFact) -> CutFact:
    rows = {**old.victim_rows, **new.victim_rows}
    for key in set(old.victim_rows) & set(new.victim_rows):
        rows[key] = tuple(sorted(set(old.victim_rows[key]) | set(new.victim_rows[key])))
    victims = tuple(sorted(set(old.victims) | set(new.victims)))
    return CutFact(
        mechanism=old.mechanism,
        location=old.location,
        source=old.source,
        target=old.target,
        victims=victims,
        victim_rows=rows,
        in_weight=old.in_weight or new.in_weight,
        related=old.related or new.related,
        seen=old.seen,
        ranges=tuple(sorted({*old.ranges, *new.ranges})),
        asleep=old.asleep and new.asleep,
    )


def _as_weight(arguments: tuple[object, ...], value: int, hungry: set[int], tape: object) -> bool:
    """Whether a computed value stands in a weight's place of the call."""
    from hypercheck.observe.tape import Tape

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


def _spans(positions: torch.Tensor, total: int) -> tuple[tuple[int, int], ...]:
    """The half-open ranges of sorted positions, the first 64 of them."""
    if not positions.numel():
        return ()
    gaps = (positions[1:] - positions[:-1] != 1).nonzero().flatten()[:64]
    firsts = [int(positions[0]), *positions[gaps + 1].tolist()]
    lasts = [*positions[gaps].tolist(), int(positions[-1])]
    if len(gaps) == 64:
        firsts, lasts = firsts[:64], lasts[:64]
    return tuple((first, last + 1) for first, last in zip(firsts, lasts))


def _numel(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


def _groups(suspects: dict[int, Op]) -> list[tuple[int, ...]]:
    """The operations of each statement together, then those of each function: layers cut as one."""
    by_site: dict[object, list[int]] = defaultdict(list)
    by_name: dict[str, list[int]] = defaultdict(list)
    for index in sorted(suspects):
        by_site[suspects[index].site].append(index)
        by_name[suspects[index].name].append(index)
    return [tuple(group) for group in (*by_site.values(), *by_name.values())]


def _digest_of(sample: torch.Tensor | None) -> int:
    """A number that tells two samples of values apart; 0 for none."""
    if sample is None:
        return 0
    return hash(tuple(sample.flatten().tolist())) or 1
