"""The errors that hypercheck raises, each with the next thing to try."""

from __future__ import annotations


class HypercheckError(Exception):
    """hypercheck could not do its job: one sentence, and a hint with the next thing to try.

    >>> str(HypercheckError("no training step was seen", hint="run longer"))
    'no training step was seen; run longer'
    """

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(f"{message}; {hint}" if hint else message)


HOW_TO_REPORT = "to report it, see: hypercheck explain HC905"


class OwnFault(HypercheckError):
    """Something in hypercheck failed in a way that nobody foresaw.

    >>> str(OwnFault("the html report", ZeroDivisionError("division by zero")))
    'the html report failed: ZeroDivisionError: division by zero; to report it, see: hypercheck explain HC905'
    """

    def __init__(self, what: str, fault: BaseException) -> None:
        super().__init__(f"{what} failed: {type(fault).__name__}: {fault}", HOW_TO_REPORT)


class UsageError(HypercheckError):
    """A command or call that cannot be carried out as it was given."""


class TargetError(HypercheckError):
    """The file, module or function to check cannot be used."""


class GradientFlowError(HypercheckError):
    """Raised by `Report.raise_for_errors`: the findings stand in the message."""
