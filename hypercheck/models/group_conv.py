"""Every sample's own network in one grouped convolution, for any batch size.

    y [1, B·O, T] = conv1d(x [1, B·I, T], W [B·O, I, 1], groups=B)

The activation between the layers is learned, and must not belong to a position in the batch: its beta
[F] is one for each hidden unit, shared by all samples.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from hypercheck.models.batching import GroupSwish
from hypercheck.models.conditional import ConditionalHypernet
from hypercheck.models.survey import ModelInfo


class GroupConvHypernet(ConditionalHypernet):
    """The conditional hypernetwork with grouped convolution; hidden layers of `main_dims` have one width."""

    activation: nn.Module

    def __init__(
        self,
        main_dims: Sequence[int] = (8, 16, 3),
        hidden: Sequence[int] = (16,),
        bias: bool = True,
        seed: int | None = 0,
    ) -> None:
        widths = set(main_dims[1:-1])
        if len(widths) != 1:
            raise ValueError(
                f"the shared activation needs hidden layers of 1 width, got {len(widths)} widths"
            )
        super().__init__(main_dims, batching="group_conv", hidden=hidden, bias=bias, seed=seed)
        del self.activation
        self.activation = GroupSwish(widths.pop())


INFO = ModelInfo(
    name="group_conv",
    build=GroupConvHypernet,
    summary="the generated networks of a whole batch run as one grouped convolution",
    paper="Jia et al. 2016, arXiv 1605.09673",
    input="data-conditioned",
    output="generate once",
    input_variability="dynamic",
    output_variability="static",
    architecture="MLP",
    priority=0,
)
