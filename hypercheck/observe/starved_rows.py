"""Rows of a head or of a table that starve while its other rows learn."""

from __future__ import annotations

import math

import torch

from hypercheck.observe.evidence import Evidence
from hypercheck.observe.operations import ADDITIONS, Kind
from hypercheck.observe.reach import Edge
from hypercheck.observe.spans import Spans

Rows = dict[int, tuple[tuple[int, int], ...]]
"""Objects to half-open ranges of their rows."""
_DEEPEST = 3


class StarvedRows:
    """The rows without a gradient that make certain elements of what a generator puts out, in one step."""

    def __init__(self, evidence: Evidence) -> None:
        self._tape = evidence.tape
        self._flow = evidence.flow
        self._updates = evidence.updates

    def starved(self, edge: Edge, above: set[int]) -> Rows:
        """Rows of tensors that learn otherwise, whose gradient is exactly zero and that pass this cut."""
        rows: Rows = {}
        flow, tape = self._flow, self._tape
        rows.update(self.shown(edge.source))
        for value in above:
            fact = tape.values[value]
            if fact.op < 0:
                continue
            op = tape.ops[fact.op]
            if op.kind not in (Kind.VIEW, Kind.MAYBE_VIEW) and op.name not in ("embedding", "index_select"):
                continue
            leaf = next((item for item in op.inputs if tape.values[item].leaf and item in flow.live), None)
            if leaf is None:
                if any(item in flow.live for item in op.inputs):
                    rows.update(self.shown(value))
                continue
            number = tape.values[leaf].object
            update = self._updates.get(number)
            if op.name == "embedding" or update is None or not update.size.zero_rows:
                continue
            for root, part in (flow.elements.shown(value) or {}).items():
                if tape.values[root].object == number:
                    rows.update(self._rows_of(root, part))
        return rows

    def shown(self, value: int) -> Rows:
        """The rows without a gradient of the heads whose output the value shows."""
        rows: Rows = {}
        for root, part in (self._flow.elements.shown(value) or {}).items():
            rows.update(self._rows_behind(root, part))
        return rows

    def _rows_behind(self, root: int, part: Spans, depth: int = 0) -> Rows:
        """The rows of the head's weight and bias that make these elements of its output."""
        fact = self._tape.values[root]
        if fact.op < 0:
            return self._rows_of(root, part) if fact.leaf else {}
        op = self._tape.ops[fact.op]
        found: Rows = {}
        if op.name in ADDITIONS:  # a base and what is generated to be added to it
            for value in op.inputs if depth < _DEEPEST else ():
                if value >= 0 and self._tape.values[value].shape == fact.shape:
                    found.update(self._rows_behind(value, part, depth + 1))
            return found
        if op.name not in ("linear", "addmm", "conv1d", "baddbmm") or not fact.shape:
            return {}
        columns = part.columns(fact.shape[-1])
        for value in op.inputs[1:]:
            leaf = self._tape.values[value]
            if leaf.leaf and leaf.shape and leaf.shape[0] == fact.shape[-1]:
                found.update(self._zero_rows(leaf.object, columns))
        return found

    def _rows_of(self, value: int, part: Spans) -> Rows:
        fact = self._tape.values[value]
        return self._zero_rows(fact.object, part.rows(math.prod(fact.shape[1:]))) if fact.shape else {}

    def _zero_rows(self, number: int, wanted: Spans) -> Rows:
        """The wanted rows of a tensor, where all of them are among those without a gradient."""
        update = self._updates.get(number)
        if update is not None and update.size.state == "zero":
            return {number: wanted.first(len(wanted))}
        if update is None or not update.size.zero_rows:
            return {}
        starts, ends = torch.tensor(update.size.zero_rows).T
        if wanted.both(Spans(starts, ends)).count != wanted.count:
            return {}
        return {number: wanted.first(len(wanted))}
