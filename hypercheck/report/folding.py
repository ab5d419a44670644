"""Folding of repeated structure, so that a diagram of 100,000 nodes becomes one that a person can read.

`fold` merges boxes step by step, from what loses least to what loses most, and stops as soon as the diagram
is small enough: twins with the same neighbours, the same thing repeated with another index (unrolled steps,
stacked layers, chunks), chains, whole modules by their path from the deepest inwards, and at last everything
of one kind. Each step is linear in nodes and edges, and none recurses. A cut is never folded away, and what
is starved, or bears a finding's mark, never shares a box with what does not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace

from hypercheck.findings import Flow, FlowEdge, FlowNode

MODULE_BUDGET = 50
OTHER_BUDGET = 400
COMFORT = 20
"""A module-level diagram with more boxes than this is read better with its twins in one."""
EDGES_PER_NODE = 3
"""A layout's time grows with the edges, so a diagram with more of them than this is folded further."""

_DEEPEST = 12
_FAR = 20
_LONGEST_PATTERN = 200
_NUMBER = re.compile(r"\d+")
_FOLDABLE_IN_CHAINS = ("op", "autograd", "module")

Classes = Mapping[str, Hashable]
"""Key of a node to the class whose members become one box."""


@dataclass(frozen=True)
class Folded:
    """A flow that was made smaller, and how."""

    flow: Flow
    home: Mapping[str, str]
    """Key of each node of the first flow to the key of the box that now holds it."""
    notes: tuple[str, ...] = ()
    """What was folded, one sentence each; empty if nothing was."""


def budget(level: str) -> int:
    """How many boxes a diagram of this level may have unless the user says otherwise."""
    return MODULE_BUDGET if level == "module" else OTHER_BUDGET


def fold(flow: Flow, max_nodes: int | None = None) -> Folded:
    """The flow with at most `max_nodes` boxes where its cuts allow it; unchanged if it is small enough.

    >>> steps = tuple(FlowNode(f"h{i}", "op", f"tanh {i}") for i in range(500))
    >>> folded = fold(Flow("op", steps, ()), max_nodes=10)
    >>> [(node.label, node.count) for node in folded.flow.nodes]
    [('tanh 0…499', 500)]
    """
    limit = max(max_nodes or budget(flow.level), 1)
    flow = _sound(flow)
    home = {node.key: node.key for node in flow.nodes}
    before = len(flow.nodes)
    if flow.level == "module" and max_nodes is None and COMFORT < before <= limit:
        flow, home = merge(flow, twins(flow))
    for classes_of in _steps(flow, limit):
        if _fits(flow, limit):
            break
        classes = classes_of(flow)
        if len(flow.nodes) > _FAR * limit and len(set(classes.values())) > len(flow.nodes) // 2:
            # Far from the goal, a step that gains little costs its time for nothing: later ones gain the
            # same.
            continue
        flow, moved = merge(flow, classes)
        if len(moved) > len(flow.nodes):
            home = {key: moved[box] for key, box in home.items()}
    return Folded(flow, home, _notes(flow, before))


def _fits(flow: Flow, limit: int) -> bool:
    return len(flow.nodes) <= limit and len(flow.edges) <= max(EDGES_PER_NODE * limit, 1)


def _sound(flow: Flow) -> Flow:
    """The flow without doubled keys, doubled edges, and edges that lead nowhere."""
    nodes: dict[str, FlowNode] = {}
    for node in flow.nodes:
        nodes.setdefault(node.key, node)
    edges = dict.fromkeys(edge for edge in flow.edges if edge.source in nodes and edge.target in nodes)
    return Flow(flow.level, tuple(nodes.values()), tuple(edges))


def _steps(flow: Flow, limit: int) -> Iterable[Callable[[Flow], Classes]]:
    # Twins are repeats too: looking for them first spares what need not be folded, if that can be enough.
    if len(flow.nodes) <= _FAR * limit:
        yield twins
    yield repeats
    yield chains
    yield repeats
    deepest = max((node.group.count(".") + 1 for node in flow.nodes if node.group), default=0)
    for depth in range(min(deepest, _DEEPEST), 0, -1):
        yield lambda flow, depth=depth: by_module(flow, depth)  # type: ignore[misc]
    yield by_kind


def twins(flow: Flow) -> Classes:
    """Classes of boxes that look alike and have the very same neighbours."""
    around: dict[str, list[tuple[bool, str, str, str, str]]] = {node.key: [] for node in flow.nodes}
    for edge in flow.edges:
        around[edge.source].append((True, edge.target, edge.kind, edge.code, edge.place))
        around[edge.target].append((False, edge.source, edge.kind, edge.code, edge.place))
    return {
        node.key: (node.kind, pattern(node.label), node.group, *_told(node), frozenset(around[node.key]))
        for node in flow.nodes
    }


def repeats(flow: Flow) -> Classes:
    """Classes of boxes that differ only by numbers in their label and module path."""
    cuts = _cuts(flow)
    return {
        node.key: (node.kind, pattern(node.label), pattern(node.group), *_told(node), cuts.get(node.key))
        for node in flow.nodes
    }


def chains(flow: Flow) -> Classes:
    """Classes of boxes that follow one another with nothing branching off, within one module."""
    following: dict[str, list[str]] = {node.key: [] for node in flow.nodes}
    entering = dict.fromkeys(following, 0)
    for edge in flow.edges:
        # A box on its own loop (an unrolled step) is no link of a chain; neither is a cut: counted twice,
        # both look like a branch.
        times = 2 if edge.kind == "cut" or edge.source == edge.target else 1
        following[edge.source].extend([edge.target] * times)
        entering[edge.target] += times
    by_key = {node.key: node for node in flow.nodes}
    next_of = {
        key: after[0]
        for key, after in following.items()
        if len(after) == 1 and entering[after[0]] == 1 and _chainable(by_key[key], by_key[after[0]])
    }
    classes: dict[str, Hashable] = {}
    for start in (*(by_key.keys() - set(next_of.values())), *by_key):
        key: str | None = start
        while key is not None and key not in classes:
            classes[key] = ("chain", start)
            key = next_of.get(key)
    return classes


def _chainable(first: FlowNode, second: FlowNode) -> bool:
    alike = (first.kind, first.group, *_told(first)) == (second.kind, second.group, *_told(second))
    return alike and first.kind in _FOLDABLE_IN_CHAINS


def by_module(flow: Flow, depth: int) -> Classes:
    """Classes of boxes of one kind in one module, where `depth` names of the path count; numbers do not."""
    cuts = _cuts(flow)
    classes: dict[str, Hashable] = {}
    for node in flow.nodes:
        path = pattern(".".join(node.group.split(".", depth)[:depth]))
        # What stands in no module is no part of one: it keeps its label.
        label = "" if node.group else pattern(node.label)
        classes[node.key] = (node.kind, path, label, *_told(node), cuts.get(node.key))
    return classes


def by_kind(flow: Flow) -> Classes:
    """Classes of boxes of one kind; only the codes of the cuts at a box still matter."""
    codes = {key: frozenset((out, code) for out, code, _ in cuts) for key, cuts in _cuts(flow).items()}
    return {node.key: (node.kind, *_told(node), codes.get(node.key)) for node in flow.nodes}


def _told(node: FlowNode) -> tuple[bool, tuple[str, ...]]:
    """What sets a box apart from others of its kind: what fails never shares a box with what does not."""
    return node.starved, node.marks


def pattern(text: str) -> str:
    """The text with every number replaced, so that things that differ by an index look alike.

    >>> pattern("cell.12.weight_ih")
    'cell.#.weight_ih'
    """
    return _NUMBER.sub("#", text[:_LONGEST_PATTERN])


def _cuts(flow: Flow) -> dict[str, frozenset[tuple[bool, str, str]]]:
    """Key to the cuts at this box: whether it is the cut's source, the code, and the place."""
    found: dict[str, set[tuple[bool, str, str]]] = {}
    for edge in flow.edges:
        if edge.kind == "cut":
            found.setdefault(edge.source, set()).add((True, edge.code, edge.place))
            found.setdefault(edge.target, set()).add((False, edge.code, edge.place))
    return {key: frozenset(cuts) for key, cuts in found.items()}


def merge(flow: Flow, classes: Classes) -> tuple[Flow, dict[str, str]]:
    """The flow with one box for each class, and the way of every old key to its new one."""
    home: dict[str, str] = {}
    firsts: dict[Hashable, FlowNode] = {}
    boxes: dict[str, _Box] = {}
    for node in flow.nodes:
        first = firsts.setdefault(classes[node.key], node)
        home[node.key] = first.key
        if first is node:
            continue
        box = boxes.get(first.key)
        if box is None:
            box = boxes[first.key] = _Box(first)
        box.add(node)
    if not boxes:
        return flow, home
    nodes = tuple(boxes[node.key].node() if node.key in boxes else node for node in firsts.values())
    return Flow(flow.level, nodes, _moved(flow.edges, home)), home


def _moved(edges: Iterable[FlowEdge], home: Mapping[str, str]) -> tuple[FlowEdge, ...]:
    found: dict[tuple[str, str, str, str, str], None] = {}
    for edge in edges:
        source, target = home[edge.source], home[edge.target]
        # A loop of a folded box only says that its parts follow one another; a cut must stay visible.
        if source != target or edge.kind == "cut" or edge.source == edge.target:
            found[source, target, edge.kind, edge.code, edge.place] = None
    return tuple(FlowEdge(*ends) for ends in found)


class _Box:
    """One class of nodes while it is being gathered."""

    def __init__(self, first: FlowNode) -> None:
        self.first = first
        self.last = first
        self.count = 0
        self.squares = 0.0
        self.measured = False
        self.details = first.details
        self.skeleton, self.numbers = _taken_apart(first.label)
        self.alike = True
        self.path = first.group
        self._tally(first)

    def add(self, node: FlowNode) -> None:
        """Take in one more node of the class."""
        if self.details and self.details != node.details:
            self.details = tuple(detail for detail in self.details if detail in node.details)
        if self.alike and node.label != self.last.label:
            skeleton, numbers = _taken_apart(node.label)
            self.alike = skeleton == self.skeleton
            if self.alike:
                pairs = zip(self.numbers, numbers, strict=True)
                self.numbers = [(min(a[0], b[0]), max(a[1], b[1])) for a, b in pairs]
        if self.path != node.group:
            self.path = _common_path(self.path, node.group)
        self.last = node
        self._tally(node)

    def _tally(self, node: FlowNode) -> None:
        self.count += node.count
        if node.grad_norm is not None:
            self.measured = True
            self.squares += node.grad_norm * node.grad_norm

    def node(self) -> FlowNode:
        """The box for the class: ranges for indices, what is common of the rest, the norm of the whole."""
        return replace(
            self.first,
            label=self._label(),
            details=self.details,
            grad_norm=math.sqrt(self.squares) if self.measured else None,
            count=self.count,
            group=self.path,
        )

    def _label(self) -> str:
        if self.alike:
            if not self.numbers:
                return self.first.label
            spans = iter(self.numbers)
            return _RANGE.sub(lambda _: _span(*next(spans)), self.first.label)
        if self.path:
            return self.path
        return f"{_end(self.first.label, 0)} … {_end(self.last.label, -1)}"


_RANGE = re.compile(r"(\d+)(?:…(\d+))?")


def _taken_apart(label: str) -> tuple[str, list[tuple[int, int]]]:
    """A label without its numbers, and they as ranges, since a box that was folded before says `0…9`."""
    if len(label) > _LONGEST_PATTERN:
        return label, []
    pieces = _RANGE.split(label)
    numbers = [
        (int(first), int(last or first)) for first, last in zip(pieces[1::3], pieces[2::3], strict=True)
    ]
    return "#".join(pieces[::3]), numbers


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}…{last}"


def _end(label: str, which: int) -> str:
    return label.split(" … ")[which]


def _common_path(first: str, second: str) -> str:
    names = []
    for a, b in zip(first.split("."), second.split("."), strict=False):
        if a != b:
            break
        names.append(a)
    return ".".join(names)


def _notes(flow: Flow, before: int) -> tuple[str, ...]:
    """What was folded: the whole in one sentence, then the five largest boxes."""
    if len(flow.nodes) == before:
        return ()
    largest = sorted((node for node in flow.nodes if node.count > 1), key=lambda node: -node.count)[:5]
    parts = tuple(f"{node.label} stands for {node.count:,}" for node in largest)
    return (f"{before:,} boxes folded into {len(flow.nodes):,}", *parts)
