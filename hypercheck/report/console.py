"""The report for a terminal: links first, then each finding, then what was checked and what was not.

`ConsoleReport` is a rich renderable, so the caller owns the console: its width, colours and encoding are
obeyed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hypercheck.findings import Finding, Link, Location, ReportData, Severity
from hypercheck.report import words
from hypercheck.report.linkage import Linkage, gradient, in_order, linkage

MOST_LINKS = 12
MOST_VICTIMS = 6
COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}

STATE_STYLES = {
    Linkage.CUT: "bold red",
    Linkage.PART: "bold yellow",
    Linkage.VALUES: "dim",
    Linkage.LINKED: "green",
}
_LABEL_WIDTH = 6
_UNICODE_TO_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "→": "->", "│": "|", "·": "-", "×": "x", "…": "..", "↳": ">"}
)


class ConsoleReport:
    """A report as rich shows it: `console.print(ConsoleReport(data))`."""

    def __init__(self, data: ReportData) -> None:
        self.data = data

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The parts of the report from top to bottom, with a blank line between them."""
        # Rich asks for ASCII where the encoding is not a Unicode one; then the user's names are spelled in
        # ASCII too.
        page = _Page(options.max_width, options.ascii_only, console)
        for i, part in enumerate(page.parts(self.data)):
            if i:
                yield Text()
            yield part


def render_text(data: ReportData, width: int = 100, color: bool = False, ascii_only: bool = False) -> str:
    """The report as text, `width` columns wide, with terminal colours only where `color` says so."""
    target = _AsciiText() if ascii_only else io.StringIO()
    console = Console(
        file=target,
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    console.print(ConsoleReport(data))
    return "".join(f"{line.rstrip()}\n" for line in target.getvalue().splitlines())


class _AsciiText(io.StringIO):
    """A text buffer that says that it can only take ASCII."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "ascii"


class _Page:
    """The parts of one report, laid out for one width."""

    def __init__(self, width: int, ascii_only: bool, console: Console) -> None:
        self.width = width
        self.ascii_only = ascii_only
        self.console = console

    def parts(self, data: ReportData) -> Iterator[RenderableType]:
        yield self.headline(data)
        if data.roles.generated:
            yield self.links(data)
        for finding in words.in_order(data.findings):
            yield self.finding(finding)
        yield self.checked(data)
        yield self.last_line(data)

    def text(self, content: str, style: str = "") -> Text:
        if self.ascii_only:
            content = content.translate(_UNICODE_TO_ASCII).encode("ascii", "backslashreplace").decode("ascii")
        return Text(content, style=style, overflow="fold")

    def headline(self, data: ReportData) -> RenderableType:
        version = f"hypercheck {words.plain(data.version)}"
        lines = [
            self.text(f"{version} · {words.command(data)}", "bold"),
            self.text(f"{words.steps(data)} · torch {words.plain(data.torch)}", "dim"),
            self.text(f"{_mark(data)} {words.verdict(data)}", _verdict_style(data)),
        ]
        return Group(*lines)

    def links(self, data: ReportData) -> RenderableType:
        """Cut links first, so that folding never hides one behind healthy ones."""
        links = in_order(data.roles.generated, data.findings)
        shown = links[:MOST_LINKS]
        table = self.links_table(shown)
        fits = (
            Measurement.get(self.console, self.console.options.update(width=10_000), table).maximum
            <= self.width
        )
        parts: list[RenderableType] = [
            self.text("Generated weights", "bold"),
            table if fits else Group(*(self.stacked_link(*item) for item in shown)),
        ]
        if len(links) > len(shown):
            rest = links[len(shown) :]
            states = [state for _, state in rest]
            cut, values = states.count(Linkage.CUT), states.count(Linkage.VALUES)
            part = states.count(Linkage.PART)
            told = [f"{cut} cut"] * bool(cut) + [f"{part} linked in part"] * bool(part)
            told += [f"{values} on values only"] * bool(values)
            parts.append(self.text(f"  and {len(rest)} more, {', '.join(told) or 'all linked'}", "dim"))
        return Group(*parts)

    def links_table(self, links: list[tuple[Link, Linkage]]) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        for heading in ("  weight", "slot", "from", "equal", "linked"):
            table.add_column(self.text(heading), no_wrap=True)
        table.add_column("gradient", justify="right", no_wrap=True)
        table.add_column("updated", no_wrap=True)
        for link, state in links:
            table.add_row(
                self.text(f"  {words.plain(link.name)} {words.shape(link.shape)}"),
                self.text(words.plain(link.slot)),
                self.text(f"{words.plain(link.source)} {words.ranges(link, 2)}".rstrip()),
                self.text(words.answer(link.equal), _answer_style(link.equal)),
                self.text(state.value, STATE_STYLES[state]),
                self.text(gradient(link, state)),
                self.text(words.answer(link.updated), _update_style(link, state)),
            )
        return table

    def stacked_link(self, link: Link, state: Linkage) -> RenderableType:
        """One link on a few lines, for terminals that are too narrow for the table."""
        facts = Text.assemble(
            self.text("linked" if state is Linkage.LINKED else state.value, STATE_STYLES[state]),
            self.text(" · equal "),
            self.text(words.answer(link.equal), _answer_style(link.equal)),
            self.text(f" · gradient {gradient(link, state)} · updated "),
            self.text(words.answer(link.updated), _update_style(link, state)),
        )
        lines = Group(
            self.text(f"from {words.plain(link.source)} {words.ranges(link, 2)}".rstrip()),
            facts,
        )
        name = self.text(f"{words.plain(link.name)} {words.shape(link.shape)} → {words.plain(link.slot)}")
        return Group(Padding(name, (0, 0, 0, 2)), Padding(lines, (0, 0, 0, 4)))

    def finding(self, finding: Finding) -> RenderableType:
        style = COLOURS[finding.severity]
        title = Text.assemble(
            self.text(words.plain(finding.code), style),
            self.text(f" {words.plain(finding.rule)}  "),
            self.text(finding.severity.value, style),
        )
        where = self.text(words.place(finding.location), "bold")
        if title.cell_len + where.cell_len + 2 <= self.width:
            title.append(" " * (self.width - title.cell_len - where.cell_len))
            head: RenderableType = title.append_text(where)
        else:
            head = Group(title, where) if where.plain else title
        body = Table.grid(padding=(0, 0, 0, 1), expand=True)
        body.add_column(width=_LABEL_WIDTH, no_wrap=True, style="dim")
        body.add_column(ratio=1)
        for label, part in self.told(finding):
            body.add_row(label, part)
        return Group(head, Padding(body, (0, 0, 0, 2)))

    def told(self, finding: Finding) -> Iterator[tuple[str, RenderableType]]:
        yield "what", self.text(words.plain(finding.message))
        if finding.location and finding.location.source.strip():
            yield "where", self.excerpt(finding.location, COLOURS[finding.severity])
        elif not finding.location:
            yield "where", self.text("no single statement; " + words.plain(finding.subject))
        for location in finding.related:
            label = words.plain(location.label)
            place = self.text(f"{words.place(location)}  {label}".rstrip())
            yield "also", Group(place, self.excerpt(location, "dim")) if location.source.strip() else place
        for i, fact in enumerate(finding.seen):
            yield "" if i else "seen", self.text(words.plain(fact))
        if finding.victims:
            yield "harm", self.text(_harm(finding))
        yield "why", self.text(words.plain(finding.why))
        fix = words.plain_lines(finding.fix)
        if fix:
            yield "fix", Group(*(self.text(line, "green") for line in fix))
        folded = f"; explains {', '.join(map(words.plain, finding.folded))} here" if finding.folded else ""
        yield "more", self.text(f"hypercheck explain {words.plain(finding.code)}{folded}", "dim")

    def excerpt(self, location: Location, style: str) -> RenderableType:
        """The source line with its number, and carets under the statement where its columns are known."""
        source, first, last = excerpt_columns(location)
        gutter = str(location.line)
        room = self.width - _LABEL_WIDTH - 3 - len(gutter) - 3
        grid = Table.grid()
        grid.add_column(width=len(gutter) + 3, style="dim", no_wrap=True)
        grid.add_column(max_width=max(room, 1))
        line = self.text(source)
        grid.add_row(self.text(f"{gutter} │ "), line)
        # A wrapped line would put the carets under the wrong words.
        if last > first and line.cell_len <= room and line.plain == source:
            before = Text(source[:first]).cell_len
            carets = max(Text(source[first:last]).cell_len, 1)
            grid.add_row(self.text(f"{' ' * len(gutter)} │ "), self.text(" " * before + "^" * carets, style))
        return grid

    def checked(self, data: ReportData) -> RenderableType:
        """The proof of health: what was looked at, and what could not be."""
        lines: list[RenderableType] = [self.text("Checked", "bold")]
        lines += [self.indented(line) for line in proof(data)]
        reasons = words.not_checked(data.outcomes)
        if reasons:
            lines.append(self.text("Not checked", "bold"))
        for reason, codes in reasons.items():
            lines.append(self.indented(f"{words.listed(codes, 8)}: {reason}"))
        for error in data.internal_errors:
            lines.append(self.indented(f"hypercheck's own fault: {words.plain(error)}", "yellow"))
        return Group(*lines)

    def indented(self, content: str, style: str = "") -> RenderableType:
        return Padding(self.text(content, style), (0, 0, 0, 2))

    def last_line(self, data: ReportData) -> RenderableType:
        states = [outcome.state for outcome in data.outcomes]
        counts = [
            f"{states.count(state)} {state}"
            for state in ("passed", "failed", "not checked")
            if state in states
        ]
        rules = f" · rules: {', '.join(counts)}" if counts else ""
        exits = f" · script exit {data.script_exit}" if data.script_exit else ""
        return self.text(f"{words.summary(data)} · {words.steps(data)}{rules}{exits}", "bold")


def excerpt_columns(location: Location) -> tuple[str, int, int]:
    """The source line without its indentation, and the half-open range of the blamed part in it.

    A statement that goes on below this line is marked to the line's end; without columns the range is empty.
    """
    raw = location.source
    indent = len(raw) - len(raw.lstrip())
    source = words.plain_source(raw)
    # Where cleaning changed the inside of the line, columns no longer count the same characters.
    if location.column is None or source != raw.strip():
        return source, 0, 0
    end = location.end_column
    if end is None or location.end_line > location.line:
        end = len(raw)
    first = min(max(location.column - indent, 0), len(source))
    return source, first, min(max(end - indent, first), len(source))


def proof(data: ReportData) -> list[str]:
    """What was checked and how it stands, one sentence each."""
    links, roles = data.roles.generated, data.roles
    lines = []
    if links:
        states = [linkage(link, data.findings) for link in links]
        linked, values = states.count(Linkage.LINKED), states.count(Linkage.VALUES)
        lines.append(
            f"{linked:,} of {words.counted(len(links), 'generated weight')} linked to what generates them"
        )
        if part := states.count(Linkage.PART):
            lines.append(
                f"{part:,} linked in part: a cut keeps the gradient from some of what generates them"
            )
        if values:
            lines.append(f"{values:,} used for values only: detached or frozen, and no finding tells of harm")
        compared = [link.equal for link in links if link.equal is not None]
        if compared:
            lines.append(f"{sum(compared):,} of {len(compared):,} used with the values that were generated")
    else:
        lines.append("no generated weight was seen")
    for label, names in (("hypernetwork", roles.hypernet), ("main network", roles.main)):
        if names:
            lines.append(f"{label}: {words.listed([words.plain(name) for name in names], 4)}")
    if roles.embeddings:
        lines.append(f"embeddings: {words.listed([words.plain(name) for name in roles.embeddings], 4)}")
    for optimizer in roles.optimizers[:4]:
        held = words.counted(optimizer.parameters, "trainable tensor")
        name = f"{words.plain(optimizer.name)} ({words.plain(optimizer.kind)})"
        lines.append(f"optimizer {name}: {held}, {words.counted(optimizer.steps, 'step')}")
    if len(roles.optimizers) > 4:
        lines.append(f"and {words.counted(len(roles.optimizers) - 4, 'more optimizer')}")
    passed = sum(outcome.state == "passed" for outcome in data.outcomes)
    if passed:
        recorded = words.counted(data.steps_recorded, "recorded step")
        lines.append(f"{words.counted(passed, 'rule')} passed on {recorded}")
    return lines


def _harm(finding: Finding) -> str:
    victims = [words.plain(victim) for victim in finding.victims]
    count = words.counted(len(victims), "trainable tensor")
    return f"{count} {words.harm(finding, len(victims))}: {words.listed(victims, MOST_VICTIMS)}"


def _answer_style(value: bool | None) -> str:
    return "dim" if value is None else "green" if value else "bold red"


def _update_style(link: Link, state: Linkage) -> str:
    return "dim" if state is Linkage.VALUES else _answer_style(link.updated)


def _mark(data: ReportData) -> str:
    if data.verdict == "incomplete":
        return "!"
    return "✗" if data.count(Severity.ERROR) else "✓"


def _verdict_style(data: ReportData) -> str:
    if data.count(Severity.ERROR):
        return "bold red"
    return "bold yellow" if data.verdict == "incomplete" or data.findings else "bold green"
