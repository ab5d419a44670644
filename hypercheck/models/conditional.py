"""Every sample gets a main network of its own, generated from data.

    theta_b = H phi(c_b) + beta        c [B, Cd],  theta [B, P],  y_b = f(x_b; theta_b)

The condition c_b is the input itself ("input"), the mean over an encoded support set ("support", which does
not depend on the order of the set), or a few numbers that steer the behaviour ("control").
Jia et al. 2016, dynamic filter networks (arXiv 1605.09673); Chauhan et al. 2023 (arXiv 2306.06955).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hypercheck.models import batching
from hypercheck.models.full import ntk_trunk
from hypercheck.models.hypernet import Batch, MLPHypernet, classes, make_trunk, seeded
from hypercheck.models.init import initialise, ntk_scaled
from hypercheck.models.survey import ModelInfo

SOURCES = ("input", "support", "control")


class ConditionalHypernet(MLPHypernet):
    """Condition [B, Cd], or support set [B, S, Cd] -> trunk -> head -> weights [B, P] of B MLPs.

    `batching` names how the B networks are evaluated; see `hypercheck.models.batching`.
    """

    per_sample = True

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        cond_dim: int | None = None,
        source: str = "input",
        batching: str = "auto",
        hidden: Sequence[int] = (16,),
        bias: bool = True,
        activation: str = "tanh",
        init: str = "default",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias, activation, init)
        if source not in SOURCES:
            raise ValueError(f"no source {source!r}; there are {', '.join(SOURCES)}")
        widths = {"input": self.main_dims[0], "support": self.main_dims[0] + 1, "control": 1}
        self.cond_dim = widths[source] if cond_dim is None else cond_dim
        if source == "input" and self.cond_dim != self.main_dims[0]:
            raise ValueError(f"the input has {self.main_dims[0]} numbers, the condition {self.cond_dim}")
        if source == "support" and self.cond_dim <= self.main_dims[0]:
            raise ValueError(f"a pair needs {self.main_dims[0] + 1} numbers or more, not {self.cond_dim}")
        _expect_batching(batching)
        self.source = source
        self.batching = batching
        with seeded(seed):
            self.trunk = make_trunk(self.cond_dim, hidden)
            self.head = nn.Linear((self.cond_dim, *hidden)[-1], self.layout.size)
            if init == "ntk":
                ntk_trunk(self.trunk)
            h = self.trunk(torch.randn(64, self.cond_dim))
            initialise(init, self.head, self.layout, h=h, gain=self.gain)

    def generate(self, cond: Tensor | None = None) -> dict[str, Tensor]:
        """The tensors [B, *shape] for conditions [B, Cd], or for support sets [B, S, Cd]."""
        if cond is None:
            raise ValueError(f"source {self.source!r} needs a condition of {self.cond_dim} numbers, got none")
        if cond.shape[-1] != self.cond_dim:
            raise ValueError(f"the condition has {cond.shape[-1]} numbers, the trunk takes {self.cond_dim}")
        h = self.trunk(cond)
        if self.source == "support":
            h = h.mean(dim=1)  # over the set, never over the batch
        return self.layout.split(self.head(h))

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, O]: sample b through its own network b."""
        if self.init == "ntk":
            weights = _ntk_scaled_each(weights)
        return batching.evaluate(weights, x, method=self.batching, activation=self.activation)

    def forward(self, x: Tensor, cond: Tensor | None = None) -> Tensor:
        """Logits [B, O]; with source "input" the input is the condition."""
        return self.use(x, self.generate(x if self.source == "input" and cond is None else cond))

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I], for the other sources a condition, and classes [B] that depend on it."""
        x = torch.randn(batch, self.main_dims[0], generator=generator)
        labels = classes(x, self.main_dims[-1])
        if self.source == "input":
            return (x,), labels
        shape = (batch, 5, self.cond_dim) if self.source == "support" else (batch, self.cond_dim)
        cond = torch.randn(shape, generator=generator)
        shift = (cond.flatten(1).mean(dim=1) > 0).long()
        return (x, cond), (labels + shift) % self.main_dims[-1]


def _expect_batching(method: str) -> None:
    batching.expect_method(method)


def _ntk_scaled_each(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: torch.func.vmap(lambda one: ntk_scaled({"": one})[""])(tensor)
        for name, tensor in weights.items()
    }


INFO = ModelInfo(
    name="conditional",
    build=ConditionalHypernet,
    summary="every sample's data generates that sample's own main network",
    paper="Jia et al. 2016, arXiv 1605.09673",
    input="data-conditioned",
    output="generate once",
    input_variability="dynamic",
    output_variability="static",
    architecture="MLP",
    priority=0,
)
