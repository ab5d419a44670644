"""Samples whose weights are made together with those of other samples."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from hypercheck.facts import BatchMix
from hypercheck.observe import frames
from hypercheck.observe.look import MIXERS, Look
from hypercheck.observe.slots import Slot

_ROW_BY_ROW = frozenset({"bmm", "baddbmm", "matmul", "__matmul__"})
_MOST_ROWS = 2000


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
            if root in found:
                continue
            rows = self._groups_rows(slot)
            packed = self._packed_at(slot, self._tape.values[rows].shape[0]) if rows is not None else None
            if rows is not None and packed is not None:
                found[root] = self._mix(packed, slot, rows, "packing")
                continue
            crossed = self._crossed_at(slot, root) if rows is None else None
            if crossed is not None:
                found[root] = self._mix(crossed, slot, root, "pairing")
                continue
            scattered = self._scattered_at(slot, root)
            if scattered is not None:
                found[root] = self._mix(scattered, slot, root, "places")
                continue
            if not self._look.one_network_each(slot, root):
                continue
            torn = self._torn_at(slot.value, root, made[0]) if slot.certain else None
            if torn is not None:
                found[root] = self._mix(torn, slot, root, "view")
                continue
            for index in sorted({self._tape.values[value].op for value in self._look.above(root)}):
                if index < 0 or not self._mixes(index, root, made[0]):
                    continue
                if self._tape.ops[index].name == "batch_norm" and not self._is_paired(root):
                    continue  # members of an ensemble, all for the same data: no sample's weights are mixed
                found[root] = self._mix(index, slot, root, self._tape.ops[index].name)
                break
        return list(found.values())

    def _mix(self, index: int, slot: Slot, root: int, kind: str) -> BatchMix:
        op = self._tape.ops[index]
        made = self._tape.values[root].shape
        module = self._look.digest.session.variables.module_names.get(op.module, "")
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

    def _is_paired(self, root: int) -> bool:
        """Whether the rows of weights meet as many rows of data, each its own."""
        batch, values = self._tape.values[root].shape[0], self._tape.values
        data = [
            value
            for slot in self._look.slots
            if self._flow.root(slot.value) == root
            for value in self._tape.ops[slot.op].inputs
            if value >= 0 and not self._flow.ancestry.trainable(value)
        ]
        return not data or any(
            batch in (*values[value].shape, *values[self._flow.root(value)].shape) for value in data
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

    def _groups_rows(self, slot: Slot) -> int | None:
        """The generated rows that a weight shows, one for each group of a convolution over merged samples."""
        op, values = self._tape.ops[slot.op], self._tape.values
        groups = self._look.details.get(slot.op)
        if not op.name.startswith("conv") or not slot.certain or groups in (None, 1):
            return None
        if values[op.inputs[0]].shape[0] != 1 or not self._look.has_data(self._flow.root(slot.value)):
            return None
        value, found = slot.value, None
        while parents := self._flow.elements.parents(value):
            value = parents[0]
            shape = values[value].shape
            found = value if len(shape) > 1 and shape[0] == groups else found
        return found

    def _packed_at(self, slot: Slot, batch: int) -> int | None:
        """The view that gives a group of a grouped convolution other data than that of its own sample."""
        op = self._tape.ops[slot.op]
        return self._torn_from_rows(op.inputs[0], batch) or self._torn_into_rows(op.outputs[0], batch)

    def _crossed_at(self, slot: Slot, root: int) -> int | None:
        """The statement that repeated weights for the places of each sample, in another order than theirs."""
        op, values = self._tape.ops[slot.op], self._tape.values
        made, used = values[root].shape, values[slot.value].shape
        if op.name not in _ROW_BY_ROW or not slot.certain or not self._look.has_data(root):
            return None
        if len(made) < 2 or len(used) < 3 or made[0] < 2 or used[0] <= made[0] or used[0] % made[0]:
            return None
        weights = self._samples(slot.value, root, made[0])
        for other in op.inputs:
            data = self._flow.root(other)
            shape = values[data].shape
            if other == slot.value or shape[:2] == made[:1] * 2 or shape[:1] != made[:1]:
                continue
            if values[other].shape[:1] != used[:1] or math.prod(shape) != math.prod(values[other].shape):
                continue
            samples = self._samples(other, data, made[0])
            if weights is None or samples is None or torch.equal(weights, samples):
                continue
            if any(len(weights[samples == sample].unique()) > 1 for sample in samples.unique()):
                return self._widened_at(slot.value, used[0])
        return None

    def _scattered_at(self, slot: Slot, root: int) -> int | None:
        """The view of a map of weights, one for each place, that fills a group from several places."""
        values, shape = self._tape.values, self._tape.values[root].shape
        op, groups = self._tape.ops[slot.op], self._look.details.get(slot.op)
        places = math.prod(shape[2:])
        if not op.name.startswith("conv") or not slot.certain or len(shape) < 3 or places < 2:
            return None
        if groups != shape[0] * places or self._look.details.get(values[root].op) is None:
            return None
        chain = [slot.value]
        while chain[-1] != root and len(parents := self._flow.elements.parents(chain[-1])) == 1:
            chain.append(parents[0])
        for value in reversed(chain):
            index = self._flow.elements.of(value)
            if index is not None and index.numel() and index.shape[:1] == (groups,):
                row = self._flow.elements.numbers(index[0]) - self._flow.elements.bases.get(root, 0)
                return values[value].op if len((row % places).unique()) > 1 else None
        return None

    def _samples(self, value: int, root: int, batch: int) -> Tensor | None:
        """For each row of a value the row of the root that it shows the beginning of."""
        index, base = self._flow.elements.of(value), self._flow.elements.bases.get(root)
        size = math.prod(self._tape.values[root].shape) // batch
        if index is None or base is None or not index.numel() or index.shape[0] > _MOST_ROWS:
            return None
        rows = [self._flow.elements.ends(row) for row in index]
        low, high = (torch.tensor(ends).sub(base).div(size, rounding_mode="floor") for ends in zip(*rows))
        return low if torch.equal(low, high) and bool(((low >= 0) & (low < batch)).all()) else None

    def _widened_at(self, value: int, rows: int) -> int | None:
        """The operation that made so many rows of fewer."""
        index = None
        while self._tape.values[value].shape[:1] == (rows,):
            index = self._tape.values[value].op
            parents = self._flow.elements.parents(value)
            if not parents:
                break
            value = parents[0]
        return index

    def _torn_from_rows(self, given: int, batch: int) -> int | None:
        """The view after which the data of a convolution's first group are not those of a first row."""
        chain = [given]
        while len(parents := self._flow.elements.parents(chain[-1])) == 1:
            chain.append(parents[0])
        rows = [value for value in chain[1:] if self._tape.values[value].shape[:1] == (batch,)]
        if not rows or any(self._shows_rows(given, value, batch, (1,)) for value in rows):
            return None
        below = chain[: chain.index(rows[-1])]
        torn = [value for value in reversed(below) if not self._shows_rows(value, rows[-1], batch)]
        return self._tape.values[torn[0]].op if torn else None

    def _torn_into_rows(self, made: int, batch: int) -> int | None:
        """The view after which no row holds what the convolution's groups made."""
        values, chain = self._tape.values, [made]
        while True:
            views = [
                edge.target
                for edge in self._flow.children.get(chain[-1], ())
                if self._flow.elements.parents(edge.target) == (chain[-1],)
            ]
            if len(views) != 1:
                break
            chain.append(views[0])
        rows = [value for value in chain[1:] if values[value].shape[:1] == (batch,)]
        if not rows or any(self._shows_rows(made, value, batch, (1,)) for value in rows):
            return None
        above = chain[1 : chain.index(rows[-1]) + 1]
        return next((values[v].op for v in above if not self._shows_rows(made, v, batch, (1,), None)), None)

    def _shows_rows(
        self,
        value: int,
        of: int,
        batch: int,
        axes: tuple[int, ...] | None = None,
        others: tuple[int, ...] | None = (0,),
    ) -> bool:
        """Whether the first and last block along an axis show the same elements as those of another value.

        Of the given axes only, of any axis where they are None.
        """
        part, whole = self._flow.elements.of(value), self._flow.elements.of(of)
        if part is None or whole is None or not part.numel() or not whole.numel():
            return True
        mine, theirs = self._blocks(part, batch, axes), self._blocks(whole, batch, others)
        return bool(mine & theirs)

    def _blocks(self, index: Tensor, batch: int, axes: tuple[int, ...] | None) -> set[tuple[int, ...]]:
        """The least and the greatest numbers in the first and the last of `batch` blocks along each axis."""
        found = set()
        for axis in range(index.dim()) if axes is None else axes:
            block = index.shape[axis] // batch if axis < index.dim() else 0
            if block and block * batch == index.shape[axis]:
                ends = (index.narrow(axis, start, block) for start in (0, index.shape[axis] - block))
                found.add(tuple(n for part in ends for n in self._flow.elements.ends(part)))
        return found

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
