"""How the generated numbers are used: which of them, how often, and as which weights."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from hypercheck.facts import UsageFact
from hypercheck.findings import Link, Location
from hypercheck.observe import frames
from hypercheck.observe.evidence import Evidence
from hypercheck.observe.operations import CONTRACTIONS, Kind
from hypercheck.observe.samples import LAYERS
from hypercheck.observe.slots import Slot
from hypercheck.observe.spans import Spans

_MOST_LINKS = 400
_LARGEST_JOINT = 4_000_000
_MIXERS = frozenset("gru lstm rnn_tanh rnn_relu gru_cell lstm_cell rnn_tanh_cell rnn_relu_cell".split())
"""Operations whose weights may have as many rows as the batch by chance."""
_SPATIAL = {"conv1d": 1, "conv2d": 2, "conv3d": 3}
"""Convolutions to the number of axes of the map that they make."""


class Usage:
    """The use that one step made of what was generated."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._tape = evidence.tape
        self._flow = evidence.flow
        self._step = evidence.step
        self._session = evidence.session
        self._naming = evidence.naming
        self._updates = evidence.updates
        self._reached = evidence.reached

    def links(self) -> list[Link]:
        found = []
        for slot in self._evidence.own_slots[:_MOST_LINKS]:
            if slot.certain:
                found.append(self.link(slot))
        return found

    def link(self, slot: Slot) -> Link:
        tape, flow = self._tape, self._flow
        op = tape.ops[slot.op]
        value = tape.values[slot.value]
        root = flow.root(slot.value)
        total = math.prod(tape.values[root].shape)
        spans: tuple[tuple[int, int], ...] = ()
        used = total
        shown = flow.elements.shown(slot.value)
        part = shown.get(root) if shown is not None else None
        if part is not None:
            used, spans = part.count, part.first()
        above = self._evidence.generators_of(slot)
        updates = [self._updates[number] for number in above if number in self._updates]
        norms = [update.size.norm for update in updates if update.size.state == "ok"]
        changed = [update.changed for update in updates if update.changed is not None]
        place = frames.location(op.site)
        module = self._session.variables.module_names.get(op.module, "")
        where = f"{place.file}:{place.line}" if place else "?"
        slot_name = f"{module}.{slot.argument}" if module and not slot.soft else where
        return Link(
            name=self._naming.value(slot.value),
            shape=value.shape,
            slot=slot_name,
            source=self._naming.value(root),
            ranges=spans[:8],
            linked=slot.value in flow.live and any(self._live_object(number) for number in above),
            equal=True if shown is not None else None,
            elements_used=used,
            elements_total=total,
            grad_norm=max(norms) if norms else None,
            updated=any(changed) if changed else None,
            location=place,
            reason="computed from " + ", ".join(self._naming.object(number) for number in above[:3]),
        )

    def _live_object(self, number: int) -> bool:
        return number in self._reached

    def facts(self) -> list[UsageFact]:
        tape, flow = self._tape, self._flow
        roots: dict[int, list[Slot]] = defaultdict(list)
        for slot in self._evidence.own_slots:
            for root in flow.elements.shown(slot.value) or ():
                if tape.values[root].op >= self._step.first_op:
                    roots[root].append(slot)
        sure = [item for item in roots.items() if any(slot.certain for slot in item[1])]
        shared, told = self._shared()
        return [
            *shared,
            *(
                fact
                for root, slots in sure[:200]
                if root not in told and (fact := self._usage(root, slots)) is not None
            ),
        ]

    def _shared(self) -> tuple[list[UsageFact], set[int]]:
        """The use of vectors, put together of several outputs, that were cut into overlapping pieces.

        With the outputs that this tells the use of.
        """
        tape, elements = self._tape, self._flow.elements
        groups: dict[int, list[Slot]] = defaultdict(list)
        for slot in self._evidence.own_slots:
            whole = elements.joined(slot.value)
            if whole is not None and tape.values[whole].op >= self._step.first_op:
                groups[whole].append(slot)
        facts: list[UsageFact] = []
        told: set[int] = set()
        for whole, slots in groups.items():
            shape = tape.values[whole].shape
            total = math.prod(shape)
            if total > _LARGEST_JOINT or not self._share(slots):
                continue
            parts = [
                (slot, part) for slot in slots if (part := elements.within(slot.value, whole)) is not None
            ]
            overlaps, overlap_at = self._overlaps(parts)
            if not overlaps:
                continue
            read = [elements.within(value, whole) for value in dict.fromkeys(self._read(whole))]
            # What reads everything is a penalty on the size, and no weight.
            used = Spans.union([part for part in read if part is not None and part.count < total])
            unused = used.others(total)
            if not len(unused) or None in read:
                continue
            told.update(elements.shown(whole) or ())
            facts.append(
                UsageFact(
                    source=self._naming.value(whole),
                    location=frames.location(tape.ops[tape.values[whole].op].site),
                    shape=shape,
                    total=total,
                    used=used.count,
                    unused=unused.first(),
                    width=shape[-1] if shape else 1,
                    overlaps=overlaps,
                    overlap_at=overlap_at,
                    slots=tuple(tape.values[slot.value].shape for slot in slots[:16]),
                )
            )
        return facts, told

    def _share(self, slots: list[Slot]) -> bool:
        """Whether elements of some output are in two of the weights."""
        parts: dict[int, list[Spans]] = defaultdict(list)
        for slot in slots:
            for root, part in (self._flow.elements.shown(slot.value) or {}).items():
                parts[root].append(part)
        return any(sum(part.count for part in found) > Spans.union(found).count for found in parts.values())

    def _usage(self, root: int, slots: list[Slot]) -> UsageFact | None:
        tape, flow = self._tape, self._flow
        shape = tape.values[root].shape
        total = math.prod(shape)
        if total == 0 or root not in flow.elements.bases:
            return None
        if not tape.values[root].requires_grad and tape.ops[tape.values[root].op].mode == "grad":
            return None
        parts: list[Spans] = []
        for value in self._read(root):
            shown = flow.elements.shown(value)
            if shown is None:
                return None
            if root in shown:
                parts.append(shown[root])
        overlaps, overlap_at = self._overlaps(
            (slot, part)
            for slot in slots
            if (part := (flow.elements.shown(slot.value) or {}).get(root)) is not None
        )
        if overlaps:
            # What reads everything beside such pieces is a penalty on the size, and no weight.
            parts = [part for part in parts if part.count < total] or parts
        used = Spans.union(parts)
        one_row = False
        shapes = tuple(tape.values[slot.value].shape for slot in slots)
        if len(shape) > 1 and self._rows_are_samples(root):
            row = total // shape[0]
            rows = used.rows(row).count
            several = rows > 1 or shape[0] < 3
            last = rows == 1 and used.rows(row).first() == ((shape[0] - 1, shape[0]),)
            if rows == shape[0] or last or (several and not self._takes_rows(root, row, slots)):
                # What one row of a batch leaves out, another one uses, or will; and the last row is what a
                # sequence comes to.
                shape, total = shape[1:], row
                used = used.columns(total)
            else:
                one_row = rows == 1
        places = self._places(root)
        if places > 1:
            # A map of weights: each place of it is one more sample, and the channels are the outputs.
            shape = self._tape.values[root].shape[: -_SPATIAL[self._made_by(root)]][-1:]
            total = math.prod(shape)
            used = used.columns(total * places).rows(places)
        unused = used.others(total)
        width = shape[-1] if shape else 1
        made = frames.location(tape.ops[tape.values[root].op].site)
        chunk = shape[-1] if len(shape) == 2 and shape[0] > 1 and not self._batched(shape, shapes) else 0
        # Where rows were taken for samples, the rows that are left are chosen by whoever uses them.
        by_user = bool(chunk) and shape != tape.values[root].shape
        sized_at = None if by_user else self._sized_at(root, chunk)
        if one_row:
            sized_at = self._slice_site(slots[0].value)
        return UsageFact(
            source=self._naming.value(root),
            location=made,
            shape=shape,
            total=total,
            used=used.count,
            unused=unused.first(),
            width=width,
            idle_columns=used.columns(width).others(width).first(),
            overlaps=overlaps,
            overlap_at=overlap_at,
            slots=shapes[:16],
            chunk=chunk,
            cropped=self._cropped(shape, used) or (len(unused) > 1 and self._crops(root, used, slots)),
            sized_at=sized_at,
            one_row=one_row,
            left_at=self._left_at(root, Spans.union(parts)) if len(unused) else None,
        )

    def _left_at(self, root: int, used: Spans) -> Location | None:
        """The statement that cut a part out of the value which nothing reads then, where there is one."""
        tape, elements, readers = self._tape, self._flow.elements, self._evidence.readers
        stack, seen = [root], {root}
        while stack:
            value = stack.pop()
            part = (elements.shown(value) or {}).get(root)
            if part is not None and part.count and not part.both(used).count:
                return frames.location(tape.ops[tape.values[value].op].site)
            for index in readers.get(value, ()):
                for target in tape.ops[index].outputs:
                    if target not in seen and value in elements.parents(target):
                        seen.add(target)
                        stack.append(target)
        return None

    def _read(self, whole: int) -> Iterator[int]:
        """The value, and the views and parts of it, that something on the way to the loss reads."""
        tape, flow = self._tape, self._flow
        stack, seen = [whole], {whole}
        while stack:
            value = stack.pop()
            for op_index in self._evidence.readers.get(value, ()):
                op = tape.ops[op_index]
                for target in op.outputs or (-1,):
                    if target >= 0 and value in flow.elements.parents(target):
                        if target not in seen:
                            seen.add(target)
                            stack.append(target)
                    elif op.kind == Kind.EXPORT or target in flow.in_loss:
                        yield value

    def _made_by(self, value: int) -> str:
        return self._tape.ops[self._tape.values[value].op].name

    def _places(self, root: int) -> int:
        """How many places a map has that a convolution made of data; 1 for anything else."""
        axes = _SPATIAL.get(self._made_by(root), 0)
        shape = self._tape.values[root].shape
        if not axes or len(shape) <= axes or not self._flow.ancestry.data(root):
            return 1
        return math.prod(shape[-axes:])

    def _takes_rows(self, root: int, row: int, slots: list[Slot]) -> bool:
        """Whether a weight is made of several rows: a batch of weights, and not one of a network's layers."""
        parts = [(self._flow.elements.shown(slot.value) or {}).get(root) for slot in slots[:64]]
        return any(part is not None and part.rows(row).count > 1 for part in parts)

    def _rows_are_samples(self, root: int) -> bool:
        """Whether data went in, a row for each row that came out, and no table of trainable rows."""
        if not self._flow.ancestry.data(root):
            return False
        tape = self._tape
        rows = tape.values[root].shape[0]
        stack, seen = [root], {root}
        while stack:
            fact = tape.values[stack.pop()]
            if fact.leaf and fact.object in self._flow.trainable:
                return False
            op = tape.ops[fact.op] if fact.op >= 0 else None
            if op is None or op.name in _MIXERS:
                continue
            # A layer's weight may have as many rows by chance; a lookup names the table last.
            sources = op.inputs[:1] if op.name in LAYERS and op.name not in CONTRACTIONS else op.inputs
            pieces = op.name in ("stack", "cat") and len(op.inputs) == rows
            for source in sources:
                value = tape.values[source]
                if pieces and value.leaf and value.object in self._flow.trainable:
                    return False
                if value.shape[:1] == (rows,) and source not in seen:
                    seen.add(source)
                    stack.append(source)
        return True

    def _sized_at(self, root: int, chunk: int) -> Location | None:
        """The statement that chose how much is generated: where the head or the embeddings were made."""
        tape = self._tape
        rows = tape.values[root].shape[0] if tape.values[root].shape else 0
        if chunk:
            for number in self._flow.ancestry.objects(root):
                first = tape.first_values.get(number)
                if first is not None and tape.values[first].shape[:1] == (rows,):
                    return frames.location(tape.objects[number].made_at)
        op = tape.ops[tape.values[root].op]
        for value in op.inputs[1:]:
            fact = tape.values[value]
            if fact.leaf and fact.shape and fact.shape[:1] == tape.values[root].shape[-1:]:
                return frames.location(tape.objects[fact.object].made_at)
        return None

    def _batched(self, shape: tuple[int, ...], shapes: tuple[tuple[int, ...], ...]) -> bool:
        """Whether the first axis is a batch of whole networks rather than a stack of chunks."""
        return any(item and item[0] in (shape[0],) and len(item) >= 3 for item in shapes)

    def _crops(self, root: int, used: Spans, slots: list[Slot]) -> bool:
        """Whether the weights are boxes out of an output of several axes that is made to fit many layers.

        The output may be flat, and get its axes by a view. All boxes begin at the first row and none comes
        to the last one, else the rows are samples.
        """
        seen = self._cut_shape(root, slots) or self._tape.values[root].shape
        if sum(length > 1 for length in seen) < 2 or _box(used, seen)[0] == (0, seen[0]):
            return False
        crops = False
        for slot in slots[:64]:
            part = (self._flow.elements.shown(slot.value) or {}).get(root)
            if part is None:
                continue
            box = _box(part, seen)
            if box[0][0] > 0:
                return False
            corner = box[0][1] < seen[0] and any(end < size for (_, end), size in zip(box[1:], seen[1:]))
            crops = crops or (corner and self._cropped(seen, part))
        return crops

    def _cut_shape(self, root: int, slots: list[Slot]) -> tuple[int, ...]:
        """The shape in which the output was cut up: that of the last whole view of it."""
        tape, parents = self._tape, self._flow.elements.parents
        total = math.prod(tape.values[root].shape)
        for slot in slots[:64]:
            value = slot.value
            while above := parents(value):
                if math.prod(tape.values[value].shape) < total == math.prod(tape.values[above[0]].shape):
                    return tape.values[above[0]].shape
                value = above[0]
        return ()

    def _cropped(self, shape: tuple[int, ...], used: Spans) -> bool:
        """Whether the used part is a box inside of an output of several axes."""
        if len(shape) < 2 or not len(used):
            return False
        box = _box(used, shape)
        trimmed = sum(start > 0 or end < size for (start, end), size in zip(box, shape))
        return math.prod(end - start for start, end in box) == used.count and (
            trimmed >= 2 or (len(shape) >= 3 and box[0] == (0, shape[0]))
        )

    def _overlaps(
        self, parts: Iterable[tuple[Slot, Spans]]
    ) -> tuple[tuple[tuple[int, int], ...], Location | None]:
        """The elements that two weights share, and the statement that took them for the second one."""
        tape = self._tape
        owners: list[tuple[Slot, Spans]] = []
        taken = Spans.union([])
        for slot, part in islice(parts, 64):
            for other, theirs in owners if len(part.both(taken)) else ():
                both = part.both(theirs)
                twice = part == theirs and self._slice_site(slot.value) != self._slice_site(other.value)
                if len(both) and (twice or part != theirs) and other.value != slot.value:
                    made = tape.ops[tape.values[slot.value].op] if tape.values[slot.value].op >= 0 else None
                    place = self._slice_site(slot.value) or (frames.location(made.site) if made else None)
                    return both.first(), place
            taken = Spans.union([taken, part])
            owners.append((slot, part))
        return (), None

    def _slice_site(self, value: int) -> Location | None:
        """The statement that took the part: the view nearest to the weight that leaves something out."""
        flow, tape = self._flow, self._tape
        while parents := flow.elements.parents(value):
            if math.prod(tape.values[value].shape) < math.prod(tape.values[parents[0]].shape):
                return frames.location(tape.ops[tape.values[value].op].site)
            value = parents[0]
        return None


def _box(part: Spans, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """For each axis of a tensor of this shape, from where to where the positions go."""
    box, width = [], math.prod(shape)
    for size in shape:
        width //= size
        along = part.rows(width).columns(size)
        box.append((int(along.starts[0]), int(along.ends[-1])))
    return box
