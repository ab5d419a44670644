"""Directions are generated, lengths are stored: the scale of the weights is fixed by construction.

    W = g * V / |V|        V = h(e) [O, I],  |V| over each row,  g [O] stored and trained

The gradient of V is at right angles to V, so |V| only grows and the effective learning rate shrinks; a row
of zeros would give NaN, hence the small number under the root.
Salimans & Kingma 2016 (arXiv 1602.07868); generated: Krueger et al. 2017 (arXiv 1710.04759).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import MLPHypernet, make_trunk, seeded
from hypercheck.models.survey import ModelInfo


class WeightNormHypernet(MLPHypernet):
    """Embedding [1, E] -> trunk -> head -> V; W has rows of the stored lengths `base_length`."""

    stored_factors = True

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        emb_dim: int = 5,
        hidden: Sequence[int] = (16,),
        activation: str = "tanh",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias=False, activation=activation)
        with seeded(seed):
            self.base_length = nn.ParameterList([torch.ones(outputs) for outputs in self.main_dims[1:]])
            self.embedding = nn.Parameter(torch.randn(1, emb_dim))
            self.trunk = make_trunk(emb_dim, hidden)
            self.head = nn.Linear((emb_dim, *hidden)[-1], self.layout.size)

    def generate(self, cond: Any = None) -> dict[str, Tensor]:
        """All weights, rows of W having the length g; there is no condition."""
        directions = self.layout.split(self.head(self.trunk(self.embedding)).squeeze(0))
        return {
            name: g.unsqueeze(1) * v * torch.rsqrt(v.square().sum(dim=1, keepdim=True) + 1e-12)
            for (name, v), g in zip(directions.items(), self.base_length)
        }


INFO = ModelInfo(
    name="weight_norm",
    build=WeightNormHypernet,
    summary="generated directions with stored lengths: the scale is fixed by construction",
    paper="Krueger et al. 2017, arXiv 1710.04759",
    input="task-conditioned",
    output="generate once",
    input_variability="static",
    output_variability="static",
    architecture="MLP",
    priority=2,
)
