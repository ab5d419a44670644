"""digits_full.py with one fault: each generated weight becomes a parameter of its own."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from digits_data import accuracy, epochs_shown, load, read_arguments, shuffled_batches
from torch import Tensor, nn


class FullHypernetwork(nn.Module):
    """Embedding [E] -> trunk -> head -> the weights of all layers of `main`, one behind the other, [P]."""

    def __init__(self, widths: tuple[int, ...], embedding_width: int = 8, hidden: int = 32) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(embedding_width))
        self.trunk = nn.Sequential(nn.Linear(embedding_width, hidden), nn.ReLU())
        self.head = nn.Linear(hidden, sum(i * o for i, o in pairwise(widths)))
        self.main = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(widths))
        self.scale_head(widths)
        self.hand_over()

    @torch.no_grad()
    def scale_head(self, widths: tuple[int, ...]) -> None:
        """Start each layer at the usual scale, 1 / sqrt(fan-in): as it is made, a head starts far above."""
        start = 0
        for i, o in pairwise(widths):
            self.head.weight[start : start + i * o] /= math.sqrt(i)
            self.head.bias[start : start + i * o] /= math.sqrt(i)
            start += i * o

    def hand_over(self) -> None:
        """Generate the weights, and put each slice in the place of the weight of its layer."""
        generated = self.head(self.trunk(self.embedding))
        start = 0
        for layer in self.main:
            end = start + layer.in_features * layer.out_features
            weight = generated[start:end].view(layer.out_features, layer.in_features)
            layer.weight = nn.Parameter(weight)  # HC101
            start = end

    def forward(self, images: Tensor) -> Tensor:
        self.hand_over()
        x = images.flatten(1)
        for layer in self.main[:-1]:
            x = F.relu(layer(x))
        return self.main[-1](x)  # scores: cross_entropy applies the softmax by itself


def main() -> None:
    options = read_arguments(__doc__, epochs=25)
    digits = load(options.data)
    model = FullHypernetwork((digits.train_images[0].numel(), 32, 10))
    # Built after the first hand-over, which replaces parameters of `main`.
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in epochs_shown(options.epochs):
        for images, labels in shuffled_batches(digits.train_images, digits.train_labels, size=64):
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    print(f"loss of the last batch: {loss.item():.3f}")
    print(f"test accuracy: {accuracy(model, digits.test_images, digits.test_labels):.3f}")


if __name__ == "__main__":
    main()
