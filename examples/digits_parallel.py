"""A conditional hypernetwork: every image gets a classifier of its own, all in one grouped convolution.

A convolution with kernels of size 1 is a linear layer; with one group per sample, it is one layer for each.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from digits_data import accuracy, epochs_shown, load, read_arguments, shuffled_batches
from torch import Tensor, nn


class ParallelHypernetwork(nn.Module):
    """Images [B, 1, S, S] -> conditions [B, 16] -> weights [B, P] of B small networks -> scores [B, 10]."""

    def __init__(self, widths: tuple[int, ...], hidden: int = 32) -> None:
        super().__init__()
        self.widths = widths
        self.trunk = nn.Sequential(nn.Linear(16, hidden), nn.ReLU())
        self.head = nn.Linear(hidden, sum(i * o for i, o in pairwise(widths)))
        self.biases = nn.ParameterList(torch.zeros(o) for o in widths[1:])  # shared by all samples

    def generate(self, images: Tensor) -> Tensor:
        """The weights [B, P]; the condition is the image on a grid of 4 x 4."""
        condition = F.adaptive_avg_pool2d(images, 4).flatten(1)
        return self.head(self.trunk(condition))

    def forward(self, images: Tensor) -> Tensor:
        batch = len(images)  # any: nothing here is made for one batch size
        weights = self.generate(images)
        sizes = [i * o for i, o in pairwise(self.widths)]
        x = images.reshape(
            1, -1, 1
        )  # [1, B * I, 1]: the inputs of all samples are channels, sample by sample
        for layer, (part, (i, o)) in enumerate(zip(weights.split(sizes, dim=1), pairwise(self.widths))):
            x = F.conv1d(x, part.reshape(batch * o, i, 1) / i**0.5, groups=batch)
            x = x + self.biases[layer].repeat(batch).view(1, -1, 1)
            if layer < len(sizes) - 1:
                x = F.relu(x)
        return x.view(batch, -1)


def main() -> None:
    options = read_arguments(__doc__, epochs=25)
    digits = load(options.data)
    model = ParallelHypernetwork((digits.train_images[0].numel(), 16, 10))
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
