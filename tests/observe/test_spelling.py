"""What a value is called: the name that it was assigned to, or the expression that made it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from hypercheck.observe.frames import Site  # noqa: E402
from hypercheck.observe.spelling import spelled  # noqa: E402

needs_columns = pytest.mark.skipif(sys.version_info < (3, 11), reason="columns are known from Python 3.11 on")


def names(folder: Path, source: str, **given: Any) -> list[str]:
    """The names of the calls of `at`, in their order, in a program of this source."""
    sites: list[Site] = []

    def at(value: Any = None) -> Any:
        frame = sys._getframe(1)
        sites.append(Site(frame.f_code, frame.f_lasti))
        return value

    path = folder / "program.py"
    path.write_text(source)
    exec(compile(source, str(path), "exec"), {"at": at, **given})
    return [spelled(site) for site in sites]


class Box:
    """Something with attributes, and a call that gives it back."""

    def __call__(self, *_: object) -> Box:
        return self


@needs_columns
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("w = at(1)", ["w"]),
        ("box.weight = at(1)", ["box.weight"]),
        ("w = at(1) + 2", ["at(1)"]),
        ("w: int = at(1)", ["w"]),
        ("a, b = at(1), at(2)", ["a", "b"]),
        ("a = b = at(1)", ["a"]),
        ("w = at(at(1))", ["at(1)", "w"]),
        ("i = 0; w = at(1); i += 1", ["w"]),
        ("ws = [at(i) for i in range(1)]", ["at(i)"]),
        ("def f():\n    return at(1)\nf()", ["at(1)"]),
        ("w = box(\n    at(1),\n)", ["at(1)"]),
        ("if at(True):\n    w = 1", ["at(True)"]),
        ("box.data = at(1)", ["at(1)"]),
    ],
)
def test_a_value_bears_its_name_or_its_expression(tmp_path: Path, source: str, expected: list[str]) -> None:
    assert expected == names(tmp_path, source, box=Box())


@needs_columns
def test_a_long_expression_is_cut(tmp_path: Path) -> None:
    (name,) = names(tmp_path, f"w = box(at({'1 + ' * 40}1))", box=Box())

    assert 60 == len(name)
    assert name.endswith("...")


def test_a_program_without_source_has_no_names() -> None:
    code = compile("w = 1", "<nowhere>", "exec")

    assert "" == spelled(Site(code, 0))
