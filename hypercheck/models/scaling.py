"""The hypernetwork generates coefficients of rows and columns; the matrices are stored and trained.

    row     W = diag(r) W0              r [O]
    col     W = W0 diag(c)              c [I]
    rowcol  W = diag(r) W0 diag(c)

O + I numbers instead of O·I, and no matrix W is ever built: y = r * W0 (c * x).
Ha, Dai & Le 2017 (arXiv 1609.09106), section 3.2, weight scaling vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import Batch, Hypernet, classes, make_trunk, seeded
from hypercheck.models.layout import Layout, Shape
from hypercheck.models.survey import ModelInfo

MODES = ("row", "col", "rowcol")


class ScalingHypernet(Hypernet):
    """Embedding [1, E] -> trunk -> head -> coefficients near 1 for the stored layers `base`.

    With `identity` the head starts at zero and all coefficients at exactly 1; the trunk and the embedding
    then have a zero gradient in the first step.
    """

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        mode: str = "rowcol",
        emb_dim: int = 5,
        hidden: Sequence[int] = (16,),
        identity: bool = False,
        seed: int | None = 0,
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise ValueError(f"no scaling mode {mode!r}; there are {', '.join(MODES)}")
        pairs = list(pairwise(main_dims))
        shapes: dict[str, Shape] = {}
        for index, (inputs, outputs) in enumerate(pairs):
            if "col" in mode:
                shapes[f"{index}.col"] = (inputs,)
            if "row" in mode:
                shapes[f"{index}.row"] = (outputs,)
        self.layout = Layout(shapes)
        with seeded(seed):
            self.base = nn.ModuleList([nn.Linear(inputs, outputs, bias=False) for inputs, outputs in pairs])
            self.base_bias = nn.ParameterList([torch.zeros(outputs) for _, outputs in pairs])
            self.embedding = nn.Parameter(torch.randn(1, emb_dim))
            self.trunk = make_trunk(emb_dim, hidden)
            self.head = nn.Linear((emb_dim, *hidden)[-1], self.layout.size)
        if identity:
            nn.init.zeros_(self.head.weight)
            nn.init.zeros_(self.head.bias)

    def generate(self, cond: Any = None) -> dict[str, Tensor]:
        """The coefficients of each layer, "0.row" [O] and "0.col" [I]; there is no condition."""
        # 1 + ...: coefficients around zero would start with dead matrices.
        return self.layout.split(1 + self.head(self.trunk(self.embedding)).squeeze(0))

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, O] of the scaled MLP on x [B, I]."""
        for index, (layer, bias) in enumerate(zip(self.base, self.base_bias)):
            x = torch.tanh(x) if index else x
            x = layer(x * weights.get(f"{index}.col", 1.0)) * weights.get(f"{index}.row", 1.0) + bias
        return x

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I] and its classes [B]."""
        first, last = self.base[0], self.base[-1]
        assert isinstance(first, nn.Linear) and isinstance(last, nn.Linear)
        x = torch.randn(batch, first.in_features, generator=generator)
        return (x,), classes(x, last.out_features)


INFO = ModelInfo(
    name="scaling",
    build=ScalingHypernet,
    summary="generates row and column coefficients of stored, trained matrices",
    paper="Ha, Dai & Le 2017, arXiv 1609.09106, section 3.2",
    input="task-conditioned",
    output="generate once",
    input_variability="static",
    output_variability="static",
    architecture="MLP",
    priority=0,
)
