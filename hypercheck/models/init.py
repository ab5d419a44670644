"""Initialisations of a hypernetwork's head: the last linear layer, whose outputs are the weights.

A head computes theta = H h + beta, with h [d] from the trunk and H [P, d]. For one condition the entries of a
generated tensor have the variance Var(H) ||h||² + Var(beta), and ||h||² = d E[h²]. So each function takes
E[h²] as `second_moment`: 1 is the usual assumption, `second_moment(h)` the measured value, which
is exact. `layout` tells which rows of H make which tensor of the main network.

Chang, Flokas & Lipson 2020 (arXiv 2312.08399) · Beck et al. 2022 (arXiv 2210.11348) · Littwin et al. 2020
(arXiv 2003.12193). `gain` is their c: 2 for a main network with ReLU, 1 for tanh or none.

>>> layout = Layout({"0.weight": (64, 784), "0.bias": (64,)})
>>> head = nn.Linear(16, layout.size)
>>> hyperfan_in(head, layout, second_moment=0.5)
>>> bool(head.bias.eq(0).all())
True
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from hypercheck.models.layout import Layout, fan_in, fan_out

Native = Callable[[Tensor, "Tensor | None", "torch.Generator | None"], None]
"""Fills a layer's weight [O, I, ...] and its bias [O], if it has one, as the main network itself would be."""


def second_moment(h: Tensor) -> float:
    """E[h²], the mean square of the head's input [..., d]."""
    return float(h.detach().square().mean())


def default(head: nn.Linear, layout: Layout, *, generator: torch.Generator | None = None) -> None:
    """What `nn.Linear` does by itself: H and beta uniform with variance 1 / (3 d)."""
    _expect_rows(head, layout)
    bound = head.in_features**-0.5
    for tensor in (head.weight, head.bias):
        if tensor is not None:
            nn.init.uniform_(tensor, -bound, bound, generator=generator)


def kaiming(head: nn.Linear, layout: Layout, *, generator: torch.Generator | None = None) -> None:
    """Var(H) = 2 / d, beta 0: right for activations, blind to what the outputs are used for."""
    _expect_rows(head, layout)
    _normal(head.weight, 2 / head.in_features, generator)
    _zero_bias(head)


def xavier(head: nn.Linear, layout: Layout, *, generator: torch.Generator | None = None) -> None:
    """Var(H) = 2 / (d + P), beta 0."""
    _expect_rows(head, layout)
    _normal(head.weight, 2 / (head.in_features + head.out_features), generator)
    _zero_bias(head)


def hyperfan_in(
    head: nn.Linear,
    layout: Layout,
    *,
    second_moment: float = 1.0,
    gain: float = 2.0,
    generator: torch.Generator | None = None,
) -> None:
    """Generated weights of variance c / fan_in; with generated biases c / (2 fan_in), and c / 2 for those.

    Keeps the variance of activations through the main network (Chang 2020, hyperfan-in).
    """
    _by_variance(head, layout, hyperfan_in_variances(layout, gain), second_moment, generator)


def hyperfan_out(
    head: nn.Linear,
    layout: Layout,
    *,
    second_moment: float = 1.0,
    gain: float = 2.0,
    generator: torch.Generator | None = None,
) -> None:
    """Generated weights of variance c / fan_out, biases of max(0, c (1 - fan_in / fan_out)).

    Keeps the variance of gradients through the main network (Chang 2020, hyperfan-out).
    """
    _by_variance(head, layout, hyperfan_out_variances(layout, gain), second_moment, generator)


def hyperfan_in_variances(layout: Layout, gain: float = 2.0) -> dict[str, float]:
    """The variance that hyperfan-in wants for each generated tensor."""
    variances: dict[str, float] = {}
    for weight, bias in layout.layers():
        share = gain / 2 if bias else gain
        variances[weight] = share / fan_in(layout.shapes[weight])
        if bias:
            variances[bias] = share
    return variances


def hyperfan_out_variances(layout: Layout, gain: float = 2.0) -> dict[str, float]:
    """The variance that hyperfan-out wants for each generated tensor."""
    variances: dict[str, float] = {}
    for weight, bias in layout.layers():
        shape = layout.shapes[weight]
        variances[weight] = gain / fan_out(shape)
        if bias:
            variances[bias] = max(0.0, gain * (1 - fan_in(shape) / fan_out(shape)))
    return variances


def kaiming_native(weight: Tensor, bias: Tensor | None, generator: torch.Generator | None) -> None:
    """Kaiming's normal initialisation of a ReLU layer: variance 2 / fan_in; biases 0."""
    _normal(weight, 2 / fan_in(tuple(weight.shape)), generator)
    if bias is not None:
        nn.init.zeros_(bias)


def linear_native(weight: Tensor, bias: Tensor | None, generator: torch.Generator | None) -> None:
    """What `nn.Linear` and `nn.Conv2d` do: weights and biases uniform with variance 1 / (3 fan_in)."""
    bound = fan_in(tuple(weight.shape)) ** -0.5
    for tensor in (weight, bias):
        if tensor is not None:
            nn.init.uniform_(tensor, -bound, bound, generator=generator)


@torch.no_grad()
def bias_hyperinit(
    head: nn.Linear,
    layout: Layout,
    *,
    native: Native = kaiming_native,
    generator: torch.Generator | None = None,
) -> None:
    """H = 0, and beta is the main network's own initialisation: every condition starts from the same weights.

    The trunk and the embeddings have a zero gradient in the first step, by design (Beck 2022).
    """
    bias = _bias_of(head, layout)
    nn.init.zeros_(head.weight)
    for name, values in _native_tensors(layout, native, bias, generator).items():
        bias[layout.slices()[name]] = values.flatten()


@torch.no_grad()
def weight_hyperinit(
    head: nn.Linear,
    layout: Layout,
    *,
    native: Native = kaiming_native,
    generator: torch.Generator | None = None,
) -> None:
    """Every column of H is one initialisation of the main network: exact for a one-hot h (Beck 2022).

    Biases of the main network come from beta; the rest of beta, and the rows of H that make biases, are 0.
    """
    bias = _bias_of(head, layout)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(bias)
    slices = layout.slices()
    for column in range(head.in_features):
        for name, values in _native_tensors(layout, native, bias, generator).items():
            if values.dim() > 1:
                head.weight[slices[name], column] = values.flatten()
            else:
                bias[slices[name]] = values


class _Divided(nn.Module):
    """A parametrization: the stored tensor, divided by the square root of its fan-in."""

    def forward(self, stored: Tensor) -> Tensor:
        return stored / math.sqrt(fan_in(tuple(stored.shape)))


def ntk(linear: nn.Linear, layout: Layout | None = None, *, generator: torch.Generator | None = None) -> None:
    """Entries N(0, 1), and 1 / sqrt(fan_in) in the forward pass, as a parametrization of `linear.weight`.

    Use it on every linear layer of the hypernetwork, and `ntk_scaled` on the generated weights: their own
    variance is E[h²], about 1, not 1 / fan_in (Littwin 2020, NTK parametrisation).
    """
    if layout is not None:
        _expect_rows(linear, layout)
    _normal(linear.weight, 1.0, generator)
    _zero_bias(linear)
    parametrize.register_parametrization(linear, "weight", _Divided())


def ntk_scaled(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The generated weights [O, I, ...] over sqrt(fan_in); tensors with one axis are left alone."""
    return {
        name: tensor / math.sqrt(fan_in(tuple(tensor.shape))) if tensor.dim() > 1 else tensor
        for name, tensor in weights.items()
    }


METHODS = (
    "default",
    "kaiming",
    "xavier",
    "hyperfan_in",
    "hyperfan_out",
    "bias_hyperinit",
    "weight_hyperinit",
    "ntk",
)


def initialise(
    method: str, head: nn.Linear, layout: Layout, *, h: Tensor | None = None, gain: float = 2.0
) -> None:
    """Initialise `head` by the name of a method; `h` [..., d] is what the trunk gives, to measure E[h²].

    A name that is not in `METHODS` is refused: a typing error must not fall through to the default.
    """
    expect_method(method)
    moment = 1.0 if h is None else second_moment(h)
    if method == "hyperfan_in":
        hyperfan_in(head, layout, second_moment=moment, gain=gain)
    elif method == "hyperfan_out":
        hyperfan_out(head, layout, second_moment=moment, gain=gain)
    else:
        simple: dict[str, Callable[[nn.Linear, Layout], None]] = {
            "default": default,
            "kaiming": kaiming,
            "xavier": xavier,
            "bias_hyperinit": bias_hyperinit,
            "weight_hyperinit": weight_hyperinit,
            "ntk": ntk,
        }
        simple[method](head, layout)


def initialise_shared(method: str, head: nn.Linear, layout: Layout, *, h: Tensor, gain: float = 2.0) -> None:
    """Initialise a head that makes chunks [C], each of which may lie in any layer.

    One variance must do for all layers: hyperfan takes the mean over all P numbers. The two HyperInits
    need to know which number goes where, and are refused.
    """
    expect_method(method)
    if method in ("hyperfan_in", "hyperfan_out"):
        wanted = hyperfan_in_variances if method == "hyperfan_in" else hyperfan_out_variances
        variances = wanted(layout, gain)
        total = sum(variances[name] * math.prod(shape) for name, shape in layout.shapes.items())
        _normal(head.weight, total / layout.size / (head.in_features * second_moment(h)), None)
        _zero_bias(head)
    elif method in ("bias_hyperinit", "weight_hyperinit"):
        raise ValueError(f"{method} needs one head row per generated number; a chunked head shares its rows")
    else:
        initialise(method, head, Layout({"chunk": (head.out_features,)}))


def expect_method(method: str) -> None:
    """Raise a ValueError that offers the nearest name if there is no such initialisation."""
    if method not in METHODS:
        near = difflib.get_close_matches(method, METHODS, n=2) or METHODS
        raise ValueError(f"no initialisation {method!r}; did you mean {' or '.join(near)}?")


def _expect_rows(head: nn.Linear, layout: Layout) -> None:
    if head.out_features != layout.size:
        raise ValueError(f"the head has {head.out_features} outputs, the main network needs {layout.size}")


def _bias_of(head: nn.Linear, layout: Layout) -> Tensor:
    _expect_rows(head, layout)
    if head.bias is None:
        raise ValueError("this initialisation needs a head with a bias; the head has none")
    return head.bias


def _zero_bias(linear: nn.Linear) -> None:
    if linear.bias is not None:
        nn.init.zeros_(linear.bias)


def _normal(tensor: Tensor, variance: float, generator: torch.Generator | None) -> None:
    nn.init.normal_(tensor, std=math.sqrt(variance), generator=generator)


def _by_variance(
    head: nn.Linear,
    layout: Layout,
    variances: Mapping[str, float],
    moment: float,
    generator: torch.Generator | None,
) -> None:
    _expect_rows(head, layout)
    if moment <= 0:
        raise ValueError(f"the second moment of the head's input must be positive, got {moment}")
    _zero_bias(head)
    for name, rows in layout.slices().items():
        with torch.no_grad():
            _normal(head.weight[rows], variances.get(name, 0.0) / (head.in_features * moment), generator)


def _native_tensors(
    layout: Layout, native: Native, like: Tensor, generator: torch.Generator | None
) -> dict[str, Tensor]:
    """One native initialisation of every layer of the main network."""
    tensors = {name: like.new_zeros(shape) for name, shape in layout.shapes.items()}
    for weight, bias in layout.layers():
        native(tensors[weight], tensors[bias] if bias else None, generator)
    return tensors
