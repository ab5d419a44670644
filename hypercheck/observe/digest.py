"""One recorded step reduced to facts: the tape, the walk and the measurements become names and numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

import torch

from hypercheck.facts import BackwardFact, GradCall, StepFacts, UpdateFact
from hypercheck.findings import Location, StepNumbers
from hypercheck.observe import frames, health
from hypercheck.observe.cuts import CutFinder
from hypercheck.observe.dead_ends import DeadEndFinder
from hypercheck.observe.derivatives import DerivativeFinder
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.frames import Site
from hypercheck.observe.freezes import Freezes
from hypercheck.observe.gradient_log import GradientEvent
from hypercheck.observe.look import Look
from hypercheck.observe.membership import Membership
from hypercheck.observe.operations import Kind
from hypercheck.observe.penalties import Penalties
from hypercheck.observe.records import Backward, Step, Update
from hypercheck.observe.rewrites import RewriteFinder
from hypercheck.observe.session import Session
from hypercheck.observe.siblings import SiblingFinder
from hypercheck.observe.usage import Usage
from hypercheck.observe.zeroed import ZeroFinder

_WRITES = frozenset({int(Kind.WRITE), int(Kind.DATA_SET), int(Kind.FOREACH_WRITE)})


class Digest(Evidence):
    """The facts of one step."""

    def __init__(self, session: Session, step: Step, steps_of_ops: list[tuple[int, int]]) -> None:
        super().__init__(session, step, steps_of_ops)
        self.usage = Usage(self)
        self.membership = Membership(self)
        self._written: dict[int, int] | None = None

    def facts(self) -> StepFacts:
        """Everything that the rules need to know of the step."""
        starved = self._starved()
        frozen = [n for n, u in self.updates.items() if u.optimizer >= 0 and self.is_frozen(n)]
        upstream = self.upstream_of_slots
        generator_frozen = [n for n in frozen if n in upstream]
        trains = [n for n in upstream if n not in frozen and self.asks(n) and not self._is_main_leaf(n)]
        penalties = Penalties(self)
        cutter = CutFinder(self, penalties)
        cuts = cutter.facts(starved)
        cut_off = {number for cut in cuts for number in cut.victims}
        left = [number for number in starved if number not in cut_off]
        look = Look(self)
        ends = DeadEndFinder(self, penalties)
        zeroed, rewrites, freezes = ZeroFinder(self), RewriteFinder(self), Freezes(self)
        return StepFacts(
            step=self.step.number,
            backwards=tuple(self._backward_fact(item) for item in self.step.backwards if not item.by_grad),
            updates=tuple(self._update_fact(update) for update in self.step.updates),
            grad_calls=tuple(self._grad_calls()),
            cuts=tuple(cuts),
            constants=tuple(cutter.constants()),
            dead_ends=(*ends.facts(starved), *ends.penalised()),
            dead_functions=tuple(zeroed.functions(left)),
            usages=tuple(self.usage.facts()),
            stale=tuple(rewrites.stale()),
            overwrites=(*rewrites.overwrites(), *zeroed.writes()),
            lost=tuple(self.membership.lost()),
            links=tuple(self.usage.links()),
            frozen=tuple(generator_frozen),
            frozen_at=freezes.at(generator_frozen or frozen),
            left_frozen=tuple(freezes.left_frozen(generator_frozen)),
            half_frozen=tuple(freezes.half_frozen(generator_frozen)),
            whole_generator_frozen=bool(generator_frozen) and not trains,
            fresh=tuple(self.membership.fresh()),
            unheld=tuple(self.membership.unheld()),
            flat_derivatives=tuple(DerivativeFinder(self).facts()),
            shared=tuple(SiblingFinder(look).facts(starved)),
            health=health.of_step(look),
            numbers=self._numbers(),
        )

    def _starved(self) -> list[int]:
        """Due tensors whose gradient is absent or zero: an update was made, and nothing was there."""
        return [
            number
            for number, update in self.updates.items()
            if update.size.state in ("none", "zero") and self.asks(number) and self.size_of(number) > 0
        ]

    def _is_main_leaf(self, number: int) -> bool:
        return number not in self.upstream_of_slots

    def _update_fact(self, update: Update) -> UpdateFact:
        cleared = self._cleared(update.object) if update.size.state in ("none", "zero") else None
        carried = any(
            update.object in item.carried
            and not self._replaced_since(update.object, item)
            and not self._decayed_before(update.object, item)
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
            reached=update.object in self.reached or update.object in self._given,
            given_at=frames.location(self._given[update.object][1]) if update.object in self._given else None,
            cleared_at=frames.location(cleared.site) if cleared is not None else None,
            scaled_away=cleared is not None and cleared.what == "scale",
            carried=carried,
            finite_after=update.finite_after,
            start=_digest_of(update.start) if update.start_moved else 0,
            undone_at=self._undone_at(update),
            frozen=update.optimizer >= 0
            and self.is_frozen(update.object)
            and update.object not in self.reached,  # frozen after the backward, and stepped all the same
        )

    def _undone_at(self, update: Update) -> Location | None:
        """The statement of the program that last wrote into the tensor after an update of an earlier step."""
        written = self._writes().get(update.object)
        if written is None:
            return None
        op = self.tape.ops[written]
        sources = {number for value in op.inputs if value >= 0 for number in self.trainable_behind(value)}
        # What another network computes anew for each step is handed over, not put back.
        return frames.location(op.site) if sources <= {update.object} else None

    def _writes(self) -> dict[int, int]:
        """Objects to the last operation of this step, before its update, that wrote them."""
        if self._written is None:
            self._written = {}
            for index in range(self.step.first_op, self.end()):
                op = self.tape.ops[index]
                if op.kind in _WRITES:
                    for value in op.outputs:
                        self._written[self.tape.values[value].object] = index
        return self._written

    def _replaced_since(self, number: int, item: Backward) -> bool:
        """Whether the gradient was set by hand after the backward, so that nothing adds up."""
        events = self.tape.gradients.events[item.event : self.step.end_event]
        return any(owner == number and what != "scale" for _, owner, what, _ in events)

    def _decayed_before(self, number: int, item: Backward) -> bool:
        """Whether what was there already was scaled down before the backward: a momentum, and no mistake."""
        return any(
            event.owner == number and event.what == "scale" and event.op > self.step.first_op
            for event in self.tape.gradients.events[: item.event]
        )

    @cached_property
    def _given(self) -> dict[int, tuple[int, Site | None]]:
        """Tensors whose gradient was set by hand in this step, to the last such event and its place."""
        found: dict[int, tuple[int, Site | None]] = {}
        for index in range(self.step.end_event - 1, -1, -1):
            op, owner, what, site = self.tape.gradients.events[index]
            if op < self.step.first_op:
                break
            if what == "set":
                found.setdefault(owner, (index, site))
        return found

    def _cleared(self, number: int) -> GradientEvent | None:
        filled = [item.event for item in self.step.backwards if number in item.filled]
        if number in self._given:
            filled.append(self._given[number][0] + 1)
        alive = frozenset().union(*(item.alive for item in self.step.backwards))
        if not filled:
            return None
        for event in self.tape.gradients.events[max(filled) : self.step.end_event]:
            scaled_away = event.what == "scale" and number in alive
            if event.owner == number and (event.what == "clear" or scaled_away):
                return event
        return None

    def _backward_fact(self, item: Backward) -> BackwardFact:
        return BackwardFact(
            location=frames.location(item.site),
            loss_at=self.loss_location(),
            finite=item.finite,
            nonfinite_at=self._nonfinite_at(item),
            value=item.value if item.finite else None,
            given_inputs=item.given_inputs,
            custom_functions=item.custom,
        )

    def _grad_calls(self) -> Iterator[GradCall]:
        for index in range(self.step.first_op, self.end()):
            op = self.tape.ops[index]
            # What goes on into the loss is part of the function, not a gradient to step by.
            if op.name == "autograd.grad" and not any(item in self.flow.in_loss for item in op.outputs):
                numbers = dict.fromkeys(self.tape.values[item].object for item in op.inputs if item >= 0)
                leaves = tuple(number for number in numbers if number in self.updates)
                yield GradCall(frames.location(op.site), leaves)

    def _nonfinite_at(self, item: Backward) -> Location | None:
        """The operation that made the first NaN or Inf: in the forward, else in the backward."""
        births = [killer.op for killer in item.killers if killer.kind == "nonfinite"]
        index = item.nonfinite_op if item.nonfinite_op is not None else (births[0] if births else None)
        return frames.location(self.tape.ops[index].site) if index is not None else None

    def _numbers(self) -> StepNumbers:
        upstream = self.upstream_of_slots
        squares: dict[str, float] = defaultdict(float)
        ratios: dict[str, float] = {}
        for number, update in self.updates.items():
            group = "hypernet" if number in upstream else "main"
            if update.size.state == "ok":
                squares[group] += update.size.norm**2
            if update.changed is not None:
                ratios[group] = max(ratios.get(group, 0.0), update.ratio)
        return StepNumbers(self.step.number, {k: v**0.5 for k, v in squares.items()}, ratios)


def _digest_of(sample: torch.Tensor | None) -> int:
    """A number that tells two samples of values apart; 0 for none."""
    if sample is None:
        return 0
    return hash(tuple(sample.flatten().tolist())) or 1
