"""The report as Markdown, for a pull-request comment or a step summary.

Names and source stand in code spans and fences that are longer than any run of backticks inside of them; all
other text has its Markdown and HTML characters escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hypercheck.findings import Finding, Link, Location, ReportData, Severity
from hypercheck.report import words
from hypercheck.report.console import proof
from hypercheck.report.linkage import Linkage, gradient, in_order

MOST_FINDINGS = 20
MOST_LINKS = 12
_SIGNS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.NOTE: "ℹ️"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$])")


def render(data: ReportData) -> str:
    """A heading with the verdict, the findings, the links, and what was not checked."""
    lines = [f"## hypercheck: {escaped(words.verdict(data))}", ""]
    lines += [f"{code(words.command(data))} · {words.steps(data)} · torch {escaped(data.torch)}", ""]
    findings = words.in_order(data.findings)
    for finding in findings[:MOST_FINDINGS]:
        lines += [*_finding(finding), ""]
    if len(findings) > MOST_FINDINGS:
        lines += [f"…and {words.counted(len(findings) - MOST_FINDINGS, 'more finding')}.", ""]
    if data.roles.generated:
        lines += [*_links(data), ""]
    lines += [*_checked(data)]
    return "\n".join(lines).rstrip("\n") + "\n"


def escaped(text: object) -> str:
    r"""Text that Markdown and HTML show as it is, and that mentions nobody.

    >>> escaped("a_b <b>")
    'a\\_b &lt;b&gt;'
    """
    html = words.plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", html).replace("@", "@<!-- -->")


def code(text: object, in_table: bool = False) -> str:
    """A code span; `in_table` escapes the bars that would end a cell.

    >>> code("a`b")
    '``a`b``'
    """
    content = words.plain(text)
    ticks = "`" * (_longest_run(content) + 1)
    if content.startswith("`") or content.endswith("`") or not content:
        content = f" {content} "
    return f"{ticks}{content.replace('|', chr(92) + '|') if in_table else content}{ticks}"


def _fence(lines: list[str], language: str) -> list[str]:
    ticks = "`" * max(3, _longest_run("\n".join(lines)) + 1)
    return [f"{ticks}{language}", *lines, ticks]


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _finding(finding: Finding) -> Iterator[str]:
    place = f" at {code(words.place(finding.location))}" if finding.location else ""
    yield f"### {_SIGNS[finding.severity]} {escaped(finding.code)} {escaped(finding.rule)}{place}"
    yield ""
    yield f"**{escaped(finding.message)}**"
    yield ""
    if finding.location and finding.location.source.strip():
        yield from _fence([words.plain_source(finding.location.source)], "python")
        yield ""
    for place_of in finding.related:
        yield _related(place_of)
    for fact in finding.seen:
        yield f"- seen: {escaped(fact)}"
    if finding.victims:
        shown = ", ".join(code(victim) for victim in finding.victims[:6])
        more = f" and {len(finding.victims) - 6} more" if len(finding.victims) > 6 else ""
        yield f"- {words.harm(finding)}: {shown}{more}"
    yield f"- why: {escaped(finding.why)}"
    if finding.folded:
        yield f"- explains here: {', '.join(map(escaped, finding.folded))}"
    fix = words.plain_lines(finding.fix)
    if fix:
        yield ""
        yield "Fix:"
        yield ""
        yield from _fence(fix, "python")
    yield ""
    yield f"More: {code('hypercheck explain ' + finding.code)}"


def _related(place: Location) -> str:
    label = f" {escaped(place.label)}" if place.label else ""
    source = f": {code(words.plain_source(place.source))}" if place.source.strip() else ""
    return f"- {code(words.place(place))}{label}{source}"


def _links(data: ReportData) -> Iterator[str]:
    links = in_order(data.roles.generated, data.findings)
    yield "<details><summary>Generated weights</summary>"
    yield ""
    yield "| weight | slot | from | equal | linked | gradient | updated |"
    yield "| --- | --- | --- | --- | --- | ---: | --- |"
    for link, state in links[:MOST_LINKS]:
        yield _row(link, state)
    if len(links) > MOST_LINKS:
        yield ""
        yield f"…and {len(links) - MOST_LINKS} more."
    yield ""
    yield "</details>"


def _row(link: Link, state: Linkage) -> str:
    cells = (
        code(f"{link.name} {words.shape(link.shape)}", in_table=True),
        code(link.slot, in_table=True),
        code(f"{link.source} {words.ranges(link, 2)}", in_table=True),
        words.answer(link.equal),
        "**cut**" if state is Linkage.CUT else f"**{state.value}**" if state is Linkage.PART else state.value,
        gradient(link, state),
        words.answer(link.updated),
    )
    return f"| {' | '.join(cells)} |"


def _checked(data: ReportData) -> Iterator[str]:
    yield "<details><summary>What was checked</summary>"
    yield ""
    for line in proof(data):
        yield f"- {escaped(line)}"
    for reason, codes in words.not_checked(data.outcomes).items():
        yield f"- not checked: {escaped(words.listed(codes, 8))}: {escaped(reason)}"
    for error in data.internal_errors:
        yield f"- hypercheck's own fault: {escaped(error)}"
    yield ""
    yield "</details>"
