"""Element-exact use of a generator's output: the chain of views replayed on an index tensor."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import Any

import torch
from torch import Tensor

from hypercheck.observe.operations import Kind
from hypercheck.observe.spans import Spans
from hypercheck.observe.tape import Op, Ref, Tape

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
    "flip": torch.flip,
    "roll": torch.roll,
    "repeat": Tensor.repeat,
    "tile": torch.tile,
    "repeat_interleave": torch.repeat_interleave,
    "index_select": torch.index_select,
}
_PICKS = frozenset({*_JOIN_CALLS, "__getitem__", "as_strided"})
_LARGEST = 8_000_000


class Elements:
    """Index tensors of values: which element of which root each element of a value shows.

    A root is a value that was computed, not merely viewed or moved. Elements of all roots are numbered in
    one space, root by root; -1 stands for an element of no root.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._known: dict[int, Tensor | None] = {}
        self.bases: dict[int, int] = {}
        self._roots: list[int] = []
        self._starts: list[int] = []
        """The roots and where each begins, in the order of their numbers."""
        self._storages: dict[int, int] = {}
        """Where a root's index tensor lies in memory, to the root: what lies there too is a view of it."""
        self._shown: dict[int, dict[int, Spans]] = {}
        self._above: dict[int, tuple[int, ...]] = {}
        self._next = 0

    def of(self, value: int) -> Tensor | None:
        """The index tensor of a value, shaped like it; None where the way cannot be replayed."""
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

    def shown(self, value: int) -> dict[int, Spans] | None:
        """Roots to the flat positions that the value shows of them; None where that cannot be replayed."""
        index = self.of(value)
        if index is None:
            return None
        below = []
        while value not in self._shown and self._rearranges(value):
            below.append(value)
            value = self.parents(value)[0]
        if value not in self._shown:
            self._shown[value] = self._spans_of(self._known[value] if below else index)
        found = self._shown[value]
        self._shown.update(dict.fromkeys(below, found))
        return found

    def _rearranges(self, value: int) -> bool:
        """Whether the value shows all elements of its parent, each once, in whatever order."""
        parents, op = self.parents(value), self._op(value)
        if op is None or len(parents) != 1 or value in self.bases or self._known.get(parents[0]) is None:
            return False
        shapes = self._tape.values[value].shape, self._tape.values[parents[0]].shape
        return op.name not in _PICKS and math.prod(shapes[0]) == math.prod(shapes[1])

    def _spans_of(self, index: Tensor | None) -> dict[int, Spans]:
        if index is None:
            return {}
        root = self._storages.get(index.untyped_storage().data_ptr()) if index.numel() else None
        if root is not None:
            return {root: Spans.strided(index.shape, index.stride(), int(index.storage_offset()))}
        everything = Spans.of(index.flatten())
        found: dict[int, Spans] = {}
        if not len(everything):
            return found
        at = max(0, bisect_right(self._starts, int(everything.starts[0])) - 1)
        end = bisect_left(self._starts, int(everything.ends[-1]))
        for root, base in zip(self._roots[at:end], self._starts[at:end]):
            part = everything.within(base, base + math.prod(self._tape.values[root].shape))
            if len(part):
                found[root] = part
        return found

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
        shapes = [self._tape.values[item].shape for item in op.inputs]
        own = self._tape.values[value].shape
        if op.name in ("view_as_real", "view_as_complex"):
            return ()  # two numbers are one element here
        if op.kind in (Kind.VIEW, Kind.MAYBE_VIEW) and op.name not in _SAME_PLACE:
            return op.inputs[:1]
        if op.name in _JOIN_CALLS and op.arguments is not None:
            return op.inputs
        if op.name in _SAME_PLACE:
            same = [item for item, shape in zip(op.inputs, shapes) if math.prod(shape) == math.prod(own)]
            return tuple(same[:1])
        if op.name in _ELEMENTWISE_PAIR:
            same = [
                item for item, shape in zip(op.inputs, shapes) if shape == own and not self._is_input(item)
            ]
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
        self._roots.append(value)
        self._starts.append(self._next)
        index = torch.arange(self._next, self._next + size, dtype=torch.int32).reshape(shape)
        if size:
            self._storages[index.untyped_storage().data_ptr()] = value
        self._next += size
        return index

    def _replay(self, value: int, parents: tuple[int, ...]) -> Tensor | None:
        if not parents:
            return self._root(value)
        op = self._op(value)
        assert op is not None
        shape = self._tape.values[value].shape
        try:
            index = self._apply(op, value, parents)
        except Exception:  # a call that cannot be repeated on an index tensor: not replayed, and said so
            index = None
        if index is None or tuple(index.shape) != shape or index.is_floating_point() or index.is_complex():
            return self._root(value)
        return index

    def _apply(self, op: Op, value: int, parents: tuple[int, ...]) -> Tensor | None:
        first = self._known[parents[0]]
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
        args, kwargs = self._filled(op.arguments)
        if op.name in _JOIN_CALLS:
            out = _JOIN_CALLS[op.name](*args, **kwargs)
        elif hasattr(Tensor, op.name) and isinstance(args[0] if args else None, Tensor):
            member = getattr(Tensor, op.name)
            out = member(*args, **kwargs) if callable(member) else getattr(args[0], op.name)
        else:
            out = getattr(torch, op.name)(*args, **kwargs)
        return out if isinstance(out, Tensor) else out[op.outputs.index(value)]

    def _filled(self, item: Any) -> Any:
        if isinstance(item, Ref):
            known = self._known.get(item.value)
            if known is None:
                raise ValueError("a part is not known")
            return known
        if type(item) in (tuple, list):
            return type(item)(self._filled(part) for part in item)
        if isinstance(item, dict):
            return {key: self._filled(part) for key, part in item.items()}
        return item
