"""Right ways of delivering weights train the hypernetwork; wrong ways leave it without gradient or update."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest
import torch

from hypercheck.models import handover, names, wrong_ways
from hypercheck.models.handover import HANDOVERS, build_case, ways
from hypercheck.models.wrong_ways import generator_parameters

# These leave a gradient: values, owners or timing are wrong, not the link.
STILL_MOVING = {"HC201", "HC203", "HC205", "HC301", "HC302", "HC303", "HC305", "HC405"}
CUTS = [way for way in ways(healthy=False) if HANDOVERS[way].code not in STILL_MOVING]

pytestmark = pytest.mark.filterwarnings("ignore:To copy construct from a tensor")


@pytest.mark.parametrize("model_name", names())
def test_right_ways_train_every_parameter_of_the_hypernetwork(model_name: str) -> None:
    for way in ways(healthy=True):
        case = build_case(model_name, way)
        if not case.applies:
            continue
        before = copy.deepcopy(dict(generator_parameters(case.model)))
        for _ in range(3):
            case.step()

        still = [name for name, value in generator_parameters(case.model) if torch.equal(value, before[name])]
        assert (still, case.expected) == ([], None), way


@pytest.mark.parametrize("model_name", names())
def test_cuts_leave_the_hypernetwork_as_it_was_and_raise_nothing(model_name: str) -> None:
    for way in CUTS:
        case = build_case(model_name, way)
        if not case.applies:
            continue
        before = copy.deepcopy(dict(generator_parameters(case.model)))
        for _ in range(2):
            case.step()

        moved = [
            name for name, value in generator_parameters(case.model) if not torch.equal(value, before[name])
        ]
        assert moved == [], way


@pytest.mark.parametrize("model_name", names())
def test_other_faults_run_silently_too(model_name: str) -> None:
    for way in set(ways(healthy=False)) - set(CUTS):
        case = build_case(model_name, way)
        if case.applies:
            assert [bool(case.step().isfinite()) for _ in range(2)] == [True, True], way


@pytest.mark.parametrize("way", ["del-and-set", "functional-call", "parametrization"])
def test_right_ways_give_the_loss_of_the_functional_way(way: str) -> None:
    expected, actual = build_case("full", "functional"), build_case("full", way)

    for _ in range(3):
        torch.testing.assert_close(expected.step(), actual.step())


@pytest.mark.parametrize(
    "way", ["HC101", "HC102", "HC103", "HC107", "HC108", "HC109", "HC104", "HC110", "HC111"]
)
def test_cuts_deliver_the_right_numbers_at_first(way: str) -> None:
    expected, actual = build_case("chunked", "functional"), build_case("chunked", way)

    torch.testing.assert_close(expected.step(), actual.step())


@pytest.mark.parametrize("way", ways(healthy=False))
def test_every_wrong_way_has_one_marked_statement(way: str) -> None:
    marked, code = HANDOVERS[way].marked or HANDOVERS[way].act, HANDOVERS[way].code
    assert marked is not None
    line = handover.marked_line(marked, code)

    source = Path(wrong_ways.__file__).read_text(encoding="utf-8").splitlines()
    assert source[line - 1].endswith(f"# {code}")
    assert sum(bool(re.search(rf"# {code}$", text)) for text in source) == 1


@pytest.mark.parametrize(("way", "name"), [("HC301", "embedding"), ("HC302", "embedding")])
def test_an_embedding_outside_the_parameters_never_learns(way: str, name: str) -> None:
    model = build_case("full", way).model

    assert name not in dict(model.named_parameters())
    assert (way == "HC301") == getattr(model, name).is_leaf


def test_unused_outputs_have_no_gradient_in_half_of_the_rows() -> None:
    case = build_case("full", "unused-output")
    case.model.loss(*case.model.example()).backward()

    grad = case.model.get_parameter("head.bias").grad
    assert grad is not None
    assert 0.4 < float((grad == 0).float().mean()) < 0.5


def test_a_case_that_does_not_apply_says_why() -> None:
    case = build_case("conditional", "unregistered-tensor")

    assert (case.applies, case.reason) == (False, "the model has no learned embedding")
    with pytest.raises(
        ValueError, match="unregistered-tensor does not apply to conditional: the model has no"
    ):
        case.step()


def test_a_way_can_be_named_by_its_code() -> None:
    assert handover.handover("HC107") is HANDOVERS["load-state-dict"]


def test_an_unknown_way_offers_the_nearest() -> None:
    with pytest.raises(ValueError, match="'data-asign'; did you mean data-assign"):
        build_case("full", "data-asign")


def test_two_cases_with_one_seed_train_alike() -> None:
    first, second = build_case("task", "functional", seed=3), build_case("task", "functional", seed=3)

    assert [first.step().item() for _ in range(3)] == [second.step().item() for _ in range(3)]
