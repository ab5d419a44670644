"""A small generator makes the flat weight vector in chunks, each from a learned embedding of its own.

    theta = [H phi(c_1) | ... | H phi(c_K)][:P]        c [K, E],  H [C, d],  K = ceil(P / C)

The last K·C - P numbers are dropped; fewer chunks would not suffice, more would never be used.
Ha, Dai & Le 2017 (arXiv 1609.09106); von Oswald et al. 2020 (arXiv 1906.00695).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hypercheck.models.full import ntk_trunk
from hypercheck.models.hypernet import MLPHypernet, make_trunk, seeded
from hypercheck.models.init import initialise_shared
from hypercheck.models.survey import ModelInfo


class ChunkedHypernet(MLPHypernet):
    """Chunk embeddings [K, E] -> trunk -> head -> chunks [K, C] -> the P weights of an MLP."""

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        chunk_size: int = 32,
        chunk_emb_dim: int = 8,
        hidden: Sequence[int] = (16,),
        bias: bool = True,
        activation: str = "tanh",
        init: str = "default",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias, activation, init)
        chunks = chunk_count(chunk_size, self.layout.size)
        with seeded(seed):
            self.chunk_embeddings = nn.Parameter(torch.randn(chunks, chunk_emb_dim))
            self.trunk = make_trunk(chunk_emb_dim, hidden)
            self.head = nn.Linear((chunk_emb_dim, *hidden)[-1], chunk_size)
            if init == "ntk":
                ntk_trunk(self.trunk)
            h = self.trunk(self.chunk_embeddings)
            initialise_shared(init, self.head, self.layout, h=h, gain=self.gain)

    def generate(self, cond: Any = None) -> dict[str, Tensor]:
        """All weights; there is no condition."""
        chunks = self.head(self.trunk(self.chunk_embeddings))
        return self.layout.split(chunks.flatten()[: self.layout.size])


def chunk_count(chunk_size: int, size: int) -> int:
    """K, the number of chunks of `chunk_size` that cover `size` numbers.

    >>> chunk_count(1000, 50_890)
    51
    """
    if not 1 <= chunk_size <= size:
        raise ValueError(f"a chunk of {chunk_size} does not fit a main network of {size} weights")
    return math.ceil(size / chunk_size)


INFO = ModelInfo(
    name="chunked",
    build=ChunkedHypernet,
    summary="one small generator is applied to a learned embedding for each chunk",
    paper="Ha, Dai & Le 2017, arXiv 1609.09106",
    input="task-conditioned",
    output="chunk-wise",
    input_variability="static",
    output_variability="static",
    architecture="MLP",
    priority=0,
)
