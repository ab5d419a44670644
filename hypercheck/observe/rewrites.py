"""Generated weights of another time, and those that something was written over."""

from __future__ import annotations

from hypercheck.facts import OverwriteFact, StaleFact
from hypercheck.observe import frames
from hypercheck.observe.entries import Op
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.frames import Site
from hypercheck.observe.mechanisms import through_data
from hypercheck.observe.operations import OVERWRITES, PICKERS, REPLACEMENTS, Kind


class RewriteFinder:
    """The stale and the overwritten weights of one step."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._tape = evidence.tape
        self._flow = evidence.flow
        self._step = evidence.step
        self._session = evidence.session
        self._naming = evidence.naming
        self._updates = evidence.updates

    def stale(self) -> list[StaleFact]:
        tape, flow = self._tape, self._flow
        found: dict[str, StaleFact] = {}
        for slot in self._evidence.own_slots:
            root = self._picked_from(flow.root(slot.value))
            made = tape.values[root].op
            if made < 0 or made >= self._step.first_op or tape.values[root].leaf:
                continue
            if root not in flow.live and not self._evidence.all_starved(flow.ancestry.objects(root)):
                continue
            step = self._evidence.step_of(made)
            if step >= self._step.number or self._made_before_any_step(step):
                continue
            above = [n for n in flow.ancestry.objects(root) if self._stepped_between(n, made, slot.op)]
            if not above or not (self._learns(above) or self._stopped_learning(above)):
                continue
            source = self._naming.value(root)
            place = frames.location(self._kept_by(slot.value))
            used = frames.location(tape.ops[slot.op].site, "used here")
            found.setdefault(source, StaleFact(source, place, used, step, tuple(above)))
        return list(found.values())

    def _picked_from(self, root: int) -> int:
        """What rows were picked from, where the value is nothing else than some rows of a generated one."""
        tape = self._tape
        while tape.values[root].op >= self._step.first_op:
            op = tape.ops[tape.values[root].op]
            if op.name not in PICKERS or not op.inputs or tape.values[op.inputs[0]].leaf:
                break
            root = self._flow.root(op.inputs[0])
        return root

    def _kept_by(self, value: int) -> Site | None:
        """The statement that received the value which was kept, or what that is a mere view of."""
        parents = self._flow.elements.parents
        while self._tape.values[value].op >= self._step.first_op:
            value = (parents(value) or self._tape.ops[self._tape.values[value].op].inputs)[0]
        site = self._received_by(value)
        while site is not None and parents(value):
            op = self._tape.ops[self._tape.values[value].op]
            above = self._received_by(parents(value)[0])
            if op.kind not in (Kind.VIEW, Kind.MAYBE_VIEW) or op.name in ("detach", "data") or above is None:
                break
            if above.code is not site.code:
                break
            value, site = parents(value)[0], above
        return site

    def _received_by(self, value: int) -> Site | None:
        """The operation that made the value, or the call of the outermost module that gave it out at once."""
        tape = self._tape
        made = tape.values[value].op
        site = tape.ops[made].site
        for module, at in tape.returned.get(value, ()):
            call = tape.call_at(module, at)
            if call is None or call.op > made or call.site is None:
                break  # it was returned by a later call, out of where it is kept
            site = call.site
        return site

    def _stopped_learning(self, above: list[int]) -> bool:
        """Whether the generator learned in earlier steps and is starved in this one."""
        return self._evidence.all_starved(above) and any(
            number in self._session.filled_ever for number in above
        )

    def _made_before_any_step(self, step: int) -> bool:
        return self._session.steps_seen - (1 if self._step.optimizers else 0) < step

    def _stepped_between(self, number: int, made: int, used: int) -> bool:
        """Whether something updated the tensor after one operation and before another."""
        owners = [self._session.optimizers[item] for item in self._session.ever_stepped.get(number, ())]
        steps = [at for owner in owners for at in owner.stepped_at]
        return number in self._session.manual or any(made < at <= used for at in steps)

    def _learns(self, above: list[int]) -> bool:
        return any(self._updates[number].changed for number in above if number in self._updates)

    def overwrites(self) -> list[OverwriteFact]:
        tape, flow = self._tape, self._flow
        found: list[OverwriteFact] = []
        last = next(reversed(tape.previous), None)
        if last is None or tape.values[last].op < self._step.first_op:
            return found  # nothing was written in this step
        for slot in self._with_what_they_view(self._evidence.weight_values()):
            value = tape.values[slot]
            index = value.op
            if index < self._step.first_op:
                continue
            op, before = tape.ops[index], tape.previous.get(slot)
            if op.kind != Kind.WRITE or not value.requires_grad or value.leaf or before is None:
                continue
            if tape.values[before].op < 0 or tape.values[before].leaf:
                continue
            writer = self._hidden_write(op) if before in op.inputs else self._overwrite(op)
            victims = self._evidence.trainable_behind(before)
            partly = before in op.inputs
            if writer and victims and (partly or not set(victims) <= set(flow.ancestry.objects(slot))):
                place = frames.location(writer.site)
                made = frames.location(tape.ops[tape.values[before].op].site, "generated here")
                found.append(OverwriteFact(self._naming.value(slot), place, made, tuple(victims)))
        return found

    def _overwrite(self, op: Op) -> Op | None:
        """The operation, where it leaves nothing of the value that it writes to."""
        writer = op
        if op.name == "alias" and op.inputs:
            writer = self._tape.ops[self._tape.values[op.inputs[0]].op]
        return op if writer.name in OVERWRITES else None

    def _hidden_write(self, op: Op) -> Op | None:
        """The write of constants to some elements, through an alias, of which autograd knows nothing."""
        tape = self._tape
        for value in op.inputs[1:] if op.name == "alias" else ():
            index = tape.values[value].op
            writer = tape.ops[index]
            written = tape.values[value].object
            given = [item for item in writer.inputs if item >= 0 and tape.values[item].object != written]
            constant = not any(self._flow.ancestry.trainable(item) for item in given)
            if (
                writer.name in REPLACEMENTS and constant
            ):  # rounded weights put in their own place are no constants
                if index in tape.unheard_writes or through_data(tape, writer):
                    return writer
        return None

    def _with_what_they_view(self, weights: list[int]) -> list[int]:
        """The weights, and the values that they were taken from by views, each once."""
        found = dict.fromkeys(weights)
        for weight in weights:
            value = weight
            for _ in range(20):
                index = self._tape.values[value].op
                if index < self._step.first_op:
                    break
                op = self._tape.ops[index]
                if op.kind not in (Kind.VIEW, Kind.MAYBE_VIEW) or op.name in ("detach", "data"):
                    break
                value = op.inputs[0]
                found[value] = None
        return list(found)
