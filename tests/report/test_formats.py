"""Each format against its gold file, and against what its readers demand of it.

HYPERCHECK_OVERWRITE=1 writes the gold files anew.
"""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import jsonschema
import pytest
from report_samples import CUT, EVIL, broken, healthy, hostile

import hypercheck
from hypercheck import report
from hypercheck.errors import HypercheckError
from hypercheck.findings import Finding, Location, ReportData, Severity, Target
from hypercheck.report import console, github, json_report, junit, markdown, sarif

GOLD = Path(__file__).parent / "gold"
SAMPLES = {"healthy": healthy, "broken": broken, "hostile": hostile}
SUFFIX = {
    "text": "txt",
    "json": "json",
    "sarif": "sarif",
    "junit": "xml",
    "markdown": "md",
    "github": "github.txt",
}


def assert_gold(name: str, text: str) -> None:
    path = GOLD / name
    if os.environ.get("HYPERCHECK_OVERWRITE"):
        path.write_text(text, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == text, f"{path} differs; HYPERCHECK_OVERWRITE=1 renews it"


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("name", SUFFIX)
def test_format_is_as_in_its_gold_file(sample: str, name: str) -> None:
    assert_gold(f"{sample}.{SUFFIX[name]}", report.render(SAMPLES[sample](), name))


@pytest.mark.parametrize("sample", SAMPLES)
def test_narrow_report_is_as_in_its_gold_file(sample: str) -> None:
    assert_gold(f"{sample}.40.txt", console.render_text(SAMPLES[sample](), width=40))


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("width", [20, 40, 60, 100, 200])
def test_no_line_is_wider_than_the_terminal(sample: str, width: int) -> None:
    from rich.cells import cell_len

    text = console.render_text(SAMPLES[sample](), width=width)

    assert [line for line in text.splitlines() if cell_len(line) > width] == []


@pytest.mark.parametrize("name", ["text", "markdown", "github", "junit"])
def test_no_control_character_of_a_name_reaches_the_output(name: str) -> None:
    text = report.render(hostile(), name)

    assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text) == []


def test_ascii_report_holds_only_ascii() -> None:
    text = console.render_text(hostile(), ascii_only=True)

    assert text.isascii()
    assert "\\u6a21" in text


def test_colour_is_used_only_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" in report.render(broken(), "rich")
    assert "\x1b" not in report.render(broken(), "text")

    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in report.render(broken(), "rich")


def test_causes_come_before_milder_findings() -> None:
    text = console.render_text(broken())

    assert text.index("HC102") < text.index("HC203") < text.index("HC305")


def test_carets_stand_under_the_blamed_part() -> None:
    lines = console.render_text(broken()).splitlines()
    at = next(i for i, line in enumerate(lines) if "nn.Linear(" in line)

    assert lines[at].index("nn.Linear(") == lines[at + 1].index("^")
    assert len("nn.Linear(64, 784 * 64 * 10)") == lines[at + 1].count("^")


def test_carets_count_wide_characters_and_inner_spaces() -> None:
    place = Location("a.py", 1, 1, source="    名 =  f(w)", column=9, end_column=13)

    assert console.excerpt_columns(place) == ("名 =  f(w)", 5, 9)


def test_many_links_are_folded_and_cut_ones_are_shown_first() -> None:
    import dataclasses

    links = tuple(dataclasses.replace(healthy().roles.generated[0], name=f"w{i}") for i in range(50))
    links = (*links[:-1], dataclasses.replace(links[-1], linked=False))
    data = dataclasses.replace(healthy(), roles=dataclasses.replace(healthy().roles, generated=links))

    text = console.render_text(data)

    assert "and 38 more, all linked" in text
    assert "  w49" in text


def test_many_victims_are_folded() -> None:
    text = console.render_text(broken())

    assert "8 trainable tensors do not learn" in text
    assert "and 2 more" in text


def test_a_report_without_a_step_is_never_called_healthy() -> None:
    data = ReportData(Target("script", "a.py"), "0.1.0", "2.13.0", "incomplete")

    for name in ("text", "markdown", "html", "github"):
        assert "no training step was seen" in report.render(data, name)
        assert "healthy" not in report.render(data, name)


# JSON


def schema() -> dict[str, object]:
    path = Path(hypercheck.__file__).parent / "hypercheck.schema.json"
    loaded: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("sample", SAMPLES)
def test_json_fits_its_schema(sample: str) -> None:
    tree = json.loads(json_report.render(SAMPLES[sample]()))

    jsonschema.Draft202012Validator(schema()).validate(tree)


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("sample", SAMPLES)
def test_json_survives_a_round_trip(sample: str) -> None:
    text = json_report.render(SAMPLES[sample]())

    assert text == json_report.render(json_report.load(text))


def test_a_healthy_report_is_equal_after_a_round_trip() -> None:
    assert healthy() == json_report.load(json_report.render(healthy()))


def test_json_has_no_bare_nan() -> None:
    def refuse(token: str) -> None:
        raise AssertionError(token)

    tree = json.loads(json_report.render(hostile()), parse_constant=refuse)

    assert "Infinity" == tree["findings"][0]["evidence"]["inf"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("not json", "not a JSON report"),
        ("[]", "not a report of hypercheck"),
        ("[" * 100_000, "not a JSON report"),
        ('{"schema": "hypercheck/9"}', "has schema 'hypercheck/9'"),
        ('{"schema": "hypercheck/1"}', "lacks report.target"),
        ('{"schema": "hypercheck/1", "target": 3}', "report.target is not an object"),
    ],
)
def test_what_is_no_report_is_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(HypercheckError, match=re.escape(sentence)):
        json_report.load(text)


def test_keys_of_a_later_version_are_passed_over() -> None:
    tree = json.loads(json_report.render(broken()))
    tree["later"] = tree["findings"][0]["later"] = 1

    assert 3 == len(json_report.load(json.dumps(tree)).findings)


# JUnit


def test_junit_counts_agree_with_its_cases() -> None:
    suite = ElementTree.fromstring(junit.render(broken()))[0]

    assert ("5", "1", "1") == (suite.get("tests"), suite.get("failures"), suite.get("skipped"))
    assert 5 == len(suite.findall("testcase"))


def test_junit_fails_on_warnings_when_told_to() -> None:
    suite = ElementTree.fromstring(junit.render(broken(), fail_on=Severity.WARNING))[0]

    assert "2" == suite.get("failures")


# GitHub


def test_github_writes_one_command_on_each_line() -> None:
    lines = github.render(hostile()).splitlines()

    assert [line for line in lines if not re.match(r"::(error|warning|notice) ", line)] == []
    assert not any("\n::error::injected" in line for line in lines)


# Markdown


def test_markdown_keeps_html_and_mentions_out() -> None:
    text = markdown.render(hostile())
    outside = re.sub(r"(?s)(`+)(?!`).+?(?<!`)\1(?!`)", "", text)

    assert "<img" not in outside
    assert "<script" not in outside
    assert "@someone" not in outside


def test_markdown_rows_have_as_many_cells_as_the_heading() -> None:
    rows = [line for line in markdown.render(hostile()).splitlines() if line.startswith("|")]

    assert {8} == {len(re.findall(r"(?<!\\)\|", row)) for row in rows}


# SARIF: the parts of the standard that are used, and nothing beside them

_TEXT = {"type": "object", "properties": {"text": {"type": "string", "minLength": 1}}, "required": ["text"]}
_CLOSED_TEXT = {**_TEXT, "additionalProperties": False}
_HELP = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1}, "markdown": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
_COUNT = {"type": "integer", "minimum": 1}
_ARTIFACT = {
    "type": "object",
    "properties": {"uri": {"type": "string", "pattern": r"^[\x21-\x7e]+$"}, "uriBaseId": {"type": "string"}},
    "required": ["uri"],
    "additionalProperties": False,
}
_REGION = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("startLine", "endLine", "startColumn", "endColumn"), _COUNT),
        "snippet": _CLOSED_TEXT,
    },
    "required": ["startLine"],
    "additionalProperties": False,
}
_LOCATION = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "minimum": -1},
        "physicalLocation": {
            "type": "object",
            "properties": {"artifactLocation": _ARTIFACT, "region": _REGION},
            "required": ["artifactLocation"],
            "additionalProperties": False,
        },
        "logicalLocations": {"type": "array", "uniqueItems": True},
        "message": _CLOSED_TEXT,
    },
    "additionalProperties": False,
}
_FIX = {
    "type": "object",
    "properties": {
        "description": _CLOSED_TEXT,
        "artifactChanges": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["artifactLocation", "replacements"],
                "additionalProperties": False,
                "properties": {
                    "artifactLocation": _ARTIFACT,
                    "replacements": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["deletedRegion"],
                            "additionalProperties": False,
                            "properties": {"deletedRegion": _REGION, "insertedContent": _CLOSED_TEXT},
                        },
                    },
                },
            },
        },
    },
    "required": ["artifactChanges"],
    "additionalProperties": False,
}
_RESULT = {
    "type": "object",
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": _CLOSED_TEXT,
        "locations": {"type": "array", "items": _LOCATION},
        "relatedLocations": {"type": "array", "items": _LOCATION, "uniqueItems": True},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "fixes": {"type": "array", "items": _FIX, "uniqueItems": True},
        "properties": {"type": "object"},
    },
    "required": ["message"],
    "additionalProperties": False,
}
_RULE = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "shortDescription": _HELP,
        "fullDescription": _HELP,
        "help": _HELP,
        "defaultConfiguration": {
            "type": "object",
            "properties": {"level": {"enum": ["none", "note", "warning", "error"]}},
            "additionalProperties": False,
        },
        "properties": {"type": "object"},
    },
    "required": ["id"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_sarif_holds_what_the_standard_knows(sample: str) -> None:
    log = json.loads(sarif.render(SAMPLES[sample]()))
    (run,) = log["runs"]

    assert {"$schema", "version", "runs"} == set(log)
    assert "2.1.0" == log["version"]
    assert {"tool", "columnKind", "originalUriBaseIds", "invocations", "results"} == set(run)
    assert all("executionSuccessful" in invocation for invocation in run["invocations"])
    jsonschema.Draft202012Validator({"type": "array", "items": _RULE}).validate(
        run["tool"]["driver"]["rules"]
    )
    jsonschema.Draft202012Validator({"type": "array", "items": _RESULT}).validate(run["results"])


def test_sarif_columns_are_one_based_and_half_open() -> None:
    result = json.loads(sarif.render(broken()))["runs"][0]["results"][0]
    region = result["locations"][0]["physicalLocation"]["region"]

    assert (48, 9, 51) == (region["startLine"], region["startColumn"], region["endColumn"])


def test_sarif_results_point_at_their_rules() -> None:
    run = json.loads(sarif.render(broken()))["runs"][0]
    rules = run["tool"]["driver"]["rules"]

    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_sarif_fingerprint_survives_a_moved_line() -> None:
    import dataclasses

    assert CUT.location is not None
    moved = dataclasses.replace(CUT, location=dataclasses.replace(CUT.location, line=99, end_line=99))

    assert sarif.identity(CUT) == sarif.identity(moved)


def test_an_exact_replacement_becomes_a_sarif_fix() -> None:
    import dataclasses

    exact = dataclasses.replace(CUT, evidence={"replacement": "        y = F.linear(x, w)"})
    data = dataclasses.replace(broken(), findings=(exact,))
    (fix,) = json.loads(sarif.render(data))["runs"][0]["results"][0]["fixes"]
    jsonschema.Draft202012Validator(_FIX).validate(fix)

    content = fix["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"]
    assert "        y = F.linear(x, w)\n" == content


@pytest.mark.parametrize(
    ("file", "artifact"),
    [
        ("a b/ü.py", {"uri": "a%20b/%C3%BC.py", "uriBaseId": "SRCROOT"}),
        ("/tmp/a.py", {"uri": "file:///tmp/a.py"}),
        ("C:\\x\\a.py", {"uri": "file:///C:/x/a.py"}),
        ("sub\\a.py", {"uri": "sub/a.py", "uriBaseId": "SRCROOT"}),
    ],
)
def test_sarif_paths_are_uris(file: str, artifact: dict[str, str]) -> None:
    finding = Finding("HC1", "r", Severity.NOTE, "", (), "s", "m", "w", "f", location=Location(file, 1, 1))
    data = ReportData(Target("script", "a.py"), "0", "0", "findings", findings=(finding,))
    (result,) = json.loads(sarif.render(data))["runs"][0]["results"]

    assert artifact == result["locations"][0]["physicalLocation"]["artifactLocation"]


def test_every_hostile_name_is_told_somewhere() -> None:
    text = console.render_text(hostile(), width=400)

    assert EVIL[0] in text
    assert EVIL[2] in text
