"""Tensors whose only live way to the loss is a penalty: their gradient tells nothing of the data."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Set
from functools import cached_property

from hypercheck.observe.evidence import Evidence
from hypercheck.observe.operations import CONTRACTIONS, LAYERS, LIST_JOINS, PICKERS

_NORMS = frozenset("batch_norm layer_norm group_norm instance_norm".split())
_ENTRIES = CONTRACTIONS | LAYERS | LIST_JOINS | PICKERS | _NORMS | {"embedding"}
"""Operations by which conditions enter a generator: with its weights, beside them, or as its statistics."""


class Penalties:
    """What, in one step, is only penalised for its size."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._tape = evidence.tape
        self._flow = evidence.flow
        self._step = evidence.step
        self._only: dict[int, bool] = {}

    def victims(self, value: int) -> set[int]:
        """The tensors behind a value that got a gradient, and got it by a penalty alone."""
        behind = set(self._flow.ancestry.objects(value)) - self._in_use
        return {number for number in behind if number in self._leaves and self._is_only_penalised(number)}

    def below(self, values: list[int], others: Set[int]) -> set[int]:
        """What was computed with the values, down to the terms of the loss; empty where others come to it.

        Others are data that a result is compared with, tensors that generate weights for the data, and the
        main network's own: a prior for these is generated to be compared.
        """
        tape, flow = self._tape, self._flow
        found: set[int] = set()
        stack = list(values)
        while stack:
            value = stack.pop()
            for edge in flow.children.get(value, ()):
                if edge.target not in flow.live or not flow.carries(value, edge.target, tape.ops[edge.op]):
                    continue
                if edge.target in found:
                    continue
                enters = tape.ops[edge.op].name in _ENTRIES
                single = not enters and math.prod(tape.values[edge.target].shape) < 2  # a term of the loss
                if edge.op < self._step.first_op or (
                    not single and others & set(flow.ancestry.objects(edge.target))
                ):
                    return set()
                if not enters and self._meets_data(edge.op, value):
                    return set()
                if not single and edge.target in flow.losses:
                    return set()  # it was given a gradient that came from elsewhere
                if not single:
                    found.add(edge.target)
                    stack.append(edge.target)
        return found

    def _meets_data(self, index: int, value: int) -> bool:
        values, ancestry = self._tape.values, self._flow.ancestry
        others = [item for item in self._tape.ops[index].inputs if item >= 0 and item != value]
        fixed = [item for item in others if item not in self._flow.live]
        return any(ancestry.data(item) or math.prod(values[item].shape) > 1 for item in fixed)

    def _is_only_penalised(self, number: int) -> bool:
        known = self._only.get(number)
        if known is None:
            known = self._only[number] = bool(self.below(self._leaves[number], self._in_use))
        return known

    @property
    def possible(self) -> bool:
        """Whether there is something behind the generated weights that no gradient of theirs comes to."""
        ancestry = self._flow.ancestry
        return any(
            number not in self._in_use
            for slot in self._evidence.own_slots
            for number in ancestry.objects(slot.value)
        )

    @cached_property
    def _in_use(self) -> set[int]:
        """The tensors that a gradient comes to by way of a weight: generators, and the main network's own."""
        tape, flow = self._tape, self._flow
        stack = list({slot.value for slot in self._evidence.own_slots} & flow.live)
        seen = set(stack)
        while stack:
            value = stack.pop()
            made = tape.values[value].op
            for source in tape.ops[made].inputs if made >= 0 else ():
                if source in flow.live and source not in seen and flow.carries(source, value, tape.ops[made]):
                    seen.add(source)
                    stack.append(source)
        return {tape.values[value].object for value in seen if tape.values[value].leaf}

    @cached_property
    def _leaves(self) -> dict[int, list[int]]:
        """The live values of each leaf that got a gradient."""
        found: dict[int, list[int]] = defaultdict(list)
        for value in self._flow.live:
            fact = self._tape.values[value]
            update = self._evidence.updates.get(fact.object) if fact.leaf else None
            if update is not None and update.size.state == "ok":
                found[fact.object].append(value)
        return found
