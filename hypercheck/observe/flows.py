"""The facts of the diagrams: who feeds whom, at three levels of detail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from hypercheck.facts import UpdateFact
from hypercheck.findings import Flow, FlowEdge, FlowNode
from hypercheck.observe.digest import Digest
from hypercheck.observe.story import Cuts
from hypercheck.observe.walk import Walk


def autograd_flow(
    names: Iterable[str],
    leaf_of: Mapping[int, int],
    edges: Iterable[tuple[int, int]],
    leaves: Sequence[str],
    updates: Mapping[int, UpdateFact] = MappingProxyType({}),
) -> Flow:
    """The raw autograd nodes below a loss, in the direction of the values.

    `names` are the nodes', `leaf_of` gives the index into `leaves` for AccumulateGrad nodes. `leaves` names
    what these fill, and `updates` tells, by the same index, what gradient came there.
    """
    drawn = [FlowNode("loss", "loss", "loss")]
    for number, name in enumerate(names):
        leaf = leaf_of.get(number)
        if leaf is None:
            drawn.append(FlowNode(str(number), "autograd", name))
            continue
        update = updates.get(leaf)
        norm = update.norm if update and update.gradient == "ok" else None
        starved = bool(update and update.gradient in ("none", "zero"))
        drawn.append(FlowNode(str(number), "parameter", leaves[leaf], (name,), norm, starved))
    arrows = [FlowEdge(str(target), str(source), "linked") for source, target in edges]
    if len(drawn) > 1:
        arrows.append(FlowEdge("0", "loss", "linked"))
    return Flow("autograd", tuple(drawn), tuple(arrows))


def walk_flow(walk: Walk) -> Flow:
    """The autograd graph of a walk; its leaves are known by their shapes."""
    leaves = [f"leaf {'x'.join(map(str, leaf.shape)) or 'scalar'}" for leaf in walk.leaves]
    return autograd_flow(walk.names, walk.leaf_of, walk.edges, leaves)


def op_flow(digest: Digest, cuts: Cuts) -> Flow:
    """The recorded operations on the way to the loss."""
    tape, flow = digest.tape, digest.flow
    nodes: dict[str, FlowNode] = {}
    edges: dict[tuple[str, str], FlowEdge] = {}
    drawn, way = cuts.on_the_way
    keys = {value: _op_node(digest, value, nodes) for value in sorted(drawn | flow.losses)}
    for edge in way:
        source, target = keys[edge.source], keys[edge.target]
        kind, code, place = cuts.kind(edge)
        edges[(source, target)] = FlowEdge(source, target, kind, code, place)
    for loss in flow.losses:
        end = keys[loss]
        nodes["loss"] = FlowNode("loss", "loss", "loss")
        edges[(end, "loss")] = FlowEdge(end, "loss", "linked" if tape.values[loss].requires_grad else "data")
    return Flow("op", tuple(nodes.values()), tuple(edges.values()))


def _op_node(digest: Digest, value: int, nodes: dict[str, FlowNode]) -> str:
    tape = digest.tape
    fact = tape.values[value]
    data = fact.op >= 0 and not digest.flow.ancestry.trainable(value)
    if fact.op < 0 or fact.leaf or data:
        key = f"t{fact.object}"
        if key not in nodes:
            update = digest.updates.get(fact.object)
            nodes[key] = FlowNode(
                key,
                "parameter" if fact.leaf else "input",
                digest.naming.value(value) if data else digest.naming.object(fact.object),
                (str(list(fact.shape)),),
                update.size.norm if update else None,
                bool(update and update.size.state in ("none", "zero")),
                group=digest.naming.module_of(fact.object),
            )
        return key
    op = tape.ops[fact.op]
    key = f"o{fact.op}"
    if key not in nodes:
        module = digest.session.variables.module_names.get(op.module, "")
        nodes[key] = FlowNode(key, "op", op.name.strip("_"), (str(list(fact.shape)),), group=module)
    return key
