"""Trainable tensors that are indexed by the position of a sample in its batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hypercheck.facts import BatchSlot
from hypercheck.observe import frames
from hypercheck.observe.look import MIXERS, Look
from hypercheck.observe.operations import ADDITIONS, SCALINGS, Kind
from hypercheck.observe.slots import Slot

_ENTRYWISE = SCALINGS | ADDITIONS | frozenset("sub __sub__ div __truediv__ prelu rsub".split())


class BatchSlots:
    """The leaves of one step that have an entry for each sample of the batch."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._tape = look.tape
        self._flow = look.flow

    def facts(self) -> list[BatchSlot]:
        """The leaves that meet the outputs of a batch of generated networks entry by entry."""
        found: dict[int, BatchSlot] = {}
        for slot in self._look.slots:
            root = self._flow.root(slot.value)
            if not self._look.one_network_each(slot, root):
                continue
            batch = self._tape.values[root].shape[0]
            for number, used in self._first_rows(slot, root, batch):
                beside = self._beside(slot, batch)
                if beside:
                    place, mark = frames.location(self._tape.ops[used].site), self._look.mark(beside)
                    rows = tuple(self._look.of[item].row_marks() for item in beside)
                    found.setdefault(number, BatchSlot(number, batch, place, None, mark, rows))
            data = self._look.batches(root, batch)
            if not data or any(len(self._tape.values[item].shape) == 3 for item in data):
                continue  # [tasks, samples, features] looks the same, and a task may have a tensor of its own
            inside = [v for v in self._look.above(root) if self._is_row_for_row(v, batch)]
            met = [*self._entrywise([*inside, slot.value], batch, False)]
            outputs, grouped = (
                self._tape.ops[slot.op].outputs,
                self._tape.ops[slot.op].name.startswith("conv"),
            )
            for number, used in [*met, *self._entrywise(outputs, batch, grouped)]:
                found.setdefault(
                    number,
                    BatchSlot(
                        number,
                        batch,
                        self._look.digest.membership.made_site(number),
                        frames.location(self._tape.ops[used].site),
                        self._look.mark(data),
                    ),
                )
        return list(found.values())

    def _beside(self, slot: Slot, batch: int) -> list[int]:
        """Data that the weights are applied to, or that their results are compared with: a row a sample."""
        op, values = self._tape.ops[slot.op], self._tape.values
        equation = self._look.details.get(slot.op)
        if op.name == "einsum" and isinstance(equation, str):
            first = [term.strip()[:1] for term in equation.split("->")[0].split(",")]
            if len(set(first)) > 1:  # the axis of the weights is another one than that of the samples
                return []
        below = self._flow.descendants(*op.outputs)
        readers = {edge.op for value in below for edge in self._flow.children.get(value, ())}
        met = {slot.op: op.inputs, **{index: self._tape.ops[index].inputs for index in readers}}
        starts = {item for inputs in met.values() for item in inputs if item >= 0 and item not in below}
        return [
            item
            for start in sorted(starts)
            if values[start].shape[:1] == (batch,)
            for item in self._look.data_of([start, *self._look.above(start)])
            if values[item].shape[:1] == (batch,)
        ]

    def _first_rows(self, slot: Slot, root: int, batch: int) -> Iterator[tuple[int, int]]:
        """The tables of which the first rows, as many as there are samples, make the weights; with where."""
        values, ops = self._tape.values, self._tape.ops
        for value in self._look.above(root):
            fact = values[value]
            op = ops[fact.op] if fact.op >= 0 else None
            if op is None or fact.leaf or fact.shape[:1] != (batch,):
                continue
            tables = [item for item in op.inputs if values[item].leaf and len(values[item].shape) == 2]
            if len(tables) != 1 or values[tables[0]].shape[0] <= batch:
                continue
            rows = [item for item in op.inputs if item != tables[0]]
            if any(self._counts_up(item, batch) for item in rows):
                yield values[tables[0]].object, fact.op
            elif not rows and op.kind in (Kind.VIEW, Kind.MAYBE_VIEW):
                shown = (self._flow.elements.shown(value) or {}).get(self._flow.root(tables[0]))
                if shown is not None and shown.first() == ((0, batch * values[tables[0]].shape[1]),):
                    yield values[tables[0]].object, fact.op

    def _counts_up(self, value: int, batch: int) -> bool:
        """Whether an index is 0, 1, 2 and so on, one for each sample."""
        fact = self._tape.values[value]
        if fact.shape != (batch,):
            return False
        if fact.op >= 0 and self._tape.ops[fact.op].name == "arange":
            return True
        picked = self._look.of[value].picked.flatten() if value in self._look.of else None
        return picked is not None and picked.tolist() == list(range(batch))

    def _is_row_for_row(self, value: int, batch: int) -> bool:
        """Whether the value has a row for each sample, on the way to the generated weights."""
        fact = self._tape.values[value]
        return fact.requires_grad and fact.shape[:1] == (batch,) and self._look.has_data(value)

    def _entrywise(self, start: Iterable[int], batch: int, grouped: bool) -> Iterator[tuple[int, int]]:
        """Leaves with `batch` entries on the batch's axis of what comes from these values, with where."""
        values, ops = self._tape.values, self._tape.ops
        stack = [(value, 0) for value in start]
        seen = {value for value, _ in stack}
        while stack:
            value, depth = stack.pop()
            shape = values[value].shape
            for child in self._flow.children.get(value, ()):
                op = ops[child.op]
                if op.name in _ENTRYWISE:
                    for other in op.inputs:
                        leaf = self._leaf(other)
                        if leaf is not None and _aligned(values[other].shape, shape, batch, grouped):
                            yield leaf, child.op
                if child.target not in seen and depth < 12 and op.name not in MIXERS:
                    seen.add(child.target)
                    if values[child.target].shape:
                        stack.append((child.target, depth + 1))

    def _leaf(self, value: int) -> int | None:
        """The leaf that a value is, is a plain view of, or is computed of entry by entry."""
        values, ops = self._tape.values, self._tape.ops
        for _ in range(8):
            fact = values[value]
            if fact.leaf:
                return fact.object
            if fact.op < self._look.digest.step.first_op or not fact.requires_grad:
                return None
            op = ops[fact.op]
            view = op.kind in (Kind.VIEW, Kind.MAYBE_VIEW)
            if op.name in ("__getitem__", "select", "narrow") or not (view or len(op.inputs) == 1):
                return None
            if not view and (op.kind != Kind.PLAIN or values[op.inputs[0]].shape != fact.shape):
                return None
            if op.name in ("expand", "expand_as", "broadcast_to") or not op.inputs:
                return None
            value = op.inputs[0]
        return None


def _aligned(leaf: tuple[int, ...], shape: tuple[int, ...], batch: int, grouped: bool) -> bool:
    """Whether the leaf has an entry for each sample on the axis where the outputs have their samples."""
    if len(leaf) != len(shape) or not shape:
        return False
    if shape[0] == batch and leaf[0] == batch:
        return True
    # A grouped convolution has its samples in the channels: [1, B * O, T].
    inside = grouped and len(shape) >= 2 and shape[0] == 1 and leaf[0] == 1
    return inside and leaf[1] == shape[1] and shape[1] % batch == 0
