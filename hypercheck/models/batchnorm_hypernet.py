"""A hypernetwork with batch normalisation in its trunk, over the rows that it is given.

    theta = [H relu(BN(W c_k + b))  for k = 1 ... K]        c [K, E],  BN over the K rows,  theta [K·C][:P]

It needs two rows at least: the variance of one row is zero. Here the rows are chunks of one main network, so
that no sample's condition can reach another sample's weights. The bias before the
normalisation is without effect, and its gradient is rounding noise (about 1e-7 of the others).
Ioffe & Szegedy 2015 (arXiv 1502.03167), in the trunk of a chunked hypernetwork (arXiv 1906.00695).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import MLPHypernet, seeded
from hypercheck.models.survey import ModelInfo


class BatchNormHypernet(MLPHypernet):
    """Embeddings [K, E] -> linear -> BatchNorm over K -> head -> [K, C] -> the P weights of an MLP."""

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        rows: int = 4,
        emb_dim: int = 5,
        hidden: int = 16,
        bias: bool = True,
        activation: str = "tanh",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias, activation)
        if not 2 <= rows <= self.layout.size:
            raise ValueError(f"batch normalisation needs 2 to {self.layout.size} rows, got {rows}")
        with seeded(seed):
            self.embeddings = nn.Parameter(torch.randn(rows, emb_dim))
            self.trunk = nn.Sequential(nn.Linear(emb_dim, hidden), nn.BatchNorm1d(hidden), nn.LeakyReLU(0.1))
            self.head = nn.Linear(hidden, math.ceil(self.layout.size / rows))

    def generate(self, cond: Any = None) -> dict[str, Tensor]:
        """All weights; there is no condition."""
        rows = self.head(self.trunk(self.embeddings))
        return self.layout.split(rows.flatten()[: self.layout.size])


INFO = ModelInfo(
    name="batchnorm_hypernet",
    build=BatchNormHypernet,
    summary="batch normalisation in the trunk, over the rows of embeddings",
    paper="Ioffe & Szegedy 2015, arXiv 1502.03167",
    input="task-conditioned",
    output="chunk-wise",
    input_variability="static",
    output_variability="static",
    architecture="MLP",
    priority=0,
)
