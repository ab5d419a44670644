"""The shapes of a main network's generated tensors, and how one flat vector is cut into them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from torch import Tensor

Shape = tuple[int, ...]


def fan_in(shape: Shape) -> int:
    """Inputs that meet in one output: I of an O x I weight, I·k·k of a kernel.

    >>> fan_in((8, 4, 3, 3))
    36
    """
    return math.prod(shape[1:])


def fan_out(shape: Shape) -> int:
    """Outputs that one input reaches: O of an O x I weight, O·k·k of a kernel.

    >>> fan_out((8, 4, 3, 3))
    72
    """
    return shape[0] * math.prod(shape[2:])


@dataclass(frozen=True)
class Layout:
    """Names and shapes of the generated tensors, in the order in which they lie in the flat vector.

    `size` is P, the count of generated numbers: the sum of the products, not the product of the widths.

    >>> Layout({"0.weight": (64, 784), "0.bias": (64,), "2.weight": (10, 64), "2.bias": (10,)}).size
    50890
    """

    shapes: Mapping[str, Shape]
    size: int = field(init=False)
    _sizes: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sizes", [math.prod(shape) for shape in self.shapes.values()])
        object.__setattr__(self, "size", sum(self._sizes))

    def split(self, flat: Tensor) -> dict[str, Tensor]:
        """The named tensors [..., *shape], views of `flat` [..., P]: one `split`, every number used once."""
        if flat.shape[-1] != self.size:
            raise ValueError(
                f"the hypernetwork gives {flat.shape[-1]} numbers, the main network needs {self.size}"
            )
        parts = flat.split(self._sizes, dim=-1)
        return {name: part.unflatten(-1, shape) for part, (name, shape) in zip(parts, self.shapes.items())}

    def slices(self) -> dict[str, slice]:
        """Where each tensor lies in the flat vector: the rows of the head that generate it."""
        ends = [sum(self._sizes[: index + 1]) for index in range(len(self._sizes))]
        return {name: slice(end - size, end) for name, end, size in zip(self.shapes, ends, self._sizes)}

    def layers(self) -> list[tuple[str, str | None]]:
        """The name of each weight with the name of its bias, or with None."""
        weights = [name for name, shape in self.shapes.items() if len(shape) > 1]
        biases = [name.removesuffix("weight") + "bias" for name in weights]
        return [(weight, bias if bias in self.shapes else None) for weight, bias in zip(weights, biases)]


def mlp_layout(dims: Sequence[int], bias: bool = True) -> Layout:
    """Layout of an MLP with the widths `dims`, named like `nn.Sequential(Linear, activation, Linear, ...)`.

    >>> dict(mlp_layout((4, 8, 2), bias=False).shapes)
    {'0.weight': (8, 4), '2.weight': (2, 8)}
    """
    if len(dims) < 2 or any(width < 1 for width in dims):
        raise ValueError(f"an MLP needs at least two widths, all positive; got {tuple(dims)}")
    shapes: dict[str, Shape] = {}
    for index, (inputs, outputs) in enumerate(pairwise(dims)):
        shapes[f"{2 * index}.weight"] = (outputs, inputs)
        if bias:
            shapes[f"{2 * index}.bias"] = (outputs,)
    return Layout(shapes)
