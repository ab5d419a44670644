"""The facts of the diagrams: who feeds whom, at three levels of detail."""

from __future__ import annotations

from collections.abc import Iterable

from hypercheck.facts import CutFact
from hypercheck.findings import Flow, FlowEdge, FlowNode
from hypercheck.observe.digest import Digest
from hypercheck.observe.story import Cuts
from hypercheck.observe.walk import Walk


def autograd_flow(walk: Walk) -> Flow:
    """The raw autograd nodes below a loss, in the direction of the values."""
    nodes = [
        FlowNode(str(node.number), "autograd" if node.leaf is None else "parameter", node.name)
        for node in walk.nodes
    ]
    edges = [FlowEdge(str(target), str(source), "linked") for source, target in walk.edges]
    return Flow("autograd", tuple(nodes), tuple(edges))


def op_flow(digest: Digest, cuts: Iterable[CutFact]) -> Flow:
    """The recorded operations on the way to the loss."""
    tape, flow = digest.tape, digest.flow
    nodes: dict[str, FlowNode] = {}
    edges: dict[tuple[str, str], FlowEdge] = {}
    told = Cuts(digest, tuple(cuts))
    for source_edges in flow.children.values():
        for edge in source_edges:
            target = _op_node(digest, edge.target, nodes)
            source = _op_node(digest, edge.source, nodes)
            kind, code, place = told.kind(edge)
            edges[(source, target)] = FlowEdge(source, target, kind, code, place)
    for loss in flow.losses:
        end = _op_node(digest, loss, nodes)
        nodes["loss"] = FlowNode("loss", "loss", "loss")
        edges[(end, "loss")] = FlowEdge(end, "loss", "linked" if tape.values[loss].requires_grad else "data")
    return Flow("op", tuple(nodes.values()), tuple(edges.values()))


def _op_node(digest: Digest, value: int, nodes: dict[str, FlowNode]) -> str:
    tape = digest.tape
    fact = tape.values[value]
    if fact.op < 0 or fact.leaf:
        key = f"t{fact.object}"
        if key not in nodes:
            update = digest.updates.get(fact.object)
            nodes[key] = FlowNode(
                key,
                "parameter" if fact.leaf else "input",
                digest.naming.object(fact.object),
                (str(list(fact.shape)),),
                update.size.norm if update else None,
                bool(update and update.size.state in ("none", "zero")),
                group=digest.naming.module_of(fact.object),
            )
        return key
    op = tape.ops[fact.op]
    key = f"o{fact.op}"
    if key not in nodes:
        module = digest.session.module_names.get(op.module, "")
        nodes[key] = FlowNode(key, "op", op.name, (str(list(fact.shape)),), group=module)
    return key
