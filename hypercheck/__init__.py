"""hypercheck finds the statement that cuts the gradient between a hypernetwork and its main network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypercheck._version import __version__
from hypercheck.errors import GradientFlowError, HypercheckError
from hypercheck.findings import Finding, Location, Severity

if TYPE_CHECKING:
    from hypercheck.api import Checker, Report, check_step, draw, walk, watch

__all__ = [
    "Checker",
    "Finding",
    "GradientFlowError",
    "HypercheckError",
    "Location",
    "Report",
    "Severity",
    "__version__",
    "check_step",
    "draw",
    "walk",
    "watch",
]

_LAZY = frozenset({"Checker", "Report", "check_step", "draw", "walk", "watch"})


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from hypercheck import api

        return getattr(api, name)
    raise AttributeError(f"module 'hypercheck' has no attribute {name!r}")
