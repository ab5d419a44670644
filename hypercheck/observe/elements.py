"""Element-exact use of a generator's output: the chain of views replayed on tensors without memory."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hypercheck.observe.entries import Op, Ref
from hypercheck.observe.operations import Kind
from hypercheck.observe.spans import Spans
from hypercheck.observe.tape import Tape

_VIEWS = frozenset({int(Kind.VIEW), int(Kind.MAYBE_VIEW)})
_SAME_PLACE = frozenset(
    "Parameter as_subclass data.__set__ flags clone detach data contiguous to float double half bfloat16 "
    "cpu cuda type type_as neg tanh sigmoid relu gelu softplus exp log sqrt abs clamp requires_grad_ "
    "import alias unwrap tensor as_tensor new_tensor copy_ mul_ div_ add_ sub_ __mul__ __truediv__ "
    "__neg__ div dropout leaky_relu elu silu nan_to_num round sign floor ceil square sin cos".split()
)
_ELEMENTWISE_PAIR = frozenset(
    "mul add sub div __mul__ __add__ __sub__ __rmul__ __radd__ multiply true_divide rsub".split()
)
_JOIN_CALLS: dict[str, Any] = {
    "cat": torch.cat,
    "concat": torch.cat,
    "concatenate": torch.cat,
    "stack": torch.stack,
    "hstack": torch.hstack,
    "vstack": torch.vstack,
    "flip": Tensor.flip,
    "roll": torch.roll,
    "repeat": Tensor.repeat,
    "tile": Tensor.tile,
    "repeat_interleave": torch.repeat_interleave,
    "index_select": torch.index_select,
}
_PICKS = frozenset({*_JOIN_CALLS, "__getitem__", "as_strided"})
_UNITE = frozenset(_JOIN_CALLS) - {"index_select", "repeat_interleave"}
"""Those that leave nothing out of what they are given."""
_STACKS = frozenset("cat concat concatenate stack hstack vstack".split())
_IN_ORDER = frozenset("reshape flatten ravel reshape_as unflatten view_as".split())
_LARGEST = 8_000_000


class Elements:
    """Which element of which root each element of a value shows.

    A root is a value that was computed, not merely viewed or moved. Each value has a stand-in without memory
    (a tensor on the meta device) that is viewed as the value was: its offset and strides tell which elements
    of its base it shows. The base is the stand-in of a root, or of a value that was put together or copied,
    whose elements are written down as numbers only where they are asked for. Elements of all roots are
    numbered in one space, root by root; -1 stands for an element of no root.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._known: dict[int, Tensor | None] = {}
        self._bases: dict[int, int] = {}
        """`id` of a stand-in that is no view of another one, to its value."""
        self._numbers: dict[int, Tensor] = {}
        """Values that were put together or copied, to the numbers of their elements."""
        self.bases: dict[int, int] = {}
        """Roots to the numbers of their first elements, in ascending order."""
        self._shown: dict[int, dict[int, Spans]] = {}
        self._above: dict[int, tuple[int, ...]] = {}
        self._next = 0

    def of(self, value: int) -> Tensor | None:
        """The stand-in of a value, shaped like it; None where the way cannot be replayed."""
        stack = [value]
        while stack:
            top = stack[-1]
            if top in self._known:
                stack.pop()
                continue
            parents = self.parents(top)
            missing = [parent for parent in parents if parent not in self._known]
            if missing:
                stack.extend(missing)
                continue
            self._known[top] = self._replay(top, parents)
            stack.pop()
        return self._known[value]

    def ends(self, part: Tensor) -> tuple[int, int]:
        """The least and the greatest number of the elements that a stand-in, or a part of one, shows."""
        base, places = self._base(part), _places(part)
        while base not in self.bases:
            source = self._known[self.parents(base)[0]]
            if source is None or not self._is_copy(base):
                places = self._numbered(part)
                return int(places.min()), int(places.max())
            base, places = self._base(source), _places_in(source, places)
        return self.bases[base] + int(places.min()), self.bases[base] + int(places.max())

    def numbers(self, part: Tensor) -> Tensor:
        """The number of each element that a stand-in, or a part of one, shows."""
        return self._numbered(part)

    def _is_copy(self, base: int) -> bool:
        """Whether a base holds the elements of another value in their order."""
        op = self._op(base)
        return op is not None and (op.name in _IN_ORDER or op.name in _SAME_PLACE)

    def shown(self, value: int) -> dict[int, Spans] | None:
        """Roots to the flat positions that the value shows of them; None where that cannot be replayed."""
        if self.of(value) is None:
            return None
        if value not in self._shown:
            found: dict[int, list[Spans]] = defaultdict(list)
            runs: dict[int, list[tuple[int, int]]] = defaultdict(list)
            stack, seen = [value], {value}
            while stack:
                top = stack.pop()
                parts = self._whole_parts(top) if top not in self._shown else ()
                run = self._run_of(top) if not parts and top not in self._shown else None
                if run is not None:
                    runs[run[0]].append(run[1:])
                elif not parts:
                    for root, spans in (self._shown.get(top) or self._spans_of(top)).items():
                        found[root].append(spans)
                stack.extend([part for part in parts if part not in seen])
                seen.update(parts)
            for root, ranges in runs.items():
                found[root].append(Spans.ranges(ranges))
            self._shown[value] = {
                root: Spans.union(found[root]) for root in sorted(found, key=self.bases.__getitem__)
            }
        return self._shown[value]

    def joined(self, value: int) -> int | None:
        """The value, put together of several ones, that this value is a part of; the nearest, if any."""
        while parents := self.parents(value):
            op = self._op(value)
            if op is not None and op.name in _UNITE and len(set(parents)) > 1:
                return value
            value = parents[0]
        return None

    def within(self, value: int, whole: int) -> Spans | None:
        """The positions that a value shows of one that was put together; None where they are not clear."""
        part, index = self.of(value), self.of(whole)
        if part is None or index is None or not index.numel() or not part.numel():
            return None
        numbers, order = self._numbered(index).flatten().sort()
        if bool((numbers[1:] == numbers[:-1]).any()):
            return None
        wanted = self._numbered(part).flatten()
        places = torch.searchsorted(numbers, wanted).clamp(max=len(numbers) - 1)
        return Spans.of(order[places]) if torch.equal(numbers[places], wanted) else None

    def _whole_parts(self, value: int) -> tuple[int, ...]:
        """The values of which the value shows all elements, in whatever order, and nothing else."""
        parents, op = self.parents(value), self._op(value)
        if op is None or value in self.bases or any(self._known.get(parent) is None for parent in parents):
            return ()
        size = math.prod(self._tape.values[value].shape)
        if op.name in _UNITE:
            return parents if size else ()
        if len(parents) != 1 or op.name in _PICKS or size != math.prod(self._tape.values[parents[0]].shape):
            return ()
        return parents

    def _run_of(self, value: int) -> tuple[int, int, int] | None:
        """The root, the start and the end where a value shows one run of a root's elements."""
        index = self._known[value]
        if index is None or not index.numel() or not index.is_contiguous():
            return None
        base, start = self._base(index), int(index.storage_offset())
        return (base, start, start + index.numel()) if base in self.bases else None

    def _spans_of(self, value: int) -> dict[int, Spans]:
        index = self._known[value]
        if index is None or not index.numel():
            return {}
        base = self._base(index)
        if base in self.bases:
            return {base: Spans.strided(index.shape, index.stride(), int(index.storage_offset()))}
        everything = Spans.of(self._numbered(index).flatten())
        found: dict[int, Spans] = {}
        roots, starts = list(self.bases), list(self.bases.values())
        at = max(0, bisect_right(starts, int(everything.starts[0])) - 1)
        end = bisect_left(starts, int(everything.ends[-1]))
        for root, start in zip(roots[at:end], starts[at:end]):
            part = everything.within(start, start + math.prod(self._tape.values[root].shape))
            if len(part):
                found[root] = part
        return found

    # -- numbers --------------------------------------------------------------------------------

    def _base(self, index: Tensor) -> int:
        """The value whose stand-in this stand-in is a view of."""
        return self._bases[id(index if index._base is None else index._base)]

    def _numbered(self, index: Tensor) -> Tensor:
        """The numbers of the elements that a stand-in shows."""
        stack = [self._base(index)]
        while stack:
            top = stack[-1]
            missing = [base for base in self._bases_above(top) if base not in self._numbers]
            stack.extend(missing)
            if not missing:
                if top not in self._numbers:
                    self._numbers[top] = self._count(top)
                stack.pop()
        return self._laid_out(index)

    def _bases_above(self, base: int) -> list[int]:
        """The bases whose numbers have to be known for those of one."""
        if base in self.bases:
            return []
        return [self._base(known) for item in self.parents(base) if (known := self._known[item]) is not None]

    def _count(self, base: int) -> Tensor:
        shape, op = self._tape.values[base].shape, self._op(base)
        start = self.bases.get(base)
        if start is not None or op is None:
            first = start or 0
            return torch.arange(first, first + math.prod(shape), dtype=torch.int32).reshape(shape)
        parents = self.parents(base)
        known = {item: self._laid_out(index) for item in parents if (index := self._known[item]) is not None}
        try:
            numbers = self._apply(op, base, parents, known)
        except Exception:  # what a stand-in could repeat, and numbers cannot
            numbers = None
        if numbers is None:
            return torch.full(shape, -1, dtype=torch.int32)
        return numbers.clone(memory_format=torch.contiguous_format)

    def _laid_out(self, index: Tensor) -> Tensor:
        numbers = self._numbers[self._base(index)]
        return numbers.as_strided(index.shape, index.stride(), int(index.storage_offset()))

    # -- the way up -----------------------------------------------------------------------------

    def _op(self, value: int) -> Op | None:
        index = self._tape.values[value].op
        return self._tape.ops[index] if index >= 0 else None

    def parents(self, value: int) -> tuple[int, ...]:
        """The values that this one shows elements of, by a view, a move or a scaling; none for a root."""
        found = self._above.get(value)
        if found is None:
            found = self._above[value] = self._find_parents(value)
        return found

    def _find_parents(self, value: int) -> tuple[int, ...]:
        op = self._op(value)
        if op is None or not op.inputs:
            return ()
        if op.name in ("view_as_real", "view_as_complex"):
            return ()  # two numbers are one element here
        if op.kind in _VIEWS and op.name not in _SAME_PLACE:
            return op.inputs[:1]
        if op.name in _JOIN_CALLS and op.arguments is not None:
            return op.inputs
        if op.name not in _SAME_PLACE and op.name not in _ELEMENTWISE_PAIR:
            return ()
        shapes = [self._tape.values[item].shape for item in op.inputs]
        own = self._tape.values[value].shape
        if op.name in _SAME_PLACE:
            same = [item for item, shape in zip(op.inputs, shapes) if math.prod(shape) == math.prod(own)]
            return tuple(same[:1])
        same = [item for item, shape in zip(op.inputs, shapes) if shape == own and not self._is_input(item)]
        if len(same) == 1 and all(math.prod(shape) <= 1 or shape == own for shape in shapes):
            return (same[0],)
        return ()

    def _is_input(self, value: int) -> bool:
        return self._tape.values[value].op < 0

    def _root(self, value: int) -> Tensor | None:
        shape = self._tape.values[value].shape
        size = math.prod(shape)
        if size > _LARGEST or self._next > 4 * _LARGEST:
            return None
        self.bases[value] = self._next
        self._next += size
        return self._new_base(value)

    def _new_base(self, value: int) -> Tensor:
        index = torch.empty(self._tape.values[value].shape, dtype=torch.int32, device="meta")
        self._bases[id(index)] = value
        return index

    def _replay(self, value: int, parents: tuple[int, ...]) -> Tensor | None:
        if not parents:
            return self._root(value)
        op = self._op(value)
        assert op is not None
        known = {parent: index for parent in parents if (index := self._known[parent]) is not None}
        if op.name in _STACKS and len(known) == len(parents):
            return self._new_base(value)  # torch works it out in Python for stand-ins: slowly
        try:
            index = self._apply(op, value, parents, known)
        except Exception:  # a call that cannot be repeated on a stand-in: not replayed, and said so
            index = None
        shape = self._tape.values[value].shape
        if index is None or tuple(index.shape) != shape or index.dtype != torch.int32 or not index.is_meta:
            return self._root(value)
        # A copy may be a view too, of something that torch made on the way to it.
        base = index if index._base is None else index._base
        return index if id(base) in self._bases else self._new_base(value)

    def _apply(
        self, op: Op, value: int, parents: tuple[int, ...], known: Mapping[int, Tensor]
    ) -> Tensor | None:
        """The operation once more, with what is known in the place of its inputs."""
        first = known.get(parents[0])
        if first is None:
            return None
        if op.name in _SAME_PLACE or op.name in _ELEMENTWISE_PAIR:
            return first.reshape(self._tape.values[value].shape)
        if op.name in ("view_as", "reshape_as"):
            return first.reshape(self._tape.values[value].shape)
        if op.name == "expand_as":
            return first.expand(self._tape.values[value].shape)
        if op.arguments is None:
            return getattr(first, op.name) if op.name in ("T", "mT", "H", "mH", "real") else None
        args, kwargs = _filled(op.arguments, known)
        if op.name in _JOIN_CALLS:
            out = _JOIN_CALLS[op.name](*args, **kwargs)
        elif hasattr(Tensor, op.name) and isinstance(args[0] if args else None, Tensor):
            member = getattr(Tensor, op.name)
            out = member(*args, **kwargs) if callable(member) else getattr(args[0], op.name)
        else:
            out = getattr(torch, op.name)(*args, **kwargs)
        return out if isinstance(out, Tensor) else out[op.outputs.index(value)]


def _places(index: Tensor) -> Tensor:
    """The flat positions in its base of the elements that a stand-in shows."""
    places = torch.tensor(int(index.storage_offset()))
    for size, stride in zip(index.shape, index.stride()):
        places = places[..., None] + torch.arange(size) * stride
    return places


def _places_in(source: Tensor, order: Tensor) -> Tensor:
    """The flat positions, in its base, of the elements that are at these places in a stand-in's order."""
    places = torch.full_like(order, int(source.storage_offset()))
    for size, stride in zip(reversed(source.shape), reversed(source.stride())):
        places += order % size * stride
        order = order // size
    return places


def _filled(item: Any, known: Mapping[int, Tensor]) -> Any:
    """Kept arguments with tensors in the place of the references."""
    if isinstance(item, Ref):
        return known[item.value]
    if type(item) in (tuple, list):
        return type(item)([_filled(part, known) for part in item])
    if isinstance(item, dict):
        return {key: _filled(part, known) for key, part in item.items()}
    return item
