"""Ways to hand generated weights to a main network that keep the link whole.

Each takes the main network (a module whose parameters have the names of the generated tensors), the input,
and the generated tensors, and gives the output. The functional way needs no module at all.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from hypercheck.models.main_networks import owner_of


def functional(
    use: Callable[[Tensor, dict[str, Tensor]], Tensor], x: Tensor, weights: dict[str, Tensor]
) -> Tensor:
    """The generated tensors are arguments of the computation."""
    return use(x, weights)


def del_and_set(main: nn.Module, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """The parameters are deleted once, and plain tensors take their names from then on."""
    for name, weight in weights.items():
        owner, last = owner_of(main, name)
        if last in owner._parameters:
            delattr(owner, last)
        setattr(owner, last, weight)
    y = main(x)
    assert isinstance(y, Tensor)
    return y


def functional_call(main: nn.Module, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """The module computes with the generated tensors in place of its parameters, for this call only."""
    y = torch.func.functional_call(main, weights, (x,))
    assert isinstance(y, Tensor)
    return y


class Generated(nn.Module):
    """A parametrization that gives a generated tensor in place of the stored parameter."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value

    def forward(self, stored: Tensor) -> Tensor:
        """The generated tensor that was put here last."""
        return self.value


def parametrization(main: nn.Module, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
    """Reading the parameter gives the generated tensor."""
    for name, weight in weights.items():
        owner, last = owner_of(main, name)
        if not parametrize.is_parametrized(owner, last):
            stored = getattr(owner, last).detach()
            parametrize.register_parametrization(owner, last, Generated(stored))
        owner.get_submodule(f"parametrizations.{last}.0").value = weight
    y = main(x)
    assert isinstance(y, Tensor)
    return y
