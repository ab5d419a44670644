"""What became of gradients between backward and the optimizer: read, set, cleared or scaled, and where."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import NamedTuple

from torch import Tensor

from hypercheck.observe.frames import Site
from hypercheck.observe.operations import CLEARING, SCALING


class GradientEvent(NamedTuple):
    """Something was done to the gradient of a tensor object."""

    op: int
    owner: int
    what: str
    """`set`, `clear` or `scale`."""
    site: Site | None


class GradientLog:
    """All such events, and whose gradient a tensor is."""

    def __init__(self) -> None:
        self.events: list[GradientEvent] = []
        self.reads: set[int] = set()
        """Objects whose gradient the program has looked at."""
        self.given: dict[int, Site | None] = {}
        """Objects whose gradient was set by hand, to the first statement that did."""
        self.objects: set[int] = set()
        """The objects of gradients that were computed with."""
        self._owners: dict[int, tuple[weakref.ref[Tensor], int]] = {}

    def read(self, owner: int, grad: Tensor) -> None:
        """A gradient was read: remember whose it is."""
        self.reads.add(owner)
        self._owners[id(grad)] = (weakref.ref(grad), owner)

    def entered(self, number: int, tensor: Tensor) -> None:
        """A tensor that no operation made is used: it may be a gradient."""
        owner = self._owners.get(id(tensor))
        if owner is not None and owner[0]() is tensor:
            self.objects.add(number)

    def told(self, op: int, owner: int, what: str, site: Site | None) -> None:
        """Write an event down."""
        self.events.append(GradientEvent(op, owner, what, site))

    def written(self, op: int, name: str, tensors: Iterable[Tensor], site: Site | None) -> None:
        """A function wrote to tensors: where they are gradients, it may have cleared or scaled them."""
        if not self._owners or name not in CLEARING | SCALING:
            return
        self._owned(op, "clear" if name in CLEARING else "scale", tensors, site)

    def shown(self, op: int, tensor: Tensor, site: Site | None) -> None:
        """A tensor was given other data: where it is a gradient, it was set."""
        self._owned(op, "set", (tensor,), site)

    def _owned(self, op: int, what: str, tensors: Iterable[Tensor], site: Site | None) -> None:
        for tensor in tensors:
            owner = self._owners.get(id(tensor))
            if owner is not None and owner[0]() is tensor:
                self.told(op, owner[1], what, site)
