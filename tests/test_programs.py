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
        "hc104_old_task_weights_reused.py",
        "hc104_relu_pinn.py",
        "hc115_freeze_main_wrong.py",
        "hc115_late_requires_grad_leak.py",
        "hc116_functional_stack_stale.py",
        "hc201_negative_slices.py",
        "hc205_inplace_broadcast_fill.py",
        "hc205_mask_inplace_zero.py",
        "hc303_heads_in_closures.py",
        "hc306_lfn_batch_slot.py",
        "hc401_func_grad_argnums.py",
        "hc406_gradient_hook_scale.py",
        "hc502_group_lr_zero_late.py",
        "hc503_step_wrong_optimizer_late.py",
        "hc602_codes_averaged_over_clients.py",
        "hc602_condition_ones_like.py",
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
