"""The examples: the healthy ones learn what they say, the broken twins differ from them by one statement."""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
ACCURACY, ERROR = r"(?:test|mean) accuracy: (\d\.\d+)", r"root mean square error: (\d+\.\d+)"

# script: what it prints in the end, and the bounds of that with --quick and at full size
HEALTHY = {
    "digits_full.py": (ACCURACY, (0.85, 1.0), (0.94, 1.0)),
    "digits_chunked.py": (ACCURACY, (0.85, 1.0), (0.94, 1.0)),
    "digits_parallel.py": (ACCURACY, (0.85, 1.0), (0.94, 1.0)),
    "digits_continual.py": (ACCURACY, (0.85, 1.0), (0.97, 1.0)),
    "digits_resnet.py": (ACCURACY, (0.75, 1.0), (0.94, 1.0)),
    "digits_lora.py": (ACCURACY, (0.80, 1.0), (0.92, 1.0)),
    "lotka_volterra.py": (ERROR, (0.0, 0.6), (0.0, 0.2)),
}
# script: its healthy origin, the code of its fault, and the highest accuracy after an epoch
BROKEN = {
    "digits_full_broken.py": ("digits_full.py", "HC102", 0.3),
    "digits_full_parameter.py": ("digits_full.py", "HC101", 0.3),
    "digits_full_plain_embedding.py": ("digits_full.py", "HC301", 1.0),
    "digits_full_too_many_outputs.py": ("digits_full.py", "HC203", 1.0),
    "digits_chunked_too_many_chunks.py": ("digits_chunked.py", "HC203", 1.0),
    "digits_chunked_early_optimizer.py": ("digits_chunked.py", "HC305", 1.0),
    "digits_parallel_no_grad.py": ("digits_parallel.py", "HC105", 0.3),
}


def run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(EXAMPLES / script), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def result(script: str, pattern: str, *arguments: str) -> float:
    done = run(script, *arguments)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no warning, and no progress bar where there is no terminal
    found = re.search(pattern, done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


def marks(script: str) -> list[str]:
    """The codes that the comments of a script give to its lines."""
    with (EXAMPLES / script).open("rb") as file:
        comments = [
            token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT
        ]
    return [code for comment in comments for code in re.findall(r"HC\d{3}", comment)]


def test_every_example_is_tested():
    scripts = {path.name for path in EXAMPLES.glob("*.py") if "__main__" in path.read_text()}

    assert set(HEALTHY) | set(BROKEN) == scripts


@pytest.mark.parametrize("script", HEALTHY)
def test_a_healthy_example_learns_in_seconds(script):
    pytest.importorskip("sklearn")
    pattern, (lowest, highest), _ = HEALTHY[script]

    assert lowest <= result(script, pattern, "--quick") <= highest


@pytest.mark.slow
@pytest.mark.parametrize("script", HEALTHY)
def test_a_healthy_example_learns_well_at_full_size(script):
    pytest.importorskip("sklearn")
    pattern, _, (lowest, highest) = HEALTHY[script]

    assert lowest <= result(script, pattern) <= highest


@pytest.mark.slow
def test_without_the_penalty_the_tasks_are_forgotten():
    pytest.importorskip("sklearn")

    assert result("digits_continual.py", ACCURACY, "--keep", "0") < 0.97


@pytest.mark.parametrize("script", BROKEN)
def test_a_broken_example_trains_without_any_complaint(script):
    pytest.importorskip("sklearn")

    assert result(script, ACCURACY, "--epochs", "1") <= BROKEN[script][2]


@pytest.mark.parametrize("script", BROKEN)
def test_a_broken_example_differs_from_its_origin_by_the_marked_statement(script):
    origin, code, _ = BROKEN[script]
    before, after = ((EXAMPLES / name).read_text().splitlines() for name in (origin, script))
    difference = [line for line in difflib.ndiff(before, after) if line[0] in "+-" and line[2:].strip()]
    # The first line tells of the fault, and an origin may have more to tell than its twin.
    start = before.index('"""', 1) if not before[0].endswith('"""') else 0
    statements = [line for line in difference if line[2:] not in (*before[: start + 1], after[0])]

    assert [code] == marks(script)
    assert [] == marks(origin)
    assert len(statements) <= 4
    assert sum(code in line for line in statements) == 1


def test_mnist_without_torchvision_is_refused_in_one_sentence(tmp_path):
    (tmp_path / "torchvision.py").write_text("raise ImportError('not here')\n")
    done = run("digits_full.py", "--data", "mnist", PYTHONPATH=str(tmp_path))

    assert done.returncode == 1
    assert done.stderr == "--data mnist needs torchvision: pip install torchvision, or leave --data out\n"
