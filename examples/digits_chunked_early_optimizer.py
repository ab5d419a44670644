"""digits_chunked.py with one fault: the optimizer was built before the embeddings were replaced."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from digits_data import accuracy, epochs_shown, load, read_arguments, shuffled_batches
from torch import Tensor, nn

CHUNK = 256


class ChunkedHypernetwork(nn.Module):
    """Chunk embeddings [K, E] -> generator -> chunks [K, CHUNK] -> the weights of `main`, [P]."""

    def __init__(self, widths: tuple[int, ...], embedding_width: int = 16, hidden: int = 64) -> None:
        super().__init__()
        # What is left over of the last chunk is not used.
        chunks = math.ceil(sum(i * o for i, o in pairwise(widths)) / CHUNK)
        self.embeddings = nn.Parameter(torch.randn(chunks, embedding_width))
        self.generator = nn.Sequential(
            nn.Linear(embedding_width, hidden), nn.ReLU(), nn.Linear(hidden, CHUNK)
        )
        self.main = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(widths))
        self.hand_over()

    def hand_over(self) -> None:
        """Generate the weights, and put each slice in the place of the weight of its layer."""
        generated = self.generator(self.embeddings).flatten()
        start = 0
        for layer in self.main:
            end = start + layer.in_features * layer.out_features
            # A chunk may belong to two layers, so the scale, 1 / sqrt(fan-in), is given to the layer's slice.
            weight = generated[start:end].view(layer.out_features, layer.in_features) / layer.in_features**0.5
            del layer.weight  # the Parameter goes, so that a tensor with a history can take its name
            layer.weight = weight
            start = end

    def forward(self, images: Tensor) -> Tensor:
        self.hand_over()
        x = images.flatten(1)
        for layer in self.main[:-1]:
            x = F.relu(layer(x))
        return self.main[-1](x)


def main() -> None:
    options = read_arguments(__doc__, epochs=25)
    digits = load(options.data)
    model = ChunkedHypernetwork((digits.train_images[0].numel(), 32, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)  # HC305
    # Embeddings of one length, so that no chunk starts louder than the others.
    model.embeddings = nn.Parameter(2 * F.normalize(model.embeddings.detach(), dim=1))
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
