"""What the callbacks of trainers share: watch from the first training step to the last, then tell."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypercheck.api import Report, watch


@dataclass(frozen=True)
class CallbackOptions:
    """How a callback was set up: which steps are recorded, and what becomes of the report."""

    steps: int = 5
    every: int | None = None
    save: str | Path | None = None
    print: bool = True
    fail: bool = False


class CallbackWatch:
    """One training under observation. `report` is None until the training has ended."""

    def __init__(self, options: CallbackOptions) -> None:
        self._options = options
        self._watched: AbstractContextManager[Report] | None = None
        self._growing: Report | None = None
        self.report: Report | None = None

    def start(self, model: Any, optimizer: Any = None) -> None:
        """Begin to watch, unless it does already."""
        if self._watched is None:
            self._watched = watch(model, optimizer, steps=self._options.steps, every=self._options.every)
            self._growing = self._watched.__enter__()

    def stop(self, *, first_process: bool = True, raised: bool = False) -> None:
        """End the observation and tell its report; raises where errors were found and `fail` was asked.

        Only the first process of several prints and saves. After an exception of the training nothing is
        raised on top of it.
        """
        if self._watched is None:
            return
        watched, self._watched = self._watched, None
        watched.__exit__(None, None, None)
        self.report, self._growing = self._growing, None
        if self.report is None or not first_process:
            return
        with suppress(Exception) if raised else nullcontext():
            if self._options.print:
                self.report.print()
            if self._options.save is not None:
                self.report.save(self._options.save)
        if self._options.fail and not raised:
            self.report.raise_for_errors()
