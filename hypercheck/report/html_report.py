"""The report as one HTML page that needs nothing else: no network, no other file.

Filled in by jinja2 with autoescaping (extra `hypercheck[html]`), so every name of the user's stays text.
The page's data for its script is JSON in which `<`, `>` and `&` are escaped, since `</script>` would end it.
"""

from __future__ import annotations

import ast
import json
import textwrap
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

from hypercheck.errors import HypercheckError
from hypercheck.findings import Finding, Link, Location, ReportData
from hypercheck.report import charts, diagram, picture, words
from hypercheck.report.console import excerpt_columns, proof
from hypercheck.report.linkage import Linkage, gradient, linkage

LIMIT_S = 10.0
"""Seconds that the diagram's layout may take; without it the page shows the DOT source."""


def render(data: ReportData) -> str:
    """The whole page."""
    drawn = _diagram(data)
    findings = [_told(finding, drawn) for finding in words.in_order(data.findings)]
    facts = {"nodes": drawn.facts, "ways": [finding["way"] for finding in findings]}
    return _page(
        "report.html.j2",
        title=f"hypercheck: {words.command(data)}",
        data=data,
        command=words.command(data),
        verdict=words.verdict(data),
        state=_state(data),
        steps=words.steps(data),
        summary=words.summary(data),
        findings=findings,
        links=[_link(link, linkage(link, data.findings)) for link in data.roles.generated],
        diagram=drawn,
        charts=charts.charts(data),
        dash=charts.dash,
        proof=proof(data),
        not_checked=words.not_checked(data.outcomes),
        errors=[words.plain(error) for error in data.internal_errors],
        facts=json_in_script(facts),
    )


def diagram_page(svg: str, title: str) -> str:
    """A page with one diagram and its pan and zoom."""
    return _page(
        "diagram.html.j2",
        title=words.plain(title) or "hypercheck",
        svg=picture.inline(svg),
        facts=json_in_script({"nodes": {}, "ways": []}),
    )


def json_in_script(value: Any) -> str:
    r"""JSON that may stand inside of a script element.

    >>> json_in_script("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _page(template: str, **values: Any) -> str:
    try:
        import jinja2
    except ImportError:
        raise HypercheckError(
            "an HTML page needs the package 'jinja2'", hint="pip install 'hypercheck[html]'"
        ) from None
    folder = files("hypercheck.report") / "templates"
    sources = {item.name: item.read_text(encoding="utf-8") for item in folder.iterdir() if item.is_file()}
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(sources), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    text = environment.get_template(template).render(
        css=sources["report.css"] + diagram.style(".diagram "), script=sources["report.js"], **values
    )
    return text.rstrip("\n") + "\n"


@dataclass(frozen=True)
class _Drawn:
    """The diagram as the page shows it: an SVG, or the reason why there is none and the DOT source."""

    svg: str = ""
    dot: str = ""
    reason: str = ""
    facts: dict[str, Any] | None = None
    drawing: diagram.Drawing | None = None


def _diagram(data: ReportData) -> _Drawn:
    flow = next((flow for flow in data.flows if flow.nodes), None)
    if flow is None:
        return _Drawn(facts={})
    drawing = diagram.draw(flow)
    facts = {
        drawing.node_ids[node.key]: {
            "name": words.plain(node.label),
            "kind": words.plain(node.kind),
            "facts": [words.plain(detail) for detail in node.details],
            "gradient": words.number(node.grad_norm),
            "starved": node.starved,
            "marks": [words.plain(mark) for mark in node.marks],
            "count": node.count,
        }
        for node in drawing.folded.flow.nodes
    }
    try:
        svg = picture.render(drawing.graph, "svg", limit_s=LIMIT_S).decode("utf-8")
    except HypercheckError as error:
        return _Drawn("", drawing.graph.source, str(error), facts, drawing)
    return _Drawn(picture.inline(svg), "", "", facts, drawing)


def _told(finding: Finding, drawn: _Drawn) -> dict[str, Any]:
    """A finding as the template shows it: every string is safe to show, none is markup."""
    return {
        "code": words.plain(finding.code),
        "rule": words.plain(finding.rule),
        "severity": finding.severity.value,
        "stage": words.plain(finding.stage),
        "steps": words.runs(finding.steps),
        "message": words.plain(finding.message),
        "why": words.plain(finding.why),
        "place": words.place(finding.location),
        "excerpt": _excerpt(finding.location),
        "related": [
            (words.place(place), words.plain(place.label), _excerpt(place)) for place in finding.related
        ],
        "seen": [words.plain(fact) for fact in finding.seen],
        "victims": [words.plain(victim) for victim in finding.victims],
        "harm": words.harm(finding, len(finding.victims)),
        "folded": [words.plain(code) for code in finding.folded],
        "removed": _removed(finding),
        "fix": words.plain_lines(finding.fix),
        "way": list(diagram.way(finding, drawn.drawing)) if drawn.drawing else [],
    }


def _excerpt(place: Location | None) -> tuple[int, str, str, str] | None:
    """Line number and source, in three parts: before what is blamed, the blamed, after it."""
    if place is None or not place.source.strip():
        return None
    source, first, last = excerpt_columns(place)
    return place.line, source[:first], source[first:last], source[last:]


def _removed(finding: Finding) -> str:
    """The source that the fix replaces, where the fix is code; nothing where it is advice."""
    if finding.location is None or not finding.location.source.strip():
        return ""
    try:
        ast.parse(textwrap.dedent(finding.fix).strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return words.plain_source(finding.location.source)


def _link(link: Link, state: Linkage) -> dict[str, Any]:
    told = {name: words.plain(value) for name, value in asdict(link).items() if isinstance(value, str)}
    return told | {
        "shape": words.shape(link.shape),
        "ranges": words.ranges(link),
        "equal": words.answer(link.equal),
        "state": state.name.lower(),
        "linked": "✂ cut" if state is Linkage.CUT else state.value,
        "gradient": gradient(link, state),
        "gradient_order": -1.0 if link.grad_norm is None else link.grad_norm,
        "updated": words.answer(link.updated),
        "place": words.place(link.location),
    }


def _state(data: ReportData) -> str:
    if data.verdict == "incomplete":
        return "incomplete"
    return (data.findings and words.in_order(data.findings)[0].severity.value) or "ok"
