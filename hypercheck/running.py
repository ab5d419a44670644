"""Run a training script under observation, and report on it whatever way it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from hypercheck import checker, ranks
from hypercheck._version import __version__
from hypercheck.facts import RunFacts
from hypercheck.findings import ReportData, Target
from hypercheck.live import display
from hypercheck.observe.observation import Observation
from hypercheck.script import Script, StopScript
from hypercheck.settings import Settings


@dataclass(frozen=True)
class RunOptions:
    """What `hypercheck run` was asked for."""

    steps: int = 5
    every: int | None = None
    stop_after: int | None = None
    hypernet: tuple[str, ...] = ()
    main: tuple[str, ...] = ()
    embeddings: tuple[str, ...] = ()
    user_roots: tuple[str, ...] = ()
    live: bool = False
    """Whether a terminal shows the whole view in place of a line."""


def run_script(
    script: Script, target: Target, options: RunOptions, settings: Settings, tell: Callable[[ReportData], int]
) -> int:
    """Run the script and hand the report to `tell`, which answers with hypercheck's own exit status.

    The script's own status wins where it is not 0. `os._exit` in the script is preceded by the report.
    """
    place = ranks.find_place()
    line = display(target.path, settings, options.live)

    def stepped(observation: Observation) -> None:
        if place is None or place.rank == 0:
            line.show(observation)
        if options.stop_after is not None and observation.session.steps_seen >= options.stop_after:
            raise StopScript

    observation = Observation(
        steps=options.steps,
        every=options.every,
        hypernet=options.hypernet,
        main=options.main,
        embeddings=options.embeddings,
        user_roots=options.user_roots,
        on_step=stepped,
    )

    crew = ranks.Crew(place, observation) if place is not None else None

    def report(status: int | None) -> int:
        observation.stop()
        line.clear()

        def judged(facts: RunFacts) -> ReportData:
            return checker.report(
                facts,
                target,
                settings,
                version=__version__,
                torch_version=torch.__version__,
                script_exit=status,
            )

        if crew is None:
            return tell(judged(observation.facts()))
        crew.stop()
        return crew.report(observation.facts(), judged, tell)

    process = os.getpid()
    leave = os._exit

    def reporting_exit(status: int) -> None:
        os._exit = leave
        if os.getpid() == process:
            report(status)
            sys.stdout.flush()
            sys.stderr.flush()
        leave(status)

    os._exit = reporting_exit  # type: ignore[assignment]
    observation.start()
    if crew is not None:
        crew.start()
    with ranks.ending_with(report, lambda: crew.telling) if crew is not None else nullcontext():
        try:
            outcome = script.run()
        finally:
            os._exit = leave
            observation.stop()
            if crew is not None:
                crew.stop()
        own = report(outcome.exit_status)
    return outcome.exit_status or own


def script_root(path: str) -> tuple[str, ...]:
    """The folder whose files are the user's own, even below site-packages."""
    folder = Path(path).resolve().parent
    return (str(folder) + os.sep,) if "site-packages" in str(folder) else ()
