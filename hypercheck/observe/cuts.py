"""Where a value goes on to the loss and its gradient does not come back, and who starves of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from hypercheck.facts import ConstantTerm, CutFact
from hypercheck.observe import frames, mechanisms
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.operations import (
    ADDITIONS,
    CONTRACTIONS,
    OVERWRITES,
    PICKERS,
    SCALINGS,
    ZERO_DERIVATIVE,
    Kind,
)
from hypercheck.observe.penalties import Penalties
from hypercheck.observe.reach import Edge
from hypercheck.observe.samples import LAYERS
from hypercheck.observe.spans import Spans
from hypercheck.observe.starved_rows import Rows, StarvedRows


class CutFinder:
    """The cuts of one step that starve something."""

    def __init__(self, evidence: Evidence, penalties: Penalties) -> None:
        self._evidence = evidence
        self._penalties = penalties
        self._tape = evidence.tape
        self._flow = evidence.flow
        self._step = evidence.step
        self._naming = evidence.naming
        self._updates = evidence.updates
        self._reached = evidence.reached
        self._rows = StarvedRows(evidence)

    def facts(self, starved: list[int]) -> list[CutFact]:
        flow = self._flow
        hungry = set(starved)
        in_loss = self._evidence.values_of(hungry)
        full = {
            number for number, values in in_loss.items() if not any(value in flow.live for value in values)
        }
        found: dict[tuple[str, str, int], CutFact] = {}
        last: set[tuple[str, str, int]] = set()
        last_cuts: set[int] = set()
        aside: set[tuple[str, str, int]] = set()
        # A detached inner update ends more than the missing graph of its gradient does: it is told first.
        edges = sorted(flow.broken_edges(), key=lambda edge: self._tape.ops[edge.op].name == "autograd.grad")
        for edge in edges:
            if self._initialises(edge) or self._own_history(edge):
                continue
            above = flow.upstream(edge.source)
            victims = {self._tape.values[value].object for value in above} & full
            asked = self._evidence.session.differentiated
            if edge.op < self._step.first_op and victims and victims <= asked:
                continue  # `autograd.grad` gives them gradients that go past the copy
            rows: Rows = {}
            if not victims:
                if not self._feeds_weight(edge):
                    continue
                rows = self._rows.starved(edge, above)
                if not rows:
                    continue
            elif flow.needless(edge, [in_loss[number] for number in victims]):
                continue
            edge = self._copying(edge) or edge
            verdict = mechanisms.judge(flow, edge)
            place = verdict.location
            key = (verdict.mechanism, place.file if place else "", place.line if place else verdict.op)
            fact = self._cut_fact(edge, verdict, victims, rows)
            if edge.target in flow.live:
                last_cuts.update((*victims, *rows))
                last.add(key)
            unrecorded = verdict.mechanism in ("no-grad-block", "inference-mode", "requires-grad-false")
            unrecorded = unrecorded and self._is_looked_at(edge)
            if unrecorded or self._is_kept_copy(edge) or self._is_reduced(edge) or self._only_picks(edge):
                aside.add(key)
            old = found.get(key)
            found[key] = fact if old is None else _merged(old, fact)
        # Below a cut whose values are live again, nothing else stands in the way; a cut into a frozen copy
        # (a target network) explains nothing that such a one explains.
        direct, cloned = set[int](), set[int]()
        for key, fact in found.items():
            if key not in aside:
                direct.update(fact.victims)
            elif fact.mechanism == "deepcopy-main":
                cloned.update(fact.victims)
        kept = []
        for key, fact in found.items():
            victims = {*fact.victims, *fact.victim_rows}
            # What lies aside explains nothing that another cut does, nor upkeep what the copy's making does.
            better = direct if fact.mechanism == "deepcopy-main" else direct | cloned
            if key in last or not ((key in aside and victims <= better) or victims <= last_cuts):
                kept.append(fact)
        whole = [self._with_whole_victims(fact) for fact in self._main_cuts(kept)]
        return [*whole, *self._opaque(starved), *self._flat(), *self._beside_penalties()]

    def _beside_penalties(self) -> Iterator[CutFact]:
        """Cuts on the way into a weight, of generators that learn by a penalty alone."""
        if not self._penalties.possible:
            return
        for source, edges in self._flow.children.items():
            for edge in edges:
                if self._flow.broken(edge) and self._feeds_weight(edge) and not self._learns_itself(edge):
                    victims = self._penalties.victims(source)
                    if victims:
                        verdict = mechanisms.judge(self._flow, edge)
                        yield replace(self._cut_fact(edge, verdict, victims, {}), penalised=True)

    def _learns_itself(self, edge: Edge) -> bool:
        """Whether the values begin a tensor that learns by itself, or one whose gradient is used."""
        fact, session = self._tape.values[edge.target], self._evidence.session
        used = self._tape.gradients.reads | session.manual | session.ever_stepped.keys()
        return self._initialises(edge) or (fact.leaf and fact.object in used)

    def _with_whole_victims(self, fact: CutFact) -> CutFact:
        """A tensor all of whose rows are starved is a victim as a whole."""
        rows = dict(fact.victim_rows)
        whole = set(fact.victims)
        for number, spans in fact.victim_rows.items():
            update = self._updates[number]
            if update.size.state == "zero" and Spans.ranges(spans).count >= update.size.rows > 0:
                whole.add(number)
                del rows[number]
        return replace(fact, victims=tuple(sorted(whole)), victim_rows=rows)

    def _copying(self, edge: Edge) -> Edge | None:
        """Where a deep copy is moved towards the original, as an average is: the edge that made the copy."""
        tape = self._tape
        number, writer = tape.values[edge.target].object, tape.ops[edge.op]
        first = tape.first_values.get(number)
        if first is None or writer.kind != Kind.WRITE or writer.name in OVERWRITES:
            return None
        made = tape.values[first].op
        keeps = any(item >= 0 and tape.values[item].object == number for item in writer.inputs)
        if made < 0 or not keeps or "deepcopy" not in tape.ops[made].tags or not tape.ops[made].inputs:
            return None
        return Edge(tape.ops[made].inputs[0], first, made)

    def _is_kept_copy(self, edge: Edge) -> bool:
        """Whether the values went into a tensor that was there before this step and asks for no gradient."""
        value = self._tape.values[edge.target]
        first = self._tape.first_values.get(value.object)
        return (
            not value.requires_grad
            and first is not None
            and (self._tape.values[first].op < self._step.first_op)
        )

    def _only_picks(self, edge: Edge) -> bool:
        """Whether the values go on as an index alone: which elements are taken is a choice, and no number."""
        flow, tape = self._flow, self._tape
        stack, seen = [edge.target], {edge.target}
        for value in stack:
            for child in flow.children.get(value, ()):
                op = tape.ops[child.op]
                if op.name in PICKERS and op.inputs and op.inputs[0] != value:
                    continue
                if op.kind not in (Kind.VIEW, Kind.MAYBE_VIEW):
                    return False
                if child.target not in seen:
                    seen.add(child.target)
                    stack.append(child.target)
        return any(flow.children.get(value) for value in stack)

    def _is_looked_at(self, edge: Edge) -> bool:
        """Whether the network that is given the weights runs without autograd too: a target, old actions."""
        tape = self._tape
        made = {item for index in self._flow.way_down(edge) for item in tape.ops[index].outputs}
        used = [slot.op for slot in self._flow.slots if slot.value in made or slot.value == edge.target]
        return bool(used) and not any(
            tape.values[item].requires_grad for index in used for item in tape.ops[index].outputs
        )

    def _is_reduced(self, edge: Edge) -> bool:
        """Whether the values come into a weight as one number, such as the scale of what else makes it."""
        tape = self._tape
        made = [item for index in self._flow.way_down(edge) for item in tape.ops[index].outputs if item >= 0]
        weights = {slot.value for slot in self._flow.slots}
        if not made or made[-1] not in weights or math.prod(tape.values[edge.source].shape) == 1:
            return False
        return any(math.prod(tape.values[item].shape) == 1 for item in made[:-1])

    def constants(self) -> list[ConstantTerm]:
        """Numbers that were added to the loss, where they are all that comes of the generated weights."""
        flow, tape = self._flow, self._tape
        if not flow.slots or any(slot.value in flow.live for slot in flow.slots):
            return []
        found = {}
        for edges in flow.children.values():
            for edge in edges:
                op, made = tape.ops[edge.op], tape.values[edge.source].op
                if op.name not in ADDITIONS or made < self._step.first_op or edge.target not in flow.live:
                    continue
                number = tape.ops[made]
                above = tuple(n for n in flow.ancestry.objects(edge.source) if n in self._updates)
                if number.kind == Kind.EXPORT and edge.source in flow.below_slots and above:
                    place, added = frames.location(number.site), frames.location(op.site, "added here")
                    source = self._naming.value(number.inputs[0])
                    found[edge.source] = ConstantTerm(place, added, source, above)
        return list(found.values())

    def _opaque(self, starved: list[int]) -> list[CutFact]:
        """Cuts inside of what is recorded as one operation: the tape goes on where autograd's walk ended."""
        flow, tape = self._flow, self._tape
        unexplained = {
            number
            for number, values in self._evidence.values_of(set(starved)).items()
            if self._updates[number].size.state == "none" and any(value in flow.live for value in values)
        }
        if not unexplained:
            return []
        found = []
        for index in sorted({edge.op for edges in flow.children.values() for edge in edges}):
            op = tape.ops[index]
            if not unexplained or not op.name.startswith(("vmap", "func.", "scripted", "function:")):
                continue
            told = mechanisms.inside(tape, index)
            numbers = sorted(unexplained if op.name.startswith("function:") else unexplained - self._reached)
            victims = set(self._evidence.only_through((index,), numbers)) if told else set()
            if victims and op.outputs:
                behind = [value for value in op.inputs if victims & set(flow.ancestry.objects(value))]
                source = behind[0] if behind else op.outputs[0]
                edge = Edge(source, op.outputs[0], index)
                mechanism, place = told or ("", None)
                fact = self._cut_fact(edge, mechanisms.Verdict(mechanism, place, (), index), victims, {})
                inside = any(slot.op == index for slot in flow.slots)
                found.append(replace(fact, in_weight=fact.in_weight or inside))
                unexplained -= victims
        return found

    def _own_history(self, edge: Edge) -> bool:
        """Whether the way leads back into the tensor it came from: a write through a view of itself."""
        values = self._tape.values
        number = values[edge.source].object
        if self._tape.ops[edge.op].name == "detach_":
            return False
        return any(
            values[value].object == number
            for index in self._flow.way_down(edge)
            for value in self._tape.ops[index].outputs
            if value >= 0
        )

    def _initialises(self, edge: Edge) -> bool:
        """Whether the edge copied start values, before the training, into a tensor that learns by itself."""
        if self._step.number == 1 or self._evidence.step_of(edge.op) > 1:
            return False
        values = self._tape.values
        for index in self._flow.way_down(edge):
            if index >= self._step.first_op:
                return False
            for value in self._tape.ops[index].outputs:
                update = self._updates.get(values[value].object)
                if values[value].leaf and update is not None and update.size.state == "ok":
                    return True
        return False

    def _modulates(self, edge: Edge) -> bool:
        """Whether the values, still without a gradient, scale or shift computed values that have one."""
        flow, tape = self._flow, self._tape
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

    def _feeds_weight(self, edge: Edge) -> bool:
        """Whether the values become a weight, or scale or shift what the network computes."""
        used = any(slot.value == edge.target for slot in self._flow.slots)
        return used or edge.target in self._flow.into_slots or self._modulates(edge)

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
        rows: Rows,
    ) -> CutFact:
        tape, flow = self._tape, self._flow
        op = tape.ops[verdict.op]
        source = self._naming.value(edge.source)
        target_value = op.outputs[0] if op.outputs else edge.target
        target = self._naming.value(target_value)
        weight = self._feeds_weight(edge)
        fact, receiver = tape.values[edge.source], tape.values[target_value]
        seen = [
            f"{source}: {'leaf' if fact.leaf else 'has a grad_fn'}, requires_grad=True, "
            f"shape {_shape(fact.shape)}",
            f"{target}: {'leaf' if receiver.leaf else 'no grad_fn'}, requires_grad={receiver.requires_grad}",
        ]
        asleep = bool(victims) and all(victim in self._step.asleep for victim in victims)
        shown = flow.elements.shown(edge.source) if rows else None
        spans = next(iter(shown.values())).first() if shown else ()
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

    def _flat(self) -> Iterator[CutFact]:
        """Operations of zero derivative that starve some rows of a head that learns otherwise."""
        tape, flow = self._tape, self._flow
        for edge in {edge.op: edge for edges in flow.children.values() for edge in edges}.values():
            op, value = tape.ops[edge.op], edge.source
            if op.name not in ZERO_DERIVATIVE or value not in flow.live:
                continue
            for _ in range(16):
                shown = self._rows.shown(value)
                rows = {n: shown[n] for n in shown if self._updates[n].size.state != "zero"}
                index = tape.values[value].op
                if rows or index < 0 or tape.ops[index].name in LAYERS:
                    break
                value = next((item for item in tape.ops[index].inputs if item in flow.live), -1)
                if value < 0:
                    break
            if rows:
                verdict = mechanisms.Verdict("nondifferentiable-op", frames.location(op.site), (), edge.op)
                yield self._cut_fact(edge, verdict, set(), rows)


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


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"
