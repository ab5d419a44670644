"""A callback for Lightning: `Trainer(callbacks=[HypercheckCallback()])`. Needs the extra `lightning`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from hypercheck.api import Report
from hypercheck.callbacks import CallbackOptions, CallbackWatch


def _callback_class() -> Any:
    """The base class of the Lightning that is used: it comes as `lightning` and as `pytorch_lightning`."""
    names = ["lightning.pytorch", "pytorch_lightning"]
    if "pytorch_lightning" in sys.modules and "lightning" not in sys.modules:
        names.reverse()
    for name in names:
        try:
            return import_module(name).Callback
        except ImportError:
            continue
    raise ImportError("Lightning is not installed; pip install 'hypercheck[lightning]'")


_Callback: Any = _callback_class()


class HypercheckCallback(_Callback):  # type: ignore[misc]
    """Watches the training steps of `fit`, and prints the report when it ends; also after an exception.

    `save` is a file to write it to as well (.html, .json, …), `fail` raises GradientFlowError at the end
    where errors were found, `steps` and `every` say which steps are recorded. Afterwards `report` holds it.
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
        super().__init__()
        self._watch = CallbackWatch(CallbackOptions(steps, every, save, print, fail))

    @property
    def report(self) -> Report | None:
        """The report of the last training, None before it has ended."""
        return self._watch.report

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """After the sanity check of the validation, before the first batch."""
        self._watch.start(pl_module)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Tell."""
        self._watch.stop(first_process=trainer.is_global_zero)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Tell what was seen until then; the exception goes on."""
        self._watch.stop(first_process=trainer.is_global_zero, raised=True)
