"""Findings found again in the diagrams: codes at cuts, the place where a gradient dies, marked boxes."""

from __future__ import annotations

from dataclasses import replace

from report_samples import CUT, CUT_AT

from hypercheck.findings import Finding, Flow, FlowEdge, FlowNode, Severity
from hypercheck.report import diagram
from hypercheck.report.folding import fold
from hypercheck.report.marks import boxes, marked

FROZEN = replace(
    CUT,
    code="HC115",
    rule="requires-grad-false",
    subject="net.hyper.0.weight",
    victims=("net.hyper.0.weight", "net.hyper.2.weight"),
)
ZERO = replace(FROZEN, code="HC402", rule="zero-gradient")
LEFT_OUT = replace(FROZEN, code="HC304", rule="not-in-optimizer", victims=("net.embedding",))


def chain(kind: str, starved: bool = True) -> Flow:
    """Embedding, a layer, its activation, a second layer, the weight, the main layer, the loss."""
    norm = 0.0 if starved else 0.5
    nodes = (
        FlowNode("e", "embedding", "net.embedding", grad_norm=0.1),
        FlowNode("h0", "module", "net.hyper.0", grad_norm=norm, starved=starved),
        FlowNode("h1", "module", "net.hyper.1"),
        FlowNode("h2", "module", "net.hyper.2", grad_norm=norm, starved=starved),
        FlowNode("w", "generated", "weight"),
        FlowNode("m", "module", "net.main"),
        FlowNode("loss", "loss", "loss"),
    )
    keys = [node.key for node in nodes]
    kinds = [kind] * 4 + ["linked"] * 2
    return Flow("module", nodes, tuple(map(FlowEdge, keys, keys[1:], kinds)))


def drawn(flow: Flow, *findings: Finding) -> Flow:
    (found,) = marked((flow,), findings, {"data-assign": "HC102"})
    return found


def cuts(flow: Flow) -> list[tuple[str, str, str, str]]:
    return [(edge.source, edge.target, edge.code, edge.place) for edge in flow.edges if edge.kind == "cut"]


def marks(flow: Flow) -> dict[str, tuple[str, ...]]:
    return {node.label: node.marks for node in flow.nodes if node.marks}


def test_a_frozen_generator_is_cut_off_once_where_it_is_left() -> None:
    assert [("h2", "w", "HC115", "train.py:48")] == cuts(drawn(chain("data"), FROZEN))


def test_a_frozen_first_layer_is_cut_off_behind_it() -> None:
    flow = chain("data")
    second = replace(flow.nodes[3], grad_norm=0.3, starved=False)
    flow = replace(flow, nodes=(*flow.nodes[:3], second, *flow.nodes[4:]))
    only = replace(FROZEN, victims=("net.hyper.0.weight",))

    assert [("h0", "h1")] == [cut[:2] for cut in cuts(drawn(flow, only))]


def test_a_zero_gradient_has_a_sign_of_its_own() -> None:
    source = diagram.to_dot(drawn(chain("linked"), ZERO)).source

    assert "∅ HC402" in source
    assert "✂ HC402" not in source


def test_a_layer_with_a_gradient_in_part_is_not_cut_off() -> None:
    flow = chain("linked")
    second = replace(flow.nodes[3], grad_norm=0.3)
    flow = replace(flow, nodes=(*flow.nodes[:3], second, *flow.nodes[4:]))

    assert [("h0", "h1")] == [cut[:2] for cut in cuts(drawn(flow, ZERO))]


def test_a_finding_that_cuts_nothing_marks_its_box() -> None:
    flow = drawn(chain("linked", starved=False), LEFT_OUT)

    assert {"net.embedding": ("HC304 not-in-optimizer",)} == marks(flow)
    assert [] == cuts(flow)
    assert "✗ HC304 not-in-optimizer" in diagram.to_dot(flow).source


def test_a_note_marks_nothing() -> None:
    assert {} == marks(drawn(chain("linked", starved=False), replace(LEFT_OUT, severity=Severity.NOTE)))


def test_a_cut_that_is_drawn_leaves_the_boxes_alone() -> None:
    flow = chain("data")
    edges = (*flow.edges[:3], FlowEdge("h2", "w", "cut", "data-assign", "train.py:48"), *flow.edges[4:])
    flow = drawn(replace(flow, edges=edges), replace(FROZEN, code="HC102", rule="data-assign"))

    assert [("h2", "w", "HC102", "train.py:48")] == cuts(flow)
    assert {} == marks(flow)


def test_a_cut_that_no_finding_tells_of_is_drawn_as_values() -> None:
    flow = replace(chain("data"), edges=(FlowEdge("h2", "w", "cut", "data-assign", "train.py:48"),))

    assert (FlowEdge("h2", "w", "data"),) == drawn(flow).edges


def test_tensors_are_in_the_box_of_their_module_and_no_module_further_up() -> None:
    nodes = (FlowNode("n", "module", "net"), FlowNode("h", "module", "net.hyper.0", grad_norm=0.1))

    assert ["h"] == [node.key for node in boxes(nodes, ["net.hyper.0.weight"])]
    assert [] == boxes(nodes, ["net.codes['a.b'][0]"])


def test_of_two_boxes_with_one_name_the_measured_one_is_meant() -> None:
    nodes = (FlowNode("a", "module", "net.0", grad_norm=0.1), FlowNode("b", "module", "net.0"))

    assert ["a"] == [node.key for node in boxes(nodes, ["net.0.weight"])]


def test_marked_and_unmarked_twins_stay_apart() -> None:
    nodes = (
        *(FlowNode(f"e{i}", "embedding", f"code {i}") for i in range(30)),
        FlowNode("e30", "embedding", "code 30", marks=("HC304 not-in-optimizer",)),
        FlowNode("h", "module", "net.hyper"),
    )
    flow = Flow("module", nodes, tuple(FlowEdge(f"e{i}", "h", "linked") for i in range(31)))

    assert [("code 0…29", 30), ("code 30", 1), ("net.hyper", 1)] == [
        (node.label, node.count) for node in fold(flow).flow.nodes
    ]


def test_a_long_path_is_shortened_to_its_file_above_an_arrow() -> None:
    far = replace(FROZEN, location=replace(CUT_AT, file="experiments/2026/november/hypernets/train.py"))
    source = diagram.to_dot(drawn(chain("data"), far)).source

    assert ">train.py:48<" in source or "train.py:48<br/>" in source
    assert 'tooltip="cut HC115 experiments/2026/november/hypernets/train.py:48"' in source
