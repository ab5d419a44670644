"""The weights of a linear layer as a function of time, generated anew whenever the layer is called.

    [W(t); b(t)] = h(t)                      t [1],  W [S, S],  b [S]
    dy/dt = tanh(W(t) y + b(t))              solved by Runge-Kutta 4: four generations a step

Grathwohl et al. 2019 (arXiv 1810.01367), the hypernetwork layer of FFJORD. Kernel and bias are disjoint
slices of the generated vector.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hypercheck.models.hypernet import Batch, Hypernet, make_trunk, seeded
from hypercheck.models.layout import Layout
from hypercheck.models.survey import ModelInfo


class TimeLinearHypernet(Hypernet):
    """Time [1] -> trunk -> head -> W(t) and b(t); forward moves states y [B, S] from time 0 to time 1."""

    regenerates = True

    def __init__(
        self, state: int = 4, hidden: Sequence[int] = (16,), steps: int = 2, seed: int | None = 0
    ) -> None:
        super().__init__()
        self.state, self.steps = state, steps
        self.layout = Layout({"weight": (state, state), "bias": (state,)})
        with seeded(seed):
            self.trunk = make_trunk(1, hidden)
            self.head = nn.Linear((1, *hidden)[-1], self.layout.size)

    def generate(self, cond: Tensor | float | None = None) -> dict[str, Tensor]:
        """W [S, S] and b [S] at the time `cond`; at time 0 without one."""
        time = torch.as_tensor(0.0 if cond is None else cond).to(self.head.weight).reshape(1)
        return self.layout.split(self.head(self.trunk(time)))

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Velocities [B, S] at the states x [B, S]."""
        return torch.tanh(F.linear(x, weights["weight"], weights["bias"]))

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        """States [B, S] at time 1, from x [B, S] at the time `cond`, 0 without one."""
        time = 0.0 if cond is None else float(cond)
        size = (1.0 - time) / self.steps
        for _ in range(self.steps):
            k1 = self.use(x, self.generate(time))
            k2 = self.use(x + size / 2 * k1, self.generate(time + size / 2))
            k3 = self.use(x + size / 2 * k2, self.generate(time + size / 2))
            k4 = self.use(x + size * k3, self.generate(time + size))
            x = x + size / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            time += size
        return x

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """States [B, S], and where a flow that swaps and shrinks them would bring them [B, S]."""
        x = torch.randn(batch, self.state, generator=generator)
        return (x,), 0.5 * x.flip(-1)


INFO = ModelInfo(
    name="time_linear",
    build=TimeLinearHypernet,
    summary="weights of a linear layer as a function of time, generated in each call",
    paper="Grathwohl et al. 2019, arXiv 1810.01367",
    input="data-conditioned",
    output="generate multiple",
    input_variability="dynamic",
    output_variability="static",
    architecture="MLP",
    priority=1,
)
