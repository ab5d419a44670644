"""The gradient graph: an iterative walk of `grad_fn.next_functions`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from operator import methodcaller
from typing import Any

import torch
from torch import Tensor

from hypercheck.observe import torch_compat


@dataclass(frozen=True)
class GradNode:
    """One autograd node: its number in the walk, its torch name, and the leaf that it accumulates into."""

    number: int
    name: str
    leaf: int | None = None
    """Index into `Walk.leaves`, for AccumulateGrad nodes."""


# A node that Python has looked at is freed together with what is below it by recursion (torch 2.13), about
# 200 bytes of stack a node: a chain of 50,000 ends the process. Nodes freed from the loss down need none.
_RECURSION_IS_SAFE = 10_000


class _Nodes(list[Any]):
    """Autograd nodes; they are let go one by one, those nearest to the loss first."""

    def __del__(self) -> None:
        try:
            self.sort(key=_youth)
        except (AttributeError, RuntimeError):
            self.sort(key=lambda node: torch_compat.sequence_number(node) or 0)
        while self:
            self.pop()


_youth = methodcaller("_sequence_nr")


def _free_in_order(heads: list[Any], others: list[Any]) -> None:
    """Leave with the first nodes, which die before all others, a list that lets those go in order."""
    if len(others) > _RECURSION_IS_SAFE:
        kept = _Nodes(others)
        for head in heads:
            if head is not None:
                head.metadata["hypercheck"] = kept


@dataclass
class Walk:
    """What can be reached from a tensor by `next_functions`.

    `edges` are pairs of node numbers, from the loss towards the leaves.
    """

    edges: list[tuple[int, int]] = field(default_factory=list)
    leaves: list[Tensor] = field(default_factory=list)
    grad_fns: list[Any] = field(default_factory=list)
    leaf_of: dict[int, int] = field(default_factory=dict)
    """Node number to its index into `leaves`, for AccumulateGrad nodes."""

    @property
    def names(self) -> list[str]:
        """The nodes' torch names in the order of their numbers."""
        return [
            "AccumulateGrad" if node is None else node.name().rpartition("::")[2] for node in self.grad_fns
        ]

    @cached_property
    def nodes(self) -> list[GradNode]:
        """All nodes in the order of their numbers."""
        return [GradNode(number, name, self.leaf_of.get(number)) for number, name in enumerate(self.names)]

    @cached_property
    def sequence_numbers(self) -> dict[int, int]:
        """Autograd's own sequence number to node number."""
        found: dict[int, int] = {}
        for number, node in enumerate(self.grad_fns):
            sequence = torch_compat.sequence_number(node) if number not in self.leaf_of else None
            if sequence is not None:
                found[sequence] = number
        return found

    def reaches(self, tensor: Tensor) -> bool:
        """Whether gradient can flow to the tensor."""
        return bool(self.path_to(tensor))

    def path_to(self, tensor: Tensor) -> tuple[GradNode, ...]:
        """The nodes from the start down to the tensor, or () where there is no link.

        >>> weight = torch.ones(2, requires_grad=True)
        >>> [node.name for node in walk((weight * 3).sum()).path_to(weight)]
        ['SumBackward0', 'MulBackward0', 'AccumulateGrad']
        """
        goal = self._number_of(tensor)
        if goal is None:
            return ()
        parents = {target: source for source, target in reversed(self.edges)}
        path = [goal]
        while path[-1] in parents and path[-1] != 0:
            path.append(parents[path[-1]])
        return tuple(self.nodes[number] for number in reversed(path))

    def _number_of(self, tensor: Tensor) -> int | None:
        if tensor.grad_fn is not None:
            for number, grad_fn in enumerate(self.grad_fns):
                if grad_fn is tensor.grad_fn:
                    return number
            return None
        for node in self.nodes:
            if node.leaf is not None and self.leaves[node.leaf] is tensor:
                return node.number
        return None


def walk(start: Tensor | Iterable[Tensor]) -> Walk:
    """The autograd nodes, edges and leaves that can be reached from a tensor, found without recursion.

    Raises ValueError where the tensor has no history at all.
    """
    tensors = [start] if isinstance(start, Tensor) else list(start)
    if not any(tensor.requires_grad for tensor in tensors):
        raise ValueError("the tensor has no grad_fn: nothing trainable was part of its computation")
    return walk_graph(tensors)


def walk_graph(tensors: Iterable[Tensor]) -> Walk:
    """As `walk`; a tensor without history adds nothing."""
    result = Walk()
    numbers: dict[Any, int] = {}
    grad_fns, edges = result.grad_fns, result.edges
    with torch._C.DisableTorchFunction():
        for tensor in tensors:
            node = tensor.grad_fn
            if node is not None:
                if node not in numbers:
                    numbers[node] = len(grad_fns)
                    grad_fns.append(node)
            elif tensor.requires_grad:
                result.leaf_of[len(grad_fns)] = len(result.leaves)
                result.leaves.append(tensor)
                grad_fns.append(None)
        heads = len(grad_fns)
        for source, node in enumerate(grad_fns):  # grows while it is walked
            if node is None:
                continue
            below = node.next_functions
            if not below:
                _leaf(result, source, node)
            for target, _ in below:
                if target is not None:
                    number = numbers.get(target)
                    if number is None:
                        number = numbers[target] = len(grad_fns)
                        grad_fns.append(target)
                    edges.append((source, number))
        numbers.clear()
        _free_in_order(grad_fns[:heads], grad_fns[heads:])
    return result


def _leaf(result: Walk, number: int, node: Any) -> None:
    """Note the tensor that a node without successors accumulates into, if it is such a node."""
    variable = getattr(node, "variable", None)
    if variable is not None:
        result.leaf_of[number] = len(result.leaves)
        result.leaves.append(variable)
