"""The live view: what stands in it, and what it does with odd numbers."""

from __future__ import annotations

import io

from report_samples import broken, healthy, hostile
from rich.console import Console

from hypercheck.findings import ReportData, StepNumbers
from hypercheck.report.live_view import LiveState, sparkline, view


def shown(state: LiveState, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(view(state))
    return console.file.getvalue()  # type: ignore[attr-defined]


def state_of(data: ReportData) -> LiveState:
    return LiveState("train.py", 2.0, 40, 5, data.history, data.roles.generated, data.findings, {1: 2.3})


def test_the_first_line_tells_steps_and_time() -> None:
    first = shown(state_of(healthy())).splitlines()[0]

    assert "hypercheck train.py · step 40 · 5 recorded · 2.0 s · 20 steps/s" == first


def test_cut_links_come_first_and_findings_bear_their_place() -> None:
    text = shown(state_of(broken()))

    assert "✂ cut" in text
    assert text.index("✂ cut") < text.index("  yes ")
    assert "HC102 error  train.py:48" in text


def test_a_healthy_run_says_so() -> None:
    assert "no findings so far" in shown(state_of(healthy()))


def test_gradient_norms_of_both_networks_are_drawn() -> None:
    history = tuple(StepNumbers(i, {"main": 10.0**-i}) for i in range(1, 4))
    lines = shown(LiveState("a.py", 1.0, 3, 3, history)).splitlines()

    assert ["gradient of hypernet  ···  0", "gradient of main      █▄▁  0.001"] == [
        line.strip() for line in lines[1:3]
    ]


def test_only_the_last_steps_are_drawn() -> None:
    assert "█" == sparkline([1e9, 1.0, 10.0], 2)[-1]
    assert 32 == len(sparkline([1.0] * 500))


def test_equal_norms_stand_in_the_middle() -> None:
    assert "▅▅" == sparkline([0.1, 0.1])


def test_no_line_is_wider_than_the_terminal_and_hostile_names_stay_text() -> None:
    text = shown(state_of(hostile()), width=60)

    assert max(len(line) for line in text.splitlines()) <= 60
    assert "\x1b" not in text
