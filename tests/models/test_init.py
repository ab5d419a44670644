"""Each initialisation gives the variance that it promises, on a head and a layout of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hypercheck.models import build, init
from hypercheck.models.layout import Layout, mlp_layout

LAYOUT = Layout({"a.weight": (60, 40), "a.bias": (60,), "c.weight": (24, 12, 3, 3), "c.bias": (24,)})
BARE = mlp_layout((40, 60, 30), bias=False)
DEPTH = 50


def generated(
    method: Callable[..., None], layout: Layout, h: Tensor, copies: int = 12, **settings: Any
) -> dict[str, Tensor]:
    """Generated tensors [copies, *shape] of as many freshly initialised heads, for one h [d]."""
    generator = torch.Generator().manual_seed(0)
    heads = [nn.Linear(len(h), layout.size) for _ in range(copies)]
    for head in heads:
        method(head, layout, generator=generator, **settings)
    return layout.split(torch.stack([head(h) for head in heads]).detach())


def state(scale: float = 0.7) -> Tensor:
    return scale * torch.randn(DEPTH, generator=torch.Generator().manual_seed(3))


def assert_variance(expected: float, values: Tensor, tolerance: float = 0.12) -> None:
    assert expected == pytest.approx(float(values.detach().square().mean()), rel=tolerance)


def test_default_is_that_of_linear() -> None:
    h = state()
    expected = (float(h.square().sum()) + 1) / (3 * DEPTH)
    for weight in generated(init.default, LAYOUT, h).values():
        assert_variance(expected, weight)


def test_kaiming_promises_two_over_the_head_s_fan_in() -> None:
    h = state()
    assert_variance(2 * float(h.square().mean()), generated(init.kaiming, LAYOUT, h)["a.weight"])


def test_xavier_promises_two_over_fan_in_plus_fan_out() -> None:
    h = state()
    expected = 2 * float(h.square().sum()) / (DEPTH + LAYOUT.size)
    assert_variance(expected, generated(init.xavier, LAYOUT, h)["a.weight"])


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_hyperfan_in_without_biases_promises_c_over_fan_in(gain: float) -> None:
    h = state()
    weights = generated(init.hyperfan_in, BARE, h, second_moment=init.second_moment(h), gain=gain)

    assert_variance(gain / 40, weights["0.weight"])
    assert_variance(gain / 60, weights["2.weight"])


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_hyperfan_in_with_biases_shares_the_variance_between_weight_and_bias(gain: float) -> None:
    h = state()
    weights = generated(init.hyperfan_in, LAYOUT, h, second_moment=init.second_moment(h), gain=gain)

    assert_variance(gain / 2 / 40, weights["a.weight"])
    assert_variance(gain / 2, weights["a.bias"])
    assert_variance(gain / 2 / (12 * 9), weights["c.weight"])
    assert_variance(gain / 2, weights["c.bias"], tolerance=0.2)


def test_hyperfan_in_keeps_the_variance_of_activations() -> None:
    h = state()
    layout = mlp_layout((40, 200), bias=True)
    weights = generated(init.hyperfan_in, layout, h, second_moment=init.second_moment(h), gain=1.0)
    x = torch.randn(12, 1, 40, generator=torch.Generator().manual_seed(5))

    assert_variance(1.0, x @ weights["0.weight"].mT + weights["0.bias"].unsqueeze(1))


def test_the_nominal_second_moment_is_off_by_the_true_one() -> None:
    h = state(scale=3.0)
    moment = init.second_moment(h)

    assert_variance(moment * 2 / 40, generated(init.hyperfan_in, BARE, h)["0.weight"])


def test_hyperfan_out_promises_c_over_fan_out_and_biases_for_the_rest() -> None:
    h = state()
    weights = generated(init.hyperfan_out, LAYOUT, h, second_moment=init.second_moment(h))

    assert_variance(2 / 60, weights["a.weight"])
    assert_variance(2 * (1 - 40 / 60), weights["a.bias"])
    assert_variance(2 / (24 * 9), weights["c.weight"])


def test_hyperfan_out_gives_no_bias_to_a_layer_that_narrows() -> None:
    weights = generated(init.hyperfan_out, mlp_layout((60, 40)), state())

    assert not weights["0.bias"].any()


def test_bias_hyperinit_is_the_native_start_for_every_condition() -> None:
    head = nn.Linear(DEPTH, LAYOUT.size)
    init.bias_hyperinit(head, LAYOUT, generator=torch.Generator().manual_seed(0))

    first, second = LAYOUT.split(head(state())), LAYOUT.split(head(state(scale=5.0)))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert_variance(2 / 40, first["a.weight"])
    assert_variance(2 / (12 * 9), first["c.weight"])
    assert not first["a.bias"].any()


def test_bias_hyperinit_takes_the_user_s_own_native_start() -> None:
    weights = generated(init.bias_hyperinit, LAYOUT, state(), native=init.linear_native)

    assert_variance(1 / (3 * 40), weights["a.weight"])
    assert_variance(1 / (3 * 40), weights["a.bias"])


def test_weight_hyperinit_is_native_for_a_one_hot_state() -> None:
    one_hot = torch.zeros(DEPTH)
    one_hot[7] = 1.0
    weights = generated(init.weight_hyperinit, LAYOUT, one_hot, copies=4)

    assert_variance(2 / 40, weights["a.weight"])
    assert_variance(2 / (12 * 9), weights["c.weight"])
    assert not weights["a.bias"].any()


def test_weight_hyperinit_gives_conditions_weights_of_their_own() -> None:
    head = nn.Linear(2, BARE.size)
    init.weight_hyperinit(head, BARE)

    assert not torch.equal(head(torch.tensor([1.0, 0.0])), head(torch.tensor([0.0, 1.0])))


def test_ntk_stores_standard_normal_entries_and_divides_in_the_forward_pass() -> None:
    head = nn.Linear(DEPTH, LAYOUT.size)
    init.ntk(head, LAYOUT, generator=torch.Generator().manual_seed(0))
    h = state()

    stored = head.get_parameter("parametrizations.weight.original")
    assert_variance(1.0, stored, tolerance=0.05)
    assert_variance(init.second_moment(h), head(h), tolerance=0.05)


def test_ntk_scaling_of_the_main_network_keeps_the_variance_of_activations() -> None:
    h = state(scale=1.0)
    weights = generated(init.ntk, mlp_layout((40, 200), bias=False), h)
    scaled = init.ntk_scaled({"0.weight": weights["0.weight"][0]})["0.weight"]
    x = torch.randn(50, 40, generator=torch.Generator().manual_seed(5))

    assert_variance(init.second_moment(h), x @ scaled.T, tolerance=0.15)


def test_a_shared_head_meets_the_mean_variance_of_the_layers() -> None:
    model = build("chunked", main_dims=(30, 40, 20), init="hyperfan_in", bias=False, chunk_size=500)
    values = torch.cat([weight.flatten() for weight in model.generate().values()])

    assert_variance((1 / 30 * 1200 + 1 / 40 * 800) / 2000, values.detach(), tolerance=0.3)


@pytest.mark.parametrize("name", ["full", "task", "conditional"])
@pytest.mark.parametrize("method", init.METHODS)
def test_every_method_by_name_trains(name: str, method: str) -> None:
    model = build(name, init=method)
    loss = model.loss(*model.example())
    loss.backward()

    assert loss.isfinite()
    assert any(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())


def test_bias_hyperinit_silences_the_trunk_for_one_step_only() -> None:
    model = build("full", init="bias_hyperinit")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    reached = []
    for _ in range(2):
        optimizer.zero_grad()
        model.loss(*model.example()).backward()
        grad = model.get_parameter("embedding").grad
        assert grad is not None
        reached.append(bool(grad.any()))
        optimizer.step()

    assert reached == [False, True]


def test_a_head_of_the_wrong_height_is_refused_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="head has 7 outputs, the main network needs 2400"):
        init.hyperfan_in(nn.Linear(3, 7), mlp_layout((40, 60), bias=False))


def test_hyperinit_needs_a_bias_in_the_head() -> None:
    with pytest.raises(ValueError, match="the head has none"):
        init.bias_hyperinit(nn.Linear(3, 12, bias=False), mlp_layout((3, 4), bias=False))
