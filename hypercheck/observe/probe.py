"""Where a gradient dies inside of a whole graph: the nodes of one backward pass, looked at while it runs.

Armed only where an earlier step met a gradient of exactly zero, or one that is not finite: an ordinary step
carries no hook.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hypercheck.observe.walk import Walk

_MOST_NODES = 20_000
_MOST_VICTIMS = 48
_MOST_OPERATIONS = 100
_NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Killer:
    """The operation whose backward turns a live gradient into `zero` or `nonfinite` ones, and for whom."""

    op: int
    kind: str
    victims: frozenset[int]


class GradientProbe:
    """Hooks on the nodes between the loss and some starved leaves, from `attach` to `detach`."""

    def __init__(
        self, graph: Walk, victims: dict[int, int], kind: str, on_fault: Callable[[BaseException], None]
    ) -> None:
        self._graph = graph
        self._on_fault = on_fault
        self._kind = kind
        self._positions = {item: at for at, item in enumerate(graph.grad_fns) if item is not None}
        self._handles: list[Any] = []
        self._killed: dict[int, set[int]] = {}
        self._ways = _ways(graph, dict(list(victims.items())[:_MOST_VICTIMS]))

    @classmethod
    def of_operations(
        cls, graph: Walk, op_numbers: dict[int, int], on_fault: Callable[[BaseException], None]
    ) -> GradientProbe:
        """A probe of the nodes with these sequence numbers only: does one turn finite gradients into NaN?"""
        probe = cls(graph, {}, "nonfinite", on_fault)
        positions = [graph.sequence_numbers[item] for item in op_numbers if item in graph.sequence_numbers]
        probe._ways = {number: frozenset({-1}) for number in positions[:_MOST_OPERATIONS]}
        return probe

    def attach(self) -> None:
        """Begin to look; a graph that is very large is left alone."""
        if len(self._graph.grad_fns) > _MOST_NODES:
            return
        for number, here in self._ways.items():
            node = self._graph.grad_fns[number]
            if node is not None and number not in self._graph.leaf_of:
                self._handles.append(node.register_hook(self._looking(number, node, here)))

    def detach(self) -> None:
        """Take the hooks out."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def killers(self, op_numbers: dict[int, int]) -> tuple[Killer, ...]:
        """The killing operations, those nearest to the leaves first.

        `op_numbers` are autograd's sequence numbers of the results of recorded operations, each with the
        operation's index. A function that makes several nodes leaves the last one's number only.
        """
        sequences = sorted(op_numbers)
        numbers = {number: sequence for sequence, number in self._graph.sequence_numbers.items()}
        found: dict[int, frozenset[int]] = {}
        told: set[int] = set()
        # One way may end early (a state starts at 0) while others go on: the end next to the leaf counts.
        for number in sorted(self._killed, key=lambda item: numbers.get(item, -1)):
            sequence = numbers.get(number)
            at = bisect_left(sequences, sequence) if sequence is not None else len(sequences)
            victims = self._killed[number] - told
            if at < len(sequences) and victims:
                op = op_numbers[sequences[at]]
                found[op] = found.get(op, frozenset()) | frozenset(victims)
                told |= victims
        return tuple(Killer(op, self._kind, victims) for op, victims in found.items())

    def _looking(self, number: int, node: Any, here: frozenset[int]) -> Any:
        targets = [self._index(target) for target, _ in node.next_functions]

        def look(grad_inputs: tuple[Tensor | None, ...], grad_outputs: tuple[Tensor | None, ...]) -> None:
            try:
                with torch.no_grad(), torch._C.DisableTorchFunction():
                    starved = self._starved(here, targets, grad_inputs, grad_outputs)
                    if starved:
                        self._killed.setdefault(number, set()).update(starved)
            except Exception as fault:  # an exception here would end the user's backward pass
                self._on_fault(fault)

        return look

    def _starved(
        self,
        here: frozenset[int],
        targets: list[int | None],
        grad_inputs: tuple[Tensor | None, ...],
        grad_outputs: tuple[Tensor | None, ...],
    ) -> frozenset[int]:
        """The victims for whom the gradient is alive above of the node and dead below of it."""
        given = [item for item in grad_outputs if item is not None]
        if self._kind == "nonfinite":
            passed = all(map(_finite, given))
            return here if passed and not all(_finite(g) for g in grad_inputs if g is not None) else _NOBODY
        if not any(map(_nonzero, given)):
            return _NOBODY
        saved: set[int] = set()
        for target, grad in zip(targets, grad_inputs):
            if target is not None and grad is not None and _nonzero(grad):
                saved |= self._ways.get(target, _NOBODY)
        return here - saved

    def _index(self, node: Any) -> int | None:
        return self._positions.get(node)


def _ways(graph: Walk, victims: dict[int, int]) -> dict[int, frozenset[int]]:
    """Node number to the victims that can be reached from it; `victims` are leaf positions with objects."""
    above: dict[int, list[int]] = {}
    if not victims:
        return {}
    for source, target in graph.edges:
        above.setdefault(target, []).append(source)
    found: dict[int, set[int]] = {}
    for leaf_node, leaf in graph.leaf_of.items():
        victim = victims.get(leaf)
        if victim is None:
            continue
        stack = [leaf_node]
        while stack:
            number = stack.pop()
            here = found.setdefault(number, set())
            if victim not in here:
                here.add(victim)
                stack.extend(above.get(number, ()))
    return {number: frozenset(here) for number, here in found.items()}


def _nonzero(grad: Tensor) -> bool:
    return grad.layout != torch.strided or grad.device.type == "meta" or bool((grad != 0).any())


def _finite(grad: Tensor) -> bool:
    return grad.layout != torch.strided or grad.device.type == "meta" or bool(torch.isfinite(grad).all())


__all__ = ["GradientProbe", "Killer"]
