"""Tensors that learn or were meant to, and belong to no optimizer."""

from __future__ import annotations

from hypercheck.facts import LostLeaf
from hypercheck.findings import Location
from hypercheck.observe import frames
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.operations import Kind

_JOINS = frozenset("cat concat concatenate stack".split())


class Membership:
    """Who of those that reach the loss in one step is in no optimizer."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._tape = evidence.tape
        self._flow = evidence.flow
        self._step = evidence.step
        self._session = evidence.session
        self._naming = evidence.naming

    def _held(self) -> set[int]:
        held = set(self._session.manual)
        for record in self._session.optimizers:
            held.update(record.objects)
        return held

    def _candidates(self) -> set[int]:
        """Leaves read in this step on a live way to the loss, made before it, meant for no other use."""
        tape, flow = self._tape, self._flow
        held = self._held()
        found = set()
        for source, edges in flow.children.items():
            fact = tape.values[source]
            if not fact.leaf or source not in flow.live:
                continue
            number = fact.object
            if number in held or number in self._session.differentiated:
                continue
            if number in tape.gradients.reads and not tape.objects[number].is_parameter:
                continue
            first = tape.first_values.get(number, 0)
            if self._step.number > 1 and tape.values[first].op >= self._step.first_op:
                continue
            # A step may use what was computed before the backward of another optimizer, one step ago.
            start = self._step.first_op
            if self._step.number > 2 and number in self._evidence.reached:
                start = self._evidence.first_op_of(self._step.number - 1)
            read = any(edge.op >= start and tape.ops[edge.op].kind != Kind.FLAG_SET for edge in edges)
            if read and not self._received(source):
                found.add(number)
        return found

    def _received(self, value: int) -> bool:
        """Whether a leaf shows numbers that others had computed in this step: it is no weight of its own."""
        fact = self._tape.values[value]
        if fact.op < self._step.first_op or self._tape.ops[fact.op].kind == Kind.FLAG_SET:
            return False
        return any(number != fact.object for number in self._flow.ancestry.objects(value))

    def unheld(self) -> list[int]:
        return sorted(n for n in self._candidates() if self._tape.objects[n].is_parameter)

    def fresh(self) -> list[int]:
        """Parameters that were made in this very step, learn something from it, and are gone with it."""
        tape, held = self._tape, self._held()
        found = set()
        for value in self._flow.into_slots & self._flow.live:
            fact = tape.values[value]
            known = tape.objects[fact.object] if fact.object >= 0 else None
            first = tape.first_values.get(fact.object)
            if known is None or first is None or not fact.leaf or not known.is_parameter:
                continue
            new = tape.values[first].op >= self._step.first_op and known.made_by == "Parameter"
            if new and fact.object not in held | self._session.differentiated and not self._received(first):
                found.add(fact.object)
        return sorted(found)

    def lost(self) -> list[LostLeaf]:
        found = []
        for number in sorted(self._candidates()):
            fact = self._tape.objects[number]
            if fact.is_parameter:
                continue
            made = self.made_site(number)
            tensor = self._tape.tensor(number)
            filled = self._session.alone and tensor is not None and tensor.grad is not None
            state = "ok" if filled else "none"
            found.append(LostLeaf(number, "plain-leaf", made, 1, state))
        found.extend(self._nonleaves())
        found.extend(self._constants())
        return found

    def made_site(self, number: int) -> Location | None:
        tape = self._tape
        first = tape.first_values.get(number)
        if first is not None and tape.values[first].op >= 0:
            return frames.location(tape.ops[tape.values[first].op].site)
        held = self._naming.held_at(number)
        return held or frames.location(tape.objects[number].made_at)

    def _nonleaves(self) -> list[LostLeaf]:
        """Values computed once, before this step, from a leaf that no optimizer holds."""
        tape, flow = self._tape, self._flow
        held = self._held()
        found: dict[int, LostLeaf] = {}
        for source, edges in flow.children.items():
            fact = tape.values[source]
            if fact.leaf or not fact.requires_grad or not 0 <= fact.op < self._step.first_op:
                continue
            for edge in edges:
                if edge.op < self._step.first_op or source not in flow.live:
                    continue
                above = list(self._live_leaves(edge.source))
                if fact.object in self._session.differentiated or edge.source not in flow.into_slots:
                    continue
                if not above or any(
                    number in held or number in self._session.differentiated for number in above
                ):
                    continue
                op = tape.ops[fact.op]
                first = tape.values[tape.first_values[fact.object]].op
                if op.kind == Kind.WRITE and first >= 0:
                    op = tape.ops[first]  # it was filled afterwards: what made it no leaf stands before
                found[fact.object] = LostLeaf(
                    fact.object, "nonleaf", frames.location(op.site), 1, "none", op.name
                )
        return list(found.values())

    def _live_leaves(self, value: int) -> set[int]:
        tape, flow = self._tape, self._flow
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
        tape, flow = self._tape, self._flow
        found: dict[int, LostLeaf] = {}
        asks = tape.leaves()
        for value in flow.into_slots:
            fact = tape.values[value]
            if fact.requires_grad or fact.object < 0 or fact.object in found or fact.object in asks:
                continue
            known = tape.objects[fact.object]
            if (
                known.made_by not in ("randn", "rand", "normal", "empty", "zeros", "ones")
                or known.is_parameter
            ):
                continue
            holders = self._session.variables.holders.get(fact.object, ())
            if not any(holder.kind in ("attribute", "container") for holder in holders):
                continue
            if len(fact.shape) > 2 and self._stands_beside_data(value):
                continue  # a map of noise beside conditions: embeddings are rows
            first = tape.first_values[fact.object]
            if tape.values[first].op >= self._step.first_op and self._step.number > 1:
                continue
            random = known.made_by in ("randn", "rand", "normal")
            detail = "random" if random else "constant"
            place = (
                frames.location(tape.ops[tape.values[first].op].site) if tape.values[first].op >= 0 else None
            )
            found[fact.object] = LostLeaf(fact.object, "constant", place, 1, "none", detail)
        return list(found.values())

    def _is_data(self, value: int) -> bool:
        return bool(self._flow.ancestry.data(value)) and not self._flow.ancestry.trainable(value)

    def _stands_beside_data(self, value: int) -> bool:
        """Whether the constant is joined with conditions that come from data."""
        flow, tape = self._flow, self._tape
        stack = [value]
        for value in stack:
            for edge in flow.children.get(value, ()):
                op = tape.ops[edge.op]
                others = [item for item in op.inputs if item != value]
                if op.name in _JOINS and any(self._is_data(item) for item in others):
                    return True
                if op.kind in (Kind.VIEW, Kind.MAYBE_VIEW) and edge.target not in stack:
                    stack.append(edge.target)
        return False
