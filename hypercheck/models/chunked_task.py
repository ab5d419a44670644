"""Chunks and tasks together: the generator sees a chunk embedding beside a task embedding.

    theta_t = [H phi([c_1; e_t]) | ... | H phi([c_K; e_t])][:P]        c [K, Ec],  Emb [T, E],  H [C, d]

von Oswald et al. 2020 (arXiv 1906.00695), section 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hypercheck.models.chunked import chunk_count
from hypercheck.models.full import ntk_trunk
from hypercheck.models.hypernet import Batch, MLPHypernet, make_trunk, seeded
from hypercheck.models.init import initialise_shared
from hypercheck.models.survey import ModelInfo
from hypercheck.models.task import task_number


class ChunkedTaskHypernet(MLPHypernet):
    """[chunk embedding; task embedding] [K, Ec + E] -> trunk -> head -> chunks [K, C] -> P weights."""

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        num_tasks: int = 3,
        emb_dim: int = 5,
        chunk_size: int = 32,
        chunk_emb_dim: int = 8,
        hidden: Sequence[int] = (16,),
        bias: bool = True,
        activation: str = "tanh",
        init: str = "default",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias, activation, init)
        self.num_tasks = num_tasks
        chunks = chunk_count(chunk_size, self.layout.size)
        width = chunk_emb_dim + emb_dim
        with seeded(seed):
            self.chunk_embeddings = nn.Parameter(torch.randn(chunks, chunk_emb_dim))
            self.embedding = nn.Embedding(num_tasks, emb_dim)
            self.trunk = make_trunk(width, hidden)
            self.head = nn.Linear((width, *hidden)[-1], chunk_size)
            if init == "ntk":
                ntk_trunk(self.trunk)
            h = self.trunk(self._inputs(torch.tensor(0)))
            initialise_shared(init, self.head, self.layout, h=h, gain=self.gain)

    def _inputs(self, task: Tensor) -> Tensor:
        rows = self.embedding(task).expand(len(self.chunk_embeddings), -1)
        return torch.cat([self.chunk_embeddings, rows], dim=-1)

    def generate(self, cond: Tensor | int | None = None) -> dict[str, Tensor]:
        """The weights of task `cond`, a number from 0 to T - 1; task 0 without one."""
        chunks = self.head(self.trunk(self._inputs(task_number(cond, self.num_tasks))))
        return self.layout.split(chunks.flatten()[: self.layout.size])

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I] and a task; the labels of task t are those of task 0 moved up by t."""
        (x,), labels = super().example(batch, generator)
        assert labels is not None
        task = torch.randint(self.num_tasks, (), generator=generator)
        return (x, task), (labels + task) % self.main_dims[-1]


INFO = ModelInfo(
    name="chunked_task",
    build=ChunkedTaskHypernet,
    summary="chunk and task embeddings side by side: one small generator for all tasks",
    paper="von Oswald et al. 2020, arXiv 1906.00695",
    input="task-conditioned",
    output="chunk-wise",
    input_variability="static",
    output_variability="static",
    architecture="MLP",
    priority=0,
)
