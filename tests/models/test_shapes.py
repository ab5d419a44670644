"""What single models promise about shapes, isolation of samples, and bad arguments."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from hypercheck.models import build, names
from hypercheck.models.layout import Layout, mlp_layout
from hypercheck.models.mip import constant_length_code

MLP_MODELS = ("full", "task", "chunked", "chunked_task", "batchnorm_hypernet", "conditional")


def test_the_layout_sums_products_and_never_multiplies_widths() -> None:
    assert mlp_layout((784, 64, 10), bias=False).size == 50_816
    assert mlp_layout((784, 64, 10)).size == 50_890


def test_splitting_uses_every_generated_number_once() -> None:
    layout = mlp_layout((3, 4, 2))
    flat = torch.arange(2.0 * layout.size).view(2, -1)

    parts = [part.flatten(1) for part in layout.split(flat).values()]

    assert torch.equal(flat, torch.cat(parts, dim=1))


def test_slices_name_the_rows_that_split_gives() -> None:
    layout = mlp_layout((3, 4, 2))
    flat = torch.arange(layout.size)

    for name, part in layout.split(flat).items():
        assert torch.equal(flat[layout.slices()[name]], part.flatten())


def test_a_flat_vector_of_the_wrong_length_is_refused_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="gives 11 numbers, the main network needs 12"):
        Layout({"weight": (3, 4)}).split(torch.zeros(11))


@pytest.mark.parametrize("name", MLP_MODELS)
@pytest.mark.parametrize("bias", [True, False])
def test_generated_tensors_have_the_shapes_of_the_main_network(name: str, bias: bool) -> None:
    model = build(name, main_dims=(5, 7, 6, 2), bias=bias)
    inputs, _ = model.example(3)
    weights = model.generate(inputs[-1] if len(inputs) > 1 or model.per_sample else None)

    batch = (3,) if model.per_sample else ()
    expected = {key: batch + shape for key, shape in mlp_layout((5, 7, 6, 2), bias).shapes.items()}
    assert expected == {key: tuple(weight.shape) for key, weight in weights.items()}


@pytest.mark.parametrize("name", [name for name in names() if build(name).main_network() is not None])
def test_the_main_network_as_a_module_computes_the_same(name: str) -> None:
    model = build(name)
    (x, *cond), _ = model.example()
    weights = model.generate(*cond)
    main = model.main_network()
    assert main is not None
    main.load_state_dict(weights)

    torch.testing.assert_close(model.use(x, weights), main(x))


def test_chunks_cover_the_main_network_and_no_more() -> None:
    model = build("chunked", main_dims=(784, 64, 10), chunk_size=1000)

    assert len(model.get_parameter("chunk_embeddings")) == 51


def test_tasks_have_distinct_weights_and_absent_tasks_no_gradient() -> None:
    model = build("task")
    assert not torch.equal(model.generate(0)["0.weight"], model.generate(1)["0.weight"])

    model(torch.ones(2, 8), 1).sum().backward()

    grad = model.get_parameter("embedding.weight").grad
    assert grad is not None
    assert grad.any(dim=1).tolist() == [False, True, False]


def test_kernels_are_tiled_from_base_kernels_in_rows_of_outputs() -> None:
    model = build("chunked_conv")
    first = model.generate()["1.weight"]
    with torch.no_grad():
        model.get_parameter("embeddings.1")[1] += 1  # the second tile: outputs 0-3, inputs 4-7
    changed = (model.generate()["1.weight"] != first).flatten(2).any(dim=2)

    expected = torch.zeros(16, 8, dtype=torch.bool)
    expected[:4, 4:] = True
    assert torch.equal(expected, changed)


@pytest.mark.parametrize("mode", ["row", "col", "rowcol"])
def test_scaling_equals_the_matrix_it_never_builds(mode: str) -> None:
    model = build("scaling", main_dims=(4, 3), mode=mode)
    x, weights = torch.randn(5, 4), model.generate()
    row, column = weights.get("0.row", torch.ones(3)), weights.get("0.col", torch.ones(4))
    matrix = torch.diag(row) @ model.get_parameter("base.0.weight") @ torch.diag(column)

    torch.testing.assert_close(x @ matrix.T, model.use(x, weights))


def test_identity_scaling_starts_at_the_stored_network() -> None:
    weights = build("scaling", identity=True).generate()

    assert all(torch.equal(torch.ones_like(scale), scale) for scale in weights.values())


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("conditional", {"source": "input"}),
        ("conditional", {"source": "support"}),
        ("conditional", {"source": "control"}),
        ("conditional", {"batching": "group_conv"}),
        ("group_conv", {}),
        ("hyper_ode", {}),
        ("film", {}),
        ("mip", {}),
        ("layerwise", {}),
        ("hyper_rnn", {}),
        ("hyper_lstm", {}),
    ],
)
def test_no_sample_reaches_another_sample_s_output(name: str, settings: dict[str, Any]) -> None:
    model = build(name, **settings)
    inputs, _ = model.example(4)
    inputs = tuple(tensor.detach().requires_grad_() for tensor in inputs)

    model(*inputs)[2].square().sum().backward()

    for tensor in inputs:
        assert tensor.grad is not None
        reached = tensor.grad.flatten(1).any(dim=1)
        assert reached.tolist() == [False, False, True, False]


def test_the_order_of_a_support_set_does_not_matter() -> None:
    model = build("conditional", source="support")
    (x, support), _ = model.example()

    torch.testing.assert_close(model(x, support), model(x, support.flip(1)))


def test_the_group_activation_does_not_depend_on_the_place_in_the_batch() -> None:
    model = build("group_conv")
    torch.nn.init.normal_(model.get_parameter("activation.beta"))
    x = torch.randn(6, 8)

    torch.testing.assert_close(model(x).flip(0), model(x.flip(0)))


def test_the_condition_code_has_constant_length() -> None:
    lengths = constant_length_code(torch.rand(100, 3)).square().sum(dim=1)

    torch.testing.assert_close(torch.full((100,), 3.0), lengths)


def test_a_low_rank_change_starts_at_the_frozen_network_and_never_touches_it() -> None:
    model = build("lora")
    frozen = {key: value.clone() for key, value in model.state_dict().items() if key.startswith("base")}
    x = torch.randn(4, 8)
    plain = model.base[1](torch.tanh(model.base[0](x)))  # type: ignore[index, operator]
    torch.testing.assert_close(plain, model(x, 0))

    model.loss(*model.example()).backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()

    assert all(torch.equal(value, model.state_dict()[key]) for key, value in frozen.items())


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("chunked", {"chunk_size": 196}, "chunk of 196 does not fit a main network of 195"),
        ("chunked_task", {"chunk_size": 0}, "chunk of 0 does not fit a main network of 195"),
        ("chunked_conv", {"channels": ((4, 8), (8, 18))}, "18 channels .* base kernels of 4"),
        ("chunked_conv", {"kernels": (3,)}, "2 layers, but 1 kernel"),
        ("batchnorm_hypernet", {"rows": 1}, "needs 2 to 195 rows, got 1"),
        ("full", {"main_dims": (4,)}, r"at least two widths, all positive; got \(4,\)"),
        (
            "full",
            {"init": "bias-hyperinit"},
            "no initialisation 'bias-hyperinit'; did you mean bias_hyperinit",
        ),
        ("chunked", {"init": "bias_hyperinit"}, "a chunked head shares its rows"),
        ("conditional", {"cond_dim": 5}, "input has 8 numbers, the condition 5"),
        ("conditional", {"batching": "grouped_conv"}, "no batching method .*group_conv"),
        ("group_conv", {"main_dims": (4, 5, 6, 2)}, "1 width, got 2 widths"),
        ("lora", {"rank": 0}, "at least 1, got 0"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_both_numbers(
    name: str, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build(name, **settings)


def test_a_condition_of_the_wrong_width_is_refused_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="condition has 5 numbers, the trunk takes 1"):
        build("conditional", source="control")(torch.zeros(2, 8), torch.zeros(2, 5))


def test_a_task_that_does_not_exist_is_refused_with_both_numbers() -> None:
    with pytest.raises(ValueError, match="task 3 asked for, but there are 3 tasks"):
        build("task").generate(3)
