"""Corrected statements, in the user's own names."""

from __future__ import annotations

import pytest

from hypercheck.findings import Location
from hypercheck.rules import repair


def at(source: str) -> Location:
    return Location("train.py", 1, 1, source=f"        {source}  # a comment")


@pytest.mark.parametrize(
    ("source", "missing", "expected"),
    [
        ("opt = Adam(net.parameters(), lr=0.1)", ["code"], "opt = Adam([*net.parameters(), code], lr=0.1)"),
        ("opt = optim.Adam([a, b])", ["c", "d"], "opt = optim.Adam([a, b, c, d])"),
        (
            "opt = Adam([{'params': a, 'lr': 1}])",
            ["*net.parameters()"],
            "opt = Adam([{'params': a, 'lr': 1}, {'params': [*net.parameters()]}])",
        ),
        (
            "self.opt = make(net)",
            ["code"],
            'optimizer.add_param_group({"params": [code]})   # optimizer: the Adam',
        ),
    ],
)
def test_an_optimizer_is_given_what_it_lacks(source: str, missing: list[str], expected: str) -> None:
    assert expected == repair.given_too(at(source), "Adam", missing)


def test_a_write_through_out_is_handed_over() -> None:
    assert 'y = torch.func.functional_call(layer, {"weight": torch.add(a, b)}, x)' == repair.hand_over(
        at("torch.add(a, b, out=layer.weight)")
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("self.w = nn.ParameterList(made)", "self.w = list(made)   # a plain list keeps the history"),
        ("self.w = nn.Parameter(made)", None),
    ],
)
def test_a_container_of_parameters_becomes_a_plain_one(source: str, expected: str | None) -> None:
    assert expected == repair.plain_container(at(source))


def test_loading_becomes_a_functional_call() -> None:
    told = repair.called_with(at("missing = net.main.load_state_dict(made, strict=False)"))

    assert told.startswith("y = torch.func.functional_call(net.main, made, x)")


def test_a_statement_that_is_not_at_hand_gets_general_advice() -> None:
    assert "functional_call(main, weights, x)" in repair.called_with(None)
    assert "add_param_group" in repair.given_too(None, "Adam", ["code"])
    assert repair.first_argument(None) is None
