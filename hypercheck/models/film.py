"""A condition scales and shifts the activations of a stored network.

    h'_b = (1 + gamma_b) * h_b + beta_b        [gamma; beta] = G phi(c_b),  each [B, F]

Without the 1 a generator at zero would leave a dead network.
Perez et al. 2018 (arXiv 1709.07871).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import Batch, Hypernet, classes, make_trunk, seeded
from hypercheck.models.layout import Layout
from hypercheck.models.survey import ModelInfo


class FiLMHypernet(Hypernet):
    """Condition [B, Cd] -> trunk -> head -> gamma, beta [B, F] of each hidden layer of the stored `base`."""

    per_sample = True

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        cond_dim: int = 4,
        hidden: Sequence[int] = (16,),
        seed: int | None = 0,
    ) -> None:
        super().__init__()
        shapes = {
            f"{index}.{part}": (width,)
            for index, width in enumerate(main_dims[1:-1])
            for part in ("gamma", "beta")
        }
        if not shapes:
            raise ValueError(f"there are 0 hidden layers in {tuple(main_dims)}; give at least 3 widths")
        self.layout = Layout(shapes)
        self.main_dims, self.cond_dim = tuple(main_dims), cond_dim
        with seeded(seed):
            self.base = nn.ModuleList([nn.Linear(i, o) for i, o in pairwise(main_dims)])
            self.trunk = make_trunk(cond_dim, hidden)
            self.head = nn.Linear((cond_dim, *hidden)[-1], self.layout.size)

    def generate(self, cond: Tensor | None = None) -> dict[str, Tensor]:
        """Modulations "0.gamma" and "0.beta" [B, F] for conditions [B, Cd]."""
        if cond is None or cond.shape[-1] != self.cond_dim:
            found = "none" if cond is None else cond.shape[-1]
            raise ValueError(f"the condition needs {self.cond_dim} numbers, got {found}")
        return self.layout.split(self.head(self.trunk(cond)))

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, O] of the modulated network on x [B, I]."""
        for index, layer in enumerate(self.base):
            x = layer(x)
            if index < len(self.base) - 1:
                x = torch.tanh((1 + weights[f"{index}.gamma"]) * x + weights[f"{index}.beta"])
        return x

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I], conditions [B, Cd], and classes [B] that depend on both."""
        x = torch.randn(batch, self.main_dims[0], generator=generator)
        cond = torch.randn(batch, self.cond_dim, generator=generator)
        shift = (cond.mean(dim=-1) > 0).long()
        return (x, cond), (classes(x, self.main_dims[-1]) + shift) % self.main_dims[-1]


INFO = ModelInfo(
    name="film",
    build=FiLMHypernet,
    summary="a condition scales and shifts the activations of a stored network",
    paper="Perez et al. 2018, arXiv 1709.07871",
    input="data-conditioned",
    output="generate once",
    input_variability="dynamic",
    output_variability="static",
    architecture="MLP",
    priority=1,
)
