"""The report as GitHub workflow commands, which show each finding at its line in a pull request."""

from __future__ import annotations

from hypercheck.findings import Finding, ReportData, Severity
from hypercheck.report import words

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(data: ReportData) -> str:
    """One `::error file=…,line=…::message` line for each finding, and a last one with the verdict."""
    lines = [_annotation(finding) for finding in words.in_order(data.findings)]
    lines += [
        _command("warning", {"title": "hypercheck"}, words.plain(error)) for error in data.internal_errors
    ]
    if data.verdict == "incomplete" or not data.findings:
        text = words.verdict(data) + (f"; {words.steps(data)}" if data.steps_seen else "")
        lines.append(
            _command("warning" if data.verdict == "incomplete" else "notice", {"title": "hypercheck"}, text)
        )
    return "".join(f"{line}\n" for line in lines)


def _annotation(finding: Finding) -> str:
    properties: dict[str, str] = {}
    place = finding.location
    if place:
        properties = {
            "file": words.plain(place.file),
            "line": str(place.line),
            "endLine": str(place.end_line),
        }
        # GitHub refuses columns on an annotation of several lines.
        if place.column is not None and place.end_column is not None and place.line == place.end_line:
            properties |= {"col": str(place.column + 1), "endColumn": str(place.end_column + 1)}
    properties["title"] = words.plain(f"{finding.code} {finding.rule}")
    parts = [words.plain(finding.message), f"why: {words.plain(finding.why)}"]
    if finding.victims:
        victims = [words.plain(victim) for victim in finding.victims]
        parts.append(f"{words.harm(finding)}: {words.listed(victims, 6)}")
    parts += [f"fix: {line}" for line in words.plain_lines(finding.fix)]
    return _command(_COMMANDS[finding.severity], properties, "\n".join(parts))


def _command(name: str, properties: dict[str, str], message: str) -> str:
    told = ",".join(f"{key}={_escaped_property(value)}" for key, value in properties.items())
    return f"::{name} {told}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escaped_property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
