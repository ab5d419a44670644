"""The report as JUnit XML: one test case for each rule, and one for each finding of a rule that failed."""

from __future__ import annotations

from xml.etree import ElementTree

from hypercheck.findings import Finding, ReportData, Severity
from hypercheck.report import words


def render(data: ReportData, fail_on: Severity = Severity.ERROR) -> str:
    """One test suite. Findings at or above `fail_on` are failures; milder ones pass and tell their story."""
    suite = ElementTree.Element("testsuite", name="hypercheck")
    home = words.plain(data.target.path) or words.plain(data.target.kind)
    found: dict[str, list[Finding]] = {}
    for finding in words.in_order(data.findings):
        found.setdefault(finding.code, []).append(finding)
    for outcome in data.outcomes:
        findings = found.pop(outcome.code, [])
        for finding in findings:
            _add_finding(suite, home, finding, fail_on)
        if findings:
            continue
        case = _add_case(suite, home, words.plain(outcome.code), data)
        if outcome.state == "not checked":
            ElementTree.SubElement(case, "skipped", message=words.plain(outcome.reason))
    for findings in found.values():
        for finding in findings:
            _add_finding(suite, home, finding, fail_on)
    for i, error in enumerate(data.internal_errors, start=1):
        case = ElementTree.SubElement(suite, "testcase", classname=home, name=f"hypercheck itself {i}")
        ElementTree.SubElement(case, "error", message=words.plain(error), type="hypercheck")
    _count(suite)
    suites = ElementTree.Element("testsuites", {"name": "hypercheck", **_totals(suite)})
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, "unicode") + "\n"


def _add_case(suite: ElementTree.Element, home: str, code: str, data: ReportData) -> ElementTree.Element:
    info = data.rules.get(code)
    name = f"{code} {info.name}" if info else code
    return ElementTree.SubElement(suite, "testcase", classname=home, name=words.plain(name))


def _add_finding(suite: ElementTree.Element, home: str, finding: Finding, fail_on: Severity) -> None:
    name = words.plain(f"{finding.code} {finding.rule}: {finding.subject}")
    case = ElementTree.SubElement(suite, "testcase", classname=home, name=name)
    if finding.location:
        case.set("file", words.plain(finding.location.file))
        case.set("line", str(finding.location.line))
    if finding.severity.rank >= fail_on.rank:
        failure = ElementTree.SubElement(
            case, "failure", message=words.plain(finding.message), type=finding.severity.value
        )
        failure.text = story(finding)
    else:
        ElementTree.SubElement(case, "system-out").text = f"{finding.severity.value}: {story(finding)}"


def story(finding: Finding) -> str:
    """The finding as plain lines: what, where, seen, harm, why, fix, more."""
    lines = [f"what   {words.plain(finding.message)}"]
    if finding.location:
        source = words.plain_source(finding.location.source)
        lines.append(f"where  {words.place(finding.location)}  {source}".rstrip())
    lines += [f"seen   {words.plain(fact)}" for fact in finding.seen]
    if finding.victims:
        victims = [words.plain(victim) for victim in finding.victims]
        lines.append(f"harm   {words.harm(finding)}: {words.listed(victims, 6)}")
    lines.append(f"why    {words.plain(finding.why)}")
    lines += [f"fix    {line}" for line in words.plain_lines(finding.fix)]
    lines.append(f"more   hypercheck explain {words.plain(finding.code)}")
    return "\n".join(lines)


def _count(suite: ElementTree.Element) -> None:
    cases = suite.findall("testcase")
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(kind) is not None for case in cases)))
    suite.set("tests", str(len(cases)))


def _totals(suite: ElementTree.Element) -> dict[str, str]:
    return {name: suite.get(name, "0") for name in ("tests", "failures", "errors", "skipped")}
