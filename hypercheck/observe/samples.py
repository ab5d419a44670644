"""A few numbers of the values that pass through layers, taken when they are used: later they may be gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from hypercheck.observe import torch_compat

LAYERS = frozenset(
    "linear conv1d conv2d conv3d bilinear matmul __matmul__ mm bmm mv addmm baddbmm einsum".split()
)
"""Operations whose weights are looked at where they were computed."""
_NAMED = frozenset("linear conv1d conv2d conv3d".split())
"""Those of them whose first operand is never the weight."""
READERS = frozenset(
    "embedding gru lstm rnn_tanh cat concat stack mul __mul__ add __add__ sub __sub__ mse_loss l1_loss "
    "smooth_l1_loss cross_entropy nll_loss binary_cross_entropy binary_cross_entropy_with_logits".split()
)
"""Operations that may read a condition first: only their inputs without a gradient are looked at."""
REDUCTIONS = frozenset("mean sum std var softmax log_softmax amax logsumexp var_mean std_mean".split())
"""Operations that may make the same of different conditions: what goes in is looked at, data too."""
_TOLD = REDUCTIONS | {"batch_norm", "einsum", "conv1d", "conv2d", "conv3d"}
"""Operations that are known better by what they were told."""
WATCHED = LAYERS | READERS | REDUCTIONS | {"batch_norm"}

_ROWS, _COLUMNS = 32, 48
_MOST, _MOST_AT_PLACE = 800, 4


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a value, each at the same places: shape [R, C]. A value of one axis has rows of one."""

    picked: Tensor

    def rms(self) -> float:
        """The root mean square of the looked-at numbers."""
        values = self.picked.double()
        return float(values.square().mean().sqrt()) if values.numel() else 0.0

    def mark(self) -> str:
        """A hash of the looked-at numbers: equal for equal bits."""
        data = self.picked.detach().cpu().contiguous()
        return hashlib.blake2b(data.view(torch.uint8).numpy().tobytes(), digest_size=12).hexdigest()

    def row_marks(self) -> tuple[str, ...]:
        """A hash of each row that was looked at, so that one can be known again in another place."""
        return tuple(Sample(row[None]).mark() for row in self.picked)

    def spread(self) -> float | None:
        """Largest difference of a row from the first, relative to the largest number; None for one row."""
        if self.picked.shape[0] < 2 or not self.picked.numel():
            return None
        values = self.picked.double()
        if not bool(torch.isfinite(values).all()):
            return None
        apart, size = float((values - values[:1]).abs().max()), float(values.abs().max())
        return apart / size if size else 0.0


class Samples:
    """The samples of the steps in progress, in their order, and what some calls were told."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, int, Sample]] = []
        """Operation index, value number, sample. The next forward may run before a step is digested."""
        self.details: dict[int, Any] = {}
        """Operation index to: an einsum's equation, a convolution's groups, True for a mixing batch norm, and
        True for a reduction over the first axis."""
        self._places: dict[Any, int] = {}
        self._seen: set[int] = set()

    def rewind(self) -> None:
        """A step is over: look again at what was looked at."""
        self._places.clear()
        self._seen.clear()

    def between(self, start: int, end: int) -> dict[int, Sample]:
        """The samples that operations of this range took, by value number."""
        return {value: sample for index, value, sample in self.taken if start <= index < end}

    def forget(self, end: int) -> None:
        """Drop what operations before `end` took."""
        self.taken = [item for item in self.taken if item[0] >= end]
        self.details = {index: told for index, told in self.details.items() if index >= end}

    def take(
        self,
        index: int,
        name: str,
        place: Any,
        operands: Iterable[tuple[int, Tensor]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        """Look at the data and the computed weights that went into operation `index`."""
        if name in _TOLD:
            self._note(index, name, args, kwargs)
            if name == "batch_norm":
                return
        layer = name in LAYERS
        named = layer and name in _NAMED
        for turn, (value, tensor) in enumerate(operands):
            spot = (place, name, turn)
            if self._places.get(spot, 0) >= _MOST_AT_PLACE:
                continue
            computed = layer and not (named and turn == 0)
            if not tensor.requires_grad or (computed and not tensor.is_leaf):
                self.look(index, value, tensor, spot)

    def look(self, index: int, value: int, tensor: Tensor, place: Any) -> None:
        """Look at one value, unless this step did so or has seen enough from here."""
        if value in self._seen or len(self.taken) >= _MOST:
            return
        seen = self._places.get(place, 0)
        if seen >= _MOST_AT_PLACE:
            return
        self._places[place] = seen + 1
        self._seen.add(value)
        if not torch_compat.is_plain(tensor) or tensor.is_complex() or tensor.numel() == 0:
            return
        if tensor.dim() == 0 or torch_compat.dispatched():
            return
        with torch._C.DisableTorchFunction(), torch.no_grad():
            picked = tensor.detach()[_places(tuple(tensor.shape), tensor.device)]
            self.taken.append((index, value, Sample(picked if picked.dim() > 1 else picked[:, None])))

    def _note(self, index: int, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if name == "einsum" and args and isinstance(args[0], str):
            self.details[index] = args[0]
        elif name.startswith("conv"):
            self.details[index] = kwargs.get("groups", args[6] if len(args) > 6 else 1)
        elif name == "batch_norm":
            self.details[index] = bool(kwargs.get("training", args[5] if len(args) > 5 else False))
        elif name in REDUCTIONS and args and isinstance(args[0], Tensor):
            axes = kwargs.get("dim", kwargs.get("axis", args[1] if len(args) > 1 else None))
            first = (0, -args[0].dim())
            wanted = axes if isinstance(axes, (tuple, list)) else (axes,)
            if args[0].dim() > 1 and any(type(axis) is int and axis in first for axis in wanted):
                self.details[index] = True


def _most_rows(axes: int) -> int:
    return _ROWS if axes > 1 else _ROWS * _COLUMNS


@lru_cache(maxsize=256)
def _places(shape: tuple[int, ...], device: torch.device) -> tuple[Tensor, ...]:
    """Index tensors that pick evenly spread rows, and the same scattered places of each."""
    rows = torch.linspace(0, shape[0] - 1, min(_most_rows(len(shape)), shape[0])).round().long()
    if len(shape) == 1:
        return (rows.to(device),)
    width = 1
    for length in shape[1:]:
        width *= length
    if width <= _COLUMNS:
        flat = torch.arange(width)
    else:
        # Scattered, for evenly spaced places would all fall into a few columns of a matrix.
        flat = ((torch.arange(_COLUMNS) * 2654435761 % 2**32) * width // 2**32).sort().values
    found = [rows[:, None].to(device)]
    for axis in torch.unravel_index(flat, shape[1:]):
        found.append(axis[None, :].to(device))
    return tuple(found)
