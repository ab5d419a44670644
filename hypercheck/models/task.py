"""One embedding row for each task; the task's number picks the row.

    theta_t = H phi(e_t) + beta        Emb [T, E],  e_t = Emb[t],  theta_t [P]

Rows of tasks that are not in the batch have a gradient of exactly zero, as they should.
von Oswald et al. 2020 (arXiv 1906.00695). Called "unconditional" where a condition means the input itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hypercheck.models.full import ntk_trunk
from hypercheck.models.hypernet import Batch, MLPHypernet, make_trunk, seeded
from hypercheck.models.init import initialise
from hypercheck.models.survey import ModelInfo


class TaskHypernet(MLPHypernet):
    """Task embedding [E] -> trunk -> head -> all P weights of that task's MLP."""

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        num_tasks: int = 3,
        emb_dim: int = 5,
        hidden: Sequence[int] = (16,),
        bias: bool = True,
        activation: str = "tanh",
        init: str = "default",
        seed: int | None = 0,
    ) -> None:
        super().__init__(main_dims, bias, activation, init)
        self.num_tasks = num_tasks
        with seeded(seed):
            self.embedding = nn.Embedding(num_tasks, emb_dim)
            self.trunk = make_trunk(emb_dim, hidden)
            self.head = nn.Linear((emb_dim, *hidden)[-1], self.layout.size)
            if init == "ntk":
                ntk_trunk(self.trunk)
            initialise(init, self.head, self.layout, h=self.trunk(self.embedding.weight), gain=self.gain)

    def generate(self, cond: Tensor | int | None = None) -> dict[str, Tensor]:
        """The weights of task `cond`, a number from 0 to T - 1; task 0 without one."""
        task = task_number(cond, self.num_tasks)
        return self.layout.split(self.head(self.trunk(self.embedding(task))))

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """x [B, I] and a task; the labels of task t are those of task 0 moved up by t."""
        (x,), labels = super().example(batch, generator)
        assert labels is not None
        task = torch.randint(self.num_tasks, (), generator=generator)
        return (x, task), (labels + task) % self.main_dims[-1]


def task_number(cond: Tensor | int | None, num_tasks: int) -> Tensor:
    """The task as a tensor without axes, checked against the number of tasks."""
    task = torch.as_tensor(0 if cond is None else cond)
    if task.dim() or not 0 <= int(task) < num_tasks:
        raise ValueError(f"task {task.tolist()} asked for, but there are {num_tasks} tasks, counted from 0")
    return task


INFO = ModelInfo(
    name="task",
    build=TaskHypernet,
    summary="one embedding row for each task generates that task's weights",
    paper="von Oswald et al. 2020, arXiv 1906.00695",
    input="task-conditioned",
    output="generate once",
    input_variability="static",
    output_variability="static",
    architecture="MLP",
    priority=0,
)
