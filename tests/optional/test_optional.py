"""Programs for what not every machine has, a GPU or a compiler: judged like the others, or skipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import sweep  # noqa: E402

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
CUDA = [path for path in PROGRAMS if "cuda" in path.name]
COMPILED = [path for path in PROGRAMS if "compiled" in path.name]


@pytest.mark.parametrize("paths", [CUDA, COMPILED], ids=["cuda", "compiled"])
def test_there_is_a_healthy_and_a_faulty_program(paths):
    assert {True, False} == {bool(sweep.marks(path)) for path in paths}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("path", CUDA, ids=lambda path: path.stem)
def test_a_program_on_a_gpu_is_judged_as_it_is_marked(path):
    (run,) = sweep.reports([path])

    assert sweep.complaint(run) is None


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: path.stem)
def test_a_compiled_program_is_judged_as_it_is_marked(path):
    (run,) = sweep.reports([path])

    unable = re.search(r"RuntimeError: .*not (yet )?supported.*", run.stderr)
    if unable:
        pytest.skip(unable[0])
    assert sweep.complaint(run) is None
