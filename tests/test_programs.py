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
        "hc102_ddpg_with_target.py",
        "hc104_teacher_student.py",
        "hc108_residual_theta.py",
        "hc114_returns_none.py",
        "hc114_second_input_only.py",
        "hc114_zero_gradient_ste.py",
        "hc115_critic_toggle.py",
        "hc115_freeze_main_wrong.py",
        "hc115_weight_name_filter.py",
        "hc116_merge_order.py",
        "hc201_same_slice_two_layers.py",
        "hc202_copied_params_list.py",
        "hc202_default_argument.py",
        "hc202_metamodule_missing_key.py",
        "hc203_gru_scales.py",
        "hc204_eval_cache_kept.py",
        "hc205_default_fill.py",
        "hc205_shared_buffer.py",
        "hc206_variable_loss.py",
        "hc304_wrong_twin.py",
        "hc305_embedding_extended.py",
        "hc401_layer_used_twice.py",
        "hc401_miswired_trunk.py",
        "hc401_refined_ignored.py",
        "hc402_clamped_scale.py",
        "hc402_dead_relu_trunk.py",
        "hc402_lora_both_zero.py",
        "hc402_softmax_single_key.py",
        "hc501_lr_below_precision.py",
        "hc501_restore_after_step.py",
        "hc502_annealed_to_zero.py",
        "hc502_group_lr.py",
        "hc502_lambda_integer_division.py",
        "manual_sgd_autograd_grad.py",
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
