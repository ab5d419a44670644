"""The Python interface: watch, Checker, check_step, walk, and the report that they give."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import hypercheck  # noqa: E402


class Model(nn.Module):
    """A main layer whose weight is generated; `cut` says whether the hand-over loses the history."""

    def __init__(self, cut: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.cut = cut
        self.code = nn.Parameter(torch.randn(4))
        self.hyper = nn.Linear(4, 6)
        self.main = nn.Linear(3, 2)

    def forward(self, x):
        weight = self.hyper(self.code).view(2, 3)
        if self.cut:
            self.main.weight.data = weight
            return self.main(x)
        return torch.func.functional_call(self.main, {"weight": weight}, x)


def made(cut):
    model = Model(cut)
    return model, torch.optim.SGD([p for n, p in model.named_parameters() if n != "main.weight"], lr=0.1)


def one_step(model, optimizer):
    optimizer.zero_grad()
    loss = model(torch.ones(5, 3)).square().mean()
    loss.backward()
    optimizer.step()
    return loss


def watched(cut, steps=4):
    model, optimizer = made(cut)
    with hypercheck.watch(model, optimizer) as report:
        for _ in range(steps):
            one_step(model, optimizer)
    return report


def codes(findings):
    return [finding.code for finding in findings if finding.severity is hypercheck.Severity.ERROR]


def test_watch_finds_the_cut():
    report = watched(cut=True)

    assert "findings" == report.verdict
    assert ["HC102"] == codes(report.findings)
    assert "self.main.weight.data = weight" == report.findings[0].location.source.strip()


def test_watch_is_silent_on_a_linked_model():
    report = watched(cut=False)

    assert "ok" == report.verdict
    assert [] == codes(report.findings)


def test_watch_needs_no_arguments():
    model, optimizer = made(cut=True)
    with hypercheck.watch() as report:
        for _ in range(4):
            one_step(model, optimizer)

    assert ["HC102"] == codes(report.findings)


def test_the_victims_have_their_names():
    victims = set(watched(cut=True).findings[0].victims)

    assert {"model.code", "model.hyper.weight", "model.hyper.bias"} == victims


def test_the_report_is_not_there_inside_of_the_block():
    with hypercheck.watch() as report, pytest.raises(hypercheck.HypercheckError, match="not there yet"):
        _ = report.findings


def test_an_exception_passes_through_and_the_report_is_filled():
    model, optimizer = made(cut=True)
    with pytest.raises(ZeroDivisionError), hypercheck.watch(model, optimizer) as report:
        for _ in range(4):
            one_step(model, optimizer)
        _ = 1 / 0

    assert ["HC102"] == codes(report.findings)


def test_without_a_step_the_verdict_is_incomplete():
    with hypercheck.watch() as report:
        pass

    assert "incomplete" == report.verdict
    with pytest.raises(hypercheck.GradientFlowError, match="no verdict"):
        report.raise_for_errors()


def test_raise_for_errors_tells_code_and_line():
    report = watched(cut=True)

    with pytest.raises(hypercheck.GradientFlowError, match=r"test_api\.py:\d+: HC102 data-assign"):
        report.raise_for_errors()


def test_raise_for_errors_is_silent_on_a_healthy_run():
    watched(cut=False).raise_for_errors()


def test_check_step_repeats_the_step_and_judges_it():
    model, optimizer = made(cut=True)
    losses = []
    report = hypercheck.check_step(
        lambda: losses.append(one_step(model, optimizer)), model, optimizer, repeat=3
    )

    assert 3 == len(losses)
    assert ["HC102"] == codes(report.findings)
    assert 3 == report.data.steps_recorded


def test_the_stages_of_a_healthy_step_find_nothing():
    model, optimizer = made(cut=False)
    checker = hypercheck.Checker(model, optimizer=optimizer)
    with checker.step() as step:
        loss = model(torch.ones(5, 3)).square().mean()
        found = [*step.before_backward(loss)]
        optimizer.zero_grad()
        loss.backward()
        found += step.before_step()
        optimizer.step()
        found += step.after_step()

    assert [] == codes(found)


def test_the_stages_of_a_cut_step_tell_the_cut_once():
    model, optimizer = made(cut=True)
    checker = hypercheck.Checker(model, optimizer=optimizer)
    told = []
    for _ in range(3):
        with checker.step() as step:
            loss = model(torch.ones(5, 3)).square().mean()
            told += step.before_backward(loss)
            optimizer.zero_grad()
            loss.backward()
            told += step.before_step()
            optimizer.step()
            told += step.after_step()

    assert "HC102" in codes(told)
    assert ["HC102"] == codes(checker.report().findings)


def test_stages_may_be_left_out():
    model, optimizer = made(cut=True)
    checker = hypercheck.Checker(model, optimizer=optimizer)
    for _ in range(3):
        with checker.step():
            one_step(model, optimizer)

    assert ["HC102"] == codes(checker.report().findings)


def test_a_loss_without_history_is_refused():
    model, optimizer = made(cut=False)
    with hypercheck.Checker(model, optimizer=optimizer).step() as step:
        with pytest.raises(hypercheck.HypercheckError, match="no grad_fn"):
            step.before_backward(torch.ones(()))


def test_walk_follows_the_generated_weight_to_the_code():
    model, _ = made(cut=False)
    found = hypercheck.walk(model(torch.ones(5, 3)).sum())

    assert found.reaches(model.code)
    assert found.reaches(model.hyper.weight)
    assert not found.reaches(model.main.weight)


def test_walk_does_not_reach_the_code_across_a_cut():
    model, _ = made(cut=True)
    found = hypercheck.walk(model(torch.ones(5, 3)).sum())

    assert () == found.path_to(model.code)
    assert found.reaches(model.main.weight)


@pytest.mark.parametrize("suffix", [".json", ".html", ".sarif", ".xml", ".md", ".txt"])
def test_a_report_is_saved_in_the_format_of_its_suffix(tmp_path, suffix):
    path = tmp_path / f"report{suffix}"
    watched(cut=True).save(path)

    assert "HC102" in path.read_text(encoding="utf-8")


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(hypercheck.HypercheckError, match="suffix"):
        watched(cut=False).save(tmp_path / "report.docx")


def test_to_json_is_the_contract():
    tree = json.loads(watched(cut=True).to_json())

    assert "hypercheck/1" == tree["schema"]
    assert {"error": 1, "warning": 0} == {key: tree["summary"][key] for key in ("error", "warning")}


def test_print_writes_the_report_to_stdout(capsys):
    watched(cut=True).print()

    assert "HC102 data-assign" in capsys.readouterr().out


def test_the_repr_tells_the_verdict():
    assert "findings" in repr(watched(cut=True))


def test_a_notebook_gets_text_and_html():
    bundle = watched(cut=True)._repr_mimebundle_()

    assert {"text/plain", "text/html"} == set(bundle)
    assert "HC102" in bundle["text/html"]


def test_drawing_a_report_shows_what_gets_no_gradient():
    assert "gets no gradient" in hypercheck.draw(watched(cut=True)).source


def test_drawing_a_report_marks_the_cut_with_its_code():
    assert "HC102" in hypercheck.draw(watched(cut=True)).source


def test_drawing_a_loss_shows_its_autograd_graph():
    model, _ = made(cut=False)

    assert "Backward0" in hypercheck.draw(model(torch.ones(5, 3)).sum()).source


@pytest.mark.parametrize("name", hypercheck.__all__)
def test_every_public_name_is_there(name):
    assert hasattr(hypercheck, name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = hypercheck.nothing


def test_a_comment_on_the_line_silences_the_rule():
    model, optimizer = made(cut=True)

    def forward(x):
        model.main.weight.data = model.hyper(model.code).view(2, 3)  # hypercheck: ignore[HC102]
        return model.main(x)

    model.forward = forward
    with hypercheck.watch(model, optimizer) as report:
        for _ in range(4):
            one_step(model, optimizer)

    assert "HC102" not in codes(report.findings)
