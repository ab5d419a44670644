"""Whole programs, as strangers write them: a healthy one raises nothing, a faulty one its code and line."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

pytest.importorskip("torch")

import sweep

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*/*.py"))

GAPS = frozenset(
    {
        "hc104_relu_pinn.py",
        "hc104_teacher_student.py",
        "hc115_freeze_main_wrong.py",
        "hc201_transposed_reshape.py",
        "hc204_late_cache_no_reset.py",
        "hc205_inplace_fill_padding.py",
        "hc306_batch_slot_param.py",
        "hc401_autograd_grad_to_wrong.py",
        "hc401_layer_used_twice.py",
        "hc406_exploding_scale.py",
        "self_distill_stopgrad.py",
        "torch_func_grad_loop.py",
    }
)
"""Programs that are not judged as they should be yet."""


@functools.cache
def runs() -> dict[str, sweep.Run]:
    """The runs of all programs, by name."""
    return {run.path.name: run for run in sweep.reports(PROGRAMS)}


def test_every_gap_names_a_program():
    assert set() == GAPS - {path.name for path in PROGRAMS}


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_only_a_faulty_program_marks_a_line(path):
    assert (path.parent.name == "faulty") == bool(sweep.marks(path))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_is_judged_as_it_is_marked(path, request):
    if path.name in GAPS:
        request.applymarker(pytest.mark.xfail(strict=True))

    assert sweep.complaint(runs()[path.name]) is None
