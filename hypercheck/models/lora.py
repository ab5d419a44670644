"""A task embedding generates a low-rank change of a frozen network.

    y = W0 x + (alpha / r) B_t A_t x        A [r, I],  B [O, r],  r (I + O) numbers for each layer

B starts at zero, so the first step changes B alone: the embedding and A's generator have a gradient of
exactly zero in that step. With A at zero too, nothing would ever learn.
Hu et al. 2022 (arXiv 2106.09685); generated: Karimi Mahabadi et al. 2021 (arXiv 2106.04489).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import Batch, Hypernet, classes, seeded
from hypercheck.models.layout import Layout
from hypercheck.models.survey import ModelInfo
from hypercheck.models.task import task_number


class LoRAHypernet(Hypernet):
    """Task embedding [E] -> A [r, I] and B [O, r] of each layer of the frozen `base`."""

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        rank: int = 3,
        alpha: float = 3.0,
        num_tasks: int = 3,
        emb_dim: int = 5,
        seed: int | None = 0,
    ) -> None:
        super().__init__()
        if rank < 1:
            raise ValueError(f"the rank must be at least 1, got {rank}")
        self.main_dims, self.num_tasks, self.scale = tuple(main_dims), num_tasks, alpha / rank
        pairs = list(enumerate(pairwise(main_dims)))
        self.a = Layout({f"{index}.A": (rank, inputs) for index, (inputs, _) in pairs})
        self.b = Layout({f"{index}.B": (outputs, rank) for index, (_, outputs) in pairs})
        with seeded(seed):
            self.base = nn.ModuleList([nn.Linear(inputs, outputs) for _, (inputs, outputs) in pairs])
            self.embedding = nn.Embedding(num_tasks, emb_dim)
            self.to_a = nn.Linear(emb_dim, self.a.size)
            self.to_b = nn.Linear(emb_dim, self.b.size)
        self.base.requires_grad_(False)  # frozen, but gradients pass through it
        nn.init.zeros_(self.to_b.weight)
        nn.init.zeros_(self.to_b.bias)

    def generate(self, cond: Tensor | int | None = None) -> dict[str, Tensor]:
        """The factors "0.A" [r, I] and "0.B" [O, r] of each layer for task `cond`; task 0 without one."""
        embedding = self.embedding(task_number(cond, self.num_tasks))
        return self.a.split(self.to_a(embedding)) | self.b.split(self.to_b(embedding))

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, O] of the changed network on x [B, I]."""
        for index, layer in enumerate(self.base):
            x = torch.tanh(x) if index else x
            change = nn.functional.linear(
                nn.functional.linear(x, weights[f"{index}.A"]), weights[f"{index}.B"]
            )
            x = layer(x) + self.scale * change
        return x

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I] and a task; the labels of task t are those of task 0 moved up by t."""
        x = torch.randn(batch, self.main_dims[0], generator=generator)
        task = torch.randint(self.num_tasks, (), generator=generator)
        return (x, task), (classes(x, self.main_dims[-1]) + task) % self.main_dims[-1]


INFO = ModelInfo(
    name="lora",
    build=LoRAHypernet,
    summary="a task embedding generates a low-rank change of a frozen network",
    paper="Karimi Mahabadi et al. 2021, arXiv 2106.04489",
    input="task-conditioned",
    output="generate multiple",
    input_variability="static",
    output_variability="static",
    architecture="MLP",
    priority=1,
)
