"""What changed between two reports: fixed, new, left, and what nobody can tell."""

from __future__ import annotations

from dataclasses import replace

from report_samples import CUT, CUT_AT, LEFTOVER, WASTE, broken, healthy

from hypercheck.findings import Finding, Outcome, ReportData
from hypercheck.report import difference

OTHER = replace(CUT, subject="net.main.2.weight")


def told(*findings: Finding, asked: tuple[str, ...] = ("HC102", "HC203", "HC305")) -> ReportData:
    """A report with these findings, on a run that these rules were asked about."""
    codes = {finding.code for finding in findings}
    outcomes = tuple(Outcome(code, "failed" if code in codes else "passed") for code in asked)
    return replace(broken(), findings=findings, outcomes=outcomes)


def test_what_is_gone_is_fixed() -> None:
    found = difference.compare(told(CUT, WASTE), told(WASTE))

    assert ((CUT,), (), (WASTE,)) == (found.fixed, found.new, found.left)


def test_what_was_not_there_is_new() -> None:
    found = difference.compare(told(WASTE), told(WASTE, CUT))

    assert ((), (CUT,), (WASTE,)) == (found.fixed, found.new, found.left)


def test_a_finding_whose_line_moved_is_left_and_told_at_its_new_line() -> None:
    moved = replace(CUT, location=replace(CUT_AT, line=50, end_line=50))
    found = difference.compare(told(CUT), told(moved))

    assert ((), (), (moved,)) == (found.fixed, found.new, found.left)
    assert "= HC102 error  train.py:50" in difference.render_text(told(CUT), told(moved))


def test_a_finding_with_other_words_is_the_same() -> None:
    reworded = replace(CUT, message="another sentence", victims=CUT.victims[:2], steps=(1,))

    assert (reworded,) == difference.compare(told(CUT), told(reworded)).left


def test_another_file_another_tensor_or_another_code_is_another_finding() -> None:
    elsewhere = replace(CUT, location=replace(CUT_AT, file="model.py"))
    as_detach = replace(CUT, code="HC104")
    for changed in (elsewhere, OTHER, as_detach):
        found = difference.compare(told(CUT), told(changed, asked=("HC102", "HC104")))

        assert ((changed,), ()) == (found.new, found.left)


def test_findings_without_a_place_are_matched_as_well() -> None:
    assert LEFTOVER.location is None

    assert (LEFTOVER,) == difference.compare(told(LEFTOVER), told(LEFTOVER)).left


def test_of_two_equal_findings_one_can_be_fixed() -> None:
    found = difference.compare(told(CUT, CUT), told(CUT))

    assert (1, 0, 1) == (len(found.fixed), len(found.new), len(found.left))


def test_a_second_of_the_same_is_new() -> None:
    found = difference.compare(told(CUT), told(CUT, replace(CUT)))

    assert (0, 1, 1) == (len(found.fixed), len(found.new), len(found.left))


def test_what_could_not_be_checked_again_is_not_called_fixed() -> None:
    after = replace(healthy(), outcomes=(Outcome("HC102", "not checked", "compiled"),))
    found = difference.compare(told(CUT), after)

    assert ((), (CUT,)) == (found.fixed, found.unchecked)
    assert "1 no longer checked" in difference.render_text(told(CUT), after)


def test_what_was_not_asked_again_is_not_called_fixed() -> None:
    found = difference.compare(told(CUT, WASTE), told(asked=("HC203",)))

    assert ((WASTE,), (CUT,)) == (found.fixed, found.unchecked)


def test_what_was_only_silenced_is_not_called_fixed() -> None:
    after = replace(told(), outcomes=(Outcome("HC102", "failed"),))
    found = difference.compare(told(CUT), after)

    assert ((), (CUT,)) == (found.fixed, found.hidden)
    assert "1 no longer told" in difference.render_text(told(CUT), after)


def test_one_of_a_code_is_fixed_although_another_is_left() -> None:
    found = difference.compare(told(CUT, OTHER), told(OTHER))

    assert ((CUT,), (OTHER,), ()) == (found.fixed, found.left, found.hidden)


def test_nothing_is_fixed_in_a_run_without_a_step() -> None:
    after = replace(healthy(), steps_recorded=0, outcomes=())

    assert () == difference.compare(broken(), after).fixed


def test_a_report_without_outcomes_is_taken_at_its_word() -> None:
    assert (CUT,) == difference.compare(told(CUT), replace(told(), outcomes=())).fixed


def test_the_text_counts_first_and_ends_with_links_and_verdict() -> None:
    lines = difference.render_text(
        told(CUT, WASTE), replace(healthy(), outcomes=told().outcomes)
    ).splitlines()

    assert "2 fixed, 0 new, 0 left" == lines[0]
    assert "  - HC102 error  train.py:48  " in "\n".join(lines)
    assert "linked   0 of 2 generated weights -> 2 of 2 generated weights" == lines[-2]
    assert "verdict  gradient flow is broken: 1 error, 1 warning -> healthy: no findings" == lines[-1]


def test_a_report_is_no_different_from_itself() -> None:
    found = difference.compare(broken(), broken())

    assert (3, (), ()) == (len(found.left), found.fixed, found.new)
