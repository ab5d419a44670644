"""Gradients and parameters reduced to a few numbers: read, reduce, let go."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from hypercheck.observe import torch_compat

_SAMPLE = 64
_BLOCK = 1 << 20
"""How many elements are looked at together: bounds what is allocated for it."""


@dataclass(frozen=True, slots=True)
class GradientSize:
    """What a gradient was: `none`, `zero`, `nonfinite` or `ok`; its norm; which rows are exactly zero."""

    state: str
    norm: float = 0.0
    rows: int = 0
    zero_rows: tuple[tuple[int, int], ...] = ()
    """Half-open ranges of rows (first axis) whose gradient is exactly zero."""


def measure(grad: Tensor | None, with_rows: bool = True) -> GradientSize:
    """The size of a gradient, row by row, without a temporary of the gradient's own size."""
    if grad is None:
        return GradientSize("none")
    with torch.no_grad(), torch._C.DisableTorchFunction():
        if torch_compat.is_sharded(grad):
            return _measure_shard(torch_compat.local(grad))
        grad = torch_compat.local(grad)
        if grad.device.type == "meta" or grad.numel() == 0:
            return GradientSize("ok", 0.0)
        if grad.layout != torch.strided:
            return _measure_values(
                grad.coalesce().values() if grad.layout == torch.sparse_coo else grad.to_dense()
            )
        if grad.dim() == 0 or not with_rows:
            return _measure_values(grad)
        return _measure_rows(grad)


def _measure_rows(grad: Tensor) -> GradientSize:
    """One pass over the gradient, in parts; only rows whose norm is 0 or not finite are looked at again."""
    width = max(1, grad.numel() // grad.shape[0])
    norms = torch.cat([_row_norms(part) for part in grad.split(max(1, _BLOCK // width))])
    norm = float(torch.linalg.vector_norm(norms))
    if not math.isfinite(norm):
        doubtful = torch.isfinite(norms).logical_not()
        # A finite row may have a norm that is too large for its type.
        finite = all(bool(torch.isfinite(part).all()) for part in _picked(grad, doubtful, width))
        return GradientSize("ok" if finite else "nonfinite", norm, grad.shape[0])
    zero = norms == 0
    if not bool(zero.any()):
        return GradientSize("ok", norm, grad.shape[0])
    # The squares of tiny numbers are 0 as well.
    zero[zero.clone()] = torch.cat([_all_zero(part) for part in _picked(grad, zero, width)])
    state = "zero" if bool(zero.all()) else "ok"
    return GradientSize(state, norm, grad.shape[0], ranges(zero))


def _row_norms(rows: Tensor) -> Tensor:
    wide = torch.float32 if rows.dtype in (torch.float16, torch.bfloat16) else None
    if rows.dim() == 1:
        return rows.abs() if wide is None else rows.abs().to(wide)
    norms: Tensor = torch.linalg.vector_norm(rows, dim=tuple(range(1, rows.dim())), dtype=wide)
    return norms


def _picked(grad: Tensor, wanted: Tensor, width: int) -> Iterator[Tensor]:
    """The wanted rows, a part at a time."""
    for places in wanted.nonzero().flatten().split(max(1, _BLOCK // width)):
        yield grad[places]


def _all_zero(rows: Tensor) -> Tensor:
    return (rows == 0).reshape(rows.shape[0], -1).all(dim=1)


def _measure_shard(values: Tensor) -> GradientSize:
    """The size of a part: that it is zero says nothing of the whole, and its rows are not the whole's."""
    size = _measure_values(values)
    return GradientSize("ok") if size.state == "zero" else size


def _measure_values(values: Tensor) -> GradientSize:
    norm = float(torch.linalg.vector_norm(values.abs().float() if values.numel() else torch.zeros(1)))
    if not math.isfinite(norm):
        return GradientSize("nonfinite", norm)
    return GradientSize("zero" if norm == 0 and not bool((values != 0).any()) else "ok", norm)


def ranges(mask: Tensor) -> tuple[tuple[int, int], ...]:
    """The half-open index ranges where a one-dimensional mask is true.

    >>> ranges(torch.tensor([True, True, False, True]))
    ((0, 2), (3, 4))
    """
    if mask.numel() == 0:
        return ()
    padded = torch.zeros(mask.numel() + 2, dtype=torch.int8)
    padded[1:-1] = mask.to("cpu", torch.int8)
    change = padded[1:] - padded[:-1]
    starts = (change == 1).nonzero().flatten().tolist()
    ends = (change == -1).nonzero().flatten().tolist()
    return tuple(zip(starts, ends))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A few elements of a tensor, its version counter and its storage: enough to tell that it changed."""

    positions: Tensor
    values: Tensor
    version: int
    pointer: int


def fingerprint(tensor: Tensor) -> Fingerprint | None:
    """The fingerprint now. It looks where the gradient is largest, for there a change must show."""
    with torch.no_grad(), torch._C.DisableTorchFunction():
        grad = torch_compat.local(tensor.grad) if tensor.grad is not None else None
        tensor = torch_compat.local(tensor)
        if torch_compat.is_lazy(tensor) or tensor.device.type == "meta" or tensor.layout != torch.strided:
            return None
        if tensor.numel() == 0:
            return None
        count = tensor.numel()
        # In double precision: in single precision the last one of 34 million positions came out one too high.
        places = torch.linspace(0, count - 1, min(count, _SAMPLE), dtype=torch.float64)
        positions = places.long().to(tensor.device)
        if (
            grad is not None
            and grad.layout == torch.strided
            and grad.shape == tensor.shape
            and grad.dim() > 0
        ):
            width = count // grad.shape[0]
            top = _place_of_largest(grad, width)
            row = top // width * width
            start = row + max(0, top - row - _SAMPLE // 2)
            near = torch.arange(start, min(row + width, start + _SAMPLE), device=tensor.device)
            positions = torch.cat([positions, near])
        flat = tensor.detach().reshape(-1) if tensor.is_contiguous() else tensor.detach().flatten()
        return Fingerprint(positions, flat[positions].clone(), tensor._version, tensor.data_ptr())


def _place_of_largest(grad: Tensor, width: int) -> int:
    """The flat position of the gradient's largest element, of a sample of them where there are many."""
    if grad.numel() <= _BLOCK // 16:
        return int(grad.abs().argmax())
    sample = torch.linspace(0, grad.shape[0] - 1, min(grad.shape[0], 4096), dtype=torch.float64).long()
    rows = grad[sample.to(grad.device)].reshape(len(sample), -1)
    stride = max(1, rows.shape[1] // 16)
    peaks = rows[:, ::stride].abs()
    if bool(peaks.any()):
        best = int(peaks.argmax())
        return int(sample[best // peaks.shape[1]]) * width + best % peaks.shape[1] * stride
    norms = torch.cat([_row_norms(part) for part in grad.split(max(1, _BLOCK // width))])
    best = int(norms.argmax())
    return best * width + int(grad[best].abs().argmax())


def changed(tensor: Tensor, before: Fingerprint | None) -> tuple[bool | None, float]:
    """Whether the sampled elements differ from before, and the update's size relative to the values'."""
    if before is None:
        return None, 0.0
    with torch.no_grad(), torch._C.DisableTorchFunction():
        flat = torch_compat.local(tensor).detach().reshape(-1)
        now = flat[before.positions]
        different = not torch.equal(now, before.values)
        if now.is_complex():
            return different, 0.0
        size = float(torch.linalg.vector_norm(before.values.double()))
        step = float(torch.linalg.vector_norm(now.double() - before.values.double()))
        return different, step / size if size else float(step > 0)


def start_moved(tensor: Tensor, before: Fingerprint | None) -> bool:
    """Whether the evenly spread part of the sample changed: the part that is the same on every step."""
    if before is None:
        return False
    with torch.no_grad(), torch._C.DisableTorchFunction():
        positions = before.positions[: min(tensor.numel(), _SAMPLE)]
        now = torch_compat.local(tensor).detach().reshape(-1)[positions]
        return not torch.equal(now, before.values[: len(positions)])
