"""What a tape holds: operations, values and tensor objects, as plain facts."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from hypercheck.observe.frames import Site


class Op(NamedTuple):
    """One operation: `inputs` and `outputs` are value numbers, `arguments` is kept where needed later."""

    name: str
    kind: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    site: Site | None
    tags: tuple[str, ...]
    mode: str
    """`grad`, `no_grad` or `inference`: which switch was on where an output lost its gradient."""
    module: int
    """Number of the module whose forward was running, or -1."""
    arguments: Any


class Value(NamedTuple):
    """One version of one tensor."""

    op: int
    """Index of the operation that made it, or -1 where it came from outside of the record."""
    object: int
    """Number of the tensor object: stays the same over in-place writes."""
    requires_grad: bool
    shape: tuple[int, ...]
    leaf: bool
    """A leaf that asks for a gradient."""


Note = tuple[str, "Site | None", tuple[tuple[str, int], ...]]
"""Something notable inside of an operation recorded as one: name, statement, and the weights it took."""


class ModuleCall(NamedTuple):
    """One call of a module: at which operation, inside of which module, where, and with which values."""

    op: int
    parent: int
    site: Site | None
    given: frozenset[int]


class Ref(NamedTuple):
    """Stands for a tensor in kept arguments."""

    value: int


@dataclass(frozen=True)
class GradSwitch:
    """`_set_grad_enabled` was called: at which operation, to what, by which statements."""

    op: int
    enabled: bool
    site: Site | None


@dataclass(frozen=True)
class Assignment:
    """A tensor was assigned to an attribute of a module, or handed to a functional call."""

    op: int
    object: int
    value: int
    module: int
    name: str
    site: Site | None


class ObjectFact:
    """What is known of a tensor object, known by a weak reference: what made it, and its present value."""

    # One plain object where several would be tidier: each of them is seen by every garbage collection.
    __slots__ = ("first", "group", "made_at", "made_by", "object", "ref", "synced", "value")

    is_parameter: bool = False
    dtype: str = ""
    group: list[int] | None
    """The writes through the tensor and its aliases."""
    synced: int
    """How many of these writes the present value contains."""

    def __init__(
        self, ref: weakref.ref[Tensor], made_at: Site | None, made_by: str, number: int, value: int
    ) -> None:
        self.ref = ref
        self.made_at = made_at
        self.made_by = made_by
        self.object = number
        self.first = self.value = value
        self.group = None
        self.synced = 0


class EnteredFact(ObjectFact):
    """The same of a tensor that no torch function made."""

    __slots__ = ("dtype", "is_parameter")


class FirstValues(Mapping[int, int]):
    """Objects to the first values of theirs that the record knows."""

    def __init__(self, objects: list[ObjectFact]) -> None:
        self._objects = objects

    def __getitem__(self, number: int) -> int:
        if not 0 <= number < len(self._objects):
            raise KeyError(number)
        return self._objects[number].first

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._objects)))

    def __len__(self) -> int:
        return len(self._objects)
