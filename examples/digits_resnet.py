"""A small residual network whose kernels all come from one generator, tile by tile (Ha et al., 2017).

A layer with more channels is laid out from more tiles of the same basic size, with one embedding for each.
"""

import torch
import torch.nn.functional as F
from digits_data import accuracy, epochs_shown, load, read_arguments, shuffled_batches
from torch import Tensor, nn

UNIT, KERNEL = 16, 3


class KernelGenerator(nn.Module):
    """Embedding [E] of a tile -> one row [D] per input channel -> a kernel [UNIT, UNIT, KERNEL, KERNEL]."""

    def __init__(self, embedding_width: int = 32, row_width: int = 32) -> None:
        super().__init__()
        self.to_rows = nn.Linear(embedding_width, UNIT * row_width)
        self.to_kernels = nn.Linear(row_width, UNIT * KERNEL * KERNEL)

    def forward(self, tiles: Tensor) -> Tensor:
        """Embeddings [R, C, E] of a grid of tiles -> the kernel of a layer, [R * UNIT, C * UNIT, K, K]."""
        rows = self.to_rows(tiles).unflatten(-1, (UNIT, -1))  # [R, C, in, D]
        kernels = self.to_kernels(rows).unflatten(-1, (UNIT, KERNEL, KERNEL))  # [R, C, in, out, K, K]
        outputs, inputs = tiles.shape[0] * UNIT, tiles.shape[1] * UNIT
        return kernels.permute(0, 3, 1, 2, 4, 5).reshape(outputs, inputs, KERNEL, KERNEL)


class GeneratedConv(nn.Module):
    """A convolution that keeps one embedding per tile [O / UNIT, I / UNIT, E], and no kernel."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, embedding_width: int = 32) -> None:
        super().__init__()
        self.stride = stride
        self.tiles = nn.Parameter(torch.randn(outputs // UNIT, inputs // UNIT, embedding_width))

    def forward(self, x: Tensor, generator: KernelGenerator) -> Tensor:
        kernel = generator(self.tiles)
        return F.conv2d(x, kernel / kernel[0].numel() ** 0.5, stride=self.stride, padding=KERNEL // 2)


class Block(nn.Module):
    """x + conv(relu(conv(x))), normalised; the shortcut is a convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = GeneratedConv(inputs, outputs, stride), GeneratedConv(outputs, outputs)
        self.norms = nn.ModuleList(nn.BatchNorm2d(outputs) for _ in range(2))
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor, generator: KernelGenerator) -> Tensor:
        y = F.relu(self.norms[0](self.first(x, generator)))
        return F.relu(self.norms[1](self.second(y, generator)) + self.shortcut(x))


class HyperResNet(nn.Module):
    """Images [B, 1, S, S] -> scores [B, 10]: six generated kernels of three sizes, from one generator."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = KernelGenerator()
        self.stem = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU())
        self.blocks = nn.ModuleList(
            [Block(16, 16, stride=1), Block(16, 32, stride=2), Block(32, 32, stride=1)]
        )
        self.classify = nn.Linear(32, 10)

    def forward(self, images: Tensor) -> Tensor:
        x = self.stem(images)
        for block in self.blocks:
            x = block(x, self.generator)
        return self.classify(x.mean(dim=(2, 3)))


def main() -> None:
    options = read_arguments(__doc__, epochs=12)
    digits = load(options.data)
    model = HyperResNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-4)
    for _ in epochs_shown(options.epochs):
        model.train()
        for images, labels in shuffled_batches(digits.train_images, digits.train_labels, size=64):
            loss = F.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    model.eval()
    print(f"loss of the last batch: {loss.item():.3f}")
    print(f"test accuracy: {accuracy(model, digits.test_images, digits.test_labels):.3f}")


if __name__ == "__main__":
    main()
