"""Low-rank adapters for a frozen classifier, all from one hypernetwork: for digits turned or mirrored.

The base network is trained on upright digits and then frozen. For each task, a learned embedding gives the
factors A and B of every layer, which computes (W + B A) x. B starts at zero: training starts at the base.
"""

import argparse

import torch
import torch.nn.functional as F
from digits_data import accuracy, epochs_shown, load, shuffled_batches
from torch import Tensor, nn

RANK = 4
TASKS = {
    "turned left": lambda images: images.rot90(1, (2, 3)),
    "upside down": lambda images: images.rot90(2, (2, 3)),
    "mirrored": lambda images: images.flip(3),
    "transposed": lambda images: images.mT,
}


class LoraHypernetwork(nn.Module):
    """Task number -> embedding [E] -> for each layer of the base the factors A [R, I] and B [O, R]."""

    def __init__(self, base: nn.Sequential, embedding_width: int = 8, hidden: int = 64) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.layers = [name for name, module in base.named_children() if isinstance(module, nn.Linear)]
        self.embeddings = nn.Embedding(len(TASKS), embedding_width)
        self.trunk = nn.Sequential(nn.Linear(embedding_width, hidden), nn.ReLU())
        self.to_a, self.to_b = nn.ModuleDict(), nn.ModuleDict()
        for name in self.layers:
            layer = base.get_submodule(name)
            self.to_a[name] = nn.Linear(hidden, RANK * layer.in_features)
            self.to_b[name] = nn.Linear(hidden, layer.out_features * RANK)
            nn.init.zeros_(self.to_b[name].weight)
            nn.init.zeros_(self.to_b[name].bias)

    def forward(self, images: Tensor, task: int) -> Tensor:
        h = self.trunk(self.embeddings(torch.tensor(task)))
        x = images
        for name, module in self.base.named_children():
            y = module(x)
            if name in self.layers:
                a, b = self.to_a[name](h).view(RANK, -1), self.to_b[name](h).view(-1, RANK)
                y = y + F.linear(F.linear(x, a), b)  # the base passes gradients on, though it does not learn
            x = y
        return x


def train_base(images: Tensor, labels: Tensor, epochs: int) -> nn.Sequential:
    """A plain classifier for upright digits."""
    base = nn.Sequential(nn.Flatten(), nn.Linear(images[0].numel(), 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.Adam(base.parameters(), lr=3e-3)
    for _ in range(epochs):
        for some_images, some_labels in shuffled_batches(images, labels, size=64):
            optimizer.zero_grad()
            F.cross_entropy(base(some_images), some_labels).backward()
            optimizer.step()
    return base


def train_adapters(model: LoraHypernetwork, images: Tensor, labels: Tensor, epochs: int) -> None:
    """All tasks at once: every step sees one batch, in the guise of each task."""
    learnable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(learnable, lr=2e-3)
    for _ in epochs_shown(epochs):
        for some_images, some_labels in shuffled_batches(images, labels, size=64):
            losses = [
                F.cross_entropy(model(change(some_images), task), some_labels)
                for task, change in enumerate(TASKS.values())
            ]
            optimizer.zero_grad()
            torch.stack(losses).mean().backward()
            optimizer.step()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=("digits", "mnist"), default="digits")
    parser.add_argument("--quick", action="store_true", help="a few seconds instead of a good result")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)  # networks this small are faster on one thread
    images, labels, test_images, test_labels = load(options.data)
    base = train_base(images, labels, epochs=5 if options.quick else 20)
    print(f"base, upright digits: accuracy {accuracy(base, test_images, test_labels):.3f}")
    model = LoraHypernetwork(base)
    train_adapters(model, images, labels, epochs=4 if options.quick else 25)
    scores = []
    with torch.no_grad():
        for task, (name, change) in enumerate(TASKS.items()):
            changed = change(test_images)
            right = model(changed, task).argmax(dim=1) == test_labels
            scores.append(right.float().mean())
            print(f"{name}: base {accuracy(base, changed, test_labels):.3f}, adapted {scores[-1]:.3f}")
    print(f"mean accuracy: {torch.stack(scores).mean():.3f}")


if __name__ == "__main__":
    main()
