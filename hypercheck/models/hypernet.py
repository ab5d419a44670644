"""What every reference model offers: generate weights, use them, give an example batch, train one step."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hypercheck.models.init import ntk_scaled
from hypercheck.models.layout import Layout, mlp_layout
from hypercheck.models.main_networks import activation_named, mlp_module, run_mlp

Batch = tuple[tuple[Any, ...], "Tensor | None"]
"""The arguments of `forward`, and targets or None."""


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """A region with its own random numbers; the global stream goes on afterwards as if nothing was drawn.

    With None the region draws from the global stream.
    """
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def make_trunk(inputs: int, hidden: Sequence[int]) -> nn.Sequential:
    """Linear layers [inputs -> hidden[0] -> ... ] with LeakyReLU, which leaves no unit of the trunk dead."""
    layers: list[nn.Module] = []
    for narrow, wide in zip((inputs, *hidden), hidden):
        layers += [nn.Linear(narrow, wide), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers)


class Hypernet(nn.Module):
    """A network that makes weights, and the computation that uses them.

    A subclass says how weights come about (`generate`) and what is computed with them (`use`). The two
    are apart, so that any way of handing weights over fits in between.
    """

    per_sample: ClassVar[bool] = False
    """True where the generated tensors have a leading batch axis B: every sample has its own weights."""
    regenerates: ClassVar[bool] = False
    """True where weights are generated and used several times in one step."""
    reshapes: ClassVar[bool] = False
    """True where the shapes of the generated tensors depend on the condition."""
    stored_factors: ClassVar[bool] = False
    """True where each weight is a product of a generated tensor and of a stored one that learns as well."""

    def generate(self, cond: Any = None) -> dict[str, Tensor]:
        """The generated tensors by name; `cond` is whatever the weights depend on."""
        raise NotImplementedError

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Output of the main network on x with these weights."""
        raise NotImplementedError

    def forward(self, x: Tensor, cond: Any = None) -> Tensor:
        """Output of the main network with freshly generated weights."""
        return self.use(x, self.generate(cond))

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """A small batch: the arguments of `forward`, and targets or None."""
        raise NotImplementedError

    def loss(self, inputs: tuple[Any, ...], targets: Tensor | None) -> Tensor:
        """A scalar to minimise: cross-entropy for integer targets, else the mean squared error."""
        outputs = self(*inputs)
        assert isinstance(outputs, Tensor) and targets is not None
        if targets.is_floating_point():
            return F.mse_loss(outputs, targets)
        return F.cross_entropy(outputs, targets)

    def main_network(self) -> nn.Module | None:
        """The main network as a module of its own with parameters, where torch has one; else None."""
        return None


class MLPHypernet(Hypernet):
    """A hypernetwork whose main network is an MLP of the widths `main_dims` that classifies [B, I] -> [B, O].

    >>> from hypercheck.models import build
    >>> model = build("full", main_dims=(4, 6, 2))
    >>> model(torch.zeros(3, 4)).shape
    torch.Size([3, 2])
    """

    def __init__(
        self, main_dims: Sequence[int], bias: bool = True, activation: str = "tanh", init: str = "default"
    ) -> None:
        super().__init__()
        self.main_dims = tuple(main_dims)
        self.bias = bias
        self.layout: Layout = mlp_layout(self.main_dims, bias)
        self.activation_name = activation
        _, self.activation, self.gain = activation_named(activation)
        self.init = init

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, O] of the MLP on x [B, I]."""
        if self.init == "ntk":
            weights = ntk_scaled(weights)
        return run_mlp(x, weights, self.activation)

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I], and the class that a fixed rule gives it [B]."""
        x = torch.randn(batch, self.main_dims[0], generator=generator)
        return (x,), classes(x, self.main_dims[-1])

    def main_network(self) -> nn.Module | None:
        """The same MLP as `nn.Sequential`; with NTK scaling there is no such module."""
        if self.init == "ntk" or self.per_sample:
            return None
        return mlp_module(self.main_dims, self.bias, self.activation_name)


def classes(x: Tensor, count: int) -> Tensor:
    """A label for each row that can be learned: which of `count` equal slices its mean falls in, [B]."""
    place: Tensor = torch.special.ndtr(x.mean(dim=-1) * math.sqrt(x.shape[-1]))
    return (place * count).long().clamp(max=count - 1)


def training_step(model: Hypernet, optimizer: torch.optim.Optimizer, batch: Batch) -> Tensor:
    """The loss of one step: forward, backward, update, gradients cleared."""
    inputs, targets = batch
    loss = model.loss(inputs, targets)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()
