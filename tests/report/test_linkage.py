"""Tables and verdict agree: a weight without a gradient is a cut where a finding says so, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_samples import CUT, WASTE, broken, healthy

from hypercheck import report
from hypercheck.findings import Link, ReportData, Severity
from hypercheck.report.linkage import Linkage, gradient, in_order, linkage

TEACHER = Link(
    "w", (3, 5), "teacher.weight", "teacher.h", ((0, 15),), False, True, 15, 15, None, False,
    reason="computed from teacher.emb.weight, teacher.h.weight, teacher.h.bias",
)  # fmt: skip
STARVES_IT = replace(CUT, subject="hyper.out", victims=("teacher.emb.weight", "teacher.h.weight"))


def with_teacher(data: ReportData) -> ReportData:
    return replace(data, roles=replace(data.roles, generated=(TEACHER, *data.roles.generated)))


def test_without_a_finding_it_is_values_only() -> None:
    assert Linkage.VALUES is linkage(TEACHER, ())


def test_a_finding_that_starves_its_makers_makes_it_a_cut() -> None:
    assert Linkage.CUT is linkage(TEACHER, (STARVES_IT,))


def test_a_note_does_not() -> None:
    assert Linkage.VALUES is linkage(TEACHER, (replace(STARVES_IT, severity=Severity.NOTE),))


def test_a_finding_about_others_does_not() -> None:
    assert Linkage.VALUES is linkage(TEACHER, (CUT, WASTE))


def test_a_leaf_that_took_a_weights_place_is_a_cut_although_the_loss_reaches_it() -> None:
    reached = replace(broken().roles.generated[0], linked=True)
    finding = replace(CUT, evidence={"target": reached.slot})

    assert Linkage.CUT is linkage(reached, (finding,))
    assert Linkage.CUT is not linkage(reached, (CUT,))


def test_a_weight_of_which_some_makers_starve_is_linked_in_part() -> None:
    assert Linkage.PART is linkage(replace(TEACHER, linked=True), (STARVES_IT,))
    assert Linkage.LINKED is linkage(replace(TEACHER, linked=True), (replace(STARVES_IT, code="HC304"),))


def test_what_is_cut_comes_first_and_what_is_meant_later() -> None:
    data = with_teacher(broken())

    assert [Linkage.CUT, Linkage.PART, Linkage.VALUES] == [
        state for _, state in in_order(data.roles.generated, data.findings)
    ]


def test_a_gradient_that_was_not_measured_is_a_dash_and_a_missing_one_is_none() -> None:
    assert ("-", "none") == (gradient(TEACHER, Linkage.VALUES), gradient(TEACHER, Linkage.CUT))


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_a_healthy_report_calls_nothing_cut(format: str) -> None:
    text = report.render(with_teacher(healthy()), format)

    assert "values only" in text
    assert "1 used for values only: detached or frozen" in text
    assert not any(word in text for word in ("CUT", "**cut**", 'class="cut"', "✂ cut"))


def test_the_counts_agree_with_the_table() -> None:
    text = report.render(with_teacher(broken()), "text")

    assert "0 of 3 generated weights linked" in text
    assert [1, 1] == [text.count(f" {word} ") for word in ("CUT", "values only")]
