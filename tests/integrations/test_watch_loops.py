"""Loops as trainers run them: the whole step in a closure, modules behind proxies."""

from __future__ import annotations

import weakref

import pytest

torch = pytest.importorskip("torch")

import hypercheck  # noqa: E402


def train(optimizer: torch.optim.Optimizer, model: torch.nn.Module, steps: int) -> None:
    for _ in range(steps):

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = model(torch.ones(4, 3)).square().mean()
            loss.backward()
            return loss

        optimizer.step(closure)


@pytest.mark.parametrize("kind", ["Adam", "LBFGS"])
def test_each_call_with_a_closure_is_a_step(kind):
    model = torch.nn.Linear(3, 2)
    optimizer = getattr(torch.optim, kind)(model.parameters())
    with hypercheck.watch(model, optimizer) as report:
        train(optimizer, model, 4)

    assert (4, 4) == (report.data.steps_seen, report.data.steps_recorded)
    assert () == report.findings


def test_a_module_behind_a_proxy_is_no_fault_of_ours():
    class Trainer:
        pass

    model, trainer = torch.nn.Linear(3, 2), Trainer()
    trainer.module = weakref.proxy(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with hypercheck.watch() as report:
        for _ in range(3):
            loss = trainer.module(torch.ones(4, 3)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    assert ("ok", ()) == (report.verdict, report.data.internal_errors)
