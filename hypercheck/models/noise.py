"""Noise generates weights: a distribution over main networks that is known by its samples only.

    theta_s = H phi(z_s) + beta        z_s ~ N(0, I) [S, Z],  theta [S, P]
    loss = mean over s of NLL(theta_s) + prior · mean theta²

The noise must be drawn anew in each step, and all layers of one sample must come from the same z.
Krueger et al. 2017 (arXiv 1710.04759); Pawlowski et al. 2017 (arXiv 1711.01297).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hypercheck.models import batching
from hypercheck.models.hypernet import Batch, MLPHypernet, make_trunk, seeded
from hypercheck.models.survey import ModelInfo


class NoiseHypernet(MLPHypernet):
    """Noise [S, Z] -> trunk -> head -> weights [S, P]; forward gives logits [S, B, O] of x [B, I]."""

    per_sample = True

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        z_dim: int = 4,
        samples: int = 5,
        hidden: Sequence[int] = (16,),
        prior: float = 1e-2,
        bias: bool = True,
        activation: str = "tanh",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias, activation)
        self.z_dim, self.samples, self.prior = z_dim, samples, prior
        with seeded(seed):
            self.trunk = make_trunk(z_dim, hidden)
            self.head = nn.Linear((z_dim, *hidden)[-1], self.layout.size)

    def generate(self, cond: Tensor | None = None) -> dict[str, Tensor]:
        """The tensors [S, *shape] for noise [S, Z], which is drawn where none is given."""
        z = torch.randn(self.samples, self.z_dim, device=self.head.weight.device) if cond is None else cond
        return self.layout.split(self.head(self.trunk(z)))

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [S, B, O]: all of x [B, I] through each of the S networks."""
        samples = len(next(iter(weights.values())))
        return batching.evaluate(weights, x.expand(samples, *x.shape), activation=self.activation)

    def loss(self, inputs: tuple[Any, ...], targets: Tensor | None) -> Tensor:
        """Mean cross-entropy over the samples, plus the prior on the weights."""
        assert targets is not None
        x, z = inputs
        weights = self.generate(z)
        logits = self.use(x, weights)
        loss = F.cross_entropy(logits.flatten(0, 1), targets.repeat(len(z)))
        if not self.prior:  # times 0 would be a second path, with a gradient of zero
            return loss
        size = sum(tensor.square().sum() for tensor in weights.values()) / (len(z) * self.layout.size)
        return loss + self.prior * size

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I], fresh noise [S, Z], and classes [B]."""
        (x,), labels = super().example(batch, generator)
        return (x, torch.randn(self.samples, self.z_dim, generator=generator)), labels


INFO = ModelInfo(
    name="noise",
    build=NoiseHypernet,
    summary="noise generates weights: a distribution over main networks",
    paper="Krueger et al. 2017, arXiv 1710.04759",
    input="noise-conditioned",
    output="generate once",
    input_variability="dynamic",
    output_variability="static",
    architecture="MLP",
    priority=1,
)
