"""The registry: every model builds, learns, and can be looked up by name."""

from __future__ import annotations

import time

import pytest
import torch

from hypercheck import models
from hypercheck.models import REGISTRY, build, info, names, training_step

# Healthy models with parameters whose gradient is exactly zero in the first step, by design.
ZERO_AT_FIRST = {"lora": {"embedding.weight", "to_a.weight", "to_a.bias"}}


@pytest.mark.parametrize("name", names())
def test_every_trainable_parameter_gets_a_gradient_by_the_second_step(name: str) -> None:
    model = build(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    generator = torch.Generator().manual_seed(1)
    silent = []
    for _ in range(2):
        model.loss(*model.example(generator=generator)).backward()
        silent.append(
            {
                key
                for key, parameter in model.named_parameters()
                if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
            }
        )
        optimizer.step()
        optimizer.zero_grad()

    assert [ZERO_AT_FIRST.get(name, set()), set()] == silent


@pytest.mark.parametrize("name", names())
def test_every_model_learns_its_example(name: str) -> None:
    model = build(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    batch = model.example(generator=torch.Generator().manual_seed(1))
    first = training_step(model, optimizer, batch)
    for _ in range(25):
        last = training_step(model, optimizer, batch)

    assert last < 0.8 * first


@pytest.mark.parametrize("name", names())
def test_building_and_examples_leave_the_global_random_numbers_alone(name: str) -> None:
    before = torch.random.get_rng_state()
    build(name).example(generator=torch.Generator().manual_seed(1))

    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("name", names())
def test_the_same_seed_builds_the_same_model(name: str) -> None:
    one, same, other = build(name).state_dict(), build(name).state_dict(), build(name, seed=1).state_dict()

    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("name", names())
def test_a_smaller_last_batch_works_with_the_same_module(name: str) -> None:
    model = build(name)
    for batch in (4, 1):
        assert model.loss(*model.example(batch)).isfinite()


@pytest.mark.parametrize("name", names())
def test_a_step_takes_less_than_50_ms_of_one_core(name: str) -> None:
    model = build(name)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
    batch = model.example()
    elapsed_s = []
    for _ in range(5):
        start = time.process_time()
        training_step(model, optimizer, batch)
        elapsed_s.append(time.process_time() - start)

    assert min(elapsed_s) < 0.05


def test_every_entry_is_filled_and_has_the_survey_s_words() -> None:
    for name, entry in REGISTRY.items():
        assert name == entry.name
        assert entry.input in ("task-conditioned", "data-conditioned", "noise-conditioned")
        assert entry.output in ("generate once", "generate multiple", "component-wise", "chunk-wise")
        assert {entry.input_variability, entry.output_variability} <= {"static", "dynamic"}
        assert entry.architecture in ("MLP", "CNN", "RNN", "attention", "GNN")
        assert entry.priority in (0, 1, 2)
        assert entry.summary and entry.paper


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"no model 'chunkd'; did you mean .*chunked"):
        info("chunkd")


def test_a_name_unlike_any_other_lists_all() -> None:
    with pytest.raises(ValueError, match=r"there are full, task, .*film"):
        models.build("zzz")
