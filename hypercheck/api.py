"""The Python interface: watch a loop, check a step, walk a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from hypercheck import checker as judging
from hypercheck import report as formats
from hypercheck import settings as configuration
from hypercheck._version import __version__
from hypercheck.errors import GradientFlowError, HypercheckError, UsageError
from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Flow, ReportData, Severity, Target
from hypercheck.observe.flows import walk_flow
from hypercheck.observe.observation import Observation
from hypercheck.observe.session import Session
from hypercheck.observe.walk import GradNode, Walk, walk

__all__ = ["Checker", "GradNode", "Report", "StageCheck", "Walk", "check_step", "draw", "walk", "watch"]


class Report:
    """What was found: `findings`, and ways to print, save or raise it.

    Inside of `watch` it is empty; it is filled when the block ends.
    """

    def __init__(self, data: ReportData | None = None) -> None:
        self._data = data

    @property
    def data(self) -> ReportData:
        """The report as plain data. Raises HypercheckError as long as the watched block runs."""
        if self._data is None:
            raise HypercheckError("the report is not there yet", "read it after the `with` block has ended")
        return self._data

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, causes first."""
        return self.data.findings

    @property
    def verdict(self) -> str:
        """`ok`, `findings` or `incomplete`."""
        return self.data.verdict

    def print(self) -> None:
        """Print the report to standard output, coloured on a terminal."""
        from rich.console import Console

        from hypercheck.report.console import ConsoleReport

        Console().print(ConsoleReport(self.data))

    def to_json(self) -> str:
        """The report as JSON, schema hypercheck/1."""
        return formats.render(self.data, "json")

    def save(self, path: str | Path) -> None:
        """Write the report in the format of the path's suffix: .json, .html, .sarif, .xml, .md or .txt."""
        formats.save(self.data, path)

    def raise_for_errors(self) -> None:
        """Raise GradientFlowError if there is an error among the findings, or if no step was seen."""
        errors = self.data.at_least(Severity.ERROR)
        if errors:
            lines = [_one_line(finding) for finding in errors]
            raise GradientFlowError("\n".join([f"{len(errors)} gradient-flow error(s):", *lines]))
        if self.verdict == "incomplete":
            raise GradientFlowError("no verdict: no training step was recorded, or an instrument failed")

    def draw(self, level: str = "module", max_nodes: int | None = None) -> Any:
        """The gradient-flow diagram as a graphviz.Digraph; `level` is module, op or autograd.

        What repeats is folded until at most `max_nodes` boxes are left (50 at module level, else 400).
        """
        from hypercheck.report.diagram import LEVELS, to_dot

        if level not in LEVELS:
            raise UsageError(f"there is no level {level!r}", f"use one of {', '.join(LEVELS)}")
        flow = next((flow for flow in self.data.flows if flow.level == level), Flow(level))
        return to_dot(flow, self.data.target.path, max_nodes)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, str]:
        from hypercheck.report.notebook import mimebundle

        return {"text/plain": repr(self)} if self._data is None else mimebundle(self._data)

    def __repr__(self) -> str:
        if self._data is None:
            return "<hypercheck.Report: the block is still running>"
        return f"<hypercheck.Report: {self.verdict}, {len(self.findings)} findings>"


def _one_line(finding: Finding) -> str:
    place = finding.location
    where = f"{place.file}:{place.line}: " if place else ""
    return f"  {where}{finding.code} {finding.rule}: {finding.message}"


def _roots(model: Any, optimizer: Any, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    roots: dict[str, Any] = {}
    if model is not None:
        roots["model"] = model
    if optimizer is not None:
        roots["optimizer"] = optimizer
    roots.update({name: item for name, item in (more or {}).items() if item is not None})
    return roots


def _report(facts: RunFacts, kind: str, path: str) -> ReportData:
    return judging.report(
        facts,
        Target(kind, path),
        configuration.load(Path.cwd()),
        version=__version__,
        torch_version=torch.__version__,
    )


@contextmanager
def watch(
    model: nn.Module | None = None,
    optimizer: Optimizer | None = None,
    *,
    steps: int = 5,
    every: int | None = None,
) -> Iterator[Report]:
    """Watch any training code; the stages of each step are found by themselves.

    Both arguments are optional: they only help to name things. `steps` says how many of the first steps are
    recorded, `every` makes each k-th step a recorded one. An exception of the block passes through, and the
    report on what was seen is filled all the same.

    >>> import hypercheck, torch
    >>> model = torch.nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with hypercheck.watch(model, optimizer) as report:
    ...     for _ in range(3):
    ...         loss = model(torch.ones(4, 2)).square().mean()
    ...         optimizer.zero_grad(); loss.backward(); optimizer.step()
    >>> report.verdict
    'ok'
    """
    observation = Observation(steps=steps, every=every, roots=_roots(model, optimizer))
    report = Report()
    observation.start()
    try:
        yield report
    finally:
        observation.stop()
        report._data = _report(
            observation.facts(), "watch", type(model).__name__ if model is not None else "code"
        )


def check_step(
    step: Callable[[], Any],
    model: nn.Module | None = None,
    optimizer: Optimizer | None = None,
    *,
    repeat: int = 3,
) -> Report:
    """Run a training step `repeat` times and report on it.

    The step must do all of forward, backward and update. It really trains; three repetitions tell a gradient
    that is zero at the start by design from one that is dead.
    """
    with watch(model, optimizer, steps=repeat) as report:
        for _ in range(repeat):
            step()
    return report


class StageCheck:
    """One step under a `Checker`: call the stages by hand, or leave any of them to the hooks."""

    def __init__(self, observation: Observation, session: Session) -> None:
        self._observation = observation
        self._session = session
        self._told: set[tuple[str, str, int]] = set()

    def before_backward(self, loss: Tensor) -> tuple[Finding, ...]:
        """Check the links now. Returns the findings that the forward alone gives away.

        Whether something starves is known only after the update: `after_step` tells it.
        """
        if not loss.requires_grad:
            raise HypercheckError(
                "the loss has no grad_fn: it depends on nothing trainable",
                "compute it from the model's output",
            )
        return self._fresh("before backward")

    def before_step(self) -> tuple[Finding, ...]:
        """The findings about gradients that are known before the optimizer steps."""
        return self._fresh("before step")

    def after_step(self) -> tuple[Finding, ...]:
        """Judge the step that was just made: all findings that were not returned before."""
        self._session.finish()
        return self._fresh("after step")

    def _fresh(self, stage: str) -> tuple[Finding, ...]:
        data = _report(self._observation.facts(), "checker", stage)
        found = []
        for finding in data.findings:
            place = finding.location
            key = (finding.code, place.file if place else finding.subject, place.line if place else 0)
            if key not in self._told:
                self._told.add(key)
                found.append(finding)
        return tuple(found)


class Checker:
    """Checks single steps of a training loop, stage by stage.

    `hypernet`, `main` and `embeddings` override the roles that are found: dotted names or globs.

    >>> import torch
    >>> model = torch.nn.Linear(2, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> checker = Checker(model, optimizer=optimizer)
    >>> with checker.step() as step:
    ...     loss = model(torch.ones(4, 2)).square().mean()
    ...     _ = step.before_backward(loss); loss.backward()
    ...     _ = step.before_step(); optimizer.step()
    ...     step.after_step()
    ()
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        hypernet: str | Iterable[str] = (),
        main: str | Iterable[str] = (),
        optimizer: Optimizer | None = None,
        embeddings: str | Iterable[str] = (),
    ) -> None:
        self._observation = Observation(
            steps=1_000_000,
            roots=_roots(model, optimizer),
            hypernet=_names(hypernet),
            main=_names(main),
            embeddings=_names(embeddings),
        )
        self._name = type(model).__name__

    @contextmanager
    def step(self) -> Iterator[StageCheck]:
        """Record one training step; nothing is hooked outside of the block."""
        session = self._observation.session
        self._observation.start()
        try:
            yield StageCheck(self._observation, session)
        finally:
            self._observation.stop()

    def report(self) -> Report:
        """The report on all steps so far."""
        return Report(_report(self._observation.facts(), "checker", self._name))


def _names(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def draw(subject: Report | Tensor, level: str = "module", max_nodes: int | None = None) -> Any:
    """The gradient-flow diagram of a report, or the autograd graph below a loss, as a graphviz.Digraph.

    It shows itself in a notebook. `level` is for reports: module, op or autograd.

    >>> weight = torch.ones(2, requires_grad=True)
    >>> "MulBackward0" in draw((weight * 3).sum()).source
    True
    """
    if isinstance(subject, Report):
        return subject.draw(level, max_nodes)
    from hypercheck.report.diagram import to_dot

    return to_dot(walk_flow(walk(subject)), "autograd graph", max_nodes)
