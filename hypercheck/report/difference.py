"""What changed between two reports: which findings are fixed, which are new, which are left.

Findings are matched by code, file and subject. Lines move when a file is edited, so they do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from hypercheck.findings import Finding, ReportData
from hypercheck.report import words
from hypercheck.report.linkage import Linkage, linkage


@dataclass(frozen=True, slots=True)
class Difference:
    """The findings of two reports, sorted by what became of them."""

    fixed: tuple[Finding, ...]
    new: tuple[Finding, ...]
    left: tuple[Finding, ...]
    """As the later report tells them."""
    unchecked: tuple[Finding, ...] = ()
    """Gone, but their rule was not or could not be checked the second time: neither fixed nor left."""
    hidden: tuple[Finding, ...] = ()
    """Gone, but their rule still finds it: silenced by a comment, or folded under another finding."""


def compare(before: ReportData, after: ReportData) -> Difference:
    """What became of the findings of `before` in `after`."""
    earlier, later = words.in_order(before.findings), words.in_order(after.findings)
    states = {outcome.code: outcome.state for outcome in after.outcomes}
    told = {finding.code for finding in later}
    fates: dict[str, list[Finding]] = {"fixed": [], "unchecked": [], "hidden": []}
    for finding in _without(earlier, later):
        # A report without outcomes does not say what was asked.
        state = states.get(finding.code, "not checked") if states else "passed"
        # Without a recorded step nothing was looked at, whatever the outcomes say.
        if state == "not checked" or not after.steps_recorded:
            fate = "unchecked"
        else:
            fate = "hidden" if state == "failed" and finding.code not in told else "fixed"
        fates[fate].append(finding)
    new = _without(later, earlier)
    return Difference(
        fixed=tuple(fates["fixed"]),
        new=tuple(new),
        left=tuple(finding for finding in later if all(finding is not other for other in new)),
        unchecked=tuple(fates["unchecked"]),
        hidden=tuple(fates["hidden"]),
    )


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.location.file if finding.location else "", finding.subject


def _without(findings: Iterable[Finding], others: Iterable[Finding]) -> list[Finding]:
    """The findings without a partner among the others; of several with one key, the later ones stay over."""
    partners = Counter(map(_key, others))
    alone = []
    for finding in findings:
        if partners[_key(finding)]:
            partners[_key(finding)] -= 1
        else:
            alone.append(finding)
    return alone


def render_text(before: ReportData, after: ReportData) -> str:
    """The difference as plain lines: counts, then each finding under its fate, then links and verdict."""
    difference = compare(before, after)
    groups = (
        ("fixed", "-", difference.fixed),
        ("new", "+", difference.new),
        ("left", "=", difference.left),
        ("no longer checked", "?", difference.unchecked),
        ("no longer told (silenced, or part of another finding)", "~", difference.hidden),
    )
    counts = [f"{len(findings)} {name}" for name, _, findings in groups[:3]]
    counts += [f"{len(findings)} {name.split(' (')[0]}" for name, _, findings in groups[3:] if findings]
    lines = [", ".join(counts)]
    for name, sign, findings in groups:
        if findings:
            lines += ["", name, *(f"  {sign} {_line(finding)}" for finding in findings)]
    lines += ["", f"linked   {_linked(before)} -> {_linked(after)}"]
    lines.append(f"verdict  {words.verdict(before)} -> {words.verdict(after)}")
    return "\n".join(lines) + "\n"


def _line(finding: Finding) -> str:
    place = words.place(finding.location)
    head = f"{words.plain(finding.code)} {finding.severity.value}"
    return f"{head}  {f'{place}  ' if place else ''}{words.plain(finding.message)}"


def _linked(data: ReportData) -> str:
    links = data.roles.generated
    linked = sum(linkage(link, data.findings) is Linkage.LINKED for link in links)
    return f"{linked} of {words.counted(len(links), 'generated weight')}"
