"""A pytest plugin: the fixture `gradient_flow` and the marker of the same name.

    def test_the_hypernetwork_learns(gradient_flow):
        model, optimizer = build()
        with gradient_flow.watch(model, optimizer):
            train(model, optimizer, steps=3)

    @pytest.mark.gradient_flow
    def test_the_whole_training():
        main(["--steps", "3"])

pytest loads this file in every run of everyone who has hypercheck installed: it imports no torch before a
test asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from hypercheck.api import Report
    from hypercheck.findings import Finding

MARKER = "gradient_flow"


class GradientFlowFailed(AssertionError):
    """The gradient flow of what a test trained is broken; the message tells what, where, why and the fix."""

    __module__ = "builtins"  # pytest shows the name as it shows AssertionError, without a path


class GradientFlow:
    """The fixture: checks what a test trains, and fails the test as an assertion does.

    `ignore` are codes or beginnings of codes (`HC6`), `fail_on` is error, warning or note.
    """

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self.report: Report | None = None
        """The report of the last check."""
        self._tell = tell

    def watch(
        self,
        model: nn.Module | None = None,
        optimizer: Optimizer | None = None,
        *,
        steps: int = 5,
        every: int | None = None,
        ignore: str | Iterable[str] = (),
        fail_on: str = "error",
    ) -> Watching:
        """Watch the training in a `with` block; the test fails at its end if the gradient flow is broken.

        An exception of the block passes through, and nothing is judged then.
        """
        from hypercheck import api

        watched = api.watch(model, optimizer, steps=steps, every=every)
        return Watching(self, watched, ignore, fail_on)

    def check_step(
        self,
        step: Callable[[], Any],
        model: nn.Module | None = None,
        optimizer: Optimizer | None = None,
        *,
        repeat: int = 3,
        ignore: str | Iterable[str] = (),
        fail_on: str = "error",
    ) -> Report:
        """Run one whole training step `repeat` times, and fail the test if its gradient flow is broken."""
        __tracebackhide__ = True
        with self.watch(model, optimizer, steps=repeat, ignore=ignore, fail_on=fail_on) as report:
            for _ in range(repeat):
                step()
        return report

    def _judge(self, report: Report, ignore: str | Iterable[str], fail_on: str) -> None:
        __tracebackhide__ = True
        from hypercheck import report as formats
        from hypercheck.findings import Severity

        prefixes = tuple([ignore] if isinstance(ignore, str) else ignore)
        found = [
            finding
            for finding in report.data.at_least(Severity(fail_on))
            if not (prefixes and finding.code.startswith(prefixes))
        ]
        if not found and report.verdict != "incomplete":
            return
        if self._tell is not None:
            self._tell(formats.render(report.data, "text"))
        if found:
            raise GradientFlowFailed("\n".join(_lines(found)))
        reasons = "; ".join(report.data.internal_errors) or "no training step was seen"
        raise GradientFlowFailed(f"the gradient flow could not be checked: {reasons}")


def _lines(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        place = f" at {finding.location.file}:{finding.location.line}" if finding.location else ""
        yield f"{finding.code} {finding.rule}{place}: {finding.message}"
        if finding.location and finding.location.source.strip():
            yield f"  where  {finding.location.source.strip()}"
        yield f"  why    {finding.why}"
        yield f"  fix    {finding.fix}"


class Watching:
    """The `with` block of `GradientFlow.watch`; what it gives is the report, filled at its end."""

    def __init__(
        self,
        flow: GradientFlow,
        watched: AbstractContextManager[Report],
        ignore: str | Iterable[str],
        fail_on: str,
    ) -> None:
        self._flow, self._watched, self._ignore, self._fail_on = flow, watched, ignore, fail_on

    def __enter__(self) -> Report:
        self._flow.report = report = self._watched.__enter__()
        return report

    def __exit__(self, *raised: Any) -> None:
        __tracebackhide__ = True
        self._watched.__exit__(*raised)
        if raised[0] is None and self._flow.report is not None:
            self._flow._judge(self._flow.report, self._ignore, self._fail_on)


@pytest.fixture
def gradient_flow(request: pytest.FixtureRequest) -> GradientFlow:
    """Checks the gradient flow of what the test trains: `watch(model, optimizer)` or `check_step(step)`."""
    return GradientFlow(lambda text: request.node.add_report_section("call", "gradient flow", text))


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(steps=5, every=None, ignore=(), fail_on='error'): watch the whole test, and fail it if "
        "the gradient of what it trains is cut",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Watch a marked test from its first line to its last."""
    __tracebackhide__ = True
    marker = item.get_closest_marker(MARKER)
    if marker is None:
        return (yield)
    flow = GradientFlow(lambda text: item.add_report_section("call", "gradient flow", text))
    with flow.watch(**marker.kwargs):
        return (yield)
