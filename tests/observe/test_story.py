"""The module-level picture of small programs: who stands in it, in which order, and what is cut."""

from __future__ import annotations

import torch
from torch import nn
from torch.func import functional_call

import hypercheck
from hypercheck.findings import Flow


class Generated(nn.Module):
    """A hypernet with one embedding, and a main layer; `surplus` numbers too many are made."""

    def __init__(self, surplus: int = 0, cut: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(3))
        self.trunk = nn.Linear(3, 4)
        self.head = nn.Linear(4, 8 + surplus)
        self.main = nn.Linear(4, 2)
        self.cut = cut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = self.head(torch.tanh(self.trunk(self.embedding)))
        weight = flat[:8].view(2, 4)
        if self.cut:
            weight = weight.detach()
        return functional_call(self.main, {"weight": weight}, x)


def watched(model: nn.Module, steps: int = 3) -> hypercheck.Report:
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with hypercheck.watch(model, optimizer) as report:
        for _ in range(steps):
            loss = model(torch.randn(5, 4)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return report


def flow_of(report: hypercheck.Report, level: str = "module") -> Flow:
    (flow,) = (flow for flow in report.data.flows if flow.level == level)
    return flow


def labels(flow: Flow) -> dict[str, str]:
    return {node.key: node.label for node in flow.nodes}


def test_the_story_goes_from_the_embedding_to_the_loss() -> None:
    torch.manual_seed(0)
    flow = flow_of(watched(Generated()))
    names = labels(flow)
    arrows = {(names[edge.source], names[edge.target]) for edge in flow.edges if edge.kind == "linked"}

    assert {
        ("model.embedding", "model.trunk"),
        ("model.trunk", "model.head"),
        ("model.head", "weight"),
        ("weight", "model.main"),
    } <= arrows
    assert "embedding" == next(node.kind for node in flow.nodes if node.label == "model.embedding")
    assert "generated" == next(node.kind for node in flow.nodes if node.label == "weight")
    assert not any(node.starved for node in flow.nodes)


def test_a_cut_bears_the_code_and_the_place_and_its_victims_are_marked() -> None:
    torch.manual_seed(0)
    report = watched(Generated(cut=True))
    flow = flow_of(report)
    cuts = [edge for edge in flow.edges if edge.kind == "cut"]

    assert {report.findings[0].code} == {edge.code for edge in cuts}
    assert all("test_story.py:" in edge.place for edge in cuts)
    assert {"model.embedding", "model.trunk", "model.head"} == {
        node.label for node in flow.nodes if node.starved
    }


def test_a_parameter_of_a_module_of_modules_has_a_box_of_its_own_and_only_it_is_cut() -> None:
    class Chunked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.chunks = nn.Parameter(torch.randn(2, 3))
            self.task = nn.Parameter(torch.randn(2, 1))
            self.head = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            weight = self.head(torch.cat([self.chunks.detach(), self.task], 1)).view(2, 4)
            return nn.functional.linear(x, weight)

    torch.manual_seed(0)
    flow = flow_of(watched(Chunked()))
    names = labels(flow)

    assert {"model.chunks"} == {node.label for node in flow.nodes if node.starved}
    assert {"model.chunks"} == {names[edge.source] for edge in flow.edges if edge.kind == "cut"}
    assert "linked" in {edge.kind for edge in flow.edges if names[edge.source] == "model.task"}


def test_a_frozen_generator_is_cut_off_where_its_weight_leaves_it() -> None:
    torch.manual_seed(0)
    model = Generated()
    model.requires_grad_(False)
    model.main.requires_grad_(True)
    report = watched(model)
    flow = flow_of(report)
    names = labels(flow)

    assert ["HC115"] == [finding.code for finding in report.findings]
    assert [("model.head", "weight", "HC115")] == [
        (names[edge.source], names[edge.target], edge.code) for edge in flow.edges if edge.kind == "cut"
    ]


def test_data_made_in_a_statement_bears_its_expression_and_not_the_name_of_the_result() -> None:
    torch.manual_seed(0)
    model = Generated()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with hypercheck.watch(model, optimizer) as report:
        for _ in range(3):
            loss = nn.functional.mse_loss(model(torch.randn(5, 4)), torch.zeros(5, 2))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    assert {"torch.randn(5, 4)", "torch.zeros(5, 2)"} == {
        node.label for node in flow_of(report).nodes if node.kind == "input"
    }


def test_what_is_never_used_is_a_stub_with_its_share() -> None:
    torch.manual_seed(0)
    flow = flow_of(watched(Generated(surplus=8)))
    (stub,) = (node for node in flow.nodes if node.kind == "unused")

    assert ("8 of 16", "50.0% of what is generated") == stub.details
    assert 1 == sum(edge.target == stub.key for edge in flow.edges)


def test_preparing_data_and_parameters_is_no_part_of_the_story() -> None:
    torch.manual_seed(0)
    with hypercheck.watch() as report:
        model = Generated()
        with torch.no_grad():
            model.head.weight[:2].mul_(0.1)
        data = torch.arange(20.0).reshape(5, 4).div(20).flip(0)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for _ in range(2):
            loss = model(data).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    ops = {node.label for node in flow_of(report, "op").nodes}
    assert not ops & {"arange", "reshape", "div", "flip", "mul_"}
    assert ("model.embedding",) == report.data.roles.embeddings


def test_steps_of_an_unrolled_main_network_are_one_box() -> None:
    class Unrolled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(2, 16)
            self.seed = nn.Parameter(torch.ones(2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            weight = self.head(self.seed).view(4, 4)
            state = x
            for _ in range(60):
                state = torch.tanh(nn.functional.linear(state, weight))
            return state

    torch.manual_seed(0)
    flow = flow_of(watched(Unrolled()))

    assert len(flow.nodes) <= 8


def test_the_autograd_level_names_its_leaves() -> None:
    torch.manual_seed(0)
    flow = flow_of(watched(Generated()), "autograd")

    assert "model.embedding" in labels(flow).values()
    assert 1 == sum(edge.target == "loss" for edge in flow.edges)


def test_a_drawing_of_a_loss_shows_itself() -> None:
    weight = torch.ones(2, 3, requires_grad=True)
    picture = hypercheck.draw((weight * 2).sum())
    bundle = picture._repr_mimebundle_()

    assert "leaf 2x3" in picture.source
    assert bundle.get("image/svg+xml", "<svg").startswith("<svg")
    assert "<hypercheck diagram: 4 boxes>" in bundle["text/plain"] or "digraph" in bundle["text/plain"]


def test_a_report_in_a_notebook_stands_in_a_frame_of_its_own() -> None:
    torch.manual_seed(0)
    bundle = watched(Generated())._repr_mimebundle_(include=None, exclude=None)

    assert "healthy" in bundle["text/plain"]
    assert bundle["text/html"].startswith('<iframe sandbox="allow-scripts"')
    assert 2 == bundle["text/html"].count("<")
