"""How long a diagram of 1,000, 10,000 and 100,000 nodes takes: folding, DOT source, and layout to SVG.

    python bench/diagrams.py [--limit SECONDS] [--unrolled STEPS] [SIZE ...]

Four programs are made up for each size: a recurrent main network unrolled over many steps, a deep stack of
generated layers, many chunks into one head, and a random graph without any structure to fold. Each is drawn
at module level (at most 50 boxes) and at op level (at most 400). At last the real HyperRNN is trained under
hypercheck, unrolled over 500 steps, and drawn at all three levels.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable

from hypercheck.findings import Flow, FlowEdge, FlowNode
from hypercheck.report import diagram, picture

OPS = ("linear", "mul", "add", "sigmoid", "tanh", "cat")


def unrolled(size: int, level: str) -> Flow:
    """A recurrent network: a cell of six ops at each step, all reading one generated weight."""
    nodes = [
        FlowNode("e", "embedding", "net.embedding", grad_norm=0.1),
        FlowNode("g", "module", "net.hyper", group="net.hyper", grad_norm=0.2),
        FlowNode("w", "generated", "weight_ih", ("64x64",), grad_norm=0.3),
    ]
    edges = [FlowEdge("e", "g", "linked"), FlowEdge("g", "w", "linked")]
    before = "w"
    for step in range(size // len(OPS)):
        for op in OPS:
            key = f"{op}{step}"
            group = f"net.main.cell.{op}" if level == "op" else "net.main.cell"
            nodes.append(FlowNode(key, level, f"{op} {step}", group=group, grad_norm=1 / (step + 1)))
            edges.append(FlowEdge(before, key, "linked"))
            before = key
        edges.append(FlowEdge("w", f"linear{step}", "linked"))
        edges.append(FlowEdge(f"linear{step}", f"mul{step}", "linked"))
    return _with_loss(nodes, edges, before, level)


def stacked(size: int, level: str) -> Flow:
    """A deep main network: each layer has a generated weight, a slot and an op of its own."""
    nodes = [FlowNode("g", "module", "net.hyper", group="net.hyper", grad_norm=0.2)]
    edges = []
    before = "g"
    for i in range(size // 3):
        group = f"net.main.blocks.{i // 4}.layers.{i % 4}"
        nodes += [
            FlowNode(f"w{i}", "generated", f"w[{i}]", (f"[{i * 64}:{i * 64 + 64}]",), 0.1),
            FlowNode(f"s{i}", "slot", f"{group}.weight", group=group, grad_norm=0.1),
            FlowNode(f"o{i}", level, f"relu_{i}", group=group),
        ]
        cut = i == 17
        edges += [
            FlowEdge("g", f"w{i}", "linked"),
            FlowEdge(f"w{i}", f"s{i}", "cut" if cut else "linked", "HC104" * cut, "train.py:9" * cut),
            FlowEdge(f"s{i}", f"o{i}", "linked"),
            FlowEdge(before, f"s{i}", "linked"),
        ]
        before = f"o{i}"
    return _with_loss(nodes, edges, before, level)


def chunked(size: int, level: str) -> Flow:
    """Chunk embeddings through one head into one flat weight."""
    nodes = [
        FlowNode("g", "module", "net.hyper", group="net.hyper", grad_norm=0.2),
        FlowNode("cat", level, "cat", group="net"),
    ]
    edges = []
    for i in range(size // 2):
        starved = i % 10 == 0
        nodes += [
            FlowNode(f"e{i}", "embedding", f"net.chunks[{i}]", ("8",), 0.0 if starved else 0.1, starved),
            FlowNode(f"c{i}", "generated", f"chunk {i}", (), 0.1),
        ]
        edges += [
            FlowEdge(f"e{i}", "g", "linked"),
            FlowEdge("g", f"c{i}", "linked"),
            FlowEdge(f"c{i}", "cat", "linked"),
        ]
    return _with_loss(nodes, edges, "cat", level)


def tangled(size: int, level: str) -> Flow:
    """Names and edges without a pattern: only the module paths are left to fold by."""
    dice = random.Random(0)
    words = ["".join(dice.choices("abcdefghij", k=4)) for _ in range(300)]
    nodes = [
        FlowNode(str(i), level, "".join(dice.choices(words, k=3)), group=".".join(dice.choices(words, k=4)))
        for i in range(size)
    ]
    edges = [FlowEdge(str(dice.randrange(i)), str(i), "linked") for i in range(1, size) for _ in range(2)]
    return _with_loss(nodes, edges, str(size - 1), level)


def _with_loss(nodes: list[FlowNode], edges: list[FlowEdge], last: str, level: str) -> Flow:
    nodes.append(FlowNode("loss", "loss", "loss", ("cross_entropy",)))
    return Flow(level, tuple(nodes), (*edges, FlowEdge(last, "loss", "linked")))


PROGRAMS: tuple[Callable[[int, str], Flow], ...] = (unrolled, stacked, chunked, tangled)


def main() -> None:
    """Print one line for each program, level and size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000])
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that one layout may take")
    parser.add_argument(
        "--unrolled", type=int, default=500, help="steps of the real HyperRNN; 0 leaves it out"
    )
    options = parser.parse_args()
    left = f"{'program':<10}{'level':<9}{'nodes':>8}{'edges':>9}"
    print(f"{left}{'boxes':>7}{'arrows':>8}{'fold s':>8}{'layout s':>10}")
    for size in options.sizes:
        for program in PROGRAMS:
            for level in ("module", "op"):
                measure(program.__name__, program(size, level), options.limit)
    if options.unrolled:
        for flow in recorded(options.unrolled):
            measure("HyperRNN", flow, options.limit)


def recorded(steps: int) -> tuple[Flow, ...]:
    """The flows of the reference HyperRNN, trained for two updates on series of so many steps."""
    import torch

    import hypercheck
    from hypercheck import models

    torch.manual_seed(0)
    model = models.build("hyper_rnn")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with hypercheck.watch(model, optimizer, steps=2) as report:
        for _ in range(2):
            loss = model(torch.randn(8, steps, model.inputs)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return report.data.flows


def measure(name: str, flow: Flow, limit_s: float) -> None:
    """Time one diagram, folding and layout apart."""
    start = time.perf_counter()
    drawing = diagram.draw(flow, title=f"{name} {len(flow.nodes):,}")
    folded = time.perf_counter()
    svg = picture.render(drawing.graph, "svg", limit_s=limit_s)
    laid_out = time.perf_counter()
    shown = drawing.folded.flow
    print(
        f"{name:<10}{flow.level:<9}{len(flow.nodes):>8}{len(flow.edges):>9}{len(shown.nodes):>7}"
        f"{len(shown.edges):>8}{folded - start:>8.2f}{laid_out - folded:>10.2f}   {len(svg) // 1024} KiB"
    )


if __name__ == "__main__":
    main()
