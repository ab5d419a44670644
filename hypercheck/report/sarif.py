"""The report as SARIF 2.1.0: code scanning shows each finding at its line, with the rule's page as help."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote

from hypercheck.findings import Finding, Location, ReportData, RuleInfo, Severity
from hypercheck.report import words

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}


def render(data: ReportData) -> str:
    """One SARIF log with one run, as JSON text."""
    findings = words.in_order(data.findings)
    rules = dict(data.rules)
    for finding in findings:
        rules.setdefault(finding.code, _bare_rule(finding))
    codes = sorted(rules)
    driver = {
        "name": "hypercheck",
        "semanticVersion": data.version,
        "rules": [_rule(rules[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            "SRCROOT": {"description": {"text": "The directory hypercheck was started in."}}
        },
        "invocations": [_invocation(data)],
        "results": [_result(finding, codes.index(finding.code), data) for finding in findings],
    }
    log = {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def identity(finding: Finding) -> str:
    """A fingerprint that survives edits elsewhere in the file: code, file and subject, no line number."""
    file = finding.location.file if finding.location else ""
    parts = "\0".join((finding.code, file, finding.subject))
    return hashlib.sha256(parts.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _bare_rule(finding: Finding) -> RuleInfo:
    return RuleInfo(finding.code, finding.rule, finding.severity, finding.stage, finding.rule, "", "", "", "")


def _rule(info: RuleInfo) -> dict[str, Any]:
    help_text = "\n\n".join(
        f"{heading}: {text}"
        for heading, text in (
            ("Finds", info.finds),
            ("Why it matters", info.why_it_matters),
            ("Fix", info.fix),
            ("Not found", info.not_found),
        )
        if text
    )
    examples = "".join(
        f"\n\n**{heading}**\n\n```python\n{code.rstrip()}\n```"
        for heading, code in (("Bad", info.bad_example), ("Good", info.good_example))
        if code
    )
    help_text = help_text or info.summary or info.name
    return {
        "id": info.code,
        "name": "".join(word.capitalize() for word in info.name.split("-")),
        "shortDescription": {"text": info.summary or info.name},
        "fullDescription": {"text": info.finds or info.summary or info.name},
        "help": {"text": help_text, "markdown": help_text + examples},
        "defaultConfiguration": {"level": info.severity.value},
        "properties": {
            "tags": ["gradient-flow", "hypernetwork"],
            "precision": "high",
            "problem.severity": _PROBLEM[info.severity],
            "stage": info.stage,
        },
    }


def _result(finding: Finding, rule_index: int, data: ReportData) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule_index,
        "level": finding.severity.value,
        "message": {"text": _message(finding)},
        "locations": [_location(finding.location)] if finding.location else _whole_target(data),
        "relatedLocations": [_location(place, i + 1) for i, place in enumerate(finding.related)],
        "partialFingerprints": {"hypercheckFinding/v1": identity(finding)},
        "properties": {
            "subject": words.plain(finding.subject),
            "victims": [words.plain(victim) for victim in finding.victims],
            "explains": list(finding.folded),
            "fix": "\n".join(words.plain_lines(finding.fix)),
        },
    }
    fix = _fix(finding)
    return {**result, "fixes": [fix]} if fix else result


def _message(finding: Finding) -> str:
    # Viewers that are short of room show the first sentence only: what is broken comes first.
    parts = [_sentence(finding.message), f"Why: {_sentence(finding.why)}"]
    parts += [f"Seen: {_sentence(fact)}" for fact in finding.seen]
    if finding.victims:
        victims = [words.plain(victim) for victim in finding.victims]
        parts.append(f"{words.harm(finding).capitalize()}: {words.listed(victims, 6)}.")
    fix = "\n".join(words.plain_lines(finding.fix))
    return "\n".join(parts) + (f"\nFix: {fix}" if fix else "")


def _sentence(text: str) -> str:
    return words.plain(text).rstrip(".") + "."


def _fix(finding: Finding) -> dict[str, Any] | None:
    """An exact edit, where `evidence["replacement"]` holds the new source of the blamed lines.

    A fix in SARIF is applied by machine, so advice that is not such an edit stays in the message.
    """
    replacement, place = finding.evidence.get("replacement"), finding.location
    if not isinstance(replacement, str) or place is None:
        return None
    edit = {
        "deletedRegion": {
            "startLine": place.line,
            "startColumn": 1,
            "endLine": place.end_line + 1,
            "endColumn": 1,
        },
        "insertedContent": {"text": replacement.rstrip("\n") + "\n"},
    }
    change = {"artifactLocation": _artifact(place.file), "replacements": [edit]}
    return {"description": {"text": f"replace with: {words.plain(replacement)}"}, "artifactChanges": [change]}


def _location(place: Location, number: int | None = None) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": max(place.line, 1), "endLine": max(place.end_line, place.line, 1)}
    if place.column is not None:
        region["startColumn"] = place.column + 1
        if place.end_column is not None and (place.end_line > place.line or place.end_column > place.column):
            region["endColumn"] = place.end_column + 1
    if place.source:
        region["snippet"] = {"text": "\n".join(words.plain_lines(place.source))}
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": _artifact(place.file), "region": region}
    }
    if number is not None:
        location["id"] = number
    if place.label:
        location["message"] = {"text": words.plain(place.label)}
    if place.function:
        location["logicalLocations"] = [
            {"fullyQualifiedName": words.plain(place.function), "kind": "function"}
        ]
    return location


def _whole_target(data: ReportData) -> list[dict[str, Any]]:
    # Code scanning drops a result without a place, so one that has none is shown at the file that was run.
    if not data.target.path.endswith(".py"):
        return []
    return [
        {"physicalLocation": {"artifactLocation": _artifact(data.target.path), "region": {"startLine": 1}}}
    ]


def _artifact(file: str) -> dict[str, Any]:
    windows = "\\" in file or file[1:2] == ":"
    path: PurePath = PureWindowsPath(file) if windows else PurePosixPath(file)
    uri = quote(path.as_posix().encode("utf-8", "backslashreplace"), safe="/~@+")
    if path.is_absolute():
        return {"uri": "file:///" + uri.lstrip("/").replace("%3A", ":", 1) if windows else "file://" + uri}
    return {"uri": uri, "uriBaseId": "SRCROOT"}


def _invocation(data: ReportData) -> dict[str, Any]:
    notices = [{"level": "error", "message": {"text": words.plain(error)}} for error in data.internal_errors]
    notices += [
        {"level": "note", "message": {"text": f"not checked: {words.listed(codes, 8)}: {reason}"}}
        for reason, codes in words.not_checked(data.outcomes).items()
    ]
    invocation: dict[str, Any] = {
        "executionSuccessful": data.verdict != "incomplete",
        "toolExecutionNotifications": notices,
    }
    if data.script_exit is not None:
        invocation["properties"] = {"scriptExit": data.script_exit}
    return invocation
