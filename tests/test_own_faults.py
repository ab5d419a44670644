"""A fault of hypercheck's own never reaches the training: it is told once, and the verdict says so."""

from __future__ import annotations

import functools
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("jinja2")

import witness  # noqa: E402
from torch import nn  # noqa: E402

import hypercheck  # noqa: E402
from hypercheck import checker, cli  # noqa: E402
from hypercheck.facts import RunFacts  # noqa: E402
from hypercheck.findings import ReportData, Target  # noqa: E402
from hypercheck.observe.observation import Observation  # noqa: E402
from hypercheck.report import FORMATS  # noqa: E402
from hypercheck.rules import CATALOGUE  # noqa: E402
from hypercheck.settings import Settings  # noqa: E402


class Injected(Exception):
    """A fault that no code of hypercheck expects."""


PLACES = {
    "an operation": "tape:Tape.record",
    "an operation's function": "plans:classify",
    "the user's statement": "frames:FrameReader.site",
    "a call of a module": "tape:Tape.entered",
    "the end of a module's call": "tape:Tape.returned_by",
    "a module's number": "session:Session.module_number",
    "a Parameter": "tape:Tape.wrapped",
    "data assigned": "tape:Tape.data_set",
    "an attribute assigned": "tape:Tape.assigned",
    "a custom function begins": "tape:Tape.enter_opaque",
    "a custom function ends": "tape:Tape.leave_opaque",
    "a custom function": "tape:Tape.opaque_call",
    "autograd.grad": "tape:Tape.call",
    "a gradient read": "tape:Tape.grad_read",
    "autograd switched": "tape:Tape.grad_switched",
    "requires_grad set": "tape:Tape.flagged",
    "a value that leaves torch": "tape:Exports.add",
    "a value that comes back": "tape:Exports.match",
    "a sample of values": "tape:Samples.take",
    "an optimizer is built": "session:Session.optimizer_record",
    "before the backward": "session:Session._before_backward",
    "the walk of the graph": "session:walk_graph",
    "the names of the variables": "names:snapshot",
    "after the backward": "session:Session._after_backward",
    "the probe is attached": "probe:GradientProbe.attach",
    "the probe looks": "probe:GradientProbe._starved",
    "the probe's answer": "probe:GradientProbe.killers",
    "before the optimizer": "session:Session._measure_before",
    "a gradient's size": "gradients:measure",
    "a parameter's numbers": "gradients:fingerprint",
    "after the optimizer": "session:Session._measure_after",
    "a parameter's change": "gradients:compare",
    "which step is next": "session:Session._decide_next",
    "the end of a step": "session:Session._finish_step",
    "the patches are put on": "patches:RecordingPatches.install",
    "the digest": "digest:Digest.facts",
    "what the steps add up to": "observation:Observation._judge",
    "the picture of the modules": "observation:module_flow",
    "the picture of the operations": "observation:op_flow",
    "the names": "observation:Naming",
    "the roles": "observation:Observation._roles",
    "the facts of the optimizers": "observation:Observation._optimizer_facts",
}
"""Each kind of place where hypercheck's own code runs while or after a program trains."""
ONCE = ("the patches are put on", "the picture", "the names", "the roles", "the facts of")
"""Beginnings of those that are come by only once."""
CASES = [
    (place, fault, after)
    for place in PLACES
    for fault, after in ((Injected("injected"), 0), (Injected("injected"), 1), (MemoryError("injected"), 0))
    if not after or not place.startswith(ONCE)
]


def case_id(case: tuple[str, BaseException, int]) -> str:
    place, fault, after = case
    return f"{place}, {type(fault).__name__}{' later' * after}"


class Doubled(torch.autograd.Function):
    """Twice its input."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


class Model(nn.Module):
    """Generated weights on their way through all that hypercheck listens to."""

    def __init__(self) -> None:
        super().__init__()
        self.code = nn.Parameter(torch.randn(4))
        self.unlucky = nn.Parameter(torch.zeros(3))
        self.hyper = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6))
        self.main = nn.Linear(3, 2)
        self.cut = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = Doubled.apply(self.hyper(self.code).view(2, 3))
        weight = weight / weight.norm()
        self.scale = float(weight.abs().max().item())
        with torch.no_grad():
            back = torch.from_numpy(weight.numpy().copy())
        self.cut.weight.data = back
        self.cut.bias = nn.Parameter(weight[:, 0])
        self.last = back
        frozen = torch.zeros(2).requires_grad_()
        y = torch.func.functional_call(self.main, {"weight": weight}, x * self.scale) + self.cut(x) + frozen
        return y + (self.unlucky * 0).sum()


def train(steps: int = 8) -> Any:
    """Everything that a training leaves, as bits."""
    torch.manual_seed(0)
    model = Model()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    left = []
    for _ in range(steps):
        x = torch.randn(5, 3)
        optimizer.zero_grad()
        loss = model(x).square().mean()
        (sensitivity,) = torch.autograd.grad(loss, model.code, retain_graph=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        left += [loss, sensitivity, model.code.grad]
    return witness.bits([left, model.state_dict(), optimizer.state_dict(), torch.get_rng_state()])


def inject(monkeypatch: pytest.MonkeyPatch, place: str, fault: BaseException, after: int = 0) -> list[int]:
    """Let the function at `module:Owner.name` raise from its call number `after` on; counts its calls."""
    module_name, _, path = place.partition(":")
    owner: Any = importlib.import_module(f"hypercheck.observe.{module_name}")
    *owners, name = path.split(".")
    for part in owners:
        owner = getattr(owner, part)
    original = getattr(owner, name)
    calls = [0]

    @functools.wraps(original)
    def failing(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] > after:
            raise fault
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, failing)
    return calls


def told(report: hypercheck.Report) -> str:
    return hypercheck.report.render(report.data, "text")


@pytest.fixture(autouse=True)
def no_mode_is_handed_on() -> Iterator[None]:
    """A test that fails over a mode left behind does not make the next one fail as well."""
    yield
    while torch.overrides._get_current_function_mode_stack():
        torch.overrides._pop_mode()


@pytest.fixture(scope="module")
def expected() -> Any:
    return train()


def test_without_a_fault_every_place_is_come_by(monkeypatch):
    never = 10**9
    calls = {place: inject(monkeypatch, place, Injected(), never) for place in PLACES.values()}
    with hypercheck.watch():
        train()

    assert [] == [place for place, count in calls.items() if not count[0]]


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_fault_of_ours_is_told_once_and_changes_nothing(case, monkeypatch, expected):
    place, fault, after = case
    before = witness.world()
    inject(monkeypatch, PLACES[place], fault, after)
    with hypercheck.watch() as report:
        found = train()

    assert expected == found
    assert "incomplete" == report.verdict
    assert 1 == len(report.data.internal_errors)
    assert 1 == told(report).count("injected")
    assert f"{type(fault).__name__}: injected" in told(report)
    assert 1 == told(report).count("hypercheck explain HC905")
    assert [] == witness.changed(before)


@pytest.mark.parametrize(
    "place",
    [
        "tape:Tape.record",
        "session:Session._before_backward",
        "digest:Digest.facts",
    ],
)
def test_after_a_fault_of_ours_nothing_of_it_runs_any_more(place, monkeypatch):
    calls = inject(monkeypatch, place, Injected("injected"))
    with hypercheck.watch(steps=20):
        train(20)

    assert 1 == calls[0]


def test_ctrl_c_in_our_own_code_is_the_users(monkeypatch):
    before = witness.world()
    inject(monkeypatch, "tape:Tape.record", KeyboardInterrupt(), after=40)
    with pytest.raises(KeyboardInterrupt), hypercheck.watch():
        train()

    assert [] == witness.changed(before)


def test_a_fault_of_ours_does_not_hide_the_users_error(monkeypatch):
    inject(monkeypatch, "observation:Naming", Injected("injected"))
    with pytest.raises(ZeroDivisionError), hypercheck.watch() as report:
        train()
        _ = 1 / 0

    assert "incomplete" == report.verdict


def test_no_verdict_is_an_error_where_errors_are_asked_for(monkeypatch):
    inject(monkeypatch, "tape:Tape.record", Injected("injected"))
    with hypercheck.watch() as report:
        train()

    with pytest.raises(hypercheck.GradientFlowError, match="no verdict"):
        report.raise_for_errors()


# -- rules --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def facts() -> RunFacts:
    observation = Observation()
    observation.start()
    train(4)
    observation.stop()
    return observation.facts()


def judged(facts: RunFacts) -> ReportData:
    return checker.report(facts, Target("watch", "code"), Settings(), version="", torch_version="")


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda rule: rule.code)
def test_a_rule_that_fails_is_told_and_leaves_the_others_alone(rule, facts, monkeypatch):
    def check(facts: Any) -> Any:
        yield from ()
        raise Injected("injected")

    before = {outcome.code: outcome.state for outcome in judged(facts).outcomes}
    monkeypatch.setitem(vars(rule), "check", check)
    report = judged(facts)

    assert {**before, rule.code: "not checked"} == {item.code: item.state for item in report.outcomes}
    assert "incomplete" == report.verdict
    assert 1 == len(report.internal_errors)
    assert f"rule {rule.code} failed: Injected: injected" in report.internal_errors[0]
    assert 1 == hypercheck.report.render(report, "text").count("injected")


def test_what_the_other_rules_find_is_told_all_the_same(facts, monkeypatch):
    def check(facts: Any) -> Any:
        raise Injected("injected")

    codes = {finding.code for finding in judged(facts).findings}
    others = [rule for rule in CATALOGUE if rule.code not in codes]
    for rule in others:
        monkeypatch.setitem(vars(rule), "check", check)
    report = judged(facts)

    assert set() < codes == {finding.code for finding in report.findings}
    assert len(others) == len(report.internal_errors)


# -- doors and formats --------------------------------------------------------------------------------


SCRIPT = """
import sys
import torch

torch.manual_seed(0)
model = torch.nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(3):
    optimizer.zero_grad()
    loss = model(torch.ones(4, 3)).square().mean()
    loss.backward()
    optimizer.step()
    print(loss.item())
sys.exit({status})
"""
RENDERERS = {
    "rich": "console:_Page.parts",
    "text": "console:_Page.parts",
    "json": "json_report:render",
    "sarif": "sarif:render",
    "junit": "junit:render",
    "markdown": "markdown:render",
    "html": "html_report:render",
    "github": "github:render",
}


def run(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    *options: str,
    status: int = 0,
) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of `hypercheck run` in this process."""
    (folder / "train.py").write_text(SCRIPT.format(status=status))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["hypercheck", "run", *options, "train.py"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    capfd.readouterr()
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capfd.readouterr()
    return int(end.value.code or 0), out, err


def break_renderer(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    module_name, _, path = RENDERERS[format].partition(":")
    owner: Any = importlib.import_module(f"hypercheck.report.{module_name}")
    *owners, name = path.split(".")
    for part in owners:
        owner = getattr(owner, part)

    def failing(*args: Any, **kwargs: Any) -> Any:
        raise Injected("injected")

    monkeypatch.setattr(owner, name, failing)


def test_every_format_is_broken_in_turn():
    assert set(FORMATS) == set(RENDERERS)


@pytest.mark.parametrize("status", [0, 3])
@pytest.mark.parametrize("format", RENDERERS)
def test_a_format_that_fails_is_one_sentence_and_keeps_nothing_back(
    format, status, tmp_path, monkeypatch, capfd
):
    other = "sarif" if format != "sarif" else "json"
    plain = run(tmp_path, monkeypatch, capfd, "--output", f"{other}=other.out", status=status)
    (tmp_path / "other.out").unlink()
    break_renderer(monkeypatch, format)
    options = ("--format", format, "--output", f"{format}=same.out", "--output", f"{other}=other.out")
    found = run(tmp_path, monkeypatch, capfd, *options, status=status)

    assert (status or 2, plain[1]) == found[:2]
    assert 2 == found[2].count("Injected: injected")
    assert 2 == found[2].count("hypercheck explain HC905")
    assert "Traceback" not in found[2]
    assert json.loads((tmp_path / "other.out").read_text())
    assert not (tmp_path / "same.out").exists()


@pytest.mark.parametrize("format", RENDERERS)
def test_a_format_that_fails_in_python_is_an_error_of_hypercheck(format, tmp_path, monkeypatch):
    with hypercheck.watch() as report:
        train(2)
    break_renderer(monkeypatch, format)

    with pytest.raises(hypercheck.HypercheckError, match=r"Injected: injected.*hypercheck explain HC905"):
        hypercheck.report.render(report.data, format)


@pytest.mark.parametrize("status", [0, 3])
@pytest.mark.parametrize("place", ["tape:Tape.record", "digest:Digest.facts", "observation:Naming"])
def test_run_ends_with_2_after_a_fault_of_ours_unless_the_script_ends_otherwise(
    place, status, tmp_path, monkeypatch, capfd
):
    plain = run(tmp_path, monkeypatch, capfd, status=status)
    inject(monkeypatch, place, Injected("injected"))
    found = run(tmp_path, monkeypatch, capfd, status=status)

    assert (status or 2, plain[1]) == found[:2]
    assert 1 == found[2].count("injected")
    assert "Traceback" not in found[2]


def test_a_live_view_that_fails_does_not_disturb_the_script(tmp_path, monkeypatch, capfd):
    plain = run(tmp_path, monkeypatch, capfd)
    show = importlib.import_module("hypercheck.live").LiveLine

    def failing(*args: Any) -> None:
        raise Injected("injected")

    monkeypatch.setattr(show, "show", failing)
    found = run(tmp_path, monkeypatch, capfd)

    assert (2, plain[1]) == found[:2]
    assert 1 == found[2].count("injected")
