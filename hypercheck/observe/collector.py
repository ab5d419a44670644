"""Python's garbage collector, which looks at every object of the record again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARE = 1_000_000


@contextmanager
def collector_paused() -> Iterator[None]:
    """No automatic collection inside of the block, where only hypercheck's own code runs."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class RareCollections:
    """One collection a step while steps are recorded, and the user's own setting again afterwards.

    Each recorded operation leaves a few objects that live on, so the default of a collection every 700 would
    make a long step slower by a multiple of what the recording takes.
    """

    def __init__(self) -> None:
        self._before: tuple[int, int, int] | None = None
        self._ours: tuple[int, int, int] | None = None

    def begin(self) -> None:
        """Collect rarely from now on, unless the user has switched it off or made it rarer."""
        before = gc.get_threshold()
        if gc.isenabled() and 0 < before[0] < _RARE:
            self._before, self._ours = before, (_RARE, *before[1:])
            gc.set_threshold(*self._ours)

    def step(self) -> None:
        """A step is over: what it left in cycles is let go now."""
        if self._before is not None and gc.isenabled():
            gc.collect(0)

    def end(self) -> None:
        """Put the setting back, unless somebody changed it in between."""
        if self._before is not None and gc.get_threshold() == self._ours:
            gc.set_threshold(*self._before)
        self._before = self._ours = None
