"""What changed between two reports: which findings are fixed, which are new, which are left.

Findings are matched by code, file and subject. Lines move when a file is edited, so they do not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from hypercheck.findings import Finding, ReportData
from hypercheck.report import words


@dataclass(frozen=True, slots=True)
class Difference:
    """The findings of two reports, sorted by what became of them."""

    fixed: tuple[Finding, ...]
    new: tuple[Finding, ...]
    left: tuple[Finding, ...]
    """As the later report tells them."""
    unchecked: tuple[Finding, ...] = ()
    """Gone, but their rule could not be checked the second time: neither fixed nor left."""


def compare(before: ReportData, after: ReportData) -> Difference:
    """What became of the findings of `before` in `after`."""
    earlier, later = words.in_order(before.findings), words.in_order(after.findings)
    gone = _without(earlier, later)
    blind = {outcome.code for outcome in after.outcomes if outcome.state == "not checked"}
    # Without a recorded step nothing was looked at, whatever the outcomes say.
    unchecked = [finding for finding in gone if finding.code in blind or not after.steps_recorded]
    new = _without(later, earlier)
    return Difference(
        fixed=tuple(finding for finding in gone if finding not in unchecked),
        new=tuple(new),
        left=tuple(finding for finding in later if all(finding is not other for other in new)),
        unchecked=tuple(unchecked),
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
    )
    counts = [f"{len(findings)} {name}" for name, _, findings in groups[:3]]
    if difference.unchecked:
        counts.append(f"{len(difference.unchecked)} no longer checked")
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
    return f"{sum(link.linked for link in links)} of {words.counted(len(links), 'generated weight')}"
