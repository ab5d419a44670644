"""The pytest plugin: a fixture and a marker that fail a test as an assertion does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

ROOT = Path(__file__).parent.parent.parent
MODEL = """
import pytest
import torch
from torch import nn
from torch.nn import functional as F

def step(cut):
    torch.manual_seed(0)
    hyper, x, y = nn.Linear(5, 24), torch.randn(16, 4), torch.randn(16, 6)
    bias, z = nn.Parameter(torch.zeros(6)), torch.randn(5)
    optimizer = torch.optim.SGD([*hyper.parameters(), bias], lr=0.1)
    def train():
        weight = hyper(z).view(6, 4)
        if cut:
            weight = weight.detach()
        loss = F.mse_loss(F.linear(x, weight, bias), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return train
"""


TESTS = """
def test_cut(gradient_flow):
    train = step(cut=True)
    with gradient_flow.watch():
        for _ in range(3):
            train()

def test_healthy(gradient_flow):
    gradient_flow.check_step(step(cut=False))
    assert gradient_flow.report.verdict == "ok"

@pytest.mark.gradient_flow
@pytest.mark.parametrize("cut", [True, False])
def test_marked(cut):
    train = step(cut)
    for _ in range(3):
        train()

@pytest.mark.gradient_flow(ignore="HC1")
def test_ignored():
    train = step(cut=True)
    for _ in range(3):
        train()

@pytest.mark.gradient_flow
def test_blind():
    pass

@pytest.mark.gradient_flow
def test_own_failure():
    assert 1 == 2
"""


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest there, with the plugin and none of this project's settings."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "hypercheck.pytest_plugin",
            "-p",
            "no:cacheprovider",
            *arguments,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What pytest prints of the tests above."""
    folder = tmp_path_factory.mktemp("tests")
    (folder / "test_flow.py").write_text(MODEL + TESTS, encoding="utf-8")
    return pytest_in(folder, "-rA", "--strict-markers").stdout


def outcome(output: str, test: str) -> str:
    """PASSED or FAILED."""
    return next(
        line.split()[0] for line in output.splitlines() if line.split("::")[-1].split(" - ")[0] == test
    )


def test_the_fixture_fails_a_cut_training_and_passes_a_healthy_one(output):
    assert ["FAILED", "PASSED"] == [outcome(output, name) for name in ("test_cut", "test_healthy")]


def test_the_marker_watches_the_whole_test(output):
    assert ["FAILED", "PASSED"] == [outcome(output, f"test_marked[{cut}]") for cut in ("True", "False")]


def test_the_marker_can_ignore_codes(output):
    assert "PASSED" == outcome(output, "test_ignored")


def test_a_test_that_trains_nothing_fails_under_the_marker(output):
    assert "FAILED" == outcome(output, "test_blind")
    assert "the gradient flow could not be checked: no training step was seen" in output


def test_a_failure_of_the_test_itself_is_shown_as_ever(output):
    assert "FAILED" == outcome(output, "test_own_failure")
    assert "E       assert 1 == 2" in output


def test_a_failing_check_reads_like_an_assertion(output):
    shown = output[output.index(" test_cut ") : output.index("test_marked[True] ")]

    assert re.search(r"^E .*HC104 detach at test_flow.py:\d+: ", shown, re.MULTILINE)
    assert re.search(r"^E +where +weight = weight.detach\(\)$", shown, re.MULTILINE)
    assert re.search(r"^>  +with gradient_flow.watch\(\):$", shown, re.MULTILINE)
    assert "pytest_plugin.py" not in shown
    assert "contextlib" not in shown


def test_a_run_without_torch_stays_without_it(tmp_path):
    (tmp_path / "test_plain.py").write_text(
        "import sys\n\ndef test_plain():\n    assert 'hypercheck.pytest_plugin' in sys.modules\n"
        "    assert 'torch' not in sys.modules\n",
        encoding="utf-8",
    )
    done = pytest_in(tmp_path, "-q")

    assert 0 == done.returncode, done.stdout
