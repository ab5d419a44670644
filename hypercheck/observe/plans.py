"""What to do with the calls of each torch function: decided once, since there are many calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from hypercheck.observe import torch_compat
from hypercheck.observe.operations import (
    IMPORTERS,
    LIST_JOINS,
    REARRANGEMENTS,
    SHAPE_GIVERS,
    SINGULAR,
    SLOTS,
    Kind,
    classify,
)
from hypercheck.observe.samples import READERS, REDUCTIONS, WATCHED

KEEP_ARGUMENTS = frozenset({int(Kind.VIEW), int(Kind.MAYBE_VIEW)})
"""Kinds of functions whose arguments tell which elements are shown."""
_OTHERWISE = SHAPE_GIVERS | IMPORTERS | {"__deepcopy__", "einsum"}
"""Functions with rules of their own."""


@dataclass(slots=True)
class Plan:
    """What to do with the calls of one torch function. Its fields are read faster than those of a tuple."""

    name: str
    kind: int
    simple: bool
    """Whether most calls compute a new tensor of tensors and numbers."""
    singular: bool
    watched: bool
    reads: bool
    """Whether only its inputs without a gradient are looked at."""
    levels: bool
    """Whether data is looked at on its way in, too."""
    slots: tuple[str, ...] | None
    view: bool
    """Whether it shows elements of its first argument, without other tensors."""
    joins: bool
    """Whether it puts together the tensors of a list, its first argument."""

    @classmethod
    def of(cls, function: Any) -> Plan:
        """The plan for a function."""
        kind, name = classify(function)
        view = int(kind) in KEEP_ARGUMENTS and name not in ("detach", "data")
        joins = name in LIST_JOINS
        simple = (
            (kind == Kind.PLAIN or view) and (joins or name not in REARRANGEMENTS) and name not in _OTHERWISE
        )
        looks = name in WATCHED, name in READERS, name in REDUCTIONS
        return cls(name, int(kind), simple, name in SINGULAR, *looks, SLOTS.get(name), view, joins)


def written_by(
    name: str, kind: int, args: tuple[Any, ...], kwargs: dict[str, Any], tensors: list[Tensor], out: Any
) -> list[Tensor]:
    """The tensors that the call changed in place."""
    if kind == Kind.FOREACH_WRITE:
        return list(torch_compat.tensors_in(args[:1]))
    if kind == Kind.WRITE:
        first = args[0] if args else kwargs.get("tensor", kwargs.get("input"))
        return [first] if isinstance(first, Tensor) else []
    if "out" in kwargs and kwargs["out"] is not None:
        return list(torch_compat.tensors_in((kwargs["out"],)))
    if kwargs.get("inplace") and isinstance(out, Tensor) and any(out is given for given in tensors):
        return [out]
    return []
