"""One learned embedding generates every weight of the main network.

    theta = H phi(e) + beta        e [1, E],  phi(e) [1, d],  H [P, d],  theta [P]

Ha, Dai & Le 2017 (arXiv 1609.09106); the idea is in Schmidhuber 1992.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import MLPHypernet, make_trunk, seeded
from hypercheck.models.init import initialise, ntk
from hypercheck.models.survey import ModelInfo


def ntk_trunk(trunk: nn.Sequential) -> None:
    """Give every linear layer of the trunk the NTK parametrisation too."""
    for layer in trunk:
        if isinstance(layer, nn.Linear):
            ntk(layer)


class FullHypernet(MLPHypernet):
    """Embedding [1, E] -> trunk -> head -> all P weights of an MLP."""

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        emb_dim: int = 5,
        hidden: Sequence[int] = (16,),
        bias: bool = True,
        activation: str = "tanh",
        init: str = "default",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias, activation, init)
        with seeded(seed):
            self.embedding = nn.Parameter(torch.randn(1, emb_dim))
            self.trunk = make_trunk(emb_dim, hidden)
            self.head = nn.Linear((emb_dim, *hidden)[-1], self.layout.size)
            if init == "ntk":
                ntk_trunk(self.trunk)
            initialise(init, self.head, self.layout, h=self.trunk(self.embedding), gain=self.gain)

    def generate(self, cond: Any = None) -> dict[str, Tensor]:
        """All weights; there is no condition."""
        return self.layout.split(self.head(self.trunk(self.embedding)).squeeze(0))


INFO = ModelInfo(
    name="full",
    build=FullHypernet,
    summary="one learned embedding generates every weight",
    paper="Ha, Dai & Le 2017, arXiv 1609.09106",
    input="task-conditioned",
    output="generate once",
    input_variability="static",
    output_variability="static",
    architecture="MLP",
    priority=0,
)
