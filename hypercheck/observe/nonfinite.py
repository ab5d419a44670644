"""Which operation was the first to make a NaN or an Inf, and which node of autograd is whose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from hypercheck.observe import torch_compat
from hypercheck.observe.entries import Op
from hypercheck.observe.operations import DIVISIONS, MASKS, POWERS, Kind


class NodeWatch:
    """What is noted of the results of single operations: of singular functions always, of all on demand."""

    def __init__(self) -> None:
        self.closely = False
        """Whether a probe wants the numbers of all operations."""
        self.sequences: dict[int, int] = {}
        """Autograd's numbers of results, each with its operation's index."""
        self.first: int | None = None
        """The operation that made the first NaN or Inf."""

    def restart(self, closely: bool) -> None:
        """A step begins."""
        self.closely = closely
        self.sequences.clear()
        self.first = None

    def note(self, tensor: Tensor, index: int, name: str = "", inputs: Iterable[Tensor] = ()) -> None:
        """Remember which autograd node the operation made, and whether its result is the first NaN or Inf."""
        node = torch_compat.node_of(tensor)
        if node is not None:
            number = torch_compat.sequence_number(node)
            if number is not None:
                self.sequences.setdefault(number, index)
        if self.first is None and _spoilt(tensor):
            # A mask of -Inf is no fault: the NaN that a softmax makes of it is.
            given = (tensor,) if name in MASKS else tuple(inputs)
            if not any(_spoilt(item) for item in given) or (
                _holds_nan(tensor) and not any(_holds_nan(item) for item in given)
            ):
                self.first = index


def first_alive(ops: Sequence[Op], start: int, living: Callable[[int], Tensor | None]) -> int | None:
    """The first operation from `start` on whose result, where it still lives, holds NaN, else Inf."""
    infinite = None
    for index in range(start, len(ops)):
        if ops[index].kind != Kind.PLAIN:
            continue
        for value in ops[index].outputs:
            tensor = living(value)
            if tensor is None or not _spoilt(tensor):
                continue
            if _holds_nan(tensor):
                return index
            if infinite is None and ops[index].name not in MASKS:
                infinite = index
    return infinite


def is_tame(name: str, args: tuple[Any, ...]) -> bool:
    """Whether a singular function is none with this number: a division by it, or a power of it."""
    if len(args) != 2 or type(args[1]) not in (int, float):
        return False
    return args[1] != 0 if name in DIVISIONS else name in POWERS and type(args[1]) is int and args[1] > 0


def _spoilt(tensor: Tensor) -> bool:
    """Whether a tensor of floats holds NaN or Inf."""
    if not tensor.is_floating_point() or not torch_compat.is_plain(tensor) or tensor.device.type == "meta":
        return False
    with torch.no_grad(), torch_compat.unheard():
        return not bool(torch.isfinite(tensor).all())


def _holds_nan(tensor: Tensor) -> bool:
    """Whether a plain tensor of floats holds NaN."""
    with torch.no_grad(), torch_compat.unheard():
        return _spoilt(tensor) and bool(torch.isnan(tensor).any())
