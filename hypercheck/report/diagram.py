"""The gradient-flow diagram: embeddings and conditions, hypernetwork, generated weights, main network, loss.

Values flow from left to right. What is told is told twice, so that it reads in black and white too: the
gradient norm by colour and by its number, a cut by colour, dashes and scissors, a starved box by its border
and in words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from hypercheck.findings import Finding, Flow, FlowEdge, FlowNode
from hypercheck.report import words
from hypercheck.report.folding import Folded, fold
from hypercheck.report.marks import ZERO as NO_MORE_THAN_ZERO
from hypercheck.report.marks import boxes

if TYPE_CHECKING:
    import graphviz

INK, FAINT, PAPER, CUT, LINK = "#1b1f24", "#6b7280", "#ffffff", "#c8321e", "#1f5f99"
UNMEASURED, ZERO = "#f4f4f2", "#fde3c8"
BLUES = ("#eef4fa", "#d3e4f3", "#a9cce6", "#7db3d9", "#559bcb")
"""Fill by gradient norm, from under 1e-6 to 1 and above: one hue, so only lightness carries meaning."""

DARK = {
    PAPER: "#14171b", INK: "#e8eaed", FAINT: "#9aa3ae", CUT: "#ff8a70", LINK: "#8cc4f2",
    UNMEASURED: "#22272e", ZERO: "#5a3a1e", BLUES[0]: "#1c2732", BLUES[1]: "#1e3a52",
    BLUES[2]: "#1f4e73", BLUES[3]: "#215f8f", BLUES[4]: "#2470ab",
}  # fmt: skip
"""Each colour of the diagram to the one that replaces it in dark mode."""

LEVELS = ("module", "op", "autograd")

SHAPES = {
    "embedding": "folder", "condition": "note", "input": "note", "parameter": "folder", "module": "box",
    "generated": "tab", "slot": "box", "op": "box", "autograd": "ellipse", "loss": "octagon", "unused": "box",
}  # fmt: skip
_ROUNDED = ("module", "op")
_LONGEST_LABEL = 48
_MOST_DETAILS = 4
_MOST_MARKS = 3
_LONGEST_PLACE = 32
_LARGE = 80


@dataclass(frozen=True)
class Drawing:
    """A diagram as DOT, and the way from its boxes back to the facts."""

    graph: graphviz.Digraph
    folded: Folded
    node_ids: Mapping[str, str]
    """Key of a box to its id in the SVG."""
    edge_ids: Mapping[FlowEdge, str]


def to_dot(flow: Flow, title: str = "", max_nodes: int | None = None) -> graphviz.Digraph:
    """The diagram as a `graphviz.Digraph` that shows itself in a notebook.

    What repeats is folded until at most `max_nodes` boxes are left (50 at module level, else 400).
    """
    return draw(flow, title, max_nodes).graph


def draw(flow: Flow, title: str = "", max_nodes: int | None = None) -> Drawing:
    """The diagram with the ids of its boxes and arrows.

    Graphviz sees only ids of ours as names, so a name of the user's cannot break its syntax.
    """
    from hypercheck.report.notebook import Diagram

    folded = fold(flow, max_nodes)
    nodes, edges = folded.flow.nodes, folded.flow.edges
    graph = Diagram("hypercheck", graph_attr=_graph_attributes(title, folded))
    graph.attr(
        "node",
        fontname="Helvetica,Arial,sans-serif",
        fontsize="11",
        fontcolor=INK,
        color=INK,
        margin="0.12,0.06",
    )
    graph.attr("edge", fontname="Helvetica,Arial,sans-serif", fontsize="10", fontcolor=INK, arrowsize="0.7")
    node_ids = {node.key: f"box{i}" for i, node in enumerate(nodes)}
    edge_ids = {edge: f"arrow{i}" for i, edge in enumerate(edges)}
    for node in nodes:
        graph.node(node_ids[node.key], _node_label(node), **_node_attributes(node, node_ids[node.key]))
    unused = {node.key for node in nodes if node.kind == "unused"}
    for edge in edges:
        attributes = _edge_attributes(edge, dangling=edge.target in unused)
        graph.edge(node_ids[edge.source], node_ids[edge.target], id=edge_ids[edge], **attributes)
    if not nodes:
        graph.node("empty", "nothing was recorded", shape="plaintext")
    return Drawing(graph, folded, node_ids, edge_ids)


def _graph_attributes(title: str, folded: Folded) -> dict[str, str]:
    attributes = {
        "rankdir": "LR",
        "label": _legend(title, folded),
        "labelloc": "t",
        "bgcolor": PAPER,
        "fontname": "Helvetica,Arial,sans-serif",
        "fontcolor": INK,
        "nodesep": "0.18",
        "ranksep": "0.5",
        "tooltip": " ",
        "pad": "0.15",
    }
    if len(folded.flow.nodes) > _LARGE:
        # The exact algorithms take minutes from here on; these bounds keep a layout of 400 boxes within
        # seconds.
        attributes |= {
            "nslimit": "1",
            "nslimit1": "1",
            "mclimit": "0.2",
            "splines": "line",
            "searchsize": "10",
        }
    return attributes


def _text(text: str, longest: int = _LONGEST_LABEL) -> str:
    # Graphviz reads HTML-like labels as XML, which knows no named entity beyond the five of escape().
    # A backslash would still start an escape such as \\N, the node's name.
    return escape(words.shortened(words.plain(text), longest)).replace("\\", "&#92;") or "&#160;"


def _node_label(node: FlowNode) -> str:
    # Graphviz takes a label that stands in <> for HTML-like markup.
    times = f" × {node.count:,}" if node.count > 1 else ""
    lines = [f"<b>{_text(node.label)}{times}</b>"]
    small = [_text(detail) for detail in node.details[:_MOST_DETAILS]]
    if len(node.details) > _MOST_DETAILS:
        small.append(f"and {len(node.details) - _MOST_DETAILS} more")
    if node.grad_norm is not None and not (node.starved and node.grad_norm == 0):
        small.append(f"grad {words.number(node.grad_norm)}")
    if node.starved:
        small.append(f"<b>✗ {'a part ' if node.grad_norm else ''}gets no gradient</b>")
    small += [f'<font color="{CUT}"><b>✗ {_text(mark)}</b></font>' for mark in node.marks[:_MOST_MARKS]]
    lines += [f'<font point-size="9">{line}</font>' for line in small]
    return f"<{'<br/>'.join(lines)}>"


def _node_attributes(node: FlowNode, svg_id: str) -> dict[str, str]:
    style = ["filled"]
    if node.kind in _ROUNDED:
        style.append("rounded")
    if node.kind == "unused" or node.starved:
        style.append("dashed")
    attributes = {
        "id": svg_id,
        "class": f"kind-{node.kind if node.kind in SHAPES else 'other'}{' starved' if node.starved else ''}",
        "shape": SHAPES.get(node.kind, "box"),
        "style": ",".join(style),
        "fillcolor": fill(node),
        "tooltip": _escaped(f"{node.kind}: {node.label}"),
    }
    if node.starved or node.marks:
        attributes |= {"color": CUT, "penwidth": "2"}
    elif node.kind == "unused":
        attributes |= {"color": FAINT, "fontcolor": FAINT}
    return attributes


def fill(node: FlowNode) -> str:
    """The colour of a box by its gradient norm: five steps of two decades each, and one for zero."""
    norm = node.grad_norm
    if norm is None or math.isnan(norm):
        return ZERO if node.starved else UNMEASURED
    if norm == 0:
        return ZERO
    if math.isinf(norm):
        return BLUES[-1]
    return BLUES[min(max(math.floor(math.log10(norm) / 2) + 4, 0), len(BLUES) - 1)]


def _edge_attributes(edge: FlowEdge, dangling: bool) -> dict[str, str]:
    if edge.kind == "cut":
        sign = "∅" if edge.code == NO_MORE_THAN_ZERO else "✂"
        told = [f"<b>{sign} {_text(edge.code)}</b>"] + ([_text(_short(edge.place))] if edge.place else [])
        # A line of its own keeps the arrow out of the text above it.
        told.append('<font point-size="5">&#160;</font>')
        return {
            "class": "cut",
            "color": CUT,
            "fontcolor": CUT,
            "style": "dashed",
            "penwidth": "2.4",
            "label": f"<{'<br/>'.join(told)}>",
            "tooltip": _escaped(f"cut {edge.code} {edge.place}"),
        }
    if dangling:
        return {"class": "unused", "color": FAINT, "style": "dashed", "arrowhead": "tee"}
    if edge.kind == "data":
        return {"class": "data", "color": FAINT, "style": "dotted", "arrowhead": "empty"}
    return {"class": "linked", "color": LINK, "style": "solid", "penwidth": "1.5"}


def _short(place: str) -> str:
    """A place that fits above an arrow: where the path is long, the file's name alone."""
    plain = words.plain(place)
    return plain if len(plain) <= _LONGEST_PLACE else re.split(r"[/\\]", plain)[-1]


def _escaped(text: str) -> str:
    r"""Text for a quoted attribute, where Graphviz reads \N and its like as names, and entities as such."""
    return escape(words.shortened(words.plain(text), 200), quote=False).replace("\\", "&#92;")


def _legend(title: str, folded: Folded) -> str:
    swatches = (
        (UNMEASURED, "not measured"),
        (ZERO, "zero, none"),
        (BLUES[0], "&lt;1e-6"),
        (BLUES[1], "1e-6"),
        (BLUES[2], "1e-4"),
        (BLUES[3], "0.01"),
        (BLUES[4], "≥1"),
    )
    cells = "".join(
        f'<td bgcolor="{colour}" border="1" color="{FAINT}">{name}</td>' for colour, name in swatches
    )
    lines = (
        f'<td border="0"><font color="{LINK}">━━▶ linked</font></td>'
        f'<td border="0"><font color="{FAINT}">┈┈▷ values only</font></td>'
        f'<td border="0"><font color="{CUT}"><b>╍✂╍▶ cut</b></font></td>'
        f'<td border="0"><font color="{FAINT}">╌╌┤ unused</font></td>'
    )
    heading = (
        f'<tr><td border="0" colspan="12"><font point-size="14"><b>{_text(title, 90)}</b></font></td></tr>'
    )
    legend = f'<tr><td border="0">gradient norm (darker: larger)</td>{cells}{lines}</tr>'
    told = "; ".join(words.shortened(note, 60) for note in folded.notes)
    note = f'<tr><td border="0" colspan="12">{_text(told, 180)}</td></tr>' if told else ""
    table = '<table border="0" cellborder="0" cellspacing="3" cellpadding="3">'
    return f'<<font point-size="10">{table}{heading if title else ""}{legend}{note}</table></font>>'


def way(finding: Finding, drawing: Drawing) -> tuple[str, ...]:
    """SVG ids of the boxes and arrows that a finding is about.

    For a cut: everything on a way from a generator through the cut to the loss. Otherwise the boxes that bear
    the subject's or a victim's name, and the arrows between them.
    """
    edges = drawing.folded.flow.edges
    place = words.place(finding.location)
    names = (finding.code, finding.rule)
    cuts = [edge for edge in edges if edge.kind == "cut" and edge.code in names]
    cuts = [edge for edge in cuts if place and words.plain(edge.place).endswith(place)] or cuts
    if cuts:
        keys = _reached((cut.source for cut in cuts), edges, backwards=True)
        keys |= _reached((cut.target for cut in cuts), edges, backwards=False)
    else:
        tensors = (finding.subject, *finding.victims)
        keys = {node.key for node in boxes(drawing.folded.flow.nodes, tensors)}
    ids = [drawing.node_ids[key] for key in drawing.node_ids if key in keys]
    between = [drawing.edge_ids[edge] for edge in edges if edge.source in keys and edge.target in keys]
    return (*ids, *between)


def _reached(starts: Iterable[str], edges: Iterable[FlowEdge], backwards: bool) -> set[str]:
    following: dict[str, list[str]] = {}
    for edge in edges:
        source, target = (edge.target, edge.source) if backwards else (edge.source, edge.target)
        following.setdefault(source, []).append(target)
    found = set(starts)
    waiting = list(found)
    while waiting:
        for key in following.get(waiting.pop(), ()):
            if key not in found:
                found.add(key)
                waiting.append(key)
    return found


def style(scope: str = "") -> str:
    """CSS that recolours the SVG where the reader prefers dark; `scope` is put before each selector."""
    rules = "".join(
        f'{scope}[fill="{light}"]{{fill:{dark}}}{scope}[stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in DARK.items()
    )
    return f"@media (prefers-color-scheme: dark){{{rules}}}"
