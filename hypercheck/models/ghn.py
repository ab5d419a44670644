"""One hypernetwork for several architectures: it reads the graph of the main network.

    h_v <- shape code of node v, embedded                          [V, D]
    m_v  = sum of MLP(h_u) over the neighbours u;  h_v <- GRU(m_v, h_v)      forwards, then backwards
    W_v  = decoder(h_v)[:O, :I] / sqrt(I)                          a corner of the largest matrix

The decoder's outputs beyond a small layer's shape are unused in this architecture, and used in another:
coverage is to be judged over all of them.
Zhang, Ren & Urtasun 2019 (arXiv 1810.05749); Knyazev et al. 2021 (arXiv 2110.13100).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import Batch, Hypernet, classes, make_trunk, seeded
from hypercheck.models.main_networks import run_mlp
from hypercheck.models.survey import ModelInfo


class GraphHypernet(Hypernet):
    """Number of an architecture (its widths are its graph, a chain of layers) -> weights of that MLP."""

    reshapes = True

    def __init__(
        self,
        architectures: Sequence[Sequence[int]] = ((8, 12, 3), (8, 6, 12, 3)),
        hid: int = 16,
        seed: int | None = 0,
    ) -> None:
        super().__init__()
        ends = {(dims[0], dims[-1]) for dims in architectures}
        if len(ends) != 1:
            raise ValueError(f"the architectures must share 1 pair of inputs and outputs, got {len(ends)}")
        self.architectures = tuple(tuple(dims) for dims in architectures)
        self.largest = max(max(dims) for dims in self.architectures)
        with seeded(seed):
            self.encode = nn.Linear(2, hid)
            self.message = make_trunk(hid, (hid,))
            self.update = nn.GRUCell(hid, hid)
            self.decoder = nn.Linear(hid, self.largest * (self.largest + 1))

    def generate(self, cond: Tensor | int | None = None) -> dict[str, Tensor]:
        """The weights of architecture `cond`, a number; of the first one without it."""
        dims = self._widths(cond)
        shapes = torch.tensor([[o, i] for i, o in pairwise(dims)])
        nodes = list(self.encode(shapes / self.largest).split(1))
        for order in (range(1, len(nodes)), range(len(nodes) - 2, -1, -1)):
            before = -1 if order.step > 0 else 1
            for v in order:
                nodes[v] = self.update(self.message(nodes[v + before]), nodes[v])
        weights: dict[str, Tensor] = {}
        for index, (inputs, outputs) in enumerate(pairwise(dims)):
            full = self.decoder(nodes[index]).view(self.largest, self.largest + 1)
            weights[f"{2 * index}.weight"] = full[:outputs, :inputs] / math.sqrt(inputs)
            weights[f"{2 * index}.bias"] = torch.tanh(0.2 * full[:outputs, -1])
        return weights

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, O] of the MLP on x [B, I], however many layers it has."""
        return run_mlp(x, weights)

    def _widths(self, cond: Tensor | int | None) -> tuple[int, ...]:
        number = 0 if cond is None else int(cond)
        if not 0 <= number < len(self.architectures):
            raise ValueError(f"architecture {number} asked for, but there are {len(self.architectures)}")
        return self.architectures[number]

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I], the number of an architecture, and classes [B]."""
        first = self.architectures[0]
        x = torch.randn(batch, first[0], generator=generator)
        number = torch.randint(len(self.architectures), (), generator=generator)
        return (x, number), classes(x, first[-1])


INFO = ModelInfo(
    name="ghn",
    build=GraphHypernet,
    summary="reads the graph of the main network: one hypernetwork for several architectures",
    paper="Zhang, Ren & Urtasun 2019, arXiv 1810.05749",
    input="data-conditioned",
    output="component-wise",
    input_variability="dynamic",
    output_variability="dynamic",
    architecture="GNN",
    priority=2,
)
