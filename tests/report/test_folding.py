"""Folding: what becomes one box, what never does, and how long it takes."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time

import pytest
from report_samples import broken

from hypercheck.findings import Flow, FlowEdge, FlowNode
from hypercheck.report import folding, json_report


def unrolled(steps: int, cut_at: int | None = None) -> Flow:
    """A cell of two ops at each step, with an optional cut between two of the steps."""
    nodes = [FlowNode("w", "generated", "w", grad_norm=1.0), FlowNode("loss", "loss", "loss")]
    edges = []
    before = "w"
    for step in range(steps):
        nodes += [
            FlowNode(f"{op}{step}", "op", f"{op} {step}", (), 3.0, group="net.cell") for op in ("mul", "tanh")
        ]
        kind, code, place = ("cut", "HC104", "a.py:7") if step == cut_at else ("linked", "", "")
        edges.append(FlowEdge(before, f"mul{step}", kind, code, place))
        edges.append(FlowEdge(f"mul{step}", f"tanh{step}", "linked"))
        before = f"tanh{step}"
    return Flow("op", tuple(nodes), (*edges, FlowEdge(before, "loss", "linked")))


def test_a_small_flow_is_left_as_it_is() -> None:
    flow = broken().flows[0]

    folded = folding.fold(flow)

    assert flow == folded.flow
    assert () == folded.notes


def test_unrolled_steps_are_drawn_once() -> None:
    folded = folding.fold(unrolled(500))

    boxes = {node.label: node.count for node in folded.flow.nodes}
    assert {"w": 1, "loss": 1, "mul 0…499": 500, "tanh 0…499": 500} == boxes
    assert folded.notes[0] == "1,002 boxes folded into 4"


def test_a_box_bears_the_norm_of_all_that_it_stands_for() -> None:
    (node,) = (node for node in folding.fold(unrolled(500)).flow.nodes if node.label.startswith("mul"))

    assert node.grad_norm == pytest.approx(3.0 * math.sqrt(500))


def test_a_cut_is_never_folded_away() -> None:
    flow = folding.fold(unrolled(500, cut_at=250), max_nodes=3).flow

    assert [("HC104", "a.py:7")] == [(edge.code, edge.place) for edge in flow.edges if edge.kind == "cut"]


def test_a_cut_at_every_step_stays_visible_as_a_loop() -> None:
    flow = unrolled(500)
    edges = tuple(
        dataclasses.replace(edge, kind="cut", code="HC104") if edge.source.startswith("tanh") else edge
        for edge in flow.edges
    )

    folded = folding.fold(dataclasses.replace(flow, edges=edges)).flow

    assert any(edge.kind == "cut" for edge in folded.edges)


def test_starved_boxes_do_not_share_a_box_with_those_that_learn() -> None:
    nodes = tuple(FlowNode(str(i), "embedding", f"chunks[{i}]", starved=i % 10 == 0) for i in range(1000))

    folded = folding.fold(Flow("module", nodes))

    assert [(True, 100), (False, 900)] == [(node.starved, node.count) for node in folded.flow.nodes]


def test_chains_become_one_box() -> None:
    names = ["".join(chr(97 + int(digit)) for digit in str(i)) for i in range(1000)]
    nodes = tuple(FlowNode(name, "op", name, group="net") for name in names)
    edges = tuple(FlowEdge(a, b, "linked") for a, b in itertools.pairwise(names))

    folded = folding.fold(Flow("op", nodes, edges), max_nodes=5)

    assert [1000] == [node.count for node in folded.flow.nodes]


def test_modules_are_folded_from_the_deepest_inwards() -> None:
    letters = "abcdefghij"
    nodes = tuple(
        FlowNode(x + y + z, "module", f"net.{x}.{y}.{z}", group=f"net.{x}.{y}")
        for x in letters
        for y in letters
        for z in letters
    )

    folded = folding.fold(Flow("module", nodes), max_nodes=20)

    assert {f"net.{x}" for x in letters} == {node.label for node in folded.flow.nodes}


def test_every_old_box_has_a_new_home() -> None:
    flow = unrolled(300)

    folded = folding.fold(flow)

    assert {node.key for node in flow.nodes} == set(folded.home)
    assert set(folded.home.values()) == {node.key for node in folded.flow.nodes}


def test_broken_flows_are_drawn_without_their_faults() -> None:
    node = FlowNode("a", "op", "a")
    flow = Flow("op", (node, node), (FlowEdge("a", "gone", "linked"), FlowEdge("a", "a", "linked")))

    assert Flow("op", (node,), (FlowEdge("a", "a", "linked"),)) == folding.fold(flow).flow


def test_an_empty_flow_stays_empty() -> None:
    assert () == folding.fold(Flow("module")).flow.nodes


def test_a_long_chain_needs_no_recursion_and_little_time() -> None:
    flow = unrolled(20_000)
    start = time.perf_counter()

    folded = folding.fold(flow, max_nodes=60)

    # A second is the measure on this class of machine; five keep a busy one from failing.
    assert time.perf_counter() - start < 5
    assert len(folded.flow.nodes) <= 60


def test_labels_folded_twice_keep_their_range() -> None:
    first, moved = folding.merge(
        Flow("op", tuple(FlowNode(str(i), "op", f"h{i}") for i in range(4))), {"0": 0, "1": 0, "2": 1, "3": 1}
    )
    second, _ = folding.merge(first, {node.key: 0 for node in first.nodes})

    assert {"0": "0", "1": "0", "2": "2", "3": "2"} == moved
    assert [("h0…3", 4)] == [(node.label, node.count) for node in second.nodes]


def test_a_report_in_json_holds_its_diagrams_folded() -> None:
    data = dataclasses.replace(broken(), flows=(*broken().flows, unrolled(5_000, cut_at=3)))

    text = json_report.render(data)

    assert len(text) < 200_000
    assert data.flows[:-1] == json_report.load(text).flows[:-1]
    assert any(edge.kind == "cut" for edge in json_report.load(text).flows[-1].edges)
