"""Whole programs, as strangers write them: healthy ones raise nothing, faulty ones their code at their line.

By default a fixed sample runs; with HYPERCHECK_ALL_PROGRAMS=1 all of them do, in minutes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

ROOT = Path(__file__).parent.parent
PROGRAMS = Path(__file__).parent / "programs"
SAMPLE = 8

MISSED = "the fault is not found"
ELSEWHERE = "the finding stands at another line than the mark"
OTHER = "another code is raised in its place"
MORE = "a second finding is raised beside it"

# programs that are not judged as they should be yet: xfail, and not strict, so that a mended one does no harm
GAPS = {
    "hc102_set_storage.py": OTHER,
    "hc104_detach_inplace_head.py": MISSED,
    "hc104_hyperlstm_state.py": MISSED,
    "hc106_shift_only.py": MISSED,
    "hc108_residual_theta.py": MORE,
    "hc110_checkpoint_file.py": MISSED,
    "hc110_dlpack_exchange.py": MISSED,
    "hc111_np_array_tolist_bias.py": MISSED,
    "hc112_floattensor_embedding.py": ELSEWHERE,
    "hc112_list_of_scalars.py": ELSEWHERE,
    "hc114_returns_none.py": ELSEWHERE,
    "hc114_second_input_only.py": ELSEWHERE,
    "hc114_zero_gradient_ste.py": ELSEWHERE,
    "hc115_critic_toggle.py": MISSED,
    "hc115_freeze_main_wrong.py": MISSED,
    "hc115_weight_name_filter.py": MISSED,
    "hc116_merge_order.py": MISSED,
    "hc201_same_slice_two_layers.py": OTHER,
    "hc202_copied_params_list.py": ELSEWHERE,
    "hc202_default_argument.py": ELSEWHERE,
    "hc202_metamodule_missing_key.py": ELSEWHERE,
    "hc203_gru_scales.py": ELSEWHERE,
    "hc203_product_of_sizes.py": ELSEWHERE,
    "hc203_too_many_chunks.py": ELSEWHERE,
    "hc204_eval_cache_kept.py": MISSED,
    "hc205_default_fill.py": OTHER,
    "hc205_shared_buffer.py": OTHER,
    "hc206_variable_loss.py": ELSEWHERE,
    "hc302_scaled_init.py": MISSED,
}


def programs(kind: str) -> list[object]:
    """The names of the programs to run: all, or an even sample of those that are expected to pass."""
    names = sorted(path.name for path in (PROGRAMS / kind).glob("*.py"))
    if not os.environ.get("HYPERCHECK_ALL_PROGRAMS"):
        names = [name for name in names if name not in GAPS]
        names = names[:: max(1, len(names) // SAMPLE)][:SAMPLE]
    return [
        pytest.param(name, marks=pytest.mark.xfail(reason=GAPS[name], strict=False)) if name in GAPS else name
        for name in names
    ]


def report_on(path: Path, folder: Path) -> dict:
    """The JSON report of `hypercheck run`; the program itself must have ended well."""
    out = folder / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "hypercheck", "run", "--format", f"json={out}", str(path)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert out.exists(), done.stderr
    tree = json.loads(out.read_text(encoding="utf-8"))

    assert 0 == tree["script_exit"], done.stderr
    assert [] == tree["internal_errors"]
    return tree


def strong(tree: dict) -> list[dict]:
    """The errors and warnings."""
    return [finding for finding in tree["findings"] if finding["severity"] != "note"]


def marks(path: Path) -> list[tuple[int, set[str]]]:
    """The marked lines, each with the codes that may be raised there."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [(number, re.search(r"# ((?:HC\d{3}[ ,]*)+)", line)) for number, line in enumerate(lines, 1)]
    return [(number, set(re.findall(r"HC\d{3}", mark[1]))) for number, mark in found if mark]


def covers(finding: dict, line: int) -> bool:
    place = finding["location"]
    return place is not None and place["line"] <= line <= max(place["line"], place["end_line"])


def test_every_gap_names_a_program():
    assert set() == set(GAPS) - {path.name for path in PROGRAMS.glob("*/*.py")}


@pytest.mark.parametrize("path", sorted((PROGRAMS / "faulty").glob("*.py")), ids=lambda path: path.stem)
def test_every_faulty_program_marks_its_line(path):
    assert marks(path)


@pytest.mark.parametrize("path", sorted((PROGRAMS / "healthy").glob("*.py")), ids=lambda path: path.stem)
def test_no_healthy_program_marks_a_line(path):
    assert [] == marks(path)


@pytest.mark.parametrize("name", programs("healthy"))
def test_a_healthy_program_raises_nothing(name, tmp_path):
    tree = report_on(PROGRAMS / "healthy" / name, tmp_path)

    assert [] == [(finding["code"], finding["message"]) for finding in strong(tree)]
    assert "ok" == tree["verdict"]


@pytest.mark.parametrize("name", programs("faulty"))
def test_a_faulty_program_raises_its_code_at_the_marked_line(name, tmp_path):
    path = PROGRAMS / "faulty" / name
    found = strong(report_on(path, tmp_path))
    expected = marks(path)

    assert any(covers(item, line) and item["code"] in codes for item in found for line, codes in expected), [
        (item["code"], item["location"] and item["location"]["line"]) for item in found
    ]
    assert [] == [
        (item["code"], item["message"])
        for item in found
        if not any(covers(item, line) for line, _ in expected)
    ]
