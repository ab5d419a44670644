"""Parameters of a differential equation generate the network that solves it.

    theta_b = h(lambda_b)                          lambda [B, 1],  theta [B, P]
    u_b(t) = f(t; theta_b)                         t [B, T, 1]
    loss = |u'' + lambda² u|² + |u(0) - 1|² + |u'(0)|²        so that u = cos(lambda t)

The derivatives in t need `create_graph`, and an activation whose second derivative is not zero.
de Avila Belbute-Peres, Chen & Sha 2021 (arXiv 2111.01008).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hypercheck.models import batching
from hypercheck.models.hypernet import Batch, Hypernet, make_trunk, seeded
from hypercheck.models.layout import mlp_layout
from hypercheck.models.survey import ModelInfo


class HyperPINN(Hypernet):
    """lambda [B, 1] -> trunk -> head -> a tanh network u_b: t [T] -> u [T] for each b."""

    per_sample = True

    def __init__(
        self, width: int = 8, points: int = 6, hidden: Sequence[int] = (16,), seed: int | None = 0
    ) -> None:
        super().__init__()
        self.points = points
        self.layout = mlp_layout((1, width, 1))
        with seeded(seed):
            self.trunk = make_trunk(1, hidden)
            self.head = nn.Linear((1, *hidden)[-1], self.layout.size)

    def generate(self, cond: Tensor | None = None) -> dict[str, Tensor]:
        """The tensors [B, *shape] for parameters lambda [B, 1]."""
        if cond is None or cond.shape[-1] != 1:
            found = "none" if cond is None else cond.shape[-1]
            raise ValueError(f"the equation has 1 parameter, got {found}")
        return self.layout.split(self.head(self.trunk(cond)))

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """u [B, T, 1] at the times x [B, T, 1]."""
        return batching.evaluate(weights, x, method="bmm")

    def loss(self, inputs: tuple[Any, ...], targets: Tensor | None) -> Tensor:
        """How far u is from solving the equation, and from its two initial values (time 0 comes first)."""
        times, parameter = inputs
        times = times.detach().requires_grad_()
        u = self.use(times, self.generate(parameter))
        slope = derivative(u, times)
        residual = derivative(slope, times) + parameter.unsqueeze(-1).square() * u
        start = (u[:, 0] - 1).square() + slope[:, 0].square()
        loss: Tensor = residual.square().mean() + start.mean()
        return loss

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """Times [B, T, 1] in 0 to 2, the first of them 0, and lambda [B, 1] in 1 to 2; no targets."""
        times = 2 * torch.rand(batch, self.points, 1, generator=generator)
        times[:, 0] = 0
        return (times, 1 + torch.rand(batch, 1, generator=generator)), None


def derivative(y: Tensor, x: Tensor) -> Tensor:
    """dy/dx, entry by entry, as something that can be differentiated again."""
    return torch.autograd.grad(y.sum(), x, create_graph=True)[0]


INFO = ModelInfo(
    name="hyper_pinn",
    build=HyperPINN,
    summary="parameters of a differential equation generate the network that solves it",
    paper="de Avila Belbute-Peres, Chen & Sha 2021, arXiv 2111.01008",
    input="data-conditioned",
    output="generate once",
    input_variability="dynamic",
    output_variability="static",
    architecture="MLP",
    priority=1,
)
