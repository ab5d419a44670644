"""Print how many times faster than the loop each batching method is: unpack, forward and backward.

    python bench/batching.py [--quick]

All methods of a cell take turns in one process, in a new random order each round; a figure is the median
over rounds of loop time / method time. One thread, and processor time: other programs disturb it little.
`--quick` takes fewer rounds and skips the largest cells.
"""

from __future__ import annotations

import argparse
import platform
import random
import statistics
import time

import torch
from torch import Tensor

from hypercheck.models import batching
from hypercheck.models.layout import mlp_layout

BATCHES, WIDTHS, USES = (1, 8, 64, 256), (16, 64, 256), (1, 20)
METHODS = ("loop", "group_conv", "bmm", "micro_bmm", "vecdot", "vmap", "auto")


def solve(uses: int) -> batching.Trajectory:
    """Uses the networks `uses` times as an ODE solver of small steps would."""

    def trajectory(networks: batching.Network, x: Tensor) -> Tensor:
        if uses == 1:
            return networks(x)
        for _ in range(uses):
            x = x + networks(x) / uses
        return x

    return trajectory


def time_ms(method: str, flat: Tensor, x: Tensor, width: int, uses: int) -> float:
    """One forward and backward of the whole batch, in milliseconds of processor time."""
    layout = mlp_layout((width, width, width))
    flat.grad = None
    start = time.process_time()
    weights = layout.split(flat)
    y = batching.evaluate(weights, x, method=method, trajectory=solve(uses), uses=uses)
    y.square().sum().backward()
    return (time.process_time() - start) * 1e3


def measure(batch: int, width: int, uses: int, budget_s: float) -> dict[str, list[float]]:
    """Times of all methods, one list entry per round."""
    flat = (torch.randn(batch, mlp_layout((width,) * 3).size) / width**0.5).requires_grad_()
    x = torch.randn(batch, width)
    times: dict[str, list[float]] = {method: [] for method in METHODS}
    for method in METHODS:
        time_ms(method, flat, x, width, uses)
    end = time.process_time() + budget_s
    while len(times["loop"]) < 3 or (time.process_time() < end and len(times["loop"]) < 101):
        for method in random.sample(METHODS, len(METHODS)):
            times[method].append(time_ms(method, flat, x, width, uses))
    return times


Cell = tuple[int, int, int]
"""Uses, width and batch."""


def targets(ratios: dict[Cell, dict[str, float]]) -> list[str]:
    """What is expected of the methods, each with the worst cell that was measured."""
    large = {cell: row for cell, row in ratios.items() if cell[1] <= 64 and cell[2] >= 64}
    wanted = (
        ("group_conv", 2.0, "batch 64 and 256, width 16 and 64", large),
        ("auto", 3.0, "the same, one use", {cell: row for cell, row in large.items() if cell[0] == 1}),
        ("auto", 8.0, "the same, 20 uses", {cell: row for cell, row in large.items() if cell[0] == 20}),
        ("auto", 0.9, "everywhere", ratios),
    )
    lines = []
    for method, least, where, rows in wanted:
        if not rows:
            continue
        worst = min(row[method] for row in rows.values())
        state = "held" if worst >= least else "MISSED"
        lines.append(
            f"- {method}, {where}: at least {least:g} times the loop; the least was {worst:.2f}: {state}"
        )
    return lines


def main() -> None:
    """Parse the arguments, measure each cell, print the table in Markdown, and whether the targets hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print(f"torch {torch.__version__}, one thread, {platform.processor() or platform.machine()}\n")
    others = METHODS[1:]
    measured: dict[Cell, dict[str, float]] = {}
    print("| uses | width | batch | loop ms | " + " | ".join(others) + " | auto is |")
    print("|---" * (5 + len(others)) + "|")
    for uses in USES:
        for width in WIDTHS:
            for batch in BATCHES:
                if quick and batch * width * width * uses > 64 * 64 * 64 * 20:
                    continue
                times = measure(batch, width, uses, budget_s=0.2 if quick else 2.0)
                ratios = {
                    method: statistics.median(loop / own for loop, own in zip(times["loop"], times[method]))
                    for method in others
                }
                measured[uses, width, batch] = ratios
                weights = mlp_layout((width,) * 3).split(torch.zeros(batch, mlp_layout((width,) * 3).size))
                loop_ms = statistics.median(times["loop"])
                cells = [uses, width, batch, f"{loop_ms:.2f}", *(f"{ratio:.2f}" for ratio in ratios.values())]
                print(
                    "| " + " | ".join(map(str, cells)) + f" | {batching.choose(weights, uses)} |", flush=True
                )
    print("", *targets(measured), sep="\n")


if __name__ == "__main__":
    main()
