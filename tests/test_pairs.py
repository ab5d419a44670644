"""Every rule's two examples: the broken one raises its code and nothing else, the repaired one nothing."""

from __future__ import annotations

import importlib.util
import re
import warnings
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from hypercheck import checker, rules  # noqa: E402
from hypercheck.findings import Finding, Severity  # noqa: E402
from hypercheck.observe.observation import Observation  # noqa: E402
from hypercheck.settings import Settings  # noqa: E402

STEPS = 6
OF_SEVERAL_PROCESSES = ("HC511", "HC512")  # run by tests/distributed
FOLDERS = {
    folder.name[:5].upper(): folder
    for folder in sorted(Path(rules.__file__).parent.glob("hc[0-9]*_*"))
    if folder.name[:5].upper() not in OF_SEVERAL_PROCESSES
}
BAD = [code for code, folder in FOLDERS.items() if (folder / "bad.py").exists()]
GOOD = [code for code, folder in FOLDERS.items() if (folder / "good.py").exists()]


def findings_of(path: Path) -> list[Finding]:
    """What a few steps of the example give away, without notes; an own fault of hypercheck fails the test."""
    spec = importlib.util.spec_from_file_location(f"pair_{path.parent.name}_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    observation = Observation()
    with warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")
        observation.start()
        try:
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            _, step = module.build()
            for _ in range(STEPS):
                step()
        finally:
            observation.stop()
            torch.set_grad_enabled(True)
    facts = observation.facts()
    findings, _, faults = checker.judge(facts, Settings())

    assert [] == [*facts.instruments.values(), *faults]
    return [finding for finding in findings if finding.severity is not Severity.NOTE]


def marked_lines(path: Path, code: str) -> list[int]:
    """The lines that a comment marks with the code."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if re.search(rf"# *{code}", line)]


def test_every_broken_example_has_a_repaired_twin():
    assert BAD == GOOD


@pytest.mark.parametrize("code", BAD)
def test_every_broken_example_marks_its_line(code):
    assert marked_lines(FOLDERS[code] / "bad.py", code)


@pytest.mark.parametrize("code", BAD)
def test_a_broken_example_raises_its_own_code_at_its_marked_line(code):
    path = FOLDERS[code] / "bad.py"
    found = findings_of(path)

    assert [code] == [finding.code for finding in found]
    place = found[0].location
    assert place is not None
    assert place.line in marked_lines(path, code)


@pytest.mark.parametrize("code", GOOD)
def test_a_repaired_example_raises_nothing(code):
    assert [] == [(finding.code, finding.message) for finding in findings_of(FOLDERS[code] / "good.py")]
