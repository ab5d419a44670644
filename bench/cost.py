"""Print what watching costs: ratios of a watched step to the bare step, and a few absolute figures.

    python bench/cost.py [--quick] [--json FILE]

Bare and watched groups of steps take turns in one process; a ratio is the median over the rounds. One thread,
and processor time: other programs disturb it little. `--quick` takes fewer rounds, for a look in between.
A recorded group is a whole default watch: hooks in, five recorded steps, hooks out, facts, judgement.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hypercheck import checker, models
from hypercheck.findings import Target
from hypercheck.models.group_conv import GroupConvHypernet
from hypercheck.models.hypernet import Hypernet
from hypercheck.observe.collector import RareCollections
from hypercheck.observe.digest import Digest
from hypercheck.observe.frames import FrameReader
from hypercheck.observe.observation import Observation
from hypercheck.observe.recorder import Recorder
from hypercheck.observe.records import Step
from hypercheck.observe.session import Session
from hypercheck.observe.tape import Tape
from hypercheck.observe.walk import walk_graph
from hypercheck.settings import Settings

GROUP = 5
Work = Callable[[], Any]


# -- the workloads ------------------------------------------------------------------------------


def trained(model: Hypernet, batch: models.Batch) -> Work:
    """One training step of a model with Adam."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)

    def step() -> None:
        models.training_step(model, optimizer, batch)

    return step


def full() -> Work:
    """(a) One embedding generates an MLP 784-256-256-10: a head of 34.7 million parameters."""
    model = models.build("full", main_dims=(784, 256, 256, 10), emb_dim=64, hidden=(128,))
    return trained(model, model.example(64))


class ResNet20(Hypernet):
    """Chunk embeddings [K, Z] -> 3x3 kernels of the 19 convolutions of a ResNet-20 on 32x32 pictures."""

    WIDTHS = (16, 16, 16, 16, 16, 16, 16, 32, 32, 32, 32, 32, 32, 64, 64, 64, 64, 64, 64)

    def __init__(self, z_dim: int = 64, unit: int = 16) -> None:
        super().__init__()
        self.shapes = [(out, 16 if i == 0 else self.WIDTHS[i - 1]) for i, out in enumerate(self.WIDTHS)]
        self.unit = unit
        counts = [out // unit * (inp // unit) for out, inp in self.shapes]
        self.counts = counts
        self.embeddings = nn.Parameter(torch.randn(sum(counts), z_dim))
        self.to_a = nn.Linear(z_dim, unit * z_dim)
        self.to_kernel = nn.Linear(z_dim, unit * 9)
        self.stem = nn.Conv2d(3, 16, 3, padding=1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(out) for out, _ in self.shapes])
        self.classifier = nn.Linear(64, 10)

    def generate(self, cond: Any = None) -> dict[str, Tensor]:
        """The kernels [O, I, 3, 3], each tiled from its chunks."""
        unit, kernels = self.unit, {}
        a = self.to_a(self.embeddings).unflatten(-1, (unit, -1))
        chunks = self.to_kernel(a).view(-1, unit, unit, 3, 3)
        for index, ((_, inp), part) in enumerate(zip(self.shapes, chunks.split(self.counts))):
            rows = [torch.cat(list(row), dim=1) for row in part.split(inp // unit)]
            kernels[str(index)] = torch.cat(rows, dim=0) / (inp * 9) ** 0.5
        return kernels

    def use(self, x: Tensor, weights: dict[str, Tensor]) -> Tensor:
        """Logits [B, 10] of pictures [B, 3, 32, 32]: nine residual blocks of two convolutions."""
        x = F.relu(self.norms[0](F.conv2d(self.stem(x), weights["0"], padding=1)))
        for index in range(1, len(self.shapes), 2):
            stride = self.shapes[index][0] // self.shapes[index][1]
            y = F.relu(self.norms[index](F.conv2d(x, weights[str(index)], stride=stride, padding=1)))
            y = self.norms[index + 1](F.conv2d(y, weights[str(index + 1)], padding=1))
            short = F.pad(x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))
            x = F.relu(y + short)
        logits: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return logits


def chunked() -> Work:
    """(b) A chunked hypernet generates the kernels of a ResNet-20, batch 32."""
    return trained(ResNet20(), ((torch.randn(32, 3, 32, 32),), torch.randint(10, (32,))))


def recurrent() -> Work:
    """(c) A HyperRNN over 500 time steps: more than 10,000 autograd nodes."""
    model = models.build("hyper_rnn", inputs=8, hidden=32, hyper=16, z_dim=8)
    return trained(model, ((torch.randn(16, 500, 8),), torch.randn(16, 2)))


def conditional() -> Work:
    """(d) Every sample generates its own network, run as a grouped convolution, batch 64."""
    model = GroupConvHypernet(main_dims=(128, 128, 128, 10), hidden=(64,))
    return trained(model, model.example(64))


WORKLOADS: dict[str, tuple[Callable[[], Work], float]] = {
    "a": (full, 1.10),
    "b": (chunked, 1.10),
    "c": (recurrent, 2.0),
    "d": (conditional, 1.10),
}


# -- ratios -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """What a workload's step costs: bare in ms, and the ratios of watched steps to it."""

    name: str
    bare_ms: float
    unrecorded: float
    recorded: float
    budget: float


def seconds(work: Work) -> float:
    """Processor time of the work, for one of `GROUP` steps."""
    start = time.process_time()
    work()
    return (time.process_time() - start) / GROUP


def repeated(step: Work) -> Work:
    """The step, `GROUP` times."""

    def run() -> None:
        for _ in range(GROUP):
            step()

    return run


def unrecorded(step: Work) -> float:
    """A step between recorded ones: the hooks are in, the recorder is out."""
    observation = Observation(steps=0)
    observation.start()
    try:
        step()
        step()  # the first one was recorded, and this one's backward judged it
        return seconds(repeated(step))
    finally:
        observation.stop()


def recorded(step: Work) -> float:
    """A step of a whole watch of `GROUP` recorded steps, with its share of the judgement."""

    def watched() -> None:
        observation = Observation(steps=GROUP)
        observation.start()
        try:
            repeated(step)()
        finally:
            observation.stop()
        report(observation)

    return seconds(watched)


def report(observation: Observation) -> None:
    """Judge what was observed; a fault of the instruments would make the figures worthless."""
    told = checker.report(
        observation.facts(), Target("watch", "bench"), Settings(), version="", torch_version=""
    )
    assert not told.internal_errors, told.internal_errors


def cost(name: str, rounds: int) -> Cost:
    """The costs of one workload, its bare and watched groups taking turns."""
    torch.manual_seed(0)
    build, budget = WORKLOADS[name]
    step = build()
    bares, betweens, records = [], [], []
    for number in range(rounds + 1):
        gc.collect()
        bare = seconds(repeated(step))
        between = unrecorded(step)
        gc.collect()
        again = seconds(repeated(step))
        record = recorded(step)
        if number:  # the first round warms up
            bares += [bare, again]
            betweens.append(between / bare)
            records.append(record / again)
    return Cost(
        name,
        statistics.median(bares) * 1e3,
        statistics.median(betweens),
        statistics.median(records),
        budget,
    )


# -- absolute figures ---------------------------------------------------------------------------


def operations(count: int, recorder: Recorder | None) -> float:
    """Seconds of processor time for a chain of small operations, recorded or not."""
    x = torch.ones(4, requires_grad=True)
    y = x
    with recorder if recorder is not None else torch.enable_grad():
        start = time.process_time()
        for _ in range(count):
            y = y + x
        took = time.process_time() - start
    cut(y)
    return took


def cut(y: Tensor) -> None:
    """Let a long chain go without recursion."""
    y.detach_()


def recording_us(count: int, rounds: int) -> float:
    """Microseconds that recording adds to one operation, with the collections as rare as in a session."""
    added = []
    collections = RareCollections()
    for _ in range(rounds):
        gc.collect()
        bare = operations(count, None)
        tape = Tape(FrameReader())
        collections.begin()
        recorded = operations(count, Recorder(tape, _raise))
        collections.end()
        added.append((recorded - bare) / count * 1e6)
    return statistics.median(added)


def _raise(fault: BaseException) -> None:
    raise fault


def analysis_us(count: int) -> float:
    """Microseconds of analysis for one operation of a chain of `count` in one step."""
    taken: list[float] = []

    def sink(session: Session, step: Step) -> None:
        gc.collect()
        start = time.process_time()
        Digest(session, step, [(step.first_op, step.number)]).facts()
        taken.append(time.process_time() - start)

    head, main = nn.Linear(3, 12), torch.ones(5, 3)
    optimizer = torch.optim.SGD(head.parameters(), lr=0.0)
    session = Session(sink, steps=1, roots={"head": head})
    session.start()
    try:
        x = main
        for _ in range(count // 4):
            x = torch.tanh(F.linear(x, head(main[0])[:9].view(3, 3)))
        x.sum().backward()
        optimizer.step()
    finally:
        session.stop()
    assert not session.faults, session.faults
    return taken[0] / len(session.tape.ops) * 1e6


def walk_rate() -> float:
    """Autograd nodes that the walk visits in one second of processor time."""
    x = torch.ones(4, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + x  # a product would save its factors: freeing such a chain recurses
    rates = []
    for _ in range(7):
        gc.collect()
        start = time.process_time()
        walked = walk_graph([y])
        rates.append(len(walked.grad_fns) / (time.process_time() - start))
        del walked
    cut(y)
    return statistics.median(rates)


# -- processes ----------------------------------------------------------------------------------


def wall_s(command: list[str], rounds: int) -> float:
    """Seconds of wall-clock time of a process, the best of several: other programs only add to it."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def help_imports_torch() -> bool:
    """Whether `hypercheck --help` loads torch."""
    code = (
        "import sys, contextlib\nsys.argv = ['hypercheck', '--help']\nfrom hypercheck import cli\n"
        "with contextlib.suppress(SystemExit):\n    cli.main()\nsys.exit(3 if 'torch' in sys.modules else 0)"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 3


def run_adds_s(rounds: int) -> float:
    """Seconds that `hypercheck run` adds to a short training script."""
    script = (
        "import torch\nfrom hypercheck import models\nmodel = models.build('full')\n"
        "optimizer = torch.optim.Adam(model.parameters())\n"
        "for _ in range(50):\n    models.training_step(model, optimizer, model.example())\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.py"
        path.write_text(script, encoding="utf-8")
        bare = wall_s([sys.executable, str(path)], rounds)
        return wall_s([sys.executable, "-m", "hypercheck", "run", str(path)], rounds) - bare


def peak_bytes(watched: bool) -> int:
    """Highest memory of this process over five steps of (a), after two to warm up.

    A small model is watched before, in both cases: the code of torch and of hypercheck is loaded only once.
    """
    torch.manual_seed(0)
    torch.set_num_threads(1)
    small = models.build("full")
    report_once(repeated(trained(small, small.example())))
    step = full()
    step()
    step()
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    if watched:
        report_once(repeated(step))
    else:
        repeated(step)()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def report_once(work: Work) -> None:
    """Do the work under a watch, and judge."""
    observation = Observation(steps=GROUP)
    observation.start()
    try:
        work()
    finally:
        observation.stop()
    report(observation)


def extra_memory_mb() -> float | None:
    """Extra peak memory of the watched (a) in MB, processes of their own; None where /proc is missing."""
    if not Path("/proc/self/clear_refs").exists():
        return None
    peaks = {}
    for kind in ("bare", "watched"):
        command = [sys.executable, __file__, "--peak", kind]
        peaks[kind] = statistics.median(
            int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(3)
        )
    return (peaks["watched"] - peaks["bare"]) / 1e6


# -- the tables ---------------------------------------------------------------------------------


def figures(quick: bool) -> list[tuple[str, float | None, str]]:
    """Everything that is no ratio of steps: what, how much, the budget in words."""
    rounds = 3 if quick else 9
    hypercheck = [sys.executable, "-m", "hypercheck"]
    found: list[tuple[str, float | None, str]] = [
        ("recording, µs an operation", recording_us(20_000, rounds), "3 or less"),
        ("extra peak memory in (a), MB", extra_memory_mb(), "less than 5"),
        ("walk of the graph, million nodes a second", walk_rate() / 1e6, "1.5 or more"),
        ("`hypercheck --help`, s", wall_s([*hypercheck, "--help"], rounds), "less than 0.3"),
        ("`hypercheck --help` imports torch", float(help_imports_torch()), "0"),
        ("`hypercheck run` adds to a script, s", run_adds_s(3), "less than 1"),
    ]
    for count in (1_000, 10_000, 50_000, 200_000):
        took = recording_us(count, 5 if count < 20_000 else 3)
        found.append((f"recording of {count:,} operations, µs each", took, "constant"))
    for count in (1_000, 10_000, 50_000) if quick else (1_000, 10_000, 50_000, 200_000):
        found.append((f"analysis of {count:,} operations, µs each", analysis_us(count), "constant"))
    return found


def main() -> None:
    """Parse the arguments, measure, print the tables in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--only", default="abcd", help="workloads, by their letters")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    parser.add_argument("--peak", choices=("bare", "watched"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        print(peak_bytes(given.peak == "watched"))
        return
    torch.set_num_threads(1)
    machine = f"torch {torch.__version__}, one thread, {platform.processor() or platform.machine()}"
    print(
        f"{machine}\n\n| workload | bare ms | unrecorded (1.02) | recorded | budget |\n|---|---|---|---|---|"
    )
    costs = []
    for name in given.only:
        found = cost(name, 5 if given.quick else 30)
        costs.append(vars(found))
        print(
            f"| {name} | {found.bare_ms:.1f} | {found.unrecorded:.3f} | {found.recorded:.3f} "
            f"| {found.budget:.2f} |",
            flush=True,
        )
    rest = figures(given.quick) if given.only == "abcd" else []
    print("\n| figure | measured | budget |\n|---|---|---|")
    for what, much, budget in rest:
        print(f"| {what} | {'-' if much is None else f'{much:.3g}'} | {budget} |")
    if given.json:
        record = {"machine": machine, "workloads": costs, "figures": {what: much for what, much, _ in rest}}
        given.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
