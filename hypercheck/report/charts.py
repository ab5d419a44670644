"""Small line charts over the recorded steps, as SVG for the HTML report.

Each line has a dash pattern of its own beside its colour, so that the charts read in black and white too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from hypercheck.findings import ReportData, StepNumbers
from hypercheck.report import words

WIDTH, HEIGHT = 340, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 8, 10, 24
_DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 4", "12 4")
MOST_LINES = len(_DASHES)
_USUAL = "root mean square × √fan-in: about 1 in ordinary initialisations"

Points = Sequence[tuple[int, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: its title, its SVG and its legend (name, number of the line's style)."""

    title: str
    svg: str
    legend: tuple[tuple[str, int], ...]
    note: str = ""


def charts(data: ReportData) -> list[Chart]:
    """The charts that the recorded numbers are enough for; none for fewer than two recorded steps."""
    history = data.history
    if len(history) < 2:
        return []
    made = [
        _chart("Gradient norm", _lines(history, lambda step: step.grad_norms), log=True),
        _chart("Update size / parameter size", _lines(history, lambda step: step.update_ratios), log=True),
        _chart("Scale of generated weights", _lines(history, lambda step: step.weight_scales), True, _USUAL),
        _chart("Share of unused outputs", _lines(history, _unused), log=False),
    ]
    return [chart for chart in made if chart]


def _unused(step: StepNumbers) -> Mapping[str, float]:
    # Where all of it is used, an empty frame would say less than nothing.
    return {"unused": step.unused_share} if step.unused_share else {}


def _lines(
    history: Sequence[StepNumbers], numbers: Callable[[StepNumbers], Mapping[str, float]]
) -> dict[str, list[tuple[int, float]]]:
    lines: dict[str, list[tuple[int, float]]] = {}
    for step in history:
        for name, value in numbers(step).items():
            lines.setdefault(name, []).append((step.step, value))
    return lines


def _chart(title: str, lines: Mapping[str, Points], log: bool, note: str = "") -> Chart | None:
    """One chart, or None where there is no number to draw. On a log scale zero stands on the floor."""
    shown = dict(list(lines.items())[:MOST_LINES])
    finite = [value for points in shown.values() for _, value in points if math.isfinite(value)]
    steps = [step for points in shown.values() for step, _ in points]
    if not finite or min(steps) == max(steps):
        return None
    scale = _Scale.over(finite, min(steps), max(steps), log)
    body = "".join(_line(points, scale, i) for i, points in enumerate(shown.values()))
    missing = sum(len(points) for points in shown.values()) - len(finite)
    notes = [note] if note else []
    if log and 0 in finite:
        notes.append("0 stands on the lower edge")
    if missing:
        notes.append(f"{words.counted(missing, 'value')} not finite")
    if len(lines) > len(shown):
        notes.append(f"{len(lines) - len(shown)} more not shown")
    svg = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)} over the steps">{_axes(scale)}{body}</svg>'
    )
    legend = tuple((words.plain(name), i) for i, name in enumerate(shown))
    return Chart(title, svg, legend, "; ".join(notes))


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    first: int
    last: int
    log: bool

    @classmethod
    def over(cls, values: Sequence[float], first: int, last: int, log: bool) -> _Scale:
        if not log:
            return cls(0.0, max(*values, 0.0) or 1.0, first, last, log)
        positive = [abs(value) for value in values if value] or [1.0]
        low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
        return cls(float(low), float(max(high, low + 1)), first, last, log)

    def x(self, step: int) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (step - self.first) / (self.last - self.first)

    def y(self, value: float) -> float:
        at = (math.log10(abs(value)) if value else self.low) if self.log else value
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (at - self.low) / (self.high - self.low)

    def label(self, at: float) -> str:
        return f"1e{at:.0f}" if self.log else f"{at:.2g}"


def _line(points: Points, scale: _Scale, style: int) -> str:
    """A line that is broken where a value is not finite, with a dot for each value."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for step, value in points:
        if math.isfinite(value):
            pieces[-1].append((scale.x(step), scale.y(value)))
        elif pieces[-1]:
            pieces.append([])
    drawn = []
    for piece in pieces:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in piece)
        drawn.append(f'<polyline class="line s{style}" points="{path}" stroke-dasharray="{_DASHES[style]}"/>')
        drawn += [f'<circle class="dot s{style}" cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in piece[:200]]
    return "".join(drawn)


def _axes(scale: _Scale) -> str:
    base, top, right = HEIGHT - _BOTTOM, _TOP, WIDTH - _RIGHT
    return (
        f'<path class="axis" d="M{_LEFT} {top}V{base}H{right}"/>'
        f'<text class="tick" x="{_LEFT - 5}" y="{top + 4}" text-anchor="end">{scale.label(scale.high)}</text>'
        f'<text class="tick" x="{_LEFT - 5}" y="{base}" text-anchor="end">{scale.label(scale.low)}</text>'
        f'<text class="tick" x="{_LEFT}" y="{base + 15}">step {scale.first}</text>'
        f'<text class="tick" x="{right}" y="{base + 15}" text-anchor="end">{scale.last}</text>'
    )


def dash(style: int) -> str:
    """The dash pattern of a line's style, for the legend."""
    return _DASHES[style]
