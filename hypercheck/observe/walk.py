"""The gradient graph: an iterative walk of `grad_fn.next_functions`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
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


@dataclass
class Walk:
    """What can be reached from a tensor by `next_functions`.

    `edges` are pairs of node numbers, from the loss towards the leaves.
    """

    nodes: list[GradNode] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    leaves: list[Tensor] = field(default_factory=list)
    sequence_numbers: dict[int, int] = field(default_factory=dict)
    """Autograd's own sequence number to node number."""
    grad_fns: list[Any] = field(default_factory=list)

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
    queue: list[Any] = []

    def number_of(node: Any) -> int:
        known = numbers.get(node)
        if known is not None:
            return known
        number = len(result.nodes)
        numbers[node] = number
        leaf = None
        variable = getattr(node, "variable", None)
        if variable is not None:
            leaf = len(result.leaves)
            result.leaves.append(variable)
        else:
            sequence = torch_compat.sequence_number(node)
            if sequence is not None:
                result.sequence_numbers[sequence] = number
        result.nodes.append(GradNode(number, node.name().rpartition("::")[2], leaf))
        result.grad_fns.append(node)
        queue.append(node)
        return number

    with torch._C.DisableTorchFunction():
        for tensor in tensors:
            if tensor.grad_fn is not None:
                number_of(tensor.grad_fn)
            elif tensor.requires_grad:
                number = len(result.nodes)
                result.nodes.append(GradNode(number, "AccumulateGrad", len(result.leaves)))
                result.leaves.append(tensor)
                result.grad_fns.append(None)
        done = 0
        while done < len(queue):
            node = queue[done]
            done += 1
            source = numbers[node]
            for target, _ in node.next_functions:
                if target is not None:
                    result.edges.append((source, number_of(target)))
    return result
