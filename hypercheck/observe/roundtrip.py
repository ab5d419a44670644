"""Values that leave torch (NumPy, Python numbers, files) and come back, matched by content."""

from __future__ import annotations

import math
from types import CodeType
from typing import Any

import torch
from torch import Tensor

from hypercheck.observe import torch_compat

_BUDGET = 2_000_000
_SAMPLES = 64
_SHARE = 0.9
_NEAR = 6
_FEW = 64
"""How many numbers of a list may go on one by one."""

Place = tuple[CodeType, int]
"""A function of the program, and how many operations the tape had then."""


class Exports:
    """What left torch: scalars by their exact value, arrays by their sorted values."""

    def __init__(self) -> None:
        self.scalars: dict[float, int] = {}
        self._arrays: list[tuple[int, Tensor]] = []
        self._recent: list[tuple[int, int, Place]] = []
        self._room = _BUDGET

    def __bool__(self) -> bool:
        return bool(self.scalars or self._arrays)

    def add(self, value: int, tensor: Tensor, out: Any, place: Place | None) -> None:
        """Remember the numbers of a tensor that left under the value number, and where it left."""
        if not tensor.is_floating_point() or not torch_compat.is_plain(tensor) or tensor.numel() == 0:
            return
        if type(out) is float:
            if _telling(out) and len(self.scalars) < _BUDGET:
                self.scalars[out] = value
            return
        if isinstance(out, list) and tensor.numel() <= _FEW:
            for number in tensor.detach().flatten().tolist():
                if _telling(number):
                    self.scalars[number] = value
        if place is not None and tensor.numel() > 1:
            self._recent = [*self._recent[-15:], (value, tensor.numel(), place)]
        if tensor.numel() <= self._room:
            self._room -= tensor.numel()
            with torch_compat.unheard():
                numbers = tensor.detach().flatten().to("cpu", torch.float64)
                self._arrays.append((value, numbers.sort().values))

    def match(self, tensor: Tensor, place: Place | None = None) -> tuple[int, ...]:
        """The exports that the tensor's numbers came from, or () where they are its own.

        Numbers that were changed outside of torch are matched by place: as many of them came back as had left
        a few operations before, in the same function.
        """
        with torch_compat.unheard():
            return self._by_content(tensor) or self._by_place(tensor, place)

    def _by_place(self, tensor: Tensor, place: Place | None) -> tuple[int, ...]:
        if place is None or not tensor.is_floating_point() or math.prod(torch_compat.shape_of(tensor)) < 2:
            return ()
        for value, size, (code, op) in reversed(self._recent):
            if code is place[0] and size == tensor.numel() and 0 <= place[1] - op <= _NEAR:
                return (value,)
        return ()

    def _by_content(self, tensor: Tensor) -> tuple[int, ...]:
        if not tensor.is_floating_point() or not torch_compat.is_plain(tensor) or tensor.numel() == 0:
            return ()
        numbers = tensor.detach().flatten()
        stride = max(1, numbers.numel() // _SAMPLES)
        sample = [float(number) for number in numbers[::stride][:_SAMPLES].to("cpu", torch.float64)]
        sample = [number for number in sample if _telling(number)]
        if len(sample) < min(2, tensor.numel()):
            return ()
        origins: dict[int, int] = {}
        wanted = torch.tensor(sample, dtype=torch.float64)
        missing = torch.ones(len(sample), dtype=torch.bool)
        for value, numbers in reversed(self._arrays):
            found = _contained(wanted, numbers) & missing
            if found.any():
                origins[value] = int(found.sum())
                missing &= ~found
        for index, number in enumerate(sample):
            if missing[index]:
                origin = self.scalars.get(number)
                if origin is None and tensor.dtype != torch.float64:
                    origin = self._rounded(number)
                if origin is not None:
                    origins[origin] = origins.get(origin, 0) + 1
                    missing[index] = False
        if int(missing.sum()) > (1 - _SHARE) * len(sample):
            return ()
        return tuple(origins)

    def _rounded(self, number: float) -> int | None:
        for scalar, value in self.scalars.items():
            if abs(scalar - number) <= 1e-6 * abs(number):
                return value
        return None


def _telling(number: float) -> bool:
    """Whether a number says where it came from: not 0, 1, 0.5, small integers and the like."""
    return number == number and abs(number) != float("inf") and (number * 64) % 1 != 0


def _contained(wanted: Tensor, numbers: Tensor) -> Tensor:
    """Which of the wanted numbers occur among the sorted ones, to a relative 1e-6."""
    places = torch.searchsorted(numbers, wanted).clamp(max=numbers.numel() - 1)
    before = (places - 1).clamp(min=0)
    tolerance = 1e-6 * wanted.abs()
    return ((numbers[places] - wanted).abs() <= tolerance) | ((numbers[before] - wanted).abs() <= tolerance)
