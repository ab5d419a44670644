"""The diagrams marked with the findings: codes at cuts and boxes, and the place where a gradient dies.

The recorder draws what it saw, and knows no finding. Here each finding is found again in its drawing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hypercheck.findings import Finding, Flow, FlowEdge, FlowNode, Severity
from hypercheck.report import words

DYING = ("HC115", "HC205", "HC402")
"""Findings whose victims get no gradient although the recorder saw no cut: it ends where they are left."""
ZERO = "HC402"
"""The one of them whose chain is whole: zeros come back."""


def marked(flows: Iterable[Flow], findings: Sequence[Finding], codes: Mapping[str, str]) -> tuple[Flow, ...]:
    """The diagrams with every error and warning in its place; `codes` are the codes of the rules' names.

    A cut that no finding tells of, since it does no harm or is silenced, is drawn as values without gradient.
    """
    told = {code for finding in findings for code in (finding.code, *finding.folded)}
    return tuple(_marked(flow, findings, codes, told) for flow in flows)


def _marked(flow: Flow, findings: Sequence[Finding], codes: Mapping[str, str], told: set[str]) -> Flow:
    flow = replace(
        flow, edges=tuple(_judged(edge, codes.get(edge.code, edge.code), told) for edge in flow.edges)
    )
    drawn = {edge.code for edge in flow.edges if edge.kind == "cut"}
    for finding in findings:
        if finding.severity is Severity.NOTE or finding.code in drawn:
            continue
        flow = (_cut_off(flow, finding) if finding.code in DYING else None) or _named(flow, finding)
    return flow


def _judged(edge: FlowEdge, code: str, told: set[str]) -> FlowEdge:
    if edge.kind != "cut":
        return edge
    return replace(edge, code=code) if code in told else replace(edge, kind="data", code="", place="")


def _cut_off(flow: Flow, finding: Finding) -> Flow | None:
    """The flow with a cut at each arrow that leaves the finding's starved victims, if there is one."""
    starved = {node.key for node in boxes(flow.nodes, finding.victims) if node.starved and not node.grad_norm}
    behind = _enclosed(starved, flow)
    stubs = {node.key for node in flow.nodes if node.kind == "unused"}
    place = f"{finding.location.file}:{finding.location.line}" if finding.location else ""
    edges = tuple(
        replace(edge, kind="cut", code=finding.code, place=place)
        if edge.source in starved and edge.target not in behind | stubs
        else edge
        for edge in flow.edges
    )
    return replace(flow, edges=edges) if edges != flow.edges else None


def _enclosed(keys: set[str], flow: Flow) -> set[str]:
    """These boxes, and those without tensors of their own from which all ways lead into them."""
    plain = {node.key for node in flow.nodes if node.grad_norm is None}
    ways = Counter(edge.source for edge in flow.edges if edge.source != edge.target)
    into: dict[str, list[str]] = {}
    for edge in flow.edges:
        if edge.source != edge.target:
            into.setdefault(edge.target, []).append(edge.source)
    found, waiting = set(keys), list(keys)
    while waiting:
        for source in into.get(waiting.pop(), ()):
            ways[source] -= 1
            if not ways[source] and source in plain and source not in found:
                found.add(source)
                waiting.append(source)
    return found


def _named(flow: Flow, finding: Finding) -> Flow:
    """The flow with the finding's code at the boxes of its victims; of its subject where it has none."""
    names = finding.victims or (finding.subject,)
    keys = {node.key for node in boxes(flow.nodes, names)} or {
        node.key for node in boxes(flow.nodes, (finding.subject,))
    }
    if not keys:
        return flow
    mark = f"{finding.code} {finding.rule}"
    nodes = tuple(
        replace(node, marks=tuple(dict.fromkeys((*node.marks, mark)))) if node.key in keys else node
        for node in flow.nodes
    )
    return replace(flow, nodes=nodes)


def boxes(nodes: Sequence[FlowNode], names: Iterable[str]) -> list[FlowNode]:
    """The boxes of tensors or modules with these names.

    A tensor without a box of its own is in the box of the nearest module; where a module has two, one that
    makes weights and one that uses them, it is in the one that was measured.
    """
    by_label: dict[str, list[FlowNode]] = {}
    for node in nodes:
        by_label.setdefault(words.plain(node.label), []).append(node)
    found: dict[str, FlowNode] = {}
    for name in names:
        path, levels = words.plain(name), 0
        while path and path not in by_label:
            path, levels = _above(path), levels + 1
        same = by_label.get(path, []) if path else []
        measured = [node for node in same if node.grad_norm is not None or node.starved]
        # A module further up holds it in name only.
        found.update((node.key, node) for node in measured or (same if levels < 2 else []))
    return list(found.values())


def _above(path: str) -> str:
    """The path without its last name or index."""
    return path[: path.rindex("[")] if path.endswith("]") and "[" in path else path.rpartition(".")[0]
