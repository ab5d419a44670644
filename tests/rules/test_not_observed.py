"""What hypercheck could not see is said, in real runs."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import hypercheck  # noqa: E402


def train(step, parameters):
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    for _ in range(4):
        optimizer.zero_grad()
        step()
        optimizer.step()


def codes(report) -> list[str]:
    return [finding.code for finding in report.findings]


def test_a_run_without_a_step_is_told() -> None:
    with hypercheck.watch() as report:
        torch.ones(2).sum()

    assert ["HC901"] == codes(report)
    assert "incomplete" == report.verdict


def test_a_transform_that_hides_every_weight_is_told() -> None:
    code = torch.randn(3, requires_grad=True)

    def loss(w):
        return torch.nn.functional.linear(torch.ones(2, 3), torch.tanh(w).view(1, 3)).square().sum()

    def step():
        code.grad = torch.func.grad(loss)(code.detach())
        (code * 0).sum().backward()

    with hypercheck.watch() as report:
        train(step, [code])

    assert "HC903" in codes(report)


def test_code_that_is_compiled_meanwhile_is_told() -> None:
    weight = torch.randn(1, 3, requires_grad=True)
    with hypercheck.watch() as report:
        try:
            loss = torch.compile(lambda x: torch.nn.functional.linear(x, weight).sum(), backend="eager")
        except RuntimeError as error:
            pytest.skip(f"torch.compile does not work here: {error}")
        train(lambda: loss(torch.ones(2, 3)).backward(), [weight])

    assert ["HC902"] == codes(report)
