"""A callback for the Trainer of Hugging Face transformers. Needs the extra `transformers`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypercheck.api import Report
from hypercheck.callbacks import CallbackOptions, CallbackWatch

try:
    from transformers import TrainerCallback
except ImportError as error:
    raise ImportError("transformers is not installed; pip install 'hypercheck[transformers]'") from error

_Callback: Any = TrainerCallback


class HypercheckCallback(_Callback):  # type: ignore[misc]
    """Watches the steps of `Trainer.train`, and prints the report when it ends.

    `save` is a file to write it to as well (.html, .json, …), `fail` raises GradientFlowError at the end
    where errors were found, `steps` and `every` say which steps are recorded. Afterwards `report` holds it.
    The Trainer tells its callbacks of no exception: where one ends the training, call `stop`.
    """

    def __init__(
        self,
        *,
        steps: int = 5,
        every: int | None = None,
        save: str | Path | None = None,
        print: bool = True,
        fail: bool = False,
    ) -> None:
        self._watch = CallbackWatch(CallbackOptions(steps, every, save, print, fail))

    @property
    def report(self) -> Report | None:
        """The report of the last training, None before it has ended."""
        return self._watch.report

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Before the first batch: model and optimizer are there already."""
        self._watch.start(kwargs.get("model"), kwargs.get("optimizer"))

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Tell."""
        self._watch.stop(first_process=state.is_world_process_zero)

    def stop(self) -> None:
        """Tell what was seen until now, and take all hooks out; does nothing after the end of a training."""
        self._watch.stop(raised=True)
