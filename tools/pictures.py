"""The pictures of the README, drawn from real runs: the report, two diagrams, the page.

    python tools/pictures.py

docs/pictures/report.svg, healthy.svg and cut.svg are drawn anew; page.png too where a Chromium is installed.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from hypercheck.report import json_report
from hypercheck.report.console import ConsoleReport

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
BROKEN = ("examples/digits_full_broken.py", "--quick")
REPAIRED = ("examples/digits_full.py", "--quick")
PAGE_SIZE = "1000,1330"


def run(options: list[str], script: tuple[str, ...]) -> None:
    """`hypercheck run` on one of the examples; what it writes is named in the options."""
    command = [sys.executable, "-m", "hypercheck", "run", *options, *script]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"`{' '.join(command)}` ended with status {done.returncode}")


def print_as_svg(report: Path, command: str, out: Path) -> None:
    """The report as a terminal shows it."""
    console = Console(record=True, width=100, file=io.StringIO(), highlight=False)
    console.print(ConsoleReport(json_report.load(report.read_text(encoding="utf-8"))))
    # A terminal pads its lines with blanks, and an SVG need not.
    lines = console.export_svg(title=command, unique_id="report").splitlines()
    out.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")


def photograph(page: Path, out: Path) -> bool:
    """The page as a browser shows it; False where there is none."""
    browsers = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    browser = next((path for path in browsers if path), None)
    if browser is None:
        return False
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={PAGE_SIZE}"]
    subprocess.run(
        [browser, *flags, f"--screenshot={out}", page.as_uri()],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
    )
    return True


def main() -> None:
    """Draw all of them again."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        report, page = Path(folder) / "report.json", Path(folder) / "report.html"
        outputs = ["--output", f"json={report}", "--output", f"html={page}"]
        run([*outputs, "--graph", str(PICTURES / "cut.svg")], BROKEN)
        run(["--output", f"json={folder}/healthy.json", "--graph", str(PICTURES / "healthy.svg")], REPAIRED)
        print_as_svg(report, f"hypercheck run {' '.join(BROKEN)}", PICTURES / "report.svg")
        drawn = ["cut.svg", "healthy.svg", "report.svg"]
        if photograph(page, PICTURES / "page.png"):
            drawn.append("page.png")
        else:
            print("page.png is left as it is: there is no Chromium; install chromium", file=sys.stderr)
    for name in drawn:
        print(f"wrote {(PICTURES / name).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
