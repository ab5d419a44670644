"""The parts of the merge that need no second process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

pytest.importorskip("torch")

from hypercheck import ranks
from hypercheck.facts import RankFact, RunFacts, TensorFact, WrapperFact
from hypercheck.findings import Finding, Location, ReportData, Severity, Target
from hypercheck.rules import rule

APART = RankFact(1, (0, 1), (1, 2, 3), "different", "different", 0.2)
SHARED = RankFact(2, (0, 1), (1, 2, 3), "equal", "equal")
FACTS = RunFacts(
    tensors={
        1: TensorFact(1, "hyper.weight", (24, 5), "parameter", generates=True),
        2: TensorFact(2, "main.weight", (2, 6), "parameter"),
    },
    ranks=(0, 1),
    rank_facts=(APART, SHARED),
    wrappers=(WrapperFact("main", Location("train.py", 8, 8)),),
)


def codes(facts: RunFacts) -> list[str]:
    """What the two rules of several processes say."""
    return [finding.code for code in ("HC511", "HC512") for finding in rule(code).check(facts)]


def world(folder: object, **more: str) -> dict[str, str]:
    return {"RANK": "0", "WORLD_SIZE": "2", "MASTER_PORT": "29500", "TMPDIR": str(folder), **more}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A temporary directory of its own."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_process_alone_has_no_place():
    assert ranks.find_place({}) is None
    assert ranks.find_place({"RANK": "0", "WORLD_SIZE": "1"}) is None


@pytest.mark.skipif(sys.platform == "win32", reason="access rights of POSIX")
def test_the_shared_folder_is_for_its_owner_only(folder):
    place = ranks.find_place(world(folder))

    assert 0o700 == place.folder.stat().st_mode & 0o777


@pytest.mark.skipif(sys.platform == "win32", reason="access rights of POSIX")
def test_a_folder_that_others_can_read_is_not_used(folder):
    ranks.find_place(world(folder)).folder.chmod(0o755)

    assert ranks.find_place(world(folder)) is None


def test_launches_on_different_ports_do_not_meet(folder):
    places = [ranks.find_place(world(folder, MASTER_PORT=port)) for port in ("29500", "29501")]

    assert places[0].folder != places[1].folder


def test_gradients_that_differ_beside_averaged_ones_are_unreduced():
    assert ["HC512"] == codes(FACTS)


def test_nothing_is_said_where_nobody_averages_and_nothing_is_wrapped():
    assert [] == codes(replace(FACTS, rank_facts=(APART,), wrappers=()))


def test_a_communication_hook_and_an_ignored_parameter_are_meant():
    assert [] == codes(replace(FACTS, wrappers=(replace(FACTS.wrappers[0], hooked=True),)))
    assert [] == codes(replace(FACTS, rank_facts=(replace(APART, ignored=True), SHARED)))


def test_equal_gradients_on_different_values_are_a_divergence():
    assert ["HC511"] == codes(replace(FACTS, rank_facts=(replace(APART, gradients="equal"), SHARED)))


def test_the_same_finding_of_two_ranks_is_told_once_with_both():
    place = Location("train.py", 3, 3)
    finding = Finding(
        "HC104", "detach", Severity.ERROR, "before backward", (1,), "w", "m", "w", "f", (), place
    )
    data = ReportData(Target("script", "train.py"), "0", "2", "findings", 3, 3, findings=(finding,))
    clean = replace(data, findings=(), verdict="ok")

    assert [[0, 1]] == [item.evidence["ranks"] for item in ranks.merge(data, 0, {1: data}).findings]
    merged = ranks.merge(clean, 0, {1: data})
    assert ("findings", [1]) == (merged.verdict, merged.findings[0].evidence["ranks"])
    assert ("seen on rank 1 only, of 2 processes",) == merged.findings[0].seen


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_sigterm_is_preceded_by_the_report_and_kills_all_the_same():
    program = (
        "import os, signal\nfrom hypercheck.ranks import ending_with\n"
        "with ending_with(lambda status: print('told', status)):\n    os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=os.environ
    )

    assert ("told 143\n", -signal.SIGTERM) == (done.stdout, done.returncode)
