"""Run `hypercheck run` on many programs, each in a process of its own that torch is loaded in already.

The tests use `reports`. By hand, to see which programs are not judged as their marks say:

    python tests/sweep.py tests/programs/faulty tests/programs/healthy
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIME_LIMIT_S = 240
PRELOAD = ["hypercheck.running", "hypercheck.cli", "hypercheck.report.json_report"]
PRELOAD += ["torch._dynamo"]  # an optimizer imports it, which takes ten times as long as a small program


@dataclass(frozen=True)
class Run:
    """What `hypercheck run` told of one program: its JSON report, None where there is none, and stderr."""

    path: Path
    report: dict | None
    stderr: str


def reports(paths: Iterable[Path], workers: int = 2) -> Iterator[Run]:
    """The runs of the programs, in their order."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda path: _run(context, Path(path)), list(paths))


def _run(context: multiprocessing.context.BaseContext, path: Path) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        process = context.Process(target=_child, args=(str(path), folder))
        process.start()
        process.join(TIME_LIMIT_S)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()
        out, err = Path(folder, "report.json"), Path(folder, "stderr.txt")
        report = json.loads(out.read_text(encoding="utf-8")) if out.exists() else None
        return Run(path, report, err.read_text(encoding="utf-8", errors="replace") if err.exists() else "")


def _child(path: str, folder: str) -> None:
    from hypercheck import cli

    os.chdir(folder)
    for stream, name in ((1, "stdout.txt"), (2, "stderr.txt")):
        handle = os.open(name, os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(handle, stream)
    sys.argv = ["hypercheck", "run", "--format", f"json={folder}/report.json", path]
    with contextlib.suppress(SystemExit):
        cli.main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def strong(report: dict) -> list[dict]:
    """The errors and warnings."""
    return [finding for finding in report["findings"] if finding["severity"] != "note"]


def marks(path: Path) -> list[tuple[int, set[str]]]:
    """The marked lines (`# HC102`), each with the codes that may be raised there."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [(number, re.search(r"# ((?:HC\d{3}[ ,]*)+)", line)) for number, line in enumerate(lines, 1)]
    return [(number, set(re.findall(r"HC\d{3}", mark[1]))) for number, mark in found if mark]


def covers(finding: dict, line: int) -> bool:
    """Whether the finding's statement includes the line."""
    place = finding["location"]
    return place is not None and place["line"] <= line <= max(place["line"], place["end_line"])


def complaint(run: Run) -> str | None:
    """What is wrong with the judgement of a program, compared with its marks; None where it is right."""
    if run.report is None:
        return "no report: " + run.stderr[-400:]
    if run.report["script_exit"] != 0:
        return "the program itself failed: " + run.stderr[-400:]
    if run.report["internal_errors"]:
        return f"own fault: {run.report['internal_errors']}"
    found = strong(run.report)
    told = [(item["code"], (item["location"] or {}).get("line"), item["message"]) for item in found]
    expected = marks(run.path)
    if not expected:
        return f"false alarm: {told}" if found or run.report["verdict"] != "ok" else None
    hits = [
        item for item in found for line, codes in expected if covers(item, line) and item["code"] in codes
    ]
    if not hits:
        return f"expected {expected}, told {told}"
    more = [item for item in found if not any(covers(item, line) for line, _ in expected)]
    return f"more than {expected}: {told}" if more else None


def main() -> int:
    """Print a line for each program that is judged wrongly."""
    paths = [
        path
        for name in sys.argv[1:]
        for path in (sorted(Path(name).rglob("*.py")) if Path(name).is_dir() else [Path(name)])
    ]
    wrong = 0
    for run in reports([path.resolve() for path in paths]):
        told = complaint(run)
        if told is not None:
            wrong += 1
            print(f"{run.path.name}: {told}", flush=True)
    print(f"{len(paths) - wrong} of {len(paths)} programs are judged as they are marked")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
