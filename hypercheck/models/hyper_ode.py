"""A time series generates the vector field of its own differential equation.

    theta_b = H GRU(series_b) + beta        series [B, T, S],  theta [B, P]
    dy/dt = f(y; theta_b)                   solved by Runge-Kutta 4: the same theta in all 4·steps stages

Chen et al. 2018 (arXiv 1806.07366), with a field that is generated.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hypercheck.models import batching
from hypercheck.models.hypernet import Batch, Hypernet, seeded
from hypercheck.models.layout import mlp_layout
from hypercheck.models.survey import ModelInfo


class HyperODE(Hypernet):
    """Series [B, T, S] -> GRU -> head -> B vector fields; forward gives the states [B, steps, S] that follow.

    >>> model = HyperODE()
    >>> (start, series), _ = model.example(batch=3)
    >>> model(start, series).shape
    torch.Size([3, 5, 4])
    """

    per_sample = True

    def __init__(
        self,
        state: int = 4,
        width: int = 16,
        ctx: int = 8,
        steps: int = 5,
        step_size: float = 0.1,
        batching: str = "auto",
        seed: int | None = 0,
    ) -> None:
        super().__init__()
        _expect_batching(batching)
        self.state, self.steps, self.step_size, self.batching = state, steps, step_size, batching
        self.layout = mlp_layout((state, width, state))
        with seeded(seed):
            self.encoder = nn.GRU(state, ctx, batch_first=True)
            self.head = nn.Linear(ctx, self.layout.size)

    def generate(self, cond: Tensor | None = None) -> dict[str, Tensor]:
        """The tensors [B, *shape] of the vector fields for the series `cond` [B, T, S]."""
        if cond is None or cond.dim() != 3 or cond.shape[-1] != self.state:
            shape = None if cond is None else tuple(cond.shape)
            raise ValueError(f"the encoder needs series [B, T, {self.state}], got {shape}")
        _, last = self.encoder(cond)
        return self.layout.split(self.head(last[0]))

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """States [B, steps, S] after x [B, S]; the weights are unpacked once for all stages."""
        return batching.evaluate(
            weights, x, method=self.batching, trajectory=self._solve, uses=4 * self.steps
        )

    def _solve(self, field: batching.Network, y: Tensor) -> Tensor:
        states = []
        for _ in range(self.steps):
            y = runge_kutta_step(field, y, self.step_size)
            states.append(y)
        return torch.stack(states, dim=1)

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """The last state [B, S] and the past [B, 10, S] of oscillations, and their future [B, steps, S]."""
        speed = 1 + torch.rand(batch, 1, 1, generator=generator)
        phase = 6.28 * torch.rand(batch, 1, self.state, generator=generator)
        times = self.step_size * torch.arange(-9, self.steps + 1).view(1, -1, 1)
        series = torch.sin(speed * times + phase)
        return (series[:, 9], series[:, :10]), series[:, 10:]


def runge_kutta_step(field: batching.Network, y: Tensor, size: float) -> Tensor:
    """The state one step later, by the classical method of order 4 (four uses of the field)."""
    k1 = field(y)
    k2 = field(y + size / 2 * k1)
    k3 = field(y + size / 2 * k2)
    k4 = field(y + size * k3)
    return y + size / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def _expect_batching(method: str) -> None:
    batching.expect_method(method)


INFO = ModelInfo(
    name="hyper_ode",
    build=HyperODE,
    summary="a time series generates the vector field of its own differential equation",
    paper="Chen et al. 2018, arXiv 1806.07366",
    input="data-conditioned",
    output="generate once",
    input_variability="dynamic",
    output_variability="static",
    architecture="RNN",
    priority=0,
)
