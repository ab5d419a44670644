"""A condition of constant length, and learned weights to which the hypernetwork adds.

    E(g) = [cos(pi g / 2); sin(pi g / 2)]        g [B, Cd] in 0 to 1,  |E(g)|² = Cd whatever g is
    theta_b = theta0 + H phi(E(g_b))             theta0 [P], initialised as a network of its own

Without this, a ReLU hypernetwork with zero biases makes weights in proportion to |g|.
Ortiz, Guttag & Dalca 2023 (arXiv 2304.07645), magnitude invariant parametrisations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hypercheck.models import batching
from hypercheck.models.hypernet import Batch, MLPHypernet, classes, make_trunk, seeded
from hypercheck.models.init import bias_hyperinit, linear_native
from hypercheck.models.survey import ModelInfo


class MIPHypernet(MLPHypernet):
    """Condition [B, Cd] in 0 to 1 -> E [B, 2 Cd] -> trunk -> head (theta0 is its bias) -> weights [B, P]."""

    per_sample = True

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        cond_dim: int = 1,
        hidden: Sequence[int] = (16,),
        bias: bool = True,
        activation: str = "tanh",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias, activation)
        self.cond_dim = cond_dim
        with seeded(seed):
            self.trunk = make_trunk(2 * cond_dim, hidden)
            self.head = nn.Linear((2 * cond_dim, *hidden)[-1], self.layout.size)
            bias_hyperinit(self.head, self.layout, native=linear_native)
            nn.init.normal_(self.head.weight, std=0.1 * self.head.in_features**-0.5)

    def generate(self, cond: Tensor | None = None) -> dict[str, Tensor]:
        """The tensors [B, *shape] for conditions g [B, Cd] in 0 to 1."""
        if cond is None or cond.shape[-1] != self.cond_dim:
            found = "none" if cond is None else cond.shape[-1]
            raise ValueError(f"the condition needs {self.cond_dim} numbers, got {found}")
        return self.layout.split(self.head(self.trunk(constant_length_code(cond))))

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, O]: sample b through its own network b."""
        return batching.evaluate(weights, x, activation=self.activation)

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I], conditions [B, Cd], and classes [B] that depend on both."""
        x = torch.randn(batch, self.main_dims[0], generator=generator)
        cond = torch.rand(batch, self.cond_dim, generator=generator)
        shift = (cond.mean(dim=-1) > 0.5).long()
        return (x, cond), (classes(x, self.main_dims[-1]) + shift) % self.main_dims[-1]


def constant_length_code(cond: Tensor) -> Tensor:
    """E(g) [B, 2 Cd]: a point on the circle for each number of g [B, Cd].

    >>> constant_length_code(torch.tensor([[0.3, 0.9]])).square().sum().item()
    2.0
    """
    angle = cond * (math.pi / 2)
    return torch.cat([torch.cos(angle), torch.sin(angle)], dim=-1)


INFO = ModelInfo(
    name="mip",
    build=MIPHypernet,
    summary="constant-length condition code, and changes added to learned weights",
    paper="Ortiz, Guttag & Dalca 2023, arXiv 2304.07645",
    input="data-conditioned",
    output="generate once",
    input_variability="dynamic",
    output_variability="static",
    architecture="MLP",
    priority=1,
)
