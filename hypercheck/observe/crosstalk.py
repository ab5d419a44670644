"""Samples whose weights are made together with those of other samples."""

from __future__ import annotations

import math

from hypercheck.facts import BatchMix
from hypercheck.observe import frames
from hypercheck.observe.flow import Slot
from hypercheck.observe.look import MIXERS, Look


class Crosstalk:
    """The operations of one step over the batch, on the way to each batch of generated weights."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._tape = look.tape
        self._flow = look.flow

    def facts(self) -> list[BatchMix]:
        """The first operation over the batch on the way to each batch of generated weights."""
        found: dict[int, BatchMix] = {}
        for slot in self._look.slots:
            root = self._flow.root(slot.value)
            made = self._tape.values[root].shape
            if root in found or not self._look.one_network_each(slot, root):
                continue
            torn = self._torn_at(slot.value, root, made[0]) if slot.certain else None
            if torn is not None:
                found[root] = self._mix(torn, slot, root, "view")
                continue
            for index in sorted({self._tape.values[value].op for value in self._look.above(root)}):
                if index < 0 or not self._mixes(index, root, made[0]):
                    continue
                found[root] = self._mix(index, slot, root, self._tape.ops[index].name)
                break
        return list(found.values())

    def _mix(self, index: int, slot: Slot, root: int, kind: str) -> BatchMix:
        op = self._tape.ops[index]
        made = self._tape.values[root].shape
        module = self._look.digest.session.module_names.get(op.module, "")
        own = kind == "batch_norm" and module
        return BatchMix(
            kind=kind,
            name=module if own else self._look.digest.naming.value(op.outputs[0]),
            location=frames.location(op.site),
            batch=made[0],
            source=self._look.digest.naming.value(root),
            shape=made,
            keys=tuple(self._look.digest.generators_of(slot)),
        )

    def _torn_at(self, value: int, root: int, batch: int) -> int | None:
        """The view after which the first sample's weights hold numbers that were made for other samples."""
        if self._is_whole(value, root, batch):
            return None
        chain = [value]
        while (parents := self._flow.elements.parents(chain[-1])) and chain[-1] != root:
            if len(parents) > 1:
                return None
            chain.append(parents[0])
        torn = [item for item in reversed(chain) if not self._is_whole(item, root, batch)]
        return self._tape.values[torn[0]].op if chain[-1] == root else None

    def _is_whole(self, value: int, root: int, batch: int) -> bool:
        """Whether the first and the last of `batch` blocks along some axis come from their own rows."""
        index = self._flow.elements.of(value)
        base = self._flow.elements.bases.get(root)
        size = math.prod(self._tape.values[root].shape[1:])
        if index is None or base is None or not size or not index.numel():
            return True
        for axis, length in enumerate(index.shape):
            block = length // batch
            if block * batch != length:
                continue
            ends = ((index.narrow(axis, 0, block), 0), (index.narrow(axis, length - block, block), batch - 1))
            reach = [(*self._flow.elements.ends(part), row) for part, row in ends]
            if all(base + row * size <= low and high < base + (row + 1) * size for low, high, row in reach):
                return True
        return False

    def _mixes(self, index: int, root: int, batch: int) -> bool:
        """Whether the operation combines the rows of its input, and all data of the weights' rows pass it."""
        op, values = self._tape.ops[index], self._tape.values
        if op.name not in MIXERS or not self._look.details.get(index) or not op.inputs:
            return False
        source = op.inputs[0]
        shape = values[source].shape
        if shape[:1] != (batch,) or len(shape) != 2 or not values[source].requires_grad:
            return False
        behind = set(self._look.batches(source, batch))
        # What does not pass (a query beside its support set) would make the mixing somebody's intention.
        return bool(behind) and set(self._look.batches(root, batch)) <= behind
