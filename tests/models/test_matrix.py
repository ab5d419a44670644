"""The checker on the reference models: silent on the right ways, and each fault is found at its line."""

from __future__ import annotations

import pytest

from hypercheck import matrix
from hypercheck.models import names
from hypercheck.models.handover import HANDOVERS, ways

pytestmark = pytest.mark.filterwarnings("ignore:To copy construct from a tensor")

GAPS: dict[str, tuple[str, ...]] = {
    "requires-grad-false": ("hyper_lstm",),
    "weight-mismatch": ("smash",),
    "unused-output": ("ghn", "hyper_lstm"),
    "not-in-optimizer": ("hyper_lstm",),
}
"""Cells that are not right yet, way to models. What stands behind most of them:

- hyper_lstm: the two factors of a product are computed of the same data, as those of any gate are.
- smash: one slice, taken for each layer anew, is told as the rest that nothing reads (HC203).
"""

WAYS = ways()
# "full" meets every way; each of the others meets four, so that they meet every way several times over.
SUBSET = [("full", way) for way in WAYS] + [
    (name, WAYS[(index + 11 * step) % len(WAYS)])
    for index, name in enumerate(names()[1:], start=1)
    for step in range(4)
]


def known(model: str, way: str) -> bool:
    """Whether the cell is not right yet."""
    return model in GAPS.get(way, ())


@pytest.mark.parametrize(("model", "way"), SUBSET, ids=lambda item: item)
def test_a_cell_is_right(model: str, way: str, request: pytest.FixtureRequest) -> None:
    if known(model, way):
        request.applymarker(pytest.mark.xfail(strict=True))
    cell = matrix.cell(model, way)

    assert cell.state in matrix.RIGHT, f"{cell.state}: told {', '.join(cell.codes) or 'nothing'}"


@pytest.mark.slow
@pytest.mark.parametrize("model", names())
def test_all_cells_of_a_model_are_right(model: str) -> None:
    wrong = {cell.way for cell in matrix.cells([model], WAYS) if cell.state not in matrix.RIGHT}

    assert {way for way in WAYS if known(model, way)} == wrong


def test_the_subset_has_every_model_and_every_way() -> None:
    assert set(names()) == {model for model, _ in SUBSET}
    assert set(WAYS) == {way for _, way in SUBSET}


def test_every_gap_names_a_way_and_models() -> None:
    assert set() == set(GAPS) - set(WAYS)
    assert set() == {model for models in GAPS.values() for model in models} - set(names())


def test_the_markdown_table_counts_right_ways_and_has_a_column_for_each_code() -> None:
    found = [
        matrix.Cell("full", "functional", matrix.SILENT),
        matrix.Cell("full", "bmm", matrix.NOT_APPLICABLE),
        matrix.Cell("full", "detach", matrix.FOUND),
        matrix.Cell("full", "data-assign", matrix.MISSED),
    ]

    assert (
        "| model | right ways silent | HC104 | HC102 |\n|---|---|---|---|\n| full | 1 of 1 | ✓ | missed |"
        == (matrix.render(found, markdown=True))
    )


def test_the_matrix_fails_where_a_cell_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "cell", lambda model, way: matrix.Cell(model, way, matrix.MISSED))

    text, status = matrix.run(("full",), ("HC104",), markdown=False)

    assert (1, "0 of 1 cells right") == (status, text.splitlines()[-1])


def test_a_fault_can_be_chosen_by_its_code() -> None:
    text, status = matrix.run(("full",), ("HC104",), markdown=False)

    assert (0, "1 of 1 cells right") == (status, text.splitlines()[-1])
    assert HANDOVERS["detach"].name in text
