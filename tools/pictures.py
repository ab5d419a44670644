"""The pictures of the README, drawn from real runs: docs/pictures/report.svg, healthy.svg and cut.svg."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from hypercheck.findings import Flow, ReportData
from hypercheck.report import diagram, json_report, picture
from hypercheck.report.console import ConsoleReport

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"


def report_on(*arguments: str) -> ReportData:
    """The report of `hypercheck run` on one of the examples."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        command = [sys.executable, "-m", "hypercheck", "run", "--format", f"json={file}", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=False)
        return json_report.load(file.read_text(encoding="utf-8"))


def print_as_svg(data: ReportData, command: str, out: Path) -> None:
    """The report as a terminal shows it."""
    console = Console(record=True, width=100, file=io.StringIO(), highlight=False)
    console.print(ConsoleReport(data))
    out.write_text(console.export_svg(title=command, unique_id="report"), encoding="utf-8")


def draw(data: ReportData, out: Path) -> None:
    """The gradient flow of the modules."""
    flow = next((flow for flow in data.flows if flow.level == "module"), Flow("module"))
    out.write_bytes(picture.render(diagram.to_dot(flow, title=data.target.path)))


def main() -> None:
    """Draw all of them again."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    broken = report_on("examples/digits_full_broken.py", "--quick")
    print_as_svg(broken, "hypercheck run examples/digits_full_broken.py --quick", PICTURES / "report.svg")
    draw(broken, PICTURES / "cut.svg")
    draw(report_on("examples/digits_full.py", "--quick"), PICTURES / "healthy.svg")
    for path in sorted(PICTURES.glob("*.svg")):
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
