"""Attention over a support set writes the rows of the main network's weights.

    tokens  = [psi(x_s) + Emb(y_s)  for s = 1 ... S | mu_k  for each row k]        [S + K, D]
    W_k     = out(Encoder(tokens) at mu_k)                                         one row of one layer

mu [K, D] are learned placeholders, one for each row. The order of the support set does not matter, since its
tokens carry no position.
Zhmoginov, Sandler & Vladymyrov 2022 (arXiv 2201.04182); here all layers are made at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import Batch, MLPHypernet, classes, seeded
from hypercheck.models.survey import ModelInfo


class HyperTransformer(MLPHypernet):
    """Support set (x [S, I], y [S]) -> encoder -> rows -> the weights of one MLP for all queries."""

    def __init__(
        self,
        main_dims: Sequence[int] = (4, 6, 2),
        d: int = 16,
        heads: int = 2,
        support: int = 6,
        activation: str = "tanh",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias=True, activation=activation)
        if d % heads:
            raise ValueError(f"tokens of {d} numbers cannot be divided among {heads} heads")
        self.support = support
        with seeded(seed):
            self.pixels = nn.Linear(self.main_dims[0], d)
            self.labels = nn.Embedding(self.main_dims[-1], d)
            self.placeholder_embeddings = nn.Parameter(torch.randn(sum(self.main_dims[1:]), d))
            self.encoder = nn.TransformerEncoderLayer(
                d, heads, dim_feedforward=2 * d, dropout=0.0, activation="gelu", batch_first=True
            )
            # One more output than inputs: each row brings its bias along.
            self.to_row = nn.ModuleList([nn.Linear(d, inputs + 1) for inputs in self.main_dims[:-1]])

    def generate(self, cond: Any = None) -> dict[str, Tensor]:
        """The weights for a support set `cond` = (x [S, I], y [S])."""
        if cond is None or len(cond[0]) != len(cond[1]):
            counts = "none" if cond is None else f"{len(cond[0])} inputs and {len(cond[1])} labels"
            raise ValueError(f"the encoder needs as many labels as inputs, got {counts}")
        x, y = cond
        tokens = torch.cat([self.pixels(x) + self.labels(y), self.placeholder_embeddings])
        outputs = self.encoder(tokens.unsqueeze(0))[0, len(x) :]
        weights: dict[str, Tensor] = {}
        start = 0
        for index, (to_row, count) in enumerate(zip(self.to_row, self.main_dims[1:])):
            rows = to_row(outputs[start : start + count])
            weights[f"{2 * index}.weight"], weights[f"{2 * index}.bias"] = rows[:, :-1], rows[:, -1]
            start += count
        return weights

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """Queries [B, I], a labelled support set, and classes [B]; some sets have other labels."""
        x = torch.randn(batch + self.support, self.main_dims[0], generator=generator)
        turned = torch.randint(2, (), generator=generator)
        labels = (classes(x, self.main_dims[-1]) + turned) % self.main_dims[-1]
        return (x[:batch], (x[batch:], labels[batch:])), labels[:batch]


INFO = ModelInfo(
    name="hyper_transformer",
    build=HyperTransformer,
    summary="attention over a support set writes the rows of the weights",
    paper="Zhmoginov et al. 2022, arXiv 2201.04182",
    input="data-conditioned",
    output="component-wise",
    input_variability="dynamic",
    output_variability="static",
    architecture="attention",
    priority=2,
)
