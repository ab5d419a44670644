"""A small generator of its own for each tensor of the main network.

    W_l = H_l phi_l(c) + beta_l        c [B, Cd],  one pair (phi_l, H_l) for each tensor,  W_l [B, O, I]

Sitzmann et al. 2020 (arXiv 2006.09661), section 4.4. Their start: heads a hundred times smaller than usual,
and head biases as the main network itself would be initialised.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hypercheck.models import batching
from hypercheck.models.hypernet import Batch, MLPHypernet, classes, make_trunk, seeded
from hypercheck.models.init import linear_native
from hypercheck.models.layout import Layout
from hypercheck.models.survey import ModelInfo


class LayerwiseHypernet(MLPHypernet):
    """Condition [B, Cd] -> one generator for each tensor -> tensors [B, *shape] of B MLPs."""

    per_sample = True

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        cond_dim: int = 4,
        hidden: Sequence[int] = (8,),
        bias: bool = True,
        activation: str = "tanh",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias, activation)
        self.cond_dim = cond_dim
        width = (cond_dim, *hidden)[-1]
        with seeded(seed):
            # Module names cannot have dots: "0.weight" is made by the generator "0_weight".
            self.generators = nn.ModuleDict(
                {
                    name.replace(".", "_"): make_trunk(cond_dim, hidden).append(
                        nn.Linear(width, Layout({name: shape}).size)
                    )
                    for name, shape in self.layout.shapes.items()
                }
            )
            self._published_start()

    @torch.no_grad()
    def _published_start(self) -> None:
        for weight, bias in self.layout.layers():
            tensors = {weight: torch.empty(self.layout.shapes[weight])}
            if bias:
                tensors[bias] = torch.empty(self.layout.shapes[bias])
            linear_native(tensors[weight], tensors.get(bias or ""), None)
            for name, tensor in tensors.items():
                head = list(self.generators[name.replace(".", "_")].children())[-1]
                assert isinstance(head, nn.Linear)
                nn.init.kaiming_normal_(head.weight).mul_(1e-2)
                head.bias.copy_(tensor.flatten())

    def generate(self, cond: Tensor | None = None) -> dict[str, Tensor]:
        """The tensors [B, *shape] for conditions [B, Cd]."""
        if cond is None or cond.shape[-1] != self.cond_dim:
            found = "none" if cond is None else cond.shape[-1]
            raise ValueError(f"the condition needs {self.cond_dim} numbers, got {found}")
        return {
            name: self.generators[name.replace(".", "_")](cond).unflatten(-1, shape)
            for name, shape in self.layout.shapes.items()
        }

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, O]: sample b through its own network b."""
        return batching.evaluate(weights, x, activation=self.activation)

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I], conditions [B, Cd], and classes [B] that depend on both."""
        x = torch.randn(batch, self.main_dims[0], generator=generator)
        cond = torch.randn(batch, self.cond_dim, generator=generator)
        shift = (cond.mean(dim=-1) > 0).long()
        return (x, cond), (classes(x, self.main_dims[-1]) + shift) % self.main_dims[-1]


INFO = ModelInfo(
    name="layerwise",
    build=LayerwiseHypernet,
    summary="a small generator of its own for each tensor of the main network",
    paper="Sitzmann et al. 2020, arXiv 2006.09661",
    input="data-conditioned",
    output="component-wise",
    input_variability="dynamic",
    output_variability="static",
    architecture="MLP",
    priority=1,
)
