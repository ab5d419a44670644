"""Which of the frozen tensors were meant to be, and which statement froze them."""

from __future__ import annotations

from collections import defaultdict

from hypercheck.findings import Location
from hypercheck.observe import frames
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.frames import Site


class Freezes:
    """The switches of `requires_grad` that one step lives under."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._tape = evidence.tape
        self._session = evidence.session
        self._naming = evidence.naming
        self._updates = evidence.updates

    def left_frozen(self, frozen: list[int]) -> list[int]:
        """Frozen tensors that a switch around another network's update leaves frozen.

        Either their fellows, frozen by the same statement, are thawed again each time; or the statement that
        freezes them is run again and again, beside several optimizers, and nothing ever thaws them.
        """
        tape = self._tape
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
        several = sum(bool(record.steps) for record in self._session.optimizers) > 1
        return [
            number
            for number in frozen
            if (history[number] and history[number][-1][1] in toggled)
            or (several and tape.frozen_again.get(number, 0) >= 3)
        ]

    def half_frozen(self, frozen: list[int]) -> list[int]:
        """Frozen tensors of a generator's module in which another tensor learns."""
        learning = {
            self._naming.module_of(number)
            for number, update in self._updates.items()
            if update.size.state == "ok" and self._evidence.asks(number)
        }
        return [number for number in frozen if self._naming.module_of(number) in learning - {""}]

    def at(self, frozen: list[int]) -> Location | None:
        wanted = set(frozen)
        for op in reversed(self._tape.ops):
            if (
                op.name == "flags"
                and op.site is not None
                and self._tape.values[op.outputs[0]].object in wanted
            ):
                if not self._tape.values[op.outputs[0]].requires_grad:
                    return frames.location(op.site)
        unheard = (self._session.frozen_at.get(number) for number in frozen)
        return frames.location(next((site for site in unheard if site is not None), None))
