"""Every batching method equals the loop, in values and in gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from hypercheck.models import batching
from hypercheck.models.batching import METHODS, GroupSwish, choose, evaluate
from hypercheck.models.layout import mlp_layout

OTHERS = (*METHODS[1:], "auto")


def run(
    method: str,
    batch: int = 5,
    points: int | None = None,
    bias: bool = True,
    dtype: torch.dtype = torch.float64,
    uses: int = 1,
) -> tuple[Tensor, Tensor, Tensor]:
    """Output and the gradients of weights and inputs, for dims (3, 6, 4, 3)."""
    layout = mlp_layout((3, 6, 4, 3), bias)
    generator = torch.Generator().manual_seed(0)
    flat = torch.randn(batch, layout.size, generator=generator, dtype=dtype).requires_grad_()
    shape = (batch, 3) if points is None else (batch, points, 3)
    x = torch.randn(shape, generator=generator, dtype=dtype).requires_grad_()

    def trajectory(networks: batching.Network, state: Tensor) -> Tensor:
        for _ in range(uses):
            state = state + networks(state) / uses
        return state

    y = evaluate(layout.split(flat), x, method=method, trajectory=trajectory, uses=uses)
    y.sin().sum().backward()
    assert flat.grad is not None and x.grad is not None
    return y.detach(), flat.grad, x.grad


@pytest.mark.parametrize("method", OTHERS)
@pytest.mark.parametrize("points", [None, 1, 7])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("uses", [1, 3])
def test_values_and_gradients_equal_the_loop(
    method: str, points: int | None, bias: bool, uses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "CACHE_BYTES", 1200)  # micro_bmm takes two or three samples at a time
    for expected, actual in zip(
        run("loop", points=points, bias=bias, uses=uses), run(method, points=points, bias=bias, uses=uses)
    ):
        torch.testing.assert_close(expected, actual, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", OTHERS)
@pytest.mark.parametrize("batch", [1, 2, 64])
def test_any_batch_size_works(method: str, batch: int) -> None:
    for expected, actual in zip(run("loop", batch=batch), run(method, batch=batch)):
        torch.testing.assert_close(expected, actual, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", OTHERS)
def test_single_precision_agrees_to_its_own_accuracy(method: str) -> None:
    for expected, actual in zip(run("loop", dtype=torch.float32), run(method, dtype=torch.float32)):
        torch.testing.assert_close(expected, actual, rtol=1e-5, atol=1e-5)


def test_the_loop_is_each_network_on_its_own_input() -> None:
    layout = mlp_layout((3, 4, 2))
    flat, x = torch.randn(2, layout.size), torch.randn(2, 3)
    y = evaluate(layout.split(flat), x, method="loop")

    for index in range(2):
        one = layout.split(flat[index])
        hidden = torch.tanh(one["0.weight"] @ x[index] + one["0.bias"])
        torch.testing.assert_close(one["2.weight"] @ hidden + one["2.bias"], y[index])


@pytest.mark.parametrize("method", METHODS)
def test_a_learned_activation_is_the_same_for_all_samples(method: str) -> None:
    layout = mlp_layout((3, 6, 2))
    swish = GroupSwish(6)
    torch.nn.init.normal_(swish.beta)
    flat, x = torch.randn(4, layout.size), torch.randn(4, 3)
    y = evaluate(layout.split(flat), x, method=method, activation=swish)

    flipped = evaluate(layout.split(flat.flip(0)), x.flip(0), method=method, activation=swish)
    torch.testing.assert_close(y.flip(0), flipped)


def test_micro_batches_have_the_size_of_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = mlp_layout((3, 6, 2))
    monkeypatch.setattr(batching, "CACHE_BYTES", 3 * layout.size * 4)
    seen: list[int] = []

    def trajectory(networks: batching.Network, x: Tensor) -> Tensor:
        seen.append(len(x))
        return networks(x)

    weights = layout.split(torch.randn(8, layout.size))
    evaluate(weights, torch.randn(8, 3), method="micro_bmm", trajectory=trajectory)

    assert seen == [3, 3, 2]


@pytest.mark.parametrize(
    ("networks", "width", "uses", "method"),
    [
        (1, 16, 20, "bmm"),
        (64, 16, 1, "vecdot"),
        (64, 64, 20, "bmm"),
        (256, 64, 20, "micro_bmm"),
        (64, 256, 1, "loop"),
        (64, 256, 20, "micro_bmm"),
    ],
)
def test_auto_chooses_by_shapes_and_uses(networks: int, width: int, uses: int, method: str) -> None:
    layout = mlp_layout((width, width, width))

    assert choose(layout.split(torch.zeros(networks, layout.size)), uses) == method


def test_another_count_of_inputs_is_refused_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="weights of 4 networks, but there are 3 inputs"):
        evaluate({"0.weight": torch.zeros(4, 2, 5)}, torch.zeros(3, 5))


def test_another_width_of_inputs_is_refused_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="takes 5 inputs, but gets 6"):
        evaluate({"0.weight": torch.zeros(3, 2, 5)}, torch.zeros(3, 6))


def test_a_bias_that_does_not_fit_is_refused_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="has 3 entries, the layer 2 outputs"):
        evaluate({"0.weight": torch.zeros(3, 2, 5), "0.bias": torch.zeros(3, 3)}, torch.zeros(3, 5))


def test_an_unknown_method_offers_the_nearest() -> None:
    with pytest.raises(ValueError, match="no batching method 'groupconv'; did you mean group_conv"):
        evaluate({"0.weight": torch.zeros(3, 2, 5)}, torch.zeros(3, 5), method="groupconv")
