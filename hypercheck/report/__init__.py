"""A report as text, in every format: `render` gives the text, `save` writes it to a file.

Each format is one module with a function from `ReportData` to a string; it is imported when it is first asked
for. Apart from `save`, nothing here prints or opens a file.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from hypercheck.errors import HypercheckError, OwnFault, UsageError
from hypercheck.findings import ReportData

__all__ = ["FORMATS", "SUFFIXES", "check_writable", "format_of", "headline", "render", "save", "write"]


def _rich(data: ReportData) -> str:
    from hypercheck.report.console import render_text

    return render_text(data, color=not os.environ.get("NO_COLOR"))


def _text(data: ReportData) -> str:
    from hypercheck.report.console import render_text

    return render_text(data)


def _json(data: ReportData) -> str:
    from hypercheck.report import json_report

    return json_report.render(data)


def _sarif(data: ReportData) -> str:
    from hypercheck.report import sarif

    return sarif.render(data)


def _junit(data: ReportData) -> str:
    from hypercheck.report import junit

    return junit.render(data)


def _markdown(data: ReportData) -> str:
    from hypercheck.report import markdown

    return markdown.render(data)


def _html(data: ReportData) -> str:
    from hypercheck.report import html_report

    return html_report.render(data)


def _github(data: ReportData) -> str:
    from hypercheck.report import github

    return github.render(data)


FORMATS: Mapping[str, Callable[[ReportData], str]] = MappingProxyType(
    {
        "rich": _rich,
        "text": _text,
        "json": _json,
        "sarif": _sarif,
        "junit": _junit,
        "markdown": _markdown,
        "html": _html,
        "github": _github,
    }
)
"""Name of a format to the function that renders it."""

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        ".txt": "text",
        ".json": "json",
        ".sarif": "sarif",
        ".sarif.json": "sarif",
        ".xml": "junit",
        ".md": "markdown",
        ".html": "html",
        ".htm": "html",
    }
)
"""End of a file's name to the format that is written there."""


def render(data: ReportData, format: str = "text") -> str:
    """The report in one of `FORMATS`.

    >>> from hypercheck.findings import Target
    >>> render(ReportData(Target("script", "a.py"), "0.1", "2.13", "incomplete"), "github")
    '::warning title=hypercheck::incomplete: no training step was seen\\n'
    """
    if format not in FORMATS:
        raise UsageError(f"there is no report format {format!r}", hint=f"use one of {', '.join(FORMATS)}")
    try:
        return FORMATS[format](data)
    except HypercheckError:
        raise
    except Exception as fault:
        raise OwnFault(f"the {format} report", fault) from fault


def format_of(path: str | os.PathLike[str]) -> str:
    """The format that belongs to a file's name; the longest known suffix decides.

    >>> format_of("out/report.sarif.json")
    'sarif'
    """
    name = Path(path).name.lower()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            return SUFFIXES[suffix]
    known = ", ".join(SUFFIXES)
    raise UsageError(
        f"{os.fspath(path)!r} has no suffix of a report format", hint=f"end it with one of {known}"
    )


def save(data: ReportData, path: str | os.PathLike[str], format: str | None = None) -> Path:
    """Write the report to `path`, in the format of its suffix unless one is given."""
    return write(path, render(data, format or format_of(path)))


def write(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Write a file whole or not at all: beside its place first, and then into it."""
    target = Path(path)
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    # What is no ordinary file (/dev/stdout, a pipe) cannot be replaced by one.
    special = target.exists() and not target.is_file()
    try:
        if special:
            target.write_bytes(raw)
        else:
            # Through a link, as open() would go, so that the link itself stays.
            _replace(Path(os.path.realpath(target)), raw)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise HypercheckError(f"cannot write {os.fspath(path)!r}: {reason}") from None
    return target


def headline(data: ReportData, paths: Sequence[str | os.PathLike[str]]) -> str:
    """The verdict in one line, and where the whole report is to be found.

    >>> from hypercheck.findings import Target
    >>> headline(ReportData(Target("script", "a.py"), "0.1", "2.13", "incomplete"), ["r.json", "r.html"])
    'incomplete: no training step was seen; see r.json, r.html'
    """
    from hypercheck.report import words

    return f"{words.verdict(data)}; see {', '.join(os.fspath(path) for path in paths)}"


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise UsageError where `write` could only fail, before the work is done that is to be written."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise UsageError(f"{os.fspath(path)!r} is a folder", hint="name a file in it")
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {os.fspath(Path(path).parent)}", hint="make it first")
    special = target.exists() and not target.is_file()
    if not os.access(target if special else target.parent, os.W_OK):
        raise UsageError(
            f"{os.fspath(path)!r} cannot be written", hint="choose a folder that you may write to"
        )


def _replace(target: Path, raw: bytes) -> None:
    handle, beside = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        os.chmod(beside, _mode(target))
        os.replace(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def _mode(target: Path) -> int:
    """The access rights of the file that is replaced, else those that the umask gives."""
    if target.exists():
        return target.stat().st_mode & 0o7777
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
