"""Main networks that own no weights: they are given shapes, and compute with the tensors they are handed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation = Callable[[Tensor], Tensor]

ACTIVATIONS: dict[str, tuple[type[nn.Module], Activation, float]] = {
    "relu": (nn.ReLU, torch.relu, 2.0),
    "tanh": (nn.Tanh, torch.tanh, 1.0),
}
"""Module, function, and the variance gain c that initialisations need: 2 for ReLU, 1 for tanh."""


def activation_named(name: str) -> tuple[type[nn.Module], Activation, float]:
    """The entry of `ACTIVATIONS`."""
    if name not in ACTIVATIONS:
        raise ValueError(f"no activation {name!r}; there are {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]


def run_mlp(x: Tensor, weights: Mapping[str, Tensor], activation: Activation = torch.tanh) -> Tensor:
    """Output [B, O] of the MLP with the tensors `weights` on x [B, I]; layers in the order of the mapping."""
    names = [name for name in weights if name.endswith("weight")]
    for name in names:
        x = F.linear(x, weights[name], weights.get(name.removesuffix("weight") + "bias"))
        x = x if name == names[-1] else activation(x)
    return x


def run_cnn(x: Tensor, kernels: Mapping[str, Tensor], activation: Activation = torch.tanh) -> Tensor:
    """Features [B, O] of a stack of "same" convolutions on x [B, I, H, W], averaged over the picture."""
    for kernel in kernels.values():
        x = activation(F.conv2d(x, kernel, padding="same"))
    return x.mean(dim=(-2, -1))


def mlp_module(dims: Sequence[int], bias: bool = True, activation: str = "tanh") -> nn.Sequential:
    """The same MLP as an ordinary module with parameters, named as `mlp_layout` names them."""
    module = activation_named(activation)[0]
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(dims):
        layers += [nn.Linear(inputs, outputs, bias=bias), module()]
    return nn.Sequential(*layers[:-1])


class Slots(nn.Module):
    """A module with one parameter for each named tensor, that computes `use(x, tensors)`.

    Any main network that is a function of named tensors becomes a module this way: the name "0.weight"
    becomes the parameter `weight` of the submodule "0".
    """

    def __init__(
        self, tensors: Mapping[str, Tensor], use: Callable[[Tensor, dict[str, Tensor]], Tensor]
    ) -> None:
        super().__init__()
        self.use = use
        self.names = tuple(tensors)
        for name, tensor in tensors.items():
            owner: nn.Module = self
            *path, last = name.split(".")
            for part in path:
                if part not in owner._modules:
                    owner.add_module(part, nn.Module())
                owner = owner.get_submodule(part)
            owner.register_parameter(last, nn.Parameter(tensor))

    def forward(self, x: Tensor) -> Tensor:
        """What `use` makes of x and of the tensors that stand in the slots now."""
        return self.use(x, {name: slot(self, name) for name in self.names})


def slot(main: nn.Module, name: str) -> Tensor:
    """The tensor that stands at a dotted name, parameter or not."""
    owner, last = owner_of(main, name)
    tensor = getattr(owner, last)
    assert isinstance(tensor, Tensor)
    return tensor


def owner_of(main: nn.Module, name: str) -> tuple[nn.Module, str]:
    """The submodule that a dotted name lies in, and the last part of the name."""
    path, _, last = name.rpartition(".")
    return main.get_submodule(path), last
