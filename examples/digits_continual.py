"""Five tasks, one after the other, without forgetting: a hypernetwork with one learned embedding per task.

Task t is to tell digit 2t from 2t + 1. While a task is learned, the weights that are generated for the
earlier tasks are held where they were, by a penalty on the hypernetwork's output (von Oswald et al., 2020).
Try `--keep 0` to see what is forgotten without the penalty.
"""

import argparse
from itertools import pairwise

import torch
import torch.nn.functional as F
from digits_data import Digits, epochs_shown, load, shuffled_batches
from torch import Tensor, nn

TASKS = 5


class TaskHypernetwork(nn.Module):
    """Task number -> embedding [E] -> all weights and biases of a classifier, [P]."""

    def __init__(self, widths: tuple[int, ...], embedding_width: int = 8, hidden: int = 64) -> None:
        super().__init__()
        self.shapes = [shape for i, o in pairwise(widths) for shape in ((o, i), (o,))]
        self.embeddings = nn.Embedding(TASKS, embedding_width)
        self.trunk = nn.Sequential(nn.Linear(embedding_width, hidden), nn.ReLU())
        self.head = nn.Linear(hidden, sum(torch.Size(shape).numel() for shape in self.shapes))

    def generate(self, task: int) -> Tensor:
        return self.head(self.trunk(self.embeddings(torch.tensor(task))))

    def forward(self, images: Tensor, task: int) -> Tensor:
        parts = self.generate(task).split([torch.Size(shape).numel() for shape in self.shapes])
        tensors = [part.view(shape) for part, shape in zip(parts, self.shapes)]
        x = images.flatten(1)
        for weight, bias in zip(tensors[:-2:2], tensors[1:-2:2]):
            x = F.relu(F.linear(x, weight / weight.shape[1] ** 0.5, bias))
        return F.linear(x, tensors[-2] / tensors[-2].shape[1] ** 0.5, tensors[-1])


def of_task(images: Tensor, labels: Tensor, task: int) -> tuple[Tensor, Tensor]:
    rows = labels // 2 == task
    return images[rows], labels[rows] % 2


def learn(model: TaskHypernetwork, digits: Digits, task: int, epochs: int, keep: float) -> None:
    """Learn one task, and stay near the weights that were generated for the tasks before it."""
    with torch.no_grad():
        before = [model.generate(earlier) for earlier in range(task)]
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)  # a new one: no momentum from the last task
    images, labels = of_task(digits.train_images, digits.train_labels, task)
    for _ in range(epochs):
        for some_images, some_labels in shuffled_batches(images, labels, size=32):
            loss = F.cross_entropy(model(some_images, task), some_labels)
            if task:
                drifts = [(model.generate(t) - before[t]).square().sum() for t in range(task)]
                loss = loss + keep * torch.stack(drifts).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


@torch.no_grad()
def accuracies(model: TaskHypernetwork, digits: Digits) -> Tensor:
    """Share of right answers on the test images of each task, [T]."""
    tests = [of_task(digits.test_images, digits.test_labels, task) for task in range(TASKS)]
    return torch.stack([(model(x, task).argmax(1) == y).float().mean() for task, (x, y) in enumerate(tests)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=("digits", "mnist"), default="digits")
    parser.add_argument("--keep", type=float, default=1.0, help="weight of the penalty")
    parser.add_argument("--quick", action="store_true", help="a few seconds instead of a good result")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)  # networks this small are faster on one thread
    digits = load(options.data)
    model = TaskHypernetwork((digits.train_images[0].numel(), 32, 2))
    when_learned = torch.zeros(TASKS)
    for task in epochs_shown(TASKS):
        learn(model, digits, task, epochs=3 if options.quick else 15, keep=options.keep)
        when_learned[task] = accuracies(model, digits)[task]
    at_the_end = accuracies(model, digits)
    print("task accuracy, when learned:", " ".join(f"{a:.3f}" for a in when_learned.tolist()))
    print("task accuracy, at the end:  ", " ".join(f"{a:.3f}" for a in at_the_end.tolist()))
    print(f"mean accuracy: {at_the_end.mean():.3f}")


if __name__ == "__main__":
    main()
