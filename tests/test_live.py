"""`run --live` on a terminal, and off it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys, time, torch
from torch import nn
torch.manual_seed(0)
hyper, main = nn.Linear(3, 8), nn.Linear(4, 2)
optimizer = torch.optim.SGD([*hyper.parameters(), *main.parameters()], 0.1)
for step in range(4):
    main.weight.data = hyper(torch.ones(3)).view(2, 4)
    loss = main(torch.ones(5, 4)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("line", step, flush=True)
    time.sleep(0.25)
"""


def command(tmp_path: Path) -> list[str]:
    (tmp_path / "train.py").write_text(SCRIPT)
    return [sys.executable, "-m", "hypercheck", "run", "--live", "train.py"]


def environment() -> dict[str, str]:
    root = str(Path(__file__).parent.parent)
    return {**os.environ, "PYTHONPATH": root, "TERM": "xterm", "COLUMNS": "120", "OMP_NUM_THREADS": "1"}


def test_a_terminal_shows_the_view_and_then_the_report(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    outside, inside = pty.openpty()
    with subprocess.Popen(
        command(tmp_path), cwd=tmp_path, env=environment(), stderr=inside, stdout=subprocess.PIPE
    ) as child:
        os.close(inside)
        seen = b""
        while True:
            try:
                piece = os.read(outside, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        said = child.stdout.read() if child.stdout else b""
    os.close(outside)
    text = seen.decode()

    assert 1 == child.returncode
    assert b"line 0\nline 1\nline 2\nline 3\n" == said
    assert "gradient of hypernet" in text
    assert "✂ cut" in text
    assert text.rindex("gradient of hypernet") < text.index("gradient flow is broken")


def test_elsewhere_nothing_of_it_is_shown(tmp_path: Path) -> None:
    done = subprocess.run(
        command(tmp_path), cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )

    assert 1 == done.returncode
    assert "gradient of hypernet" not in done.stderr
    assert "\x1b" not in done.stderr
    assert "line 0\nline 1\nline 2\nline 3\n" == done.stdout


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--graph", "flow.gif"), "has no suffix of a picture"),
        (("--graph", "nowhere/flow.svg"), "there is no folder nowhere"),
        (("--graph", "flow.svg", "--level", "deep"), "there is no level 'deep'"),
        (("--output", "html=nowhere/report.html"), "there is no folder nowhere"),
    ],
)
def test_a_picture_that_cannot_be_written_is_refused_before_the_script_runs(
    tmp_path: Path, option: tuple[str, ...], said: str
) -> None:
    *start, script = command(tmp_path)
    done = subprocess.run(
        [*start, *option, script],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert 1 == done.stderr.count("\n")
    assert ["train.py"] == [path.name for path in tmp_path.iterdir()]
