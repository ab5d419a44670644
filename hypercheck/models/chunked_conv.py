"""Convolution kernels of layers of differing sizes, tiled from one base kernel generator.

    a_i = W_i z + B_i                   z [Z],  W_i [d, Z],  i = 1 ... unit
    K_i = <W_out, a_i> + B_out          W_out [unit·f·f, d],  K [unit, unit, f, f]

A layer of O x I channels needs (O / unit) x (I / unit) base kernels, each from a learned embedding z of its
own. Kernels of another width f need another W_out: there is one for each f.
Ha, Dai & Le 2017 (arXiv 1609.09106), section 3.1, the static hypernetwork.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hypercheck.models.hypernet import Batch, Hypernet, classes, seeded
from hypercheck.models.layout import fan_in
from hypercheck.models.main_networks import run_cnn
from hypercheck.models.survey import ModelInfo


class ChunkedConvHypernet(Hypernet):
    """Layer embeddings [tiles, Z] -> base kernels [tiles, unit, unit, f, f] -> kernels [O, I, f, f] of a CNN.

    `channels` has (inputs, outputs) for each layer, `kernels` each layer's width f. The linear classifier
    behind the convolutions is an ordinary layer.
    """

    def __init__(
        self,
        channels: Sequence[tuple[int, int]] = ((4, 8), (8, 16)),
        kernels: Sequence[int] = (3, 5),
        unit: int = 4,
        z_dim: int = 6,
        d: int = 6,
        num_classes: int = 3,
        seed: int | None = 0,
    ) -> None:
        super().__init__()
        if len(channels) != len(kernels):
            raise ValueError(f"there are {len(channels)} layers, but {len(kernels)} kernel widths")
        for count in (count for pair in channels for count in pair):
            if count % unit:
                raise ValueError(f"{count} channels cannot be tiled by base kernels of {unit}")
        self.channels, self.kernels, self.unit = tuple(channels), tuple(kernels), unit
        with seeded(seed):
            tiles = [outputs // unit * (inputs // unit) for inputs, outputs in self.channels]
            self.embeddings = nn.ParameterList([torch.randn(count, z_dim) for count in tiles])
            self.to_a = nn.Linear(z_dim, unit * d)
            self.to_kernel = nn.ModuleDict({str(f): nn.Linear(d, unit * f * f) for f in sorted(set(kernels))})
            self.classifier = nn.Linear(self.channels[-1][1], num_classes)

    def generate(self, cond: Any = None) -> dict[str, Tensor]:
        """The kernels [O, I, f, f] of all layers; there is no condition."""
        kernels: dict[str, Tensor] = {}
        for index, ((inputs, outputs), f) in enumerate(zip(self.channels, self.kernels)):
            a = self.to_a(self.embeddings[index]).unflatten(-1, (self.unit, -1))  # [tiles, unit, d]
            base = self.to_kernel[str(f)](a).unflatten(-1, (self.unit, f, f))  # [tiles, in, out, f, f]
            grid = base.unflatten(
                0, (outputs // self.unit, inputs // self.unit)
            )  # [rows, columns, in, out, ...]
            kernel = grid.permute(0, 3, 1, 2, 4, 5).reshape(outputs, inputs, f, f)
            kernels[f"{index}.weight"] = kernel / fan_in((outputs, inputs, f, f)) ** 0.5
        return kernels

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, classes] of pictures [B, I, H, W]."""
        logits = self.classifier(run_cnn(x, weights))
        assert isinstance(logits, Tensor)
        return logits

    def example(self, batch: int = 8, generator: torch.Generator | None = None) -> Batch:
        """Pictures [B, I, 8, 8] and their classes [B]."""
        x = torch.randn(batch, self.channels[0][0], 8, 8, generator=generator)
        return (x,), classes(x.flatten(1), self.classifier.out_features)


INFO = ModelInfo(
    name="chunked_conv",
    build=ChunkedConvHypernet,
    summary="kernels of differing layer and kernel sizes, tiled from one base kernel generator",
    paper="Ha, Dai & Le 2017, arXiv 1609.09106, section 3.1",
    input="task-conditioned",
    output="chunk-wise",
    input_variability="static",
    output_variability="static",
    architecture="MLP",
    priority=0,
)
