"""Gradients and parameters reduced to a few numbers: read, reduce, let go."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

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
    """One pass over the gradient, block by block."""
    parts = [_measure_block(part) for part in _blocks(grad)]
    if len(parts) == 1:
        return parts[0]
    norm, rows = math.hypot(*(part.norm for part in parts)), grad.shape[0]
    states = {part.state for part in parts}
    if "nonfinite" in states:
        return GradientSize("nonfinite", norm, rows)
    zero: list[tuple[int, int]] = []
    first = 0
    for part in parts:
        for start, end in part.zero_rows:
            begin = zero.pop()[0] if zero and zero[-1][1] == first + start else first + start
            zero.append((begin, first + end))
        first += part.rows
    return GradientSize("zero" if states == {"zero"} else "ok", norm, rows, tuple(zero))


def _measure_block(grad: Tensor) -> GradientSize:
    """Only rows whose norm is 0 or not finite are looked at twice."""
    norms = _row_norms(grad)
    norm = float(torch.linalg.vector_norm(norms))
    if not math.isfinite(norm):
        doubtful = torch.isfinite(norms).logical_not()
        # A finite row may have a norm that is too large for its type.
        finite = bool(torch.isfinite(grad[doubtful]).all())
        return GradientSize("ok" if finite else "nonfinite", norm, grad.shape[0])
    zero = norms == 0
    if not bool(zero.any()):
        return GradientSize("ok", norm, grad.shape[0])
    # The squares of tiny numbers are 0 as well.
    zero[zero.clone()] = (grad[zero] == 0).reshape(int(zero.sum()), -1).all(dim=1)
    state = "zero" if bool(zero.all()) else "ok"
    return GradientSize(state, norm, grad.shape[0], ranges(zero))


def _blocks(grad: Tensor) -> tuple[Tensor, ...]:
    """The gradient in parts of some rows each."""
    width = max(1, grad.numel() // grad.shape[0])
    return grad.split(max(1, _BLOCK // width)) if grad.numel() > _BLOCK else (grad,)


def _row_norms(rows: Tensor) -> Tensor:
    wide = torch.float32 if rows.dtype in (torch.float16, torch.bfloat16) else None
    if rows.dim() == 1:
        return rows.abs() if wide is None else rows.abs().to(wide)
    norms: Tensor = torch.linalg.vector_norm(rows, dim=tuple(range(1, rows.dim())), dtype=wide)
    return norms


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
    """A few elements of a tensor: enough to tell that it changed."""

    positions: Tensor
    values: Tensor


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
        positions = _spread(count, tensor.device)
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
        return Fingerprint(positions, flat[positions])


@lru_cache(maxsize=1024)
def _spread(count: int, device: torch.device) -> Tensor:
    """Evenly spread flat positions."""
    # In double precision: in single precision the last one of 34 million positions came out one too high.
    return torch.linspace(0, count - 1, min(count, _SAMPLE), dtype=torch.float64).long().to(device)


def _place_of_largest(grad: Tensor, width: int) -> int:
    """The flat position of the gradient's largest element, of a sample of them where there are many."""
    if grad.numel() <= _BLOCK // 16:
        return int(grad.abs().argmax())
    sample = torch.linspace(0, grad.shape[0] - 1, min(grad.shape[0], 4096), dtype=torch.float64).long()
    stride = max(1, width // 16)
    peaks = grad.reshape(len(grad), -1)[:, ::stride][sample.to(grad.device)].abs()
    if bool(peaks.any()):
        best = int(peaks.argmax())
        return int(sample[best // peaks.shape[1]]) * width + best % peaks.shape[1] * stride
    norms = torch.cat([_row_norms(part) for part in _blocks(grad)])
    best = int(norms.argmax())
    return best * width + int(grad[best].abs().argmax())


@dataclass(frozen=True, slots=True)
class Change:
    """What an update did to the sampled elements."""

    changed: bool | None = None
    """None where there was nothing to compare with."""
    ratio: float = 0.0
    """The update's size relative to the values'."""
    finite: bool = True
    start_moved: bool = False
    """Whether the evenly spread part of the sample changed: the part that is the same on every step."""


def compare(tensor: Tensor, before: Fingerprint | None) -> Change:
    """The sampled elements now, compared with those of the fingerprint."""
    if before is None:
        return Change()
    with torch.no_grad(), torch._C.DisableTorchFunction():
        flat = torch_compat.local(tensor).detach().reshape(-1)
        now = flat[before.positions]
        different = now != before.values
        if not bool(different.any()):
            return Change(False, finite=bool(torch.isfinite(now).all()))
        start_moved = bool(different[: min(len(flat), _SAMPLE)].any())
        if now.is_complex():
            return Change(True, 0.0, bool(torch.isfinite(now).all()), start_moved)
        old = before.values.double()
        size, step = float(torch.linalg.vector_norm(old)), float(torch.linalg.vector_norm(now.double() - old))
        finite = math.isfinite(step) or bool(torch.isfinite(now).all())
        return Change(True, step / size if size else float(step > 0), finite, start_moved)


def is_nonzero(grad: Tensor) -> bool:
    """Whether a gradient has an element that is not zero; a large one is looked at here and there."""
    with torch.no_grad():
        grad = torch_compat.local(grad)
        if grad.layout != torch.strided or grad.device.type == "meta" or grad.numel() == 0:
            return False
        stride = max(1, grad.numel() // 4096)
        return (
            bool((grad.flatten()[::stride] != 0).any()) if grad.is_contiguous() else bool((grad != 0).any())
        )
