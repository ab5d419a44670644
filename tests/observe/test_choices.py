"""Which statement chose what an operation reads, and which arguments of its function decided that."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from hypercheck.observe import choices  # noqa: E402
from hypercheck.observe.frames import Site  # noqa: E402

needs_columns = pytest.mark.skipif(sys.version_info < (3, 11), reason="columns are known from Python 3.11 on")


def sites(folder: Path, source: str) -> list[Site]:
    """The places of the calls of `at`, and of the callers of `above`, in a program of this source."""
    found: list[Site] = []

    def at(value: Any = None, up: int = 1) -> Any:
        frame = sys._getframe(up)
        found.append(Site(frame.f_code, frame.f_lasti))
        return value

    path = folder / "program.py"
    path.write_text(source)
    exec(compile(source, str(path), "exec"), {"at": at, "above": lambda: at(up=3)})
    return found


@pytest.mark.parametrize(
    ("body", "line", "arguments"),
    [
        ("return at(codes[k])", 2, {"k"}),
        ("return at(codes[0])", 2, set()),
        ("return at(codes[min(k, 0)])", 2, set()),
        ("e = codes[k]\n    return at(e)", 2, {"k"}),
        ("i = k\n    return at(codes[i])", 3, {"k"}),
        ("return at(k)", 2, {"k"}),
    ],
)
def test_the_index_that_is_handed_on_is_told_from_one_that_is_made_here(tmp_path, body, line, arguments):
    (site,) = sites(tmp_path, f"def f(k, codes=[1, 2]):\n    {body}\nf(0)\n")

    chosen = choices.choice(site)

    assert (line, arguments) == (chosen.place.line, set(chosen.arguments))


@needs_columns
@pytest.mark.parametrize(("call", "arguments"), [("f(n)", {"n"}), ("f(0)", set()), ("f(k=[n])", {"n"})])
def test_a_call_hands_its_own_argument_on_or_chooses(tmp_path, call, arguments):
    source = f"def f(k):\n    at(k)\n    above()\n\ndef g(n):\n    return max(1, {call} or 0)\n\ng(1)\n"
    callee, caller = sites(tmp_path, source)

    chosen = choices.passed(caller, callee.code, frozenset({"k"}))

    assert (6, arguments) == (chosen.place.line, set(chosen.arguments))


def test_the_callers_of_a_function_are_found_by_its_name(tmp_path):
    (site,) = sites(tmp_path, "def f(k):\n    return at(k)\n\nif True:\n    f(0)\n")

    assert [5] == [place.line for place in choices.callers(site.code)]
