"""Run `hypercheck run` on a program in several processes, as torchrun would start them.

The processes come from a server that torch is loaded in already; the environment is the one of torchrun.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import runpy
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import sweep

TIME_LIMIT_S = 100


@dataclass(frozen=True)
class Launch:
    """Exit status, stdout and stderr by rank; and the merged report, None where there is none."""

    status: tuple[int | None, ...]
    stdout: tuple[str, ...]
    stderr: tuple[str, ...]
    report: dict | None

    def findings(self) -> list[dict]:
        """The errors and warnings."""
        assert self.report is not None, self.stderr
        return [finding for finding in self.report["findings"] if finding["severity"] != "note"]

    def notes(self) -> list[str]:
        """The codes of the notes."""
        assert self.report is not None, self.stderr
        return [finding["code"] for finding in self.report["findings"] if finding["severity"] == "note"]


def launch(program: Path, *arguments: str, processes: int = 2, plain: bool = False) -> Launch:
    """Start the processes, wait for all of them, and read what they left; `plain` is without hypercheck."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*sweep.PRELOAD, "torch.distributed"])
    with tempfile.TemporaryDirectory() as name, socket.socket() as probe:
        folder = Path(name)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        started = []
        for rank in range(processes):
            world = {
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "WORLD_SIZE": str(processes),
                "LOCAL_WORLD_SIZE": str(processes),
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
                "TORCHELASTIC_RUN_ID": "none",
                "TMPDIR": name,
            }
            process = context.Process(target=_child, args=(str(program), arguments, name, world, plain))
            process.start()
            started.append(process)
        for process in started:
            process.join(TIME_LIMIT_S)
            if process.is_alive():
                process.kill()
                process.join()
        report = folder / "report.json"
        assert not list(folder.glob("hypercheck-ranks-*"))
        return Launch(
            tuple(process.exitcode for process in started),
            tuple(_text(folder / f"stdout-{rank}") for rank in range(processes)),
            tuple(_text(folder / f"stderr-{rank}") for rank in range(processes)),
            json.loads(report.read_text(encoding="utf-8")) if report.exists() else None,
        )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _child(program: str, arguments: tuple[str, ...], folder: str, world: dict[str, str], plain: bool) -> None:
    from hypercheck import cli

    os.chdir(folder)
    os.environ.update(world)
    tempfile.tempdir = None
    for stream, name in ((1, "stdout"), (2, "stderr")):
        handle = os.open(f"{name}-{world['RANK']}", os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(handle, stream)
    sys.argv = ["hypercheck", "run", "--output", f"json={folder}/report.json", program, *arguments]
    status = 0
    try:
        if plain:
            sys.argv = [program, *arguments]
            runpy.run_path(program, run_name="__main__")
        else:
            cli.main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)
