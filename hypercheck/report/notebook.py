"""Reports and diagrams in a notebook: what Jupyter asks them for when they are a cell's last value."""

from __future__ import annotations

from html import escape
from typing import Any

import graphviz

from hypercheck.errors import HypercheckError
from hypercheck.findings import ReportData
from hypercheck.report import picture, render

HEIGHT_PX = 640


class Diagram(graphviz.Digraph):  # type: ignore[misc]
    """A `graphviz.Digraph` that shows itself also where the `dot` program is missing."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, str]:
        """The picture, or the DOT source and what to install where nothing here can draw it."""
        try:
            svg = picture.render(self, "svg").decode("utf-8")
        except HypercheckError as error:
            return {"text/plain": f"{error}\n\n{self.source}"}
        return {"text/plain": repr(self), "image/svg+xml": picture.inline(svg)}

    def __repr__(self) -> str:
        drawn = [line for line in self.body if " -> " not in line and line.lstrip().startswith("box")]
        return f"<hypercheck diagram: {len(drawn)} boxes>"


def mimebundle(data: ReportData) -> dict[str, str]:
    """A report for a notebook: as text, and as its HTML page where jinja2 is installed.

    The page stands in a frame of its own, so that its style and its script keep to themselves, and two
    reports in one notebook do not meet.
    """
    bundle = {"text/plain": render(data, "text")}
    try:
        page = render(data, "html")
    except HypercheckError:
        return bundle
    frame = f'style="width:100%;height:{HEIGHT_PX}px;border:0" title="hypercheck report"'
    bundle["text/html"] = f'<iframe sandbox="allow-scripts" {frame} srcdoc="{escape(page)}"></iframe>'
    return bundle
