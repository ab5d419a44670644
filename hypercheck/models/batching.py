"""Ways to evaluate B generated MLPs on B inputs, all equal to the loop over samples.

`weights` holds the generated tensors by name with a leading batch axis, [B, O, I] and [B, O], as
`Layout.split` unpacks them from a flat [B, P]: once, however often the networks are used afterwards. The
inputs are x [B, I], or [B, T, I] where each network sees T points.

    loop        one sample after the other; the oracle, and the fastest for wide networks used once
    group_conv  one grouped convolution, every network a group of B·I channels
    bmm         one batched matrix product per layer
    micro_bmm   bmm over groups of samples whose weights fit the cache together
    vecdot      multiply and sum, no matrix product: the cheapest backward for one point and one use
    vmap        `torch.func.vmap` of the single network
    auto        one of these, chosen by the shapes and by how often the networks are used
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hypercheck.models.main_networks import Activation, run_mlp

Network = Callable[[Tensor], Tensor]
"""Some of the B networks side by side: x [b, (T,) I] -> y [b, (T,) O]."""
Trajectory = Callable[[Network, Tensor], Tensor]
"""A computation that uses the networks any number of times: (networks, x [b, ...]) -> y [b, ...]."""

METHODS = ("loop", "group_conv", "bmm", "micro_bmm", "vecdot", "vmap")

CACHE_BYTES = 2 * 2**20
"""Weights that micro_bmm takes at a time; measured best near 2 MiB on CPUs with 0.5 to 1 MiB of L2."""


def use_once(networks: Network, x: Tensor) -> Tensor:
    """The trajectory of an ordinary MLP: one use."""
    return networks(x)


def evaluate(
    weights: Mapping[str, Tensor],
    x: Tensor,
    *,
    method: str = "auto",
    activation: Activation = torch.tanh,
    trajectory: Trajectory = use_once,
    uses: int = 1,
) -> Tensor:
    """Output [B, ...] of B networks on B inputs; sample b meets the weights b and no others.

    `trajectory` may use the networks many times, as an ODE solver does; `uses` says how often, for `auto`.

    >>> from hypercheck.models.layout import Layout
    >>> weights = Layout({"0.weight": (3, 2), "0.bias": (3,)}).split(torch.zeros(5, 9))
    >>> evaluate(weights, torch.zeros(5, 2)).shape
    torch.Size([5, 3])
    """
    expect_fit(weights, x)
    if method == "auto":
        method = choose(weights, uses, points=x[0, ..., 0].numel() if len(x) else 1)
    if method == "loop":
        return _loop(weights, x, activation, trajectory)
    if method == "group_conv":
        return trajectory(_group_conv(weights, activation), x)
    if method == "bmm":
        return trajectory(_bmm(weights, activation), x)
    if method == "micro_bmm":
        return _micro_bmm(weights, x, activation, trajectory)
    if method == "vecdot":
        return trajectory(_vecdot(weights, activation), x)
    if method == "vmap":
        return trajectory(_vmap(weights, activation), x)
    raise ValueError(_unknown(method))


def expect_method(method: str) -> None:
    """Raise a ValueError that offers the nearest name if there is no such way."""
    if method != "auto" and method not in METHODS:
        raise ValueError(_unknown(method))


def expect_fit(weights: Mapping[str, Tensor], x: Tensor) -> None:
    """Raise a ValueError naming both numbers if counts or widths of weights and inputs differ."""
    if not weights:
        raise ValueError("there are 0 generated tensors; an MLP needs at least 1")
    for name, tensor in weights.items():
        if len(tensor) != len(x):
            raise ValueError(
                f"{name} has the weights of {len(tensor)} networks, but there are {len(x)} inputs"
            )
    width = x.shape[-1]
    for name, bias in _layers(weights):
        weight = weights[name]
        if weight.dim() != 3 or weight.shape[-1] != width:
            raise ValueError(
                f"{name} {tuple(weight.shape)} takes {weight.shape[-1]} inputs, but gets {width}"
            )
        width = weight.shape[-2]
        if bias is not None and bias.shape[-1] != width:
            raise ValueError(
                f"the bias beside {name} has {bias.shape[-1]} entries, the layer {width} outputs"
            )


def choose(weights: Mapping[str, Tensor], uses: int = 1, points: int = 1) -> str:
    """The method that was measured fastest for such shapes on one CPU core (see bench/README.md).

    Batching pays while all weights and their gradients stay in the cache, or if they are used often.
    """
    if any(tensor.is_cuda for tensor in weights.values()):
        return "bmm"
    networks = len(next(iter(weights.values())))
    total = _size_bytes(weights)
    each = total // max(networks, 1)
    if networks == 1:
        return "vecdot" if uses == points == 1 and each > WIDE_BYTES else "bmm"
    if uses == 1 and each > WIDE_BYTES and total > 8 * CACHE_BYTES:
        return "loop"
    if points == 1 and (uses == 1 or (each <= TINY_BYTES and networks >= 32)):
        return "vecdot"
    if each > WIDE_BYTES and points > 1:
        return "loop"
    return "bmm" if total <= 2 * CACHE_BYTES else "micro_bmm"


WIDE_BYTES = 128 * 2**10
"""Networks with more weights than this, and many of them, gain nothing from batching in a single use."""

TINY_BYTES = 8 * 2**10
"""For networks with no more weights than this, multiplying and summing beats matrix products."""


class GroupSwish(nn.Module):
    """x · sigmoid(beta x) with one learned beta for each unit [F], the same in all B networks.

    One beta for each unit of *one* network: a parameter of B·F entries would belong to positions in the
    batch, and fail on a last batch that is smaller.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.ones(features))

    def forward(self, x: Tensor) -> Tensor:
        """The same shape as x [B, (T,) F]."""
        return x * torch.sigmoid(self.beta * x)


def _loop(weights: Mapping[str, Tensor], x: Tensor, activation: Activation, trajectory: Trajectory) -> Tensor:
    # unbind once: indexing tensor[b] would fill a zero gradient of the whole batch for each sample.
    singles = zip(*(tensor.unbind() for tensor in weights.values()))

    def single(tensors: tuple[Tensor, ...]) -> Network:
        named = dict(zip(weights, tensors))
        return lambda points: run_mlp(points, named, activation)

    return torch.cat([trajectory(single(tensors), part) for tensors, part in zip(singles, x.split(1))])


def _bmm(weights: Mapping[str, Tensor], activation: Activation) -> Network:
    # x @ W.mT and not W @ x: measured 3.5 times faster in backward at width 64 with reuse.
    layers = [
        (weights[name].mT, None if bias is None else bias.unsqueeze(1)) for name, bias in _layers(weights)
    ]

    def run(x: Tensor) -> Tensor:
        y = x if x.dim() == 3 else x.unsqueeze(1)
        for index, (matrix, bias) in enumerate(layers):
            y = torch.bmm(y, matrix) if bias is None else torch.baddbmm(bias, y, matrix)
            y = y if index == len(layers) - 1 else activation(y)
        return y if x.dim() == 3 else y.squeeze(1)

    return run


def _micro_bmm(
    weights: Mapping[str, Tensor], x: Tensor, activation: Activation, trajectory: Trajectory
) -> Tensor:
    count = max(1, CACHE_BYTES * len(x) // max(1, _size_bytes(weights)))
    groups = zip(*(tensor.split(count) for tensor in weights.values()))
    return torch.cat(
        [
            trajectory(_bmm(dict(zip(weights, group)), activation), part)
            for group, part in zip(groups, x.split(count))
        ]
    )


def _vecdot(weights: Mapping[str, Tensor], activation: Activation) -> Network:
    layers = [(weights[name], bias) for name, bias in _layers(weights)]

    def run(x: Tensor) -> Tensor:
        y = x if x.dim() == 3 else x.unsqueeze(1)
        for index, (matrix, bias) in enumerate(layers):
            y = torch.linalg.vecdot(matrix.unsqueeze(1), y.unsqueeze(2))  # [B, 1, O, I] · [B, T, 1, I]
            y = y if bias is None else y + bias.unsqueeze(1)
            y = y if index == len(layers) - 1 else activation(y)
        return y if x.dim() == 3 else y.squeeze(1)

    return run


def _group_conv(weights: Mapping[str, Tensor], activation: Activation) -> Network:
    layers = [(weights[name].flatten(0, 1).unsqueeze(-1), bias) for name, bias in _layers(weights)]

    def run(x: Tensor) -> Tensor:
        networks = len(x)
        y = x
        for index, (kernel, bias) in enumerate(layers):
            # [1, B·I, T]: every network is a group of channels, and the points come last.
            channels = y.reshape(1, -1, 1) if y.dim() == 2 else y.mT.reshape(1, -1, y.shape[1])
            y = F.conv1d(channels, kernel, groups=networks)
            y = y.view(networks, -1) if x.dim() == 2 else y.view(networks, -1, x.shape[1]).mT
            if bias is not None:
                y = y + (bias if x.dim() == 2 else bias.unsqueeze(1))
            y = y if index == len(layers) - 1 else activation(y)  # sees [B, (T,) O]: no way across groups
        return y

    return run


def _vmap(weights: Mapping[str, Tensor], activation: Activation) -> Network:
    batched = torch.func.vmap(lambda named, x: run_mlp(x, named, activation))

    def run(x: Tensor) -> Tensor:
        y = batched(dict(weights), x)
        assert isinstance(y, Tensor)
        return y

    return run


def _layers(weights: Mapping[str, Tensor]) -> list[tuple[str, Tensor | None]]:
    names = [name for name in weights if name.endswith("weight")]
    return [(name, weights.get(name.removesuffix("weight") + "bias")) for name in names]


def _size_bytes(weights: Mapping[str, Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in weights.values())


def _unknown(method: str) -> str:
    near = difflib.get_close_matches(method, (*METHODS, "auto"), n=2) or (*METHODS, "auto")
    return f"no batching method {method!r}; did you mean {' or '.join(near)}?"
