"""How the report speaks: names made safe to show, numbers, counts, places, the order of the findings.

Every string that comes from a user's program passes through `plain` or `plain_lines` before it is shown.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

from hypercheck.findings import Finding, Link, Location, Outcome, ReportData, Severity

_MISLEADING = frozenset({"HC204", "HC306", "HC601", "HC602", "HC603"})
"""Faults whose victims do get gradients: of weights that are old, mixed, alike or out of scale."""

STAGES = ("before backward", "before step", "after step")

# Terminal sequences go as a whole, so that "\x1b[31mred" becomes "red" and not "[31mred".
_TERMINAL_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|(?:\x1b[\]P^_X]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links
    r"|\x1b[ -/]*[0-~]"
)
_SPACES = re.compile(r"\s+")


def plain(text: object) -> str:
    r"""The text on one line, without control characters, terminal sequences or direction switches.

    >>> plain("w\x1b[31m\n  x")
    'w x'
    """
    return _SPACES.sub(" ", _printable(str(text))).strip()


def harm(finding: Finding, victims: int = 1) -> str:
    """What becomes of the finding's victims: they starve, or learn of weights that are wrong."""
    if finding.code in _MISLEADING:
        return "learns the wrong thing" if victims == 1 else "learn the wrong thing"
    return "does not learn" if victims == 1 else "do not learn"


def plain_lines(text: object) -> list[str]:
    r"""The lines of a text, each made safe; indentation is kept and tabs become spaces.

    >>> plain_lines("if x:\n\tw = hyper(z)\n")
    ['if x:', '    w = hyper(z)']
    """
    lines = [_printable(line.expandtabs(4)).rstrip() for line in str(text).splitlines()]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def plain_source(line: str) -> str:
    r"""One line of source without its indentation and what `plain` removes; inner spaces are kept.

    >>> plain_source("    x  = 1  # \x1b[1mbold\n")
    'x  = 1  # bold'
    """
    return _printable(line).strip()


def _printable(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = _TERMINAL_SEQUENCE.sub("", text)
    return "".join(_printable_character(character) for character in text)


def _printable_character(character: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    # Cc: controls. Cf: direction switches and zero-width marks, which make code read as what it is not.
    # Cn holds U+FFFE and U+FFFF, which XML forbids.
    return "" if category in ("Cc", "Cf", "Cn") else character


def shortened(text: str, length: int) -> str:
    """The text, cut in its middle to at most `length` characters.

    >>> shortened("model.hypernet.layers.0.weight", 15)
    'model.h….weight'
    """
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"


def number(value: float | None) -> str:
    """A measured number in at most three digits, `none` where there is none.

    >>> number(0.00123456), number(12.0), number(None), number(float("nan"))
    ('0.00123', '12', 'none', 'nan')
    """
    if value is None:
        return "none"
    if not math.isfinite(value):
        return str(float(value))
    return f"{value:.3g}"


def percent(share: float) -> str:
    """A share between 0 and 1 as a percentage that never rounds to "none" or "all".

    >>> percent(0.8987), percent(0.0001), percent(0.99999), percent(1.0)
    ('89.9 %', '<0.1 %', '>99.9 %', '100 %')
    """
    if 0 < share < 0.001:
        return "<0.1 %"
    if 0.999 < share < 1:
        return ">99.9 %"
    return f"{round(share * 100, 1):g} %"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun.

    >>> counted(1, "link"), counted(1200, "link")
    ('1 link', '1,200 links')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(names: Sequence[str], most: int) -> str:
    """The names with commas; past `most` of them, how many more there are.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def runs(steps: Iterable[int]) -> str:
    """Step numbers with runs joined.

    >>> runs([1, 2, 3, 7])
    '1-3, 7'
    """
    found: list[list[int]] = []
    for step in sorted(set(steps)):
        if found and step == found[-1][1] + 1:
            found[-1][1] = step
        else:
            found.append([step, step])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def shape(lengths: Sequence[int]) -> str:
    """A tensor's shape; `scalar` for no axis.

    >>> shape((64, 784))
    '64x784'
    """
    return "x".join(str(length) for length in lengths) or "scalar"


def ranges(link: Link, most: int = 3) -> str:
    """The half-open element ranges of a link's source, as Python would slice them.

    >>> ranges(Link("w", (2,), "main.0", "hyper", ranges=((0, 8), (16, 24))))
    '[0:8], [16:24]'
    """
    return listed([f"[{first}:{last}]" for first, last in link.ranges], most)


def place(location: Location | None) -> str:
    """`file:line`, or nothing where no place is known."""
    return f"{plain(location.file)}:{location.line}" if location else ""


def command(data: ReportData) -> str:
    """What was checked, with its arguments."""
    return plain(" ".join((data.target.path or data.target.kind, *data.target.argv)))


def steps(data: ReportData) -> str:
    """How many steps were seen and recorded, in words."""
    if not data.steps_seen:
        return "no training step was seen"
    return f"{data.steps_recorded:,} of {counted(data.steps_seen, 'step')} recorded"


def summary(data: ReportData) -> str:
    """The counts of findings by severity: `1 error, 2 warnings`; `no findings` for none."""
    counts = [counted(data.count(severity), severity.value) for severity in Severity if data.count(severity)]
    return ", ".join(counts) or "no findings"


def verdict(data: ReportData) -> str:
    """The verdict as a sentence without its full stop."""
    if data.verdict == "incomplete":
        reason = "no training step was seen" if not data.steps_seen else "not everything could be checked"
        found = f"; {summary(data)}" if data.findings else ""
        return f"incomplete: {reason}{found}"
    if data.count(Severity.ERROR):
        return f"gradient flow is broken: {summary(data)}"
    if data.findings:
        return f"no error found: {summary(data)}"
    if not data.roles.generated:
        return "no findings, and no generated weight was seen"
    return "healthy: no findings"


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, gravest first; causes (that explain symptoms or starve tensors) before the rest."""

    def key(finding: Finding) -> tuple[int, bool, int, int, str, int, str]:
        location = finding.location
        stage = finding.stage.replace("_", " ").replace("-", " ")
        return (
            -finding.severity.rank,
            not finding.folded,
            -len(finding.victims),
            STAGES.index(stage) if stage in STAGES else len(STAGES),
            location.file if location else "",
            location.line if location else 0,
            finding.code,
        )

    return sorted(findings, key=key)


def not_checked(outcomes: Iterable[Outcome]) -> dict[str, list[str]]:
    """Reason to the codes that were not checked because of it, in the order of the outcomes."""
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.state == "not checked":
            reasons.setdefault(plain(outcome.reason) or "no reason was given", []).append(plain(outcome.code))
    return reasons


def answer(value: bool | None) -> str:
    """Yes, no, or a dash for what is not known."""
    return "-" if value is None else "yes" if value else "no"
