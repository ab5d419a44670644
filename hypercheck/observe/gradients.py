"""Gradients and parameters reduced to a few numbers: read, reduce, let go."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hypercheck.observe import torch_compat

_SAMPLE = 64


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
        rows = grad.reshape(grad.shape[0], -1)
        peaks = torch.linalg.vector_norm(rows, ord=float("inf"), dim=1)
        norms = torch.linalg.vector_norm(
            rows.float() if rows.dtype in (torch.float16, torch.bfloat16) else rows, dim=1
        )
        norm = float(torch.linalg.vector_norm(norms))
        if not math.isfinite(norm):
            return GradientSize(
                "nonfinite" if not bool(torch.isfinite(peaks).all()) else "ok", norm, grad.shape[0]
            )
        zero = peaks == 0
        state = "zero" if bool(zero.all()) else "ok"
        return GradientSize(state, norm, grad.shape[0], ranges(zero))


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
        if tensor.device.type == "meta" or tensor.numel() == 0 or tensor.layout != torch.strided:
            return None
        count = tensor.numel()
        positions = torch.linspace(0, count - 1, min(count, _SAMPLE), device=tensor.device).long()
        if (
            grad is not None
            and grad.layout == torch.strided
            and grad.shape == tensor.shape
            and grad.dim() > 0
        ):
            rows = grad.reshape(grad.shape[0], -1)
            row = int(torch.linalg.vector_norm(rows, ord=float("inf"), dim=1).argmax())
            width = rows.shape[1]
            top = int(rows[row].abs().argmax())
            start = row * width + max(0, top - _SAMPLE // 2)
            positions = torch.cat(
                [
                    positions,
                    torch.arange(start, min(row * width + width, start + _SAMPLE), device=tensor.device),
                ]
            )
        flat = tensor.detach().reshape(-1) if tensor.is_contiguous() else tensor.detach().flatten()
        return Fingerprint(positions, flat[positions].clone(), tensor._version, tensor.data_ptr())


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
