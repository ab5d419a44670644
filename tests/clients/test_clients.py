"""Training programs that use published hypernetwork libraries by their own API, each with a faulty twin."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

pytest.importorskip("torch")

import sweep

FOLDER = Path(__file__).parent / "programs"
LIBRARIES = {"hypnettorch": "hypnettorch", "hyperlight": "hyperlight", "hyper_nn": "hypernn"}
"""The first part of the programs' names, and the module that they import."""

SHAPES = {(8, 16), (16,), (3, 16), (3,)}
"""Of the main network in every program: 8 inputs, 16 hidden units, 3 classes; axes sorted."""


@functools.cache
def runs() -> dict[str, sweep.Run]:
    """The runs of all programs, by name."""
    return {run.path.stem: run for run in sweep.reports(sorted(FOLDER.glob("*.py")))}


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> str:
    """The name of a library that is installed."""
    pytest.importorskip(LIBRARIES[request.param])
    return request.param


def test_a_healthy_training_by_a_library_is_silent(library: str) -> None:
    assert sweep.complaint(runs()[f"{library}_healthy"]) is None


def test_a_fault_beside_a_library_is_found_at_the_users_line(library: str) -> None:
    assert sweep.complaint(runs()[f"{library}_faulty"]) is None


def test_the_weights_that_a_library_generates_are_recognised(library: str) -> None:
    report = runs()[f"{library}_healthy"].report
    assert report is not None
    links = report["roles"]["generated"]

    assert SHAPES == {tuple(sorted(link["shape"])) for link in links}
    assert [True] * len(links) == [link["linked"] and link["equal"] for link in links]


def test_only_the_faulty_twin_marks_a_line() -> None:
    marked = {path.stem for path in FOLDER.glob("*.py") if sweep.marks(path)}

    assert {f"{name}_faulty" for name in LIBRARIES} == marked
