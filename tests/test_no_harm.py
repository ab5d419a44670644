"""Watching does no harm: every bundled model trains to the same bits, memory stays flat, nothing is left."""

from __future__ import annotations

import contextlib
import gc
import random
import runpy
import sys
import textwrap
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

import witness  # noqa: E402
from launch import launch  # noqa: E402
from torch import nn  # noqa: E402
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack  # noqa: E402
from torch.utils._python_dispatch import (  # noqa: E402
    TorchDispatchMode,
    _get_current_dispatch_mode_stack,
)
from torch.utils.checkpoint import checkpoint  # noqa: E402

import hypercheck  # noqa: E402
from hypercheck.findings import ReportData, Target  # noqa: E402
from hypercheck.models import build as build_model  # noqa: E402
from hypercheck.models import names, training_step  # noqa: E402
from hypercheck.running import RunOptions, run_script  # noqa: E402
from hypercheck.script import Script  # noqa: E402
from hypercheck.settings import Settings  # noqa: E402

Around = Callable[[nn.Module, torch.optim.Optimizer], contextlib.AbstractContextManager[Any]]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    tiny()  # torch itself wraps the `step` of a class of optimizers when the first one is made
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def no_mode_is_handed_on() -> Iterator[None]:
    """A test that fails over a mode left behind does not make the next one fail as well."""
    yield
    while _get_current_function_mode_stack():
        torch.overrides._pop_mode()


# -- the same bits ------------------------------------------------------------------------------------


def seed() -> None:
    torch.manual_seed(0)
    numpy.random.seed(0)
    random.seed(0)


def trained(
    name: str, whole: Around | None = None, step: Callable[..., Any] | None = None, steps: int = 7
) -> dict[str, Any]:
    """Everything that a training leaves, as bits; `whole` goes around the loop, `step` around each step."""
    seed()
    model = build_model(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=0.01)
    batch = model.example(4)
    losses = []
    whole = whole or (lambda model, optimizer: contextlib.nullcontext())
    each = step(model, optimizer) if step is not None else contextlib.nullcontext
    with whole(model, optimizer):
        for _ in range(steps):
            with each():
                losses.append(training_step(model, optimizer, batch))
    return {
        "losses": witness.bits(losses),
        "model": witness.bits(model.state_dict()),
        "gradients": [witness.bits(p.grad) for p in model.parameters()],
        "optimizer": witness.bits(optimizer.state_dict()),
        "torch": witness.bits(torch.get_rng_state()),
        "numpy": witness.bits(numpy.random.get_state()),
        "random": random.getstate(),
    }


def differing(expected: dict[str, Any], found: dict[str, Any]) -> list[str]:
    return [key for key in expected if expected[key] != found[key]]


@pytest.mark.parametrize("options", [{}, {"steps": 1}, {"steps": 2, "every": 3}], ids=str)
@pytest.mark.parametrize("name", names())
def test_a_model_trains_to_the_same_bits_under_watch(name, options):
    watched = trained(name, lambda model, optimizer: hypercheck.watch(model, optimizer, **options))

    assert [] == differing(trained(name), watched)


@pytest.mark.parametrize("name", names())
def test_a_model_trains_to_the_same_bits_step_by_step(name):
    def step(model, optimizer):
        return hypercheck.Checker(model, optimizer=optimizer).step

    assert [] == differing(trained(name), trained(name, step=step))


def test_a_judged_stage_changes_no_bit():
    def run(staged: bool) -> dict[str, Any]:
        seed()
        model = build_model("chunked")
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        (x,), targets = model.example(4)
        checker = hypercheck.Checker(model, optimizer=optimizer)
        losses = []
        for _ in range(4):
            with checker.step() if staged else contextlib.nullcontext() as step:
                optimizer.zero_grad()
                loss = model.loss((x,), targets)
                if staged:
                    step.before_backward(loss)
                loss.backward()
                if staged:
                    step.before_step()
                optimizer.step()
                if staged:
                    step.after_step()
                losses.append(loss.detach())
        return {
            "losses": witness.bits(losses),
            "model": witness.bits(model.state_dict()),
            "torch": witness.bits(torch.get_rng_state()),
        }

    assert [] == differing(run(staged=False), run(staged=True))


MODELS_SCRIPT = """
import hashlib, random, sys
import numpy, torch
from hypercheck.models import build, names, training_step

torch.set_num_threads(1)
random.seed(0)
numpy.random.seed(0)
for name in names():
    torch.manual_seed(0)
    model = build(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    batch = model.example(4)
    sums = hashlib.sha256()
    for _ in range(3):
        sums.update(training_step(model, optimizer, batch).numpy().tobytes())
    for group in (model.state_dict(), *optimizer.state_dict()["state"].values()):
        for tensor in group.values():
            sums.update(tensor.contiguous().numpy().tobytes())
    sums.update(torch.get_rng_state().numpy().tobytes())
    sums.update(numpy.random.get_state()[1].tobytes())
    sums.update(repr(random.getstate()).encode())
    print(name, sums.hexdigest())
"""


def run_here(path: Path, options: RunOptions) -> ReportData:
    """`hypercheck run` in this process."""
    told: list[ReportData] = []
    script = Script.from_path(str(path))
    try:
        run_script(
            script,
            Target("script", path.name),
            options,
            Settings(),
            lambda data: len(told.append(data) or ""),
        )
    finally:
        script.restore()
    return told[0]


def test_all_models_train_to_the_same_bits_under_run(tmp_path, capfd):
    script = tmp_path / "train.py"
    script.write_text(MODELS_SCRIPT)
    runpy.run_path(str(script), run_name="__main__")
    plain = capfd.readouterr()
    report = run_here(script, RunOptions(every=1))
    watched = capfd.readouterr()

    assert (len(names()), plain.out, plain.err) == (len(watched.out.splitlines()), watched.out, watched.err)
    assert (3 * len(names()), ()) == (report.steps_recorded, report.internal_errors)


# -- memory -------------------------------------------------------------------------------------------


class Tiny(nn.Module):
    """A linear layer whose weight is generated from a code."""

    def __init__(self) -> None:
        super().__init__()
        self.code = nn.Parameter(torch.randn(4))
        self.hyper = nn.Linear(4, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, self.hyper(self.code).view(2, 3))


def tiny() -> tuple[nn.Module, torch.optim.Optimizer]:
    seed()
    model = Tiny()
    return model, torch.optim.SGD(model.parameters(), lr=0.01)


def tiny_step(model: nn.Module, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    loss = model(torch.randn(5, 3)).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


def live_tensors() -> int:
    gc.collect()
    return sum(issubclass(type(item), torch.Tensor) for item in gc.get_objects())


def test_memory_stays_flat_over_two_thousand_steps():
    model, optimizer = tiny()
    with hypercheck.watch(model, optimizer) as report:
        for _ in range(100):
            tiny_step(model, optimizer)
        tensors = live_tensors()
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(1900):
                tiny_step(model, optimizer)
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
        finally:
            tracemalloc.stop()

        assert tensors == live_tensors()
    assert 2000 == report.data.steps_seen
    assert 5 < report.data.steps_recorded < 60
    # Four steps are recorded in this stretch, at about 5 kB each; a leak of 100 bytes a step would be 190 kB.
    assert grown < 120_000


class Remembering(TorchFunctionMode):
    """A user's mode that knows, by weak references, every tensor that a torch function returned."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[weakref.ref[torch.Tensor]] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(tensor, torch.Tensor):
                self.seen.append(weakref.ref(tensor))
        return out

    def alive(self) -> int:
        return len({id(tensor) for ref in self.seen if (tensor := ref()) is not None})


def survivors(name: str, watched: bool) -> list[int]:
    """How many of the tensors that each step computed are alive after it, without any garbage collection."""
    seed()
    model = build_model(name)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    batch = model.example(4)
    found = []
    gc.disable()
    try:
        with hypercheck.watch(model, optimizer) if watched else contextlib.nullcontext():
            for _ in range(4):
                with Remembering() as mode:
                    training_step(model, optimizer, batch)
                found.append(mode.alive())
    finally:
        gc.enable()
    return found


@pytest.mark.parametrize("name", names())
def test_no_activation_of_a_recorded_step_outlives_it(name):
    assert survivors(name, watched=False) == survivors(name, watched=True)


# -- everything is put back ---------------------------------------------------------------------------


def watch_door(body: Callable[[], None], folder: Path) -> None:
    with hypercheck.watch():
        body()


def checker_door(body: Callable[[], None], folder: Path) -> None:
    with hypercheck.Checker(nn.Linear(1, 1)).step():
        body()


def run_door(body: Callable[[], None], folder: Path) -> None:
    """The script calls `body`, found by a name in a module that the script can import."""
    (folder / "script.py").write_text("import sys\nsys.modules['the_body'].body()\n")
    module = type(sys)("the_body")
    module.body = body  # type: ignore[attr-defined]
    sys.modules["the_body"] = module
    try:
        run_here(folder / "script.py", RunOptions())
    finally:
        del sys.modules["the_body"]


@pytest.fixture(params=[watch_door, checker_door, run_door], ids=lambda door: door.__name__)
def door(request):
    return request.param


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("steps", [0, 1, 7])
def test_everything_is_as_before_whatever_way_it_ends(door, error, steps, tmp_path, capsys):
    model, optimizer = tiny()
    inside: list[str] = []

    def body() -> None:
        for _ in range(steps):
            tiny_step(model, optimizer)
        inside.extend(witness.changed(before))
        if error is not None:
            model(torch.randn(5, 3)).sum()  # in the middle of a step
            raise error

    before = witness.world()
    with contextlib.suppress(error or ()):
        door(body, tmp_path)

    assert [] == witness.changed(before)
    assert "Optimizer.__init__" in inside


def test_the_users_modules_and_tensors_carry_no_hook_afterwards():
    model, optimizer = tiny()
    with hypercheck.watch(model, optimizer):
        for _ in range(3):
            tiny_step(model, optimizer)

    def told(item: Any) -> dict[str, Any]:
        return {name: value for name, value in vars(item).items() if "hook" in name and value}

    assert {} == {name: told(module) for name, module in model.named_modules() if told(module)}
    assert {} == told(optimizer)
    assert [None] * 3 == [p._backward_hooks for p in model.parameters()]
    assert [None] * 3 == [getattr(p, "_post_accumulate_grad_hooks", None) for p in model.parameters()]
    assert {} == {k: v for p in model.parameters() for k, v in vars(p).items()}


# -- a user's own modes -------------------------------------------------------------------------------


class Functions(TorchFunctionMode):
    """A user's mode that counts the calls of torch functions."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls.append(getattr(func, "__name__", str(func)))
        return func(*args, **(kwargs or {}))


class Operators(TorchDispatchMode):
    """A user's mode that counts the operators that torch runs, as a counter of flops does."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.calls.append(str(func))
        return func(*args, **(kwargs or {}))


def train_tiny(steps: int = 7) -> Any:
    model, optimizer = tiny()
    losses = [tiny_step(model, optimizer) for _ in range(steps)]
    return witness.bits([losses, list(model.parameters())])


def stacks() -> tuple[list[Any], list[Any]]:
    return list(_get_current_function_mode_stack()), list(_get_current_dispatch_mode_stack())


def heard(kinds: list[Any], enter: Callable[[contextlib.ExitStack, list[Any]], Any]) -> Any:
    """The calls that each of the nested modes hears, and the numbers that come out."""
    modes = [kind() for kind in kinds]
    with contextlib.ExitStack() as stack:
        enter(stack, modes)
        numbers = train_tiny()
    return [mode.calls for mode in modes], numbers


ORDERS: dict[str, Callable[[contextlib.ExitStack, list[Any]], Any]] = {
    "around": lambda stack, modes: [
        *map(stack.enter_context, modes),
        stack.enter_context(hypercheck.watch()),
    ],
    "inside": lambda stack, modes: [
        stack.enter_context(hypercheck.watch()),
        *map(stack.enter_context, modes),
    ],
    "between": lambda stack, modes: [
        *map(stack.enter_context, modes[:1]),
        stack.enter_context(hypercheck.watch()),
        *map(stack.enter_context, modes[1:]),
    ],
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "kinds",
    [
        [Functions, Functions],
        [Operators, Operators],
        [Functions, Operators],
    ],
    ids=lambda kinds: "-".join(kind.__name__ for kind in kinds).lower(),
)
def test_users_nested_modes_hear_what_they_hear_without_us(kinds, order):
    alone = heard(kinds, lambda stack, modes: [*map(stack.enter_context, modes)])

    assert alone == heard(kinds, ORDERS[order])
    assert ([], []) == stacks()


@pytest.mark.parametrize("kind", [Functions, Operators])
def test_a_users_mode_that_outlives_the_block_is_the_only_one_left(kind):
    before = witness.world()
    mode = kind()
    with hypercheck.watch() as report:
        mode.__enter__()
        train_tiny(3)
    after = stacks()
    mode.__exit__(None, None, None)

    assert [mode] == [*after[0], *after[1]]
    assert [] == witness.changed(before)
    assert "ok" == report.verdict


@pytest.mark.parametrize("kind", [Functions, Operators])
def test_a_users_mode_that_is_left_inside_of_the_block_hears_no_more(kind):
    before = witness.world()
    mode = kind()
    mode.__enter__()
    with hypercheck.watch() as report:
        train_tiny(1)
        mode.__exit__(None, None, None)
        calls = list(mode.calls)
        train_tiny(3)

    assert calls == mode.calls
    assert [] == witness.changed(before)
    assert ("ok", 4) == (report.verdict, report.data.steps_recorded)


def test_users_modes_that_are_left_crosswise_leave_nothing():
    before = witness.world()
    first, second = Functions(), Functions()
    first.__enter__()
    with hypercheck.watch() as report:
        second.__enter__()
        train_tiny(1)
        second.__exit__(None, None, None)
        first.__exit__(None, None, None)
        train_tiny(2)

    assert [] == witness.changed(before)
    assert ("ok", 3) == (report.verdict, report.data.steps_recorded)


def test_updates_written_by_hand_leave_no_mode():
    def train() -> Any:
        torch.manual_seed(0)
        weight = torch.randn(3, requires_grad=True)
        for _ in range(12):
            weight.square().sum().backward()
            with torch.no_grad():
                weight -= 0.1 * weight.grad
            weight.grad = None
        return witness.bits([weight])

    before = witness.world()
    expected = train()
    with hypercheck.watch() as report:
        found = train()

    assert expected == found
    assert ("ok", 12) == (report.verdict, report.data.steps_seen)
    assert [] == witness.changed(before)


# -- two watches, threads, re-entrancy, forks ---------------------------------------------------------


def test_a_watch_inside_of_a_watch_tells_the_same_and_changes_nothing():
    before = witness.world()
    expected = train_tiny()
    with hypercheck.watch() as outer, hypercheck.watch() as inner:
        numbers = train_tiny()

    assert expected == numbers
    assert ("ok", "ok") == (outer.verdict, inner.verdict)
    assert (7, 7) == (outer.data.steps_seen, inner.data.steps_seen)
    assert [] == witness.changed(before)


def test_a_checked_step_inside_of_a_watch_changes_nothing():
    before = witness.world()

    def train(checked: bool) -> Any:
        model, optimizer = tiny()
        checker = hypercheck.Checker(model, optimizer=optimizer)
        losses = []
        for _ in range(4):
            with checker.step() if checked else contextlib.nullcontext():
                losses.append(tiny_step(model, optimizer))
        return witness.bits([losses, list(model.parameters())])

    expected = train(checked=False)
    with hypercheck.watch() as report:
        numbers = train(checked=True)

    assert expected == numbers
    assert ("ok", 4) == (report.verdict, report.data.steps_seen)
    assert [] == witness.changed(before)


def test_two_watches_that_are_left_crosswise_leave_nothing():
    before = witness.world()
    first, second = hypercheck.watch(), hypercheck.watch()
    reports = [first.__enter__(), second.__enter__()]
    train_tiny(2)
    first.__exit__(None, None, None)
    train_tiny(2)
    second.__exit__(None, None, None)

    assert ["ok", "ok"] == [report.verdict for report in reports]
    assert [] == witness.changed(before)


def in_thread(work: Callable[[], Any]) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.extend((work(), stacks())))
    thread.start()
    thread.join()
    numbers, left = found
    assert ([], []) == left
    return numbers


def test_training_in_a_thread_is_not_disturbed_by_a_watch_of_the_main_thread():
    before = witness.world()
    expected = train_tiny(12)
    with hypercheck.watch() as report:
        numbers = in_thread(lambda: train_tiny(12))

    assert expected == numbers
    assert () == report.data.internal_errors
    assert [] == witness.changed(before)


def test_a_watch_inside_of_a_thread_sees_its_training():
    before = witness.world()

    def work() -> Any:
        with hypercheck.watch() as report:
            numbers = train_tiny()
        return numbers, report.verdict, report.data.steps_seen

    assert (train_tiny(), "ok", 7) == in_thread(work)
    assert [] == witness.changed(before)


class Doubled(torch.autograd.Function):
    """Twice its input."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


@contextlib.contextmanager
def busy_neighbour() -> Iterator[list[BaseException]]:
    """A second thread that makes modules, Parameters, custom functions and gradients all the time."""
    faults: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            while not done.is_set():
                generator = torch.Generator().manual_seed(1)
                layer = nn.utils.skip_init(nn.Linear, 3, 3)
                layer.weight = nn.Parameter(torch.randn(3, 3, generator=generator))
                layer.bias = nn.Parameter(torch.zeros(3))
                given = {"weight": torch.randn(3, 3, generator=generator, requires_grad=True)}
                out = torch.func.functional_call(layer, given, torch.randn(2, 3, generator=generator))
                (gradient,) = torch.autograd.grad(Doubled.apply(out).square().sum(), given["weight"])
                torch.func.vmap(lambda row: row.sum())(gradient)
                layer.weight.data = gradient
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield faults
    finally:
        done.set()
        thread.join()


def test_a_busy_second_thread_neither_disturbs_nor_is_disturbed():
    before = witness.world()
    expected = train_tiny(40)
    with busy_neighbour() as faults:
        with hypercheck.watch(steps=40) as report:
            numbers = train_tiny(40)

    assert expected == numbers
    assert [] == faults
    assert () == report.data.internal_errors
    assert [] == [f.code for f in report.findings if f.severity is hypercheck.Severity.ERROR]
    assert [] == witness.changed(before)


def test_two_threads_that_train_at_once_are_not_disturbed():
    def train(number: int) -> Any:
        generator = torch.Generator().manual_seed(number)
        weight = torch.randn(6, 4, generator=generator).requires_grad_()
        optimizer = torch.optim.Adam([weight], lr=0.1)
        for _ in range(20):
            optimizer.zero_grad()
            nn.functional.linear(torch.ones(2, 4), weight).square().mean().backward()
            optimizer.step()
        return witness.bits([weight])

    expected = [train(0), train(1)]
    found: dict[int, Any] = {}
    with hypercheck.watch() as report:
        threads = [threading.Thread(target=lambda n=n: found.update({n: train(n)})) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert expected == [found[0], found[1]]
    assert () == report.data.internal_errors


def reentrant_step(model: nn.Module, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    """A step whose hooks compute gradients of other things and walk graphs, in forward and in backward."""
    other = torch.ones(3, requires_grad=True)

    def look(*_: Any) -> None:
        with torch.enable_grad():
            torch.autograd.grad(other.square().sum(), other)
            (other * 2).sum().backward()
            hypercheck.walk((other * 3).sum())

    weight = model.hyper(model.code)
    weight.register_hook(look)
    handle = model.hyper.register_full_backward_hook(look)
    out = checkpoint(
        lambda w: nn.functional.linear(torch.ones(5, 3), w.view(2, 3)), weight, use_reentrant=True
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (out + model(torch.ones(5, 3))).square().mean()
        loss.backward(retain_graph=True)
        return loss

    loss = optimizer.step(closure)
    handle.remove()
    return loss.detach()


def test_backwards_inside_of_backwards_change_nothing():

    def train() -> Any:
        model, optimizer = tiny()
        losses = [reentrant_step(model, optimizer) for _ in range(6)]
        return witness.bits([losses, list(model.parameters())])

    before = witness.world()
    expected = train()
    with hypercheck.watch() as report:
        numbers = train()

    assert expected == numbers
    assert ("ok", 6, ()) == (report.verdict, report.data.steps_seen, report.data.internal_errors)
    assert [] == witness.changed(before)


FORKS = """
import os, sys
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

def train(steps):
    for _ in range(steps):
        optimizer.zero_grad()
        loss = model(torch.ones(4, 3)).square().mean()
        loss.backward()
        optimizer.step()
    return loss.item()

train(2)
child = os.fork()
if child == 0:
    print("child", train(10), flush=True)
    LEAVE
_, status = os.waitpid(child, 0)
print("parent", os.waitstatus_to_exitcode(status), train(10), flush=True)
"""


@pytest.mark.parametrize("leave", ["sys.exit(3)", "os._exit(3)", "os.abort()"])
def test_a_forked_child_trains_on_and_its_parent_reports(leave, tmp_path):
    program = tmp_path / "train.py"
    program.write_text(FORKS.replace("LEAVE", leave))
    plain = launch(program, processes=1, plain=True)
    watched = launch(program, processes=1)

    assert 2 == len(plain.stdout[0].splitlines())
    assert (plain.status, plain.stdout) == (watched.status, watched.stdout)
    assert watched.report is not None
    assert ("ok", 12, []) == (
        watched.report["verdict"],
        watched.report["steps"]["seen"],
        watched.report["internal_errors"],
    )


def test_a_child_forked_inside_of_a_watch_goes_on(tmp_path):
    body = FORKS.replace("LEAVE", "os._exit(3)")
    (tmp_path / "plain.py").write_text(body)
    lines = [
        "import hypercheck",
        "with hypercheck.watch() as report:",
        textwrap.indent(body, "    "),
        "print(report.verdict, report.data.steps_seen, report.data.internal_errors)",
    ]
    (tmp_path / "train.py").write_text("\n".join(lines))
    plain = launch(tmp_path / "plain.py", processes=1, plain=True)
    watched = launch(tmp_path / "train.py", processes=1, plain=True)

    assert ((0,), ("",)) == (watched.status, watched.stderr)
    assert plain.stdout[0] + "ok 12 ()\n" == watched.stdout[0]
