"""Size, variety and independence of the generated weights of one step, from the samples taken in passing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch

from hypercheck.facts import Health, WeightHealth
from hypercheck.findings import Location
from hypercheck.observe import frames
from hypercheck.observe.batch_slots import BatchSlots
from hypercheck.observe.crosstalk import Crosstalk
from hypercheck.observe.look import Look, joined
from hypercheck.observe.operations import CONTRACTIONS, Kind
from hypercheck.observe.samples import LAYERS, Sample
from hypercheck.observe.slots import Slot
from hypercheck.observe.spans import Spans
from hypercheck.observe.weight_scale import WeightScale


def of_step(look: Look) -> Health:
    """The health of the generated weights that the step used. The samples are forgotten with it."""
    try:
        weights = tuple(_Weights(look).facts())
        return Health(weights, tuple(Crosstalk(look).facts()), tuple(BatchSlots(look).facts()))
    finally:
        look.tape.samples.forget(look.digest.end())


class _Weights:
    """What was seen of each generated weight where it was used."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._tape = look.tape
        self._flow = look.flow
        self._scale = WeightScale(look)

    def facts(self) -> Iterator[WeightHealth]:
        """One fact for each generated weight that was looked at where it was used."""
        for slot in self._look.slots:
            root = self._flow.root(slot.value)
            sample = self._look.of.get(slot.value)
            output = self._look.output(slot.value, root)
            if (sample is None and output is None) or self._tape.values[
                root
            ].op < self._look.digest.step.first_op:
                continue
            keys = tuple(self._look.digest.generators_of(slot))
            above = self._look.above(root)
            data = self._look.data_of(above)
            rows, spread, differ = self._rows(slot, root, data)
            first = self._first_row_only(slot, root, data) if not rows else None
            if first is not None:
                rows, spread, differ = self._batch_of(slot), 0.0, True
            pieces, pieces_of = self._pieces(slot, root) if self._looks_up_only(root, above) else (0, "")
            behind = [found for value in data if (found := self._behind(value)) is not None]
            looked = sample or output
            assert looked is not None
            factor = self._scale.factor(slot)
            yield WeightHealth(
                source=self._look.digest.naming.value(root),
                location=frames.location(self._tape.ops[self._tape.values[root].op].site),
                used_at=frames.location(self._tape.ops[slot.op].site),
                shape=self._tape.values[slot.value].shape,
                argument=slot.argument,
                keys=keys,
                fan_in=self._scale.fan_in(slot, root) if sample is not None else None,
                rms=looked.rms(),
                input_rms=self._input_rms(slot),
                exempt=self._scale.exempt(slot),
                factor_at=frames.location(self._tape.ops[factor].site) if factor is not None else None,
                mark=looked.mark(),
                precise=looked.picked.dtype in (torch.float32, torch.float64),
                generator_mark=self._generator_mark(keys),
                condition_mark=self._look.mark(data),
                conditional=self._look.has_data(root),
                learning=self._learning(keys),
                rows=rows,
                row_spread=output.spread() if pieces and output is not None else spread,
                conditions_differ=differ,
                levelled_at=frames.location(self._tape.ops[first].site)
                if first is not None
                else self._levelled_at(data, self._tape.values[root].shape[0])
                if rows
                else None,
                behind_mark=joined(self._look.of[value].mark() for value, _ in behind),
                behind_at=frames.location(self._tape.ops[behind[0][1]].site) if behind else None,
                pieces=pieces,
                pieces_of=pieces_of,
            )

    def _input_rms(self, slot: Slot) -> float | None:
        """The size of the data that the weight meets, where it was looked at."""
        met = [value for value in self._tape.ops[slot.op].inputs if value != slot.value]
        sizes = [self._look.of[value].rms() for value in met if value in self._look.of]
        return max(sizes, default=None)

    def _generator_mark(self, keys: Iterable[int]) -> str:
        """A hash of the generator's trainable tensors before this step's update."""
        marks = []
        for key in keys:
            update = self._look.digest.updates.get(key)
            if update is not None and update.start is not None:
                marks.append(Sample(update.start).mark())
        return joined(marks)

    def _learning(self, keys: Iterable[int]) -> bool:
        updates = [self._look.digest.updates[key] for key in keys if key in self._look.digest.updates]
        return any(
            update.size.state == "ok" and update.changed and update.size.norm > 0 for update in updates
        )

    def _looks_up_only(self, root: int, above: Iterable[int]) -> bool:
        """Whether no data goes into the generator but the numbers of rows to look up."""
        if not self._look.has_data(root):
            return True
        data = [
            value
            for value in above
            if not self._tape.values[value].requires_grad and self._look.has_data(value)
        ]
        return all(
            value in self._look.of and not self._look.of[value].picked.is_floating_point() for value in data
        )

    def _rows(self, slot: Slot, root: int, data: list[int]) -> tuple[int, float | None, bool]:
        """Length of the batch of weights, how far its rows differ, and whether those of the data do."""
        values = self._tape.values
        made, used = values[root].shape, values[slot.value].shape
        if len(made) < 2 or len(used) < 2 or made[0] < 2 or not self._look.has_data(root):
            return 0, None, False
        batch = made[0]
        grouped = self._look.details.get(slot.op) == batch and used[0] % batch == 0
        if used[0] != batch and not grouped and self._tape.ops[slot.op].name != "vmap":
            return 0, None, False
        sample = self._look.output(slot.value, root)
        if sample is None:
            return 0, None, False
        spreads = [self._data_spread(value, batch) for value in self._with_sources(data, batch)]
        return batch, sample.spread(), any(spread is not None and spread > 1e-3 for spread in spreads)

    def _batch_of(self, slot: Slot) -> int:
        """How many samples have a weight each in this place."""
        groups = self._look.details.get(slot.op, 1)
        conv = self._tape.ops[slot.op].name.startswith("conv")
        return groups if conv and isinstance(groups, int) else self._tape.values[slot.value].shape[0]

    def _first_row_only(self, slot: Slot, root: int, data: list[int]) -> int | None:
        """The operation that took one condition of a batch, where its weight is repeated for all samples."""
        values, ops = self._tape.values, self._tape.ops
        if values[root].shape[:1] != (1,) or len(values[slot.value].shape) < 3:
            return None
        batch = self._batch_of(slot)
        for value in data:
            index = values[value].op
            if batch < 2 or index < 0 or ops[index].kind not in (Kind.VIEW, Kind.MAYBE_VIEW):
                continue
            source = ops[index].inputs[0]
            spread = self._data_spread(source, batch)
            readers = self._look.digest.readers.get(source, ())
            taken = [values[item].shape[:1] for reader in readers for item in ops[reader].outputs]
            if spread is not None and spread > 1e-3 and all(rows == (1,) for rows in taken):
                return index
        return None

    def _with_sources(self, data: list[int], batch: int) -> list[int]:
        """The data, and what it was computed of row by row before it met anything trainable."""
        found, stack = dict.fromkeys(data), list(data)
        while stack:
            fact = self._tape.values[stack.pop()]
            if fact.op < self._look.digest.step.first_op or fact.shape[:1] != (batch,):
                continue
            for source in self._tape.ops[fact.op].inputs:
                if source >= 0 and source not in found and self._tape.values[source].shape[:1] == (batch,):
                    found[source] = None
                    stack.append(source)
        return list(found)

    def _levelled_at(self, data: list[int], batch: int) -> Location | None:
        """The statement that made one row of data like another, before anything trainable came to it."""
        tape = self._tape
        for value in self._with_sources(data, batch):
            spread = self._data_spread(value, batch)
            index = tape.values[value].op
            if index < 0 or spread is None or spread > 1e-6:
                continue
            before = [self._data_spread(source, batch) for source in tape.ops[index].inputs]
            if any(item is not None and item > 1e-3 for item in before):
                return frames.location(tape.ops[index].site)
        return None

    def _behind(self, value: int) -> tuple[int, int] | None:
        """What was looked at of the values that data was computed from, and the operation that read it."""
        for _ in range(12):
            index = self._tape.values[value].op
            if index < self._look.digest.step.first_op:
                return None
            op = self._tape.ops[index]
            sources = [item for item in op.inputs if item >= 0]
            if len(sources) != 1:
                return None
            value = sources[0]
            if op.kind == Kind.PLAIN and value in self._look.of:
                return value, index
        return None

    def _data_spread(self, value: int, batch: int) -> float | None:
        shape = self._tape.values[value].shape
        return (
            self._look.of[value].spread() if shape and shape[0] == batch and value in self._look.of else None
        )

    def _pieces(self, slot: Slot, root: int) -> tuple[int, str]:
        """How many rows of an output stand side by side in weights of one network, and of which embedding."""
        made = self._tape.values[root].shape
        op = self._tape.ops[slot.op]
        used = self._tape.values[slot.value].shape
        flat = op.name in ("linear", "conv1d", "conv2d", "conv3d") or (
            op.name in CONTRACTIONS and len(used) == 2
        )
        if len(made) != 2 or made[0] < 2 or self._look.output(slot.value, root) is None or not flat:
            return 0, ""
        if self._look.details.get(slot.op, 1) not in (1,) and op.name.startswith("conv"):
            return 0, ""
        part = (self._flow.elements.shown(slot.value) or {}).get(root)
        if part is None:
            return 0, ""
        rows = part.rows(made[1]).count
        name = self._embedding(root, made[0])
        several = rows > 1 or (bool(name) and self._other_rows(slot, root, part, made[1]))
        return (made[0], name) if several else (0, "")

    def _other_rows(self, slot: Slot, root: int, part: Spans, width: int) -> bool:
        """Whether another weight is cut from another row."""
        row = int(part.starts[0]) // width
        for other in self._look.slots:
            if other.value == slot.value or self._flow.root(other.value) != root:
                continue
            theirs = (self._flow.elements.shown(other.value) or {}).get(root)
            if theirs is not None and int(theirs.starts[0]) // width != row:
                return True
        return False

    def _embedding(self, root: int, rows: int) -> str:
        """The trainable table whose rows went in, one for each row of the output."""
        for value in self._look.above(root):
            fact = self._tape.values[value]
            if fact.leaf and len(fact.shape) == 2 and fact.shape[0] == rows and self._goes_in(value):
                return self._look.digest.naming.object(fact.object)
        return ""

    def _goes_in(self, value: int) -> bool:
        """Whether the tensor is an input of a layer, and not a layer's own weight."""
        for child in self._flow.children.get(value, ()):
            op = self._tape.ops[child.op]
            if op.name in LAYERS and op.inputs and op.inputs[0] != value:
                return False
        return True
