"""docs/limits.md: each feature has a status, and a test, a program or a code that stands for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sweep
from test_programs import GAPS

from hypercheck.rules import CATALOGUE

PAGE = Path(__file__).parent.parent / "docs" / "limits.md"
TEXT = PAGE.read_text(encoding="utf-8")
STATUSES = ("works", "works, in eager mode", "partly", "not checked", "unknown")
TEST = r"\.\./tests/[^)]+\.py"
CODE = r"HC9\d\d"


def features() -> list[list[str]]:
    """The cells of each row in a table that has a column for the status."""
    rows, is_table = [], False
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            is_table = False
        elif cells[:2] == ["Feature", "Status"]:
            is_table = True
        elif is_table and not set(line) <= set("|-: "):
            rows.append(cells)
    return rows


FEATURES = features()


def programs(text: str) -> list[Path]:
    """The programs that a text links to."""
    return [
        PAGE.parent / target for target in re.findall(r"\((\.\./tests/(?:optional/)?programs/[^)]+)\)", text)
    ]


def test_every_file_that_is_named_exists():
    targets = {target for target in re.findall(r"\]\(([^)#]+)", TEXT) if "://" not in target}

    assert targets
    assert [] == sorted(target for target in targets if not (PAGE.parent / target).is_file())


def test_every_code_that_is_named_is_in_the_catalogue():
    assert set() == set(re.findall(r"HC\d{3}", TEXT)) - {rule.code for rule in CATALOGUE}


def test_no_program_that_is_named_is_judged_wrongly():
    assert [] == [path.name for path in programs(TEXT) if path.name in GAPS]


@pytest.mark.parametrize("cells", FEATURES, ids=lambda cells: cells[0])
def test_a_feature_is_tied_to_what_stands_for_it(cells):
    feature, status, *rest = cells
    needed = {"not checked": f"{TEST}|{CODE}", "unknown": ""}

    assert status in STATUSES
    assert re.search(needed.get(status, TEST), " ".join(rest)), feature


@pytest.mark.parametrize("cells", [row for row in FEATURES if len(row) == 5], ids=lambda cells: cells[0])
def test_programs_stand_in_the_column_of_their_kind(cells):
    healthy, broken = cells[3:]

    assert [] == [path.name for path in programs(healthy) if sweep.marks(path)]
    assert [] == [path.name for path in programs(broken) if not sweep.marks(path)]
