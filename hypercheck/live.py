"""What a terminal shows while the script runs: one line, or with `--live` a whole view. Nothing elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Protocol

from rich.console import Console
from rich.live import Live

from hypercheck import checker
from hypercheck.observe.observation import Observation
from hypercheck.report.live_view import LiveState, view
from hypercheck.settings import Settings

INTERVAL_S = 0.2


class Display(Protocol):
    """Something that is shown after each step, and taken away before the report."""

    def show(self, observation: Observation) -> None:
        """Draw what is known now, five times a second at most."""

    def clear(self) -> None:
        """Leave the terminal to what comes next."""


def display(title: str, settings: Settings, whole: bool) -> Display:
    """The display for this terminal: the whole view if it is asked for, else the line."""
    if whole and sys.stderr.isatty():
        return LiveView(title, settings)
    return LiveLine()


class LiveLine:
    """One line on a terminal that tells how far the script is; silent elsewhere."""

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()
        self._last = 0.0
        self._drawn = False

    def show(self, observation: Observation) -> None:
        """Draw the line, five times a second at most."""
        now = time.monotonic()
        if not self._on or now - self._last < INTERVAL_S:
            return
        self._last = now
        session = observation.session
        cuts = sum(bool(step.cuts) for step in observation.steps)
        recorded = f"{session.steps_recorded} recorded, cuts on {cuts} of them"
        text = f"hypercheck: step {session.steps_seen}, {recorded}"
        sys.stderr.write(f"\r\x1b[2K{text}")
        sys.stderr.flush()
        self._drawn = True

    def clear(self) -> None:
        """Take the line away."""
        if self._drawn:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
            self._drawn = False


class LiveView:
    """The whole view, on standard error. It draws only after a step, so no thread is started.

    The script's own lines go above it where they would land on the same terminal; a pipe or a file gets them
    as ever. The rules are asked again only when one more step was recorded.
    """

    def __init__(self, title: str, settings: Settings) -> None:
        self._title = title
        self._settings = settings
        self._start = self._last = time.monotonic()
        self._known = LiveState(title, 0.0)
        self._steps_known = 0
        self._live: Live | None = None

    def show(self, observation: Observation) -> None:
        """Draw the view, five times a second at most."""
        now = time.monotonic()
        if now - self._last < INTERVAL_S and self._live is not None:
            return
        state = self._state(observation, now)
        if self._live is None:
            self._live = Live(
                view(state),
                console=Console(file=sys.stderr, highlight=False),
                auto_refresh=False,
                transient=True,
                redirect_stdout=sys.stdout.isatty(),
                redirect_stderr=True,
            )
            self._live.start()
        self._live.update(view(state), refresh=True)
        self._last = time.monotonic()

    def _state(self, observation: Observation, now: float) -> LiveState:
        if len(observation.steps) != self._steps_known:
            self._steps_known = len(observation.steps)
            facts = observation.facts()
            findings, _, _ = checker.judge(facts, self._settings)
            self._known = LiveState(
                self._title,
                0.0,
                history=tuple(step.numbers for step in facts.steps if step.numbers is not None),
                links=facts.roles.generated,
                findings=tuple(findings),
                losses={
                    step.step: backward.value
                    for step in facts.steps
                    for backward in step.backwards[:1]
                    if backward.value is not None
                },
            )
        session, known = observation.session, self._known
        return LiveState(
            self._title,
            now - self._start,
            session.steps_seen,
            session.steps_recorded,
            known.history,
            known.links,
            known.findings,
            known.losses,
        )

    def clear(self) -> None:
        """Take the view away; the report comes in its place."""
        if self._live is not None:
            live, self._live = self._live, None
            live.stop()
