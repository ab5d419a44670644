"""The facts of the diagrams: who feeds whom, at three levels of detail."""

from __future__ import annotations

from collections.abc import Iterable

from hypercheck.facts import CutFact
from hypercheck.findings import Flow, FlowEdge, FlowNode
from hypercheck.observe.digest import Digest
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
    places = {(cut.location.file, cut.location.line): cut for cut in cuts if cut.location}
    for source_edges in flow.children.values():
        for edge in source_edges:
            target = _op_node(digest, edge.target, nodes)
            source = _op_node(digest, edge.source, nodes)
            kind, code, place = _edge_kind(digest, edge.source, edge.target, edge.op, places)
            edges[(source, target)] = FlowEdge(source, target, kind, code, place)
    for loss in flow.losses:
        end = _op_node(digest, loss, nodes)
        nodes["loss"] = FlowNode("loss", "loss", "loss")
        edges[(end, "loss")] = FlowEdge(end, "loss", "linked" if tape.values[loss].requires_grad else "data")
    return Flow("op", tuple(nodes.values()), tuple(edges.values()))


def _edge_kind(
    digest: Digest, source: int, target: int, op: int, places: dict[tuple[str, int], CutFact]
) -> tuple[str, str, str]:
    from hypercheck.observe import frames
    from hypercheck.observe.flow import Edge

    flow, tape = digest.flow, digest.tape
    if flow.broken(Edge(source, target, op)):
        spot = frames.location(tape.ops[op].site)
        cut = places.get((spot.file, spot.line)) if spot else None
        if cut is not None and spot is not None:
            return "cut", cut.mechanism, f"{spot.file}:{spot.line}"
        return "data", "", ""
    return ("linked" if source in flow.live else "data"), "", ""


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


def module_flow(digest: Digest, cuts: Iterable[CutFact]) -> Flow:
    """The story: embeddings and inputs, hypernet modules, generated weights, main modules, loss."""
    tape, flow, naming = digest.tape, digest.flow, digest.naming
    weights = {slot.value for slot in digest._own_slots()}
    places = {(cut.location.file, cut.location.line): cut for cut in cuts if cut.location}
    nodes: dict[str, FlowNode] = {}
    edges: dict[tuple[str, str], FlowEdge] = {}
    home: dict[int, str] = {}

    def place(value: int) -> str:
        if value in home:
            return home[value]
        fact = tape.values[value]
        if value in weights:
            key = f"w{value}"
            nodes[key] = FlowNode(key, "generated", naming.value(value), (f"shape {list(fact.shape)}",))
        elif fact.op < 0 or (fact.leaf and not _moved(digest, value)):
            owner = naming.module_of(fact.object)
            slot = _feeds_linear(digest, value)
            if fact.leaf and owner and slot:
                key = f"m{owner}"
                update = digest.updates.get(fact.object)
                norm = update.size.norm if update else None
                old = nodes.get(key)
                best = max(norm or 0.0, (old.grad_norm or 0.0) if old else 0.0) or None
                hungry = bool(update and update.size.state in ("none", "zero")) or bool(old and old.starved)
                nodes[key] = FlowNode(key, "module", owner, (), best, hungry, group=owner)
            else:
                key = f"t{fact.object}"
                update = digest.updates.get(fact.object)
                kind = "embedding" if fact.leaf else "input"
                nodes[key] = FlowNode(
                    key,
                    kind,
                    naming.object(fact.object),
                    (f"shape {list(fact.shape)}",),
                    update.size.norm if update else None,
                    bool(update and update.size.state in ("none", "zero")),
                )
        else:
            op = tape.ops[fact.op]
            name = digest.session.module_names.get(op.module, "")
            key = f"m{name}" if name else "main"
            if key not in nodes:
                nodes[key] = FlowNode(key, "module", name or "main program", (), group=name)
        home[value] = key
        return key

    for value in flow.order:
        for edge in flow.children.get(value, ()):
            source, target = place(edge.source), place(edge.target)
            kind, code, where = _edge_kind(digest, edge.source, edge.target, edge.op, places)
            if source == target and kind != "cut":
                continue
            old = edges.get((source, target))
            rank = ("data", "linked", "cut")
            if old is None or rank.index(kind) > rank.index(old.kind):
                edges[(source, target)] = FlowEdge(source, target, kind, code, where)
    nodes["loss"] = FlowNode("loss", "loss", "loss")
    for loss in flow.losses:
        edges[(place(loss), "loss")] = FlowEdge(place(loss), "loss", "linked")
    return Flow("module", tuple(nodes.values()), tuple(edges.values()))


def _moved(digest: Digest, value: int) -> bool:
    """Whether a leaf received numbers from elsewhere in this step."""
    op = digest.tape.values[value].op
    return op >= digest.step.first_op and bool(digest.tape.ops[op].inputs)


def _feeds_linear(digest: Digest, value: int) -> bool:
    """Whether a leaf is a weight or bias of an operation (and not its input)."""
    for edge in digest.flow.children.get(value, ()):
        op = digest.tape.ops[edge.op]
        if isinstance(op.arguments, tuple) and any(
            isinstance(item, tuple) and len(item) == 2 and item == ("input", value) for item in op.arguments
        ):
            return False
    return True
