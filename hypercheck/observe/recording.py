"""The recorder and the patches that go with it: put on, taken off, and carried from thread to thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from torch import nn

from hypercheck.observe import torch_compat
from hypercheck.observe.collector import RareCollections
from hypercheck.observe.patches import RecordingPatches
from hypercheck.observe.recorder import Recorder
from hypercheck.observe.tape import Tape


class Recording:
    """Whether the tape runs, and in which thread: a mode of torch hears one thread only."""

    def __init__(
        self,
        tape: Tape,
        guard: Callable[[Callable[[], Any]], Any],
        fault: Callable[[BaseException], None],
        module_number: Callable[[nn.Module], int],
        not_observed: dict[str, str],
    ) -> None:
        self._tape = tape
        self._guard = guard
        self._fault = fault
        self._module_number = module_number
        self.thread: int | None = None
        """The thread that was heard last."""
        self._not_observed = not_observed
        self.functional_calls: list[dict[str, Any]] = []
        """What each `functional_call` was given."""
        self._recorder: Recorder | None = None
        self._patches: RecordingPatches | None = None
        self._open = False
        self._switching = threading.RLock()
        """Held while the recorder goes on or off: threads may train at the same time."""
        self._left_behind: list[tuple[int, Recorder]] = []
        self._collections = RareCollections()

    @property
    def on(self) -> bool:
        """Whether the tape is running."""
        return self._recorder is not None

    def open(self) -> None:
        """From now on the tape may run."""
        self._open = True

    def begin(self) -> None:
        """Let the tape run, in this thread."""
        with self._switching:
            if self._recorder is None and self._open:
                self._put_on()

    def end(self) -> None:
        """Stop the tape."""
        with self._switching:
            self._take_off()

    def follow(self) -> None:
        """The training goes on in another thread than the one that is heard: listen here from now on."""
        with self._switching:
            self._take_off()
            self.begin()

    def close(self) -> None:
        """Stop the tape for good, and take everything out that can be."""
        with self._switching:
            self._take_off()
            self._open = False
        self._fetch()

    def mute(self) -> None:
        """Hear nothing more, at once: what is installed goes at the next safe point."""
        if self._recorder is not None:
            self._recorder.live = False
        if self._patches is not None:
            self._patches.live = False

    def pause(self) -> None:
        """An optimizer's own arithmetic is none of the program's."""
        if self._recorder is not None:
            self._recorder.live = False

    def resume(self) -> None:
        """The program goes on."""
        if self._recorder is not None:
            self._recorder.live = True
        if self._left_behind:
            self._fetch()

    def step_is_over(self) -> None:
        """A recorded step was handed over: a good moment to collect garbage."""
        self._collections.step()

    def _put_on(self) -> None:
        self._fetch()
        self._patches = RecordingPatches(self._tape, self._guard, self._module_number)
        self._patches.functional_calls = self.functional_calls
        self._patches.install()
        self._recorder = Recorder(self._tape, self._fault)
        torch_compat.push_lowest(self._recorder)
        self.thread = threading.get_ident()
        self._collections.begin()

    def _take_off(self) -> None:
        recorder, patches = self._recorder, self._patches
        if recorder is not None and self.thread is not None:
            recorder.live = False
            self._collections.end()
            self._left_behind.append((self.thread, recorder))
            self._fetch()
        if patches is not None:
            patches.undo()
            if patches.compiled:
                self._not_observed.setdefault("compiled", "torch.compile")
        self._recorder = None
        self._patches = None
        self._tape.module_stack.clear()

    def _fetch(self) -> None:
        """Take the recorders off that could not be taken off when they ended.

        Torch puts a mode back after the call that it hears, and each thread has modes of its own.
        """
        here = threading.get_ident()
        self._left_behind = [
            (thread, recorder)
            for thread, recorder in self._left_behind
            if thread != here or not torch_compat.remove(recorder)
        ]
