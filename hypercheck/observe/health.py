"""Size, variety and independence of the generated weights of one step, from the samples taken in passing."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import torch

from hypercheck.facts import BatchMix, BatchSlot, Health, WeightHealth
from hypercheck.findings import Location
from hypercheck.observe import frames
from hypercheck.observe.flow import Slot
from hypercheck.observe.operations import ADDITIONS, CONTRACTIONS, SCALINGS, Kind
from hypercheck.observe.samples import LAYERS, Sample
from hypercheck.observe.spans import Spans

if TYPE_CHECKING:
    from hypercheck.observe.digest import Digest

_MOST_WEIGHTS = 120
_NORMS = frozenset(
    "batch_norm layer_norm group_norm instance_norm rms_norm normalize norm vector_norm std var rsqrt "
    "softmax log_softmax local_response_norm var_mean std_mean".split()
)
_SINES = frozenset({"sin", "cos", "sin_", "cos_"})
_SCALAR = frozenset("mul div __mul__ __rmul__ __truediv__ mul_ div_ multiply true_divide".split())
_PRODUCTS = frozenset("bmm einsum matmul __matmul__ baddbmm vmap conv1d conv2d conv3d".split())
_MIXERS = frozenset(
    "batch_norm mean sum std var softmax log_softmax amax logsumexp var_mean std_mean".split()
)
_ENTRYWISE = SCALINGS | ADDITIONS | frozenset("sub __sub__ div __truediv__ prelu rsub".split())


def of_step(digest: Digest) -> Health:
    """The health of the generated weights that the step used. The samples are forgotten with it."""
    look = _Look(digest)
    try:
        return Health(tuple(look.weights()), tuple(look.mixes()), tuple(look.batch_slots()))
    finally:
        digest.tape.samples.forget(_end(digest))


class _Look:
    """Reads one step's samples together with its flow."""

    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        self.tape = digest.tape
        self.flow = digest.flow
        self.details = digest.tape.samples.details
        self.of = digest.tape.samples.between(digest.step.first_op, _end(digest))
        self.slots = [slot for slot in digest.own_slots if slot.value in self.flow.live][:_MOST_WEIGHTS]

    # -- the weights ----------------------------------------------------------------------------

    def weights(self) -> Iterator[WeightHealth]:
        """One fact for each generated weight that was looked at where it was used."""
        for slot in self.slots:
            root = self.flow.root(slot.value)
            sample = self.of.get(slot.value)
            output = self._output(slot.value, root)
            if (sample is None and output is None) or self.tape.values[root].op < self.digest.step.first_op:
                continue
            keys = tuple(self.digest.generators_of(slot))
            above = self._above(root)
            data = self._data(above)
            rows, spread, differ = self._rows(slot, root, data)
            pieces, pieces_of = self._pieces(slot, root) if self._looks_up_only(root, above) else (0, "")
            looked = sample or output
            assert looked is not None
            yield WeightHealth(
                source=self.digest.naming.value(root),
                location=frames.location(self.tape.ops[self.tape.values[root].op].site),
                used_at=frames.location(self.tape.ops[slot.op].site),
                shape=self.tape.values[slot.value].shape,
                argument=slot.argument,
                keys=keys,
                fan_in=self._fan_in(slot, root) if sample is not None else None,
                rms=looked.rms(),
                exempt=self._exempt(slot),
                mark=looked.mark(),
                precise=looked.picked.dtype in (torch.float32, torch.float64),
                generator_mark=self._generator_mark(keys),
                condition_mark=self._mark(data),
                conditional=self._has_data(root),
                learning=self._learning(keys),
                rows=rows,
                row_spread=output.spread() if pieces and output is not None else spread,
                conditions_differ=differ,
                levelled_at=self._levelled_at(data, self.tape.values[root].shape[0]) if rows else None,
                pieces=pieces,
                pieces_of=pieces_of,
            )

    def _output(self, value: int, root: int) -> Sample | None:
        """What was looked at of the generator's output, as near to the output as there is, row for row."""
        rows = self.tape.values[root].shape[:1]
        found = None
        for _ in range(64):
            if value in self.of and self.tape.values[value].shape[:1] == rows:
                found = self.of[value]
            parents = self.flow.elements.parents(value)
            if not parents:
                break
            value = parents[0]
        return found

    def _generator_mark(self, keys: Iterable[int]) -> str:
        """A hash of the generator's trainable tensors before this step's update."""
        marks = []
        for key in keys:
            update = self.digest.updates.get(key)
            if update is not None and update.start is not None:
                marks.append(Sample(update.start).mark())
        return _joined(marks)

    def _learning(self, keys: Iterable[int]) -> bool:
        updates = [self.digest.updates[key] for key in keys if key in self.digest.updates]
        return any(
            update.size.state == "ok" and update.changed and update.size.norm > 0 for update in updates
        )

    def _has_data(self, value: int) -> bool:
        return self.flow.ancestry.get(value, (0, 0, False))[1] != 0

    def _looks_up_only(self, root: int, above: Iterable[int]) -> bool:
        """Whether no data goes into the generator but the numbers of rows to look up."""
        if not self._has_data(root):
            return True
        data = [
            value for value in above if not self.tape.values[value].requires_grad and self._has_data(value)
        ]
        return all(value in self.of and not self.of[value].picked.is_floating_point() for value in data)

    def _above(self, value: int) -> list[int]:
        """The values that this one was made of in this step, without what lies behind data and leaves."""
        tape = self.tape
        seen, stack = {value}, [value]
        while stack and len(seen) < 5000:
            item = stack.pop()
            fact = tape.values[item]
            if fact.op < self.digest.step.first_op or fact.leaf or not fact.requires_grad:
                continue
            for source in tape.ops[fact.op].inputs:
                if source >= 0 and source not in seen:
                    seen.add(source)
                    stack.append(source)
        return sorted(seen)

    def _data(self, above: Iterable[int]) -> list[int]:
        """The sampled inputs among them: values that come from nothing trainable."""
        return [
            value
            for value in above
            if value in self.of
            and not self.tape.values[value].requires_grad
            and not self.flow.ancestry.get(value, (0, 0, False))[0]
            and not self.tape.objects[self.tape.values[value].object].is_parameter
        ]

    def _mark(self, values: Iterable[int]) -> str:
        return _joined(self.of[value].mark() for value in values if value in self.of)

    # -- size -----------------------------------------------------------------------------------

    def _fan_in(self, slot: Slot, root: int) -> int | None:
        """How many numbers of the weight meet in one output; None where it is no weight matrix."""
        op = self.tape.ops[slot.op]
        shape = self.tape.values[slot.value].shape
        if slot.argument != "weight" or len(shape) < 2:
            return None
        if op.name == "linear":
            return shape[1]
        if op.name in ("conv1d", "conv2d", "conv3d"):
            return math.prod(shape[1:])
        if op.name not in CONTRACTIONS or not self._is_cut_from_rows(shape, root):
            return None
        if op.name == "einsum":
            return _einsum_fan_in(self.details.get(slot.op), self._position(slot), shape)
        side = next((name for name, value in op.arguments if value == slot.value), "")
        return shape[-2] if side == "right" else shape[-1] if side == "left" else None

    def _position(self, slot: Slot) -> int:
        values = [value for _, value in self.tape.ops[slot.op].arguments]
        return values.index(slot.value) if slot.value in values else -1

    def _is_cut_from_rows(self, shape: tuple[int, ...], root: int) -> bool:
        """Whether whole matrices were cut from rows of the output: attention's keys, and features that are
        compared with features, are no weights although they stand in the same place."""
        made = self.tape.values[root].shape
        return bool(made) and shape[-1] * shape[-2] <= made[-1]

    def _exempt(self, slot: Slot) -> str:
        """Why the weight's size says nothing about the size of what the layer puts out."""
        ops, flow = self.tape.ops, self.flow
        for index in self._above_ops(slot.value):
            if ops[index].name in _NORMS:
                return "normalised"
        stack = [(value, 0) for value in ops[slot.op].outputs]
        seen = {value for value, _ in stack}
        while stack:
            value, depth = stack.pop()
            for child in flow.children.get(value, ()):
                op = ops[child.op]
                if op.name in _NORMS:
                    return "normalised"
                if op.name in _SINES:
                    return "sine"
                if op.name in _SCALAR and len(op.inputs) == 1 and child.target not in flow.losses:
                    return "scaled"
                further = op.name not in LAYERS and depth < 8
                if further and child.target not in seen and len(self.tape.values[child.target].shape) > 0:
                    seen.add(child.target)
                    stack.append((child.target, depth + 1))
        return ""

    def _above_ops(self, value: int) -> Iterator[int]:
        """The operations between the last layer of the generator and the weight."""
        stack, seen = [value], {value}
        while stack and len(seen) < 64:
            fact = self.tape.values[stack.pop()]
            if fact.op < self.digest.step.first_op or fact.leaf:
                continue
            op = self.tape.ops[fact.op]
            yield fact.op
            if op.name in LAYERS:
                continue
            for source in op.inputs:
                if source >= 0 and source not in seen:
                    seen.add(source)
                    stack.append(source)

    # -- variety --------------------------------------------------------------------------------

    def _rows(self, slot: Slot, root: int, data: list[int]) -> tuple[int, float | None, bool]:
        """Length of the batch of weights, how far its rows differ, and whether those of the data do."""
        values = self.tape.values
        made, used = values[root].shape, values[slot.value].shape
        if len(made) < 2 or len(used) < 2 or made[0] < 2 or not self._has_data(root):
            return 0, None, False
        batch = made[0]
        grouped = self.details.get(slot.op) == batch and used[0] % batch == 0
        if used[0] != batch and not grouped and self.tape.ops[slot.op].name != "vmap":
            return 0, None, False
        sample = self._output(slot.value, root)
        if sample is None:
            return 0, None, False
        spreads = [self._data_spread(value, batch) for value in self._with_sources(data, batch)]
        return batch, sample.spread(), any(spread is not None and spread > 1e-3 for spread in spreads)

    def _with_sources(self, data: list[int], batch: int) -> list[int]:
        """The data, and what it was computed of row by row before it met anything trainable."""
        found, stack = dict.fromkeys(data), list(data)
        while stack:
            fact = self.tape.values[stack.pop()]
            if fact.op < self.digest.step.first_op or fact.shape[:1] != (batch,):
                continue
            for source in self.tape.ops[fact.op].inputs:
                if source >= 0 and source not in found and self.tape.values[source].shape[:1] == (batch,):
                    found[source] = None
                    stack.append(source)
        return list(found)

    def _levelled_at(self, data: list[int], batch: int) -> Location | None:
        """The statement that made one row of data like another, before anything trainable came to it."""
        tape = self.tape
        for value in self._with_sources(data, batch):
            spread = self._data_spread(value, batch)
            index = tape.values[value].op
            if index < 0 or spread is None or spread > 1e-6:
                continue
            before = [self._data_spread(source, batch) for source in tape.ops[index].inputs]
            if any(item is not None and item > 1e-3 for item in before):
                return frames.location(tape.ops[index].site)
        return None

    def _data_spread(self, value: int, batch: int) -> float | None:
        shape = self.tape.values[value].shape
        return self.of[value].spread() if shape and shape[0] == batch and value in self.of else None

    def _pieces(self, slot: Slot, root: int) -> tuple[int, str]:
        """How many rows of an output stand side by side in weights of one network, and of which embedding."""
        made = self.tape.values[root].shape
        op = self.tape.ops[slot.op]
        used = self.tape.values[slot.value].shape
        flat = op.name in ("linear", "conv1d", "conv2d", "conv3d") or (
            op.name in CONTRACTIONS and len(used) == 2
        )
        if len(made) != 2 or made[0] < 2 or self._output(slot.value, root) is None or not flat:
            return 0, ""
        if self.details.get(slot.op, 1) not in (1,) and op.name.startswith("conv"):
            return 0, ""
        part = (self.flow.elements.shown(slot.value) or {}).get(root)
        if part is None:
            return 0, ""
        rows = part.rows(made[1]).count
        name = self._embedding(root, made[0])
        several = rows > 1 or (bool(name) and self._other_rows(slot, root, part, made[1]))
        return (made[0], name) if several else (0, "")

    def _other_rows(self, slot: Slot, root: int, part: Spans, width: int) -> bool:
        """Whether another weight is cut from another row."""
        row = int(part.starts[0]) // width
        for other in self.slots:
            if other.value == slot.value or self.flow.root(other.value) != root:
                continue
            theirs = (self.flow.elements.shown(other.value) or {}).get(root)
            if theirs is not None and int(theirs.starts[0]) // width != row:
                return True
        return False

    def _embedding(self, root: int, rows: int) -> str:
        """The trainable table whose rows went in, one for each row of the output."""
        for value in self._above(root):
            fact = self.tape.values[value]
            if fact.leaf and len(fact.shape) == 2 and fact.shape[0] == rows and self._goes_in(value):
                return self.digest.naming.object(fact.object)
        return ""

    def _goes_in(self, value: int) -> bool:
        """Whether the tensor is an input of a layer, and not a layer's own weight."""
        for child in self.flow.children.get(value, ()):
            op = self.tape.ops[child.op]
            if op.name in LAYERS and op.inputs and op.inputs[0] != value:
                return False
        return True

    # -- independence ---------------------------------------------------------------------------

    def mixes(self) -> list[BatchMix]:
        """The first operation over the batch on the way to each batch of generated weights."""
        found: dict[int, BatchMix] = {}
        for slot in self.slots:
            root = self.flow.root(slot.value)
            made = self.tape.values[root].shape
            if root in found or not self._one_network_each(slot, root):
                continue
            torn = self._torn_at(slot.value, root, made[0]) if slot.certain else None
            if torn is not None:
                found[root] = self._mix(torn, slot, root, "view")
                continue
            for index in sorted({self.tape.values[value].op for value in self._above(root)}):
                if index < 0 or not self._mixes(index, root, made[0]):
                    continue
                found[root] = self._mix(index, slot, root, self.tape.ops[index].name)
                break
        return list(found.values())

    def _mix(self, index: int, slot: Slot, root: int, kind: str) -> BatchMix:
        op = self.tape.ops[index]
        made = self.tape.values[root].shape
        module = self.digest.session.module_names.get(op.module, "")
        own = kind == "batch_norm" and module
        return BatchMix(
            kind=kind,
            name=module if own else self.digest.naming.value(op.outputs[0]),
            location=frames.location(op.site),
            batch=made[0],
            source=self.digest.naming.value(root),
            shape=made,
            keys=tuple(self.digest.generators_of(slot)),
        )

    def _torn_at(self, value: int, root: int, batch: int) -> int | None:
        """The view after which the first sample's weights hold numbers that were made for other samples."""
        if self._is_whole(value, root, batch):
            return None
        chain = [value]
        while (parents := self.flow.elements.parents(chain[-1])) and chain[-1] != root:
            if len(parents) > 1:
                return None
            chain.append(parents[0])
        torn = [item for item in reversed(chain) if not self._is_whole(item, root, batch)]
        return self.tape.values[torn[0]].op if chain[-1] == root else None

    def _is_whole(self, value: int, root: int, batch: int) -> bool:
        """Whether the first and the last of `batch` blocks along some axis come from their own rows."""
        index = self.flow.elements.of(value)
        base = self.flow.elements.bases.get(root)
        size = math.prod(self.tape.values[root].shape[1:])
        if index is None or base is None or not size or not index.numel():
            return True
        for axis, length in enumerate(index.shape):
            block = length // batch
            if block * batch != length:
                continue
            ends = ((index.narrow(axis, 0, block), 0), (index.narrow(axis, length - block, block), batch - 1))
            if all(
                base + row * size <= int(part.min()) and int(part.max()) < base + (row + 1) * size
                for part, row in ends
            ):
                return True
        return False

    def _one_network_each(self, slot: Slot, root: int) -> bool:
        """Whether the weights are a batch of whole matrices, one for each sample of the data."""
        values = self.tape.values
        made, used = values[root].shape, values[slot.value].shape
        op = self.tape.ops[slot.op]
        if (
            len(made) < 2
            or made[0] < 2
            or len(used) < 2
            or op.name not in _PRODUCTS
            or slot.argument != "weight"
        ):
            return False
        if op.name.startswith("conv"):
            return self.details.get(slot.op) == made[0] and used[0] % made[0] == 0
        return used[0] == made[0] and (len(used) >= 3 or op.name == "vmap")

    def _mixes(self, index: int, root: int, batch: int) -> bool:
        """Whether the operation combines the rows of its input, and all data of the weights' rows pass it."""
        op, values = self.tape.ops[index], self.tape.values
        if op.name not in _MIXERS or not self.details.get(index) or not op.inputs:
            return False
        source = op.inputs[0]
        shape = values[source].shape
        if shape[:1] != (batch,) or len(shape) != 2 or not values[source].requires_grad:
            return False
        behind = set(self._batches(source, batch))
        # What does not pass (a query beside its support set) would make the mixing somebody's intention.
        return bool(behind) and set(self._batches(root, batch)) <= behind

    def _batches(self, value: int, batch: int) -> list[int]:
        """The floating point data of one row for each sample that a value descends from."""
        return [
            item
            for item in self._data(self._above(value))
            if self.tape.values[item].shape[:1] == (batch,) and self.of[item].picked.is_floating_point()
        ]

    # -- positions in the batch -----------------------------------------------------------------

    def batch_slots(self) -> list[BatchSlot]:
        """The leaves that meet the outputs of a batch of generated networks entry by entry."""
        found: dict[int, BatchSlot] = {}
        for slot in self.slots:
            root = self.flow.root(slot.value)
            if not self._one_network_each(slot, root):
                continue
            batch = self.tape.values[root].shape[0]
            data = self._batches(root, batch)
            if not data or any(len(self.tape.values[item].shape) == 3 for item in data):
                continue  # [tasks, samples, features] looks the same, and a task may have a tensor of its own
            inside = [v for v in self._above(root) if self._is_row_for_row(v, batch)]
            met = [*self._entrywise([*inside, slot.value], batch, False)]
            outputs, grouped = self.tape.ops[slot.op].outputs, self.tape.ops[slot.op].name.startswith("conv")
            for number, used in [*met, *self._entrywise(outputs, batch, grouped)]:
                found.setdefault(
                    number,
                    BatchSlot(
                        number,
                        batch,
                        self.digest.membership.made_site(number),
                        frames.location(self.tape.ops[used].site),
                        self._mark(data),
                    ),
                )
        return list(found.values())

    def _is_row_for_row(self, value: int, batch: int) -> bool:
        """Whether the value has a row for each sample, on the way to the generated weights."""
        fact = self.tape.values[value]
        return fact.requires_grad and fact.shape[:1] == (batch,) and self._has_data(value)

    def _entrywise(self, start: Iterable[int], batch: int, grouped: bool) -> Iterator[tuple[int, int]]:
        """Leaves with `batch` entries on the batch's axis of what comes from these values, with where."""
        values, ops = self.tape.values, self.tape.ops
        stack = [(value, 0) for value in start]
        seen = {value for value, _ in stack}
        while stack:
            value, depth = stack.pop()
            shape = values[value].shape
            for child in self.flow.children.get(value, ()):
                op = ops[child.op]
                if op.name in _ENTRYWISE:
                    for other in op.inputs:
                        leaf = self._leaf(other)
                        if leaf is not None and _aligned(values[other].shape, shape, batch, grouped):
                            yield leaf, child.op
                if child.target not in seen and depth < 12 and op.name not in _MIXERS:
                    seen.add(child.target)
                    if values[child.target].shape:
                        stack.append((child.target, depth + 1))

    def _leaf(self, value: int) -> int | None:
        """The leaf that a value is, is a plain view of, or is computed of entry by entry."""
        values, ops = self.tape.values, self.tape.ops
        for _ in range(8):
            fact = values[value]
            if fact.leaf:
                return fact.object
            if fact.op < self.digest.step.first_op or not fact.requires_grad:
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


def _joined(marks: Iterable[str]) -> str:
    text = "".join(marks)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest() if text else ""


def _end(digest: Digest) -> int:
    return digest.step.end_op or len(digest.tape.ops)


def _aligned(leaf: tuple[int, ...], shape: tuple[int, ...], batch: int, grouped: bool) -> bool:
    """Whether the leaf has an entry for each sample on the axis where the outputs have their samples."""
    if len(leaf) != len(shape) or not shape:
        return False
    if shape[0] == batch and leaf[0] == batch:
        return True
    # A grouped convolution has its samples in the channels: [1, B * O, T].
    inside = grouped and len(shape) >= 2 and shape[0] == 1 and leaf[0] == 1
    return inside and leaf[1] == shape[1] and shape[1] % batch == 0


def _einsum_fan_in(equation: object, position: int, shape: tuple[int, ...]) -> int | None:
    """The product of the weight's axes that are summed over."""
    if not isinstance(equation, str) or "->" not in equation or "." in equation or position < 0:
        return None
    left, right = equation.replace(" ", "").split("->")
    terms = left.split(",")
    if len(terms) != 2 or position >= 2 or len(terms[position]) != len(shape):
        return None
    size = 1
    for letter, length in zip(terms[position], shape):
        size *= 1 if letter in right else length
    return size
