"""Several processes of one training under `hypercheck run`: one report, and what only a comparison shows."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.distributed")
if not (torch.distributed.is_available() and torch.distributed.is_gloo_available()):
    pytest.skip("this torch has no gloo", allow_module_level=True)

from launch import Launch, launch  # noqa: E402

from hypercheck import rules  # noqa: E402

HERE = Path(__file__).parent
TRAIN = HERE / "programs" / "train.py"
SHARDED = HERE / "programs" / "sharded.py"
PAIR = HERE / "programs" / "pair.py"
RULES = {folder.name[:5].upper(): folder for folder in Path(rules.__file__).parent.glob("hc51*_*")}


@functools.cache
def train(fault: str = "") -> Launch:
    return launch(TRAIN, *([fault] if fault else []))


def line(path: Path, mark: str) -> int:
    """The line that a comment marks."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(number for number, text in enumerate(lines, 1) if re.search(rf"# *{mark}", text))


def test_a_healthy_run_gives_one_clean_report_with_the_names_of_the_program():
    run = train()

    assert [] == run.findings()
    assert (0, 0) == run.status
    assert ["model.module.hyper"] == run.report["roles"]["hypernet"]
    assert ["model.module.embedding"] == run.report["roles"]["embeddings"]


def test_the_other_ranks_print_nothing():
    assert "" == train("past").stderr[1]


def test_the_exit_status_of_the_findings_is_that_of_rank_0_alone():
    assert (1, 0) == train("past").status


@pytest.mark.parametrize("code", ["HC511", "HC512"])
def test_the_broken_example_raises_its_own_code_at_its_marked_line(code):
    path = RULES[code] / "bad.py"
    found = launch(PAIR, str(path)).findings()

    assert [(code, line(path, code))] == [(item["code"], item["location"]["line"]) for item in found]
    assert [0, 1] == found[0]["evidence"]["ranks"]


@pytest.mark.parametrize("code", ["HC511", "HC512"])
def test_the_repaired_example_raises_nothing(code):
    assert [] == launch(PAIR, str(RULES[code] / "good.py")).findings()


def test_a_hypernetwork_called_past_its_wrapper_is_told_at_that_call():
    found = train("past").findings()

    assert [("HC512", "error", line(TRAIN, "PAST"))] == [
        (item["code"], item["severity"], item["location"]["line"]) for item in found
    ]
    assert "model.module.hyper.weight" in found[0]["evidence"]["tensors"]


def test_an_embedding_outside_of_the_wrapper_is_a_warning_at_the_wrapper():
    found = train("embedding").findings()

    assert [("HC512", "warning", line(TRAIN, "WRAP"))] == [
        (item["code"], item["severity"], item["location"]["line"]) for item in found
    ]
    assert ["own"] == found[0]["evidence"]["tensors"]


def test_what_one_rank_alone_has_is_told_with_that_rank():
    found = train("cut").findings()

    assert [("HC104", line(TRAIN, "CUT"), [1])] == [
        (item["code"], item["location"]["line"], item["evidence"]["ranks"]) for item in found
    ]
    assert "seen on rank 1 only, of 2 processes" in found[0]["seen"]


def test_a_sharded_hypernetwork_is_clean_and_trains_as_without_us():
    run = launch(SHARDED)

    assert [] == run.findings()
    assert ["HC907"] == run.notes()
    assert [True] == [link["linked"] and link["updated"] for link in run.report["roles"]["generated"]]
    assert launch(SHARDED, plain=True).stdout == run.stdout


def test_a_cut_in_a_sharded_hypernetwork_is_found_with_its_victims():
    found = launch(SHARDED, "cut").findings()

    assert [("HC104", line(SHARDED, "CUT"))] == [(item["code"], item["location"]["line"]) for item in found]
    assert "model.hyper.0.weight" in found[0]["victims"]


def test_a_killed_rank_leaves_a_report_of_the_others():
    run = train("killed")

    assert "HC906" in run.notes()
    assert -9 == run.status[1]
    assert 0 != run.status[0]


@pytest.mark.slow  # torchrun and both processes import torch anew
def test_torchrun_ends_the_others_and_the_report_is_there_all_the_same(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
            *("-m", "hypercheck", "run", "--output", "json=report.json", str(TRAIN), "raises"),
        ],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert 0 != done.returncode
    assert (tmp_path / "report.json").exists(), done.stderr
    assert "rank 1 is ill" in done.stderr
