"""Where a gradient that has a way becomes zero."""

from __future__ import annotations

from collections import defaultdict
from types import CodeType

from hypercheck.facts import DeadFunction, OverwriteFact
from hypercheck.observe import frames, mechanisms
from hypercheck.observe.entries import Op
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.frames import Site
from hypercheck.observe.operations import REPLACEMENTS, ZERO_DERIVATIVE, Kind


class ZeroFinder:
    """The operations of one step at which a gradient dies inside of the graph."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._tape = evidence.tape
        self._flow = evidence.flow
        self._step = evidence.step
        self._naming = evidence.naming

    def functions(self, starved: list[int]) -> list[DeadFunction]:
        """Operations of zero derivative and custom functions that all ways of a live victim pass."""
        tape, flow = self._tape, self._flow
        live = [
            number
            for number, values in self._evidence.values_of(set(starved)).items()
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
        # What rounds gives nothing back for certain; what a custom function gives back is not known.
        for group in sorted(
            _groups(suspects), key=lambda group: suspects[group[0]].name.startswith("function:")
        ):
            victims = self._evidence.only_through(group, sorted(unexplained))
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
            if not frames.is_torch(op.arguments):
                place = mechanisms.backward_location(op.arguments) or place
        kind = "custom" if custom else "zero-derivative"
        return DeadFunction(kind, op.name.removeprefix("function:"), place, tuple(victims), related)

    def _killed(self, unexplained: set[int]) -> list[DeadFunction]:
        """The operations at which the probe saw a gradient become zero."""
        found = []
        for killer in (item for backward in self._step.backwards for item in backward.killers):
            victims = killer.victims & unexplained
            op = self._tape.ops[killer.op]
            if killer.kind == "zero" and victims and op.name not in REPLACEMENTS:
                place = frames.location(op.site)
                found.append(DeadFunction("killed", op.name, place, tuple(sorted(victims))))
                unexplained = unexplained - victims
        hooked: dict[Site, list[int]] = defaultdict(list)
        for value, site in self._tape.hooks.items():
            made = self._tape.values[value].op
            if site is not None and made >= self._step.first_op:
                hooked[site].append(made)
        for site, indexes in hooked.items():
            behind = tuple(self._evidence.only_through(tuple(indexes), sorted(unexplained)))
            if behind:
                found.append(DeadFunction("killed", "register_hook", frames.location(site), behind))
                unexplained = unexplained - set(behind)
        return found

    def writes(self) -> list[OverwriteFact]:
        """Generated values that a later write into the same tensor replaced: the probe saw them starve."""
        tape = self._tape
        found = []
        for killer in (item for backward in self._step.backwards for item in backward.killers):
            op = tape.ops[killer.op]
            if killer.kind != "zero" or op.name not in REPLACEMENTS or not op.outputs:
                continue
            written = tape.values[op.outputs[0]].object
            writer = killer.op
            if not self._all_starved_before(op, killer.victims):
                # The values went in here, and it is a later write that wiped them out.
                later = (
                    index
                    for index in range(killer.op + 1, self._evidence.end())
                    if tape.ops[index].kind == Kind.WRITE
                    and any(tape.values[value].object == written for value in tape.ops[index].outputs)
                    and tape.ops[index].name != "alias"
                )
                writer = next(later, killer.op)
            place = frames.location(tape.ops[writer].site)
            name = self._naming.value(op.outputs[0])
            found.append(
                OverwriteFact(name, place, None, tuple(sorted(killer.victims)), gradient_flows=False)
            )
        return found

    def _all_starved_before(self, op: Op, victims: frozenset[int]) -> bool:
        """Whether the victims' values were in the tensor already when the operation wrote into it."""
        if not op.inputs:
            return True
        return victims <= set(self._evidence.trainable_behind(op.inputs[0]))


def _groups(suspects: dict[int, Op]) -> list[tuple[int, ...]]:
    """The operations of each statement together, then those of each function: layers cut as one."""
    by_site: dict[object, list[int]] = defaultdict(list)
    by_name: dict[str, list[int]] = defaultdict(list)
    for index in sorted(suspects):
        by_site[suspects[index].site].append(index)
        by_name[suspects[index].name].append(index)
    return [tuple(group) for group in (*by_site.values(), *by_name.values())]
