"""The code of an architecture generates weights for it, so that architectures can be compared untrained.

    c(arch) [L, L]        a picture: which layer (row) reads from which earlier one (column)
    W = H(c)              a convolutional hypernetwork

The main network's layers add up the outputs of those earlier layers that the architecture connects; each step
trains another random architecture.
Brock et al. 2018 (arXiv 1708.05344), with a fully connected main network.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hypercheck.models.hypernet import Batch, Hypernet, classes, seeded
from hypercheck.models.layout import Layout
from hypercheck.models.survey import ModelInfo


class SMASHHypernet(Hypernet):
    """Connections [L, L] of 0 and 1 -> convolutions -> weights [L, W, W]; both ends are stored."""

    def __init__(
        self, inputs: int = 8, width: int = 6, layers: int = 3, outputs: int = 3, seed: int | None = 0
    ) -> None:
        super().__init__()
        self.inputs, self.layers = inputs, layers
        self.layout = Layout({f"{index}.weight": (width, width) for index in range(layers)})
        with seeded(seed):
            self.base = nn.Linear(inputs, width)
            self.trunk = nn.Sequential(
                nn.Conv2d(1, 8, 3, padding=1),
                nn.LeakyReLU(0.1),
                nn.Conv2d(8, 8, 3, padding=1),
                nn.LeakyReLU(0.1),
            )
            self.head = nn.Linear(8 * layers * layers, self.layout.size)
            self.readout = nn.Linear(width, outputs)

    def generate(self, cond: Tensor | None = None) -> dict[str, Tensor]:
        """The weights for connections `cond` [L, L], or for the plain chain without them."""
        code = self._code(cond)
        flat = self.head(self.trunk(code[None, None]).flatten(1)).squeeze(0)
        return self.layout.split(flat)

    def _code(self, cond: Tensor | None) -> Tensor:
        code = torch.eye(self.layers) if cond is None else cond
        if code.shape != (self.layers, self.layers):
            raise ValueError(f"{self.layers} layers have {self.layers}² connections, got {tuple(code.shape)}")
        return code

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, O]; `x` [B, I + L·L] carries the connections behind the inputs, the same in each row."""
        x, code = x[:, : self.inputs], x[0, self.inputs :].view(self.layers, self.layers)
        states = [torch.tanh(self.base(x))]
        for index in range(self.layers):
            read = sum(code[index, earlier] * states[earlier] for earlier in range(index + 1))
            assert isinstance(read, Tensor)
            states.append(states[-1] + torch.tanh(F.linear(read, weights[f"{index}.weight"])))
        logits = self.readout(states[-1] / math.sqrt(len(states)))
        assert isinstance(logits, Tensor)
        return logits

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        """Logits [B, O] of x [B, I] in the architecture with the connections `cond` [L, L]."""
        code = self._code(cond)
        return self.use(torch.cat([x, code.flatten().expand(len(x), -1)], dim=1), self.generate(code))

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I], random connections [L, L] in which every layer reads the one before, and classes [B]."""
        x = torch.randn(batch, self.inputs, generator=generator)
        chance = torch.randint(2, (self.layers, self.layers), generator=generator).tril(-1)
        return (x, chance + torch.eye(self.layers)), classes(x, self.readout.out_features)


INFO = ModelInfo(
    name="smash",
    build=SMASHHypernet,
    summary="the code of an architecture generates weights for it",
    paper="Brock et al. 2018, arXiv 1708.05344",
    input="data-conditioned",
    output="generate once",
    input_variability="dynamic",
    output_variability="static",
    architecture="CNN",
    priority=2,
)
