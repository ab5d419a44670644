"""The command line: parse, call, print, exit."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hypercheck._version import __version__
from hypercheck.errors import HypercheckError, OwnFault, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypercheck.findings import ReportData
    from hypercheck.settings import Settings

app = typer.Typer(
    name="hypercheck",
    help="Find the statement that cuts the gradient between a hypernetwork and the network whose weights it "
    "generates.\n\n"
    "Running a file executes it: check only programs that you would run with python.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
models_app = typer.Typer(
    help="The bundled reference models of every hypernetwork type.", no_args_is_help=True
)
app.add_typer(models_app, name="models")

Select = Annotated[
    list[str] | None,
    typer.Option("--select", help="Ask only these rules: codes, prefixes (HC1) or names."),
]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", help="Leave these rules out: codes, prefixes or names.")
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        "-f",
        help="What to print: rich (default), text, json, sarif, junit, markdown, html or github. "
        "NAME=FILE writes a file instead. Repeatable.",
    ),
]
Output = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        help="FILE, or FORMAT=FILE: write the report there, and print no more than its verdict; "
        "add --format rich to print all of it too. Repeatable.",
    ),
]
FailOn = Annotated[
    str | None, typer.Option("--fail-on", help="Exit with 1 at this severity: error, warning or note.")
]
Hypernet = Annotated[
    list[str] | None,
    typer.Option("--hypernet", help="Dotted name or glob of the hypernetwork, if it is taken wrong."),
]
Main = Annotated[list[str] | None, typer.Option("--main", help="Dotted name or glob of the main network.")]
Embedding = Annotated[
    list[str] | None, typer.Option("--embedding", help="Dotted name or glob of an embedding.")
]
Steps = Annotated[
    int | None,
    typer.Option("--steps", min=1, help="How many of the first steps are recorded (default 5)."),
]
Level = Annotated[str, typer.Option("--level", help="Level of the diagram: module, op or autograd.")]
MaxNodes = Annotated[
    int | None,
    typer.Option(
        "--max-nodes", min=5, help="Fold the diagram to so many boxes (50 at module level, else 400)."
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show hypercheck's own tracebacks.")]


def main() -> None:
    """Run the command line; every error of hypercheck's own is one sentence on stderr, with exit status 2."""
    try:
        app()
    except HypercheckError as error:
        if "--debug" in sys.argv:
            raise
        _complain(error)
        sys.exit(2)


def _complain(error: HypercheckError) -> None:
    sentence = error.message + (f"; {error.hint}" if error.hint else "")
    sys.stderr.write(f"hypercheck: {sentence}\n")


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if version:
        typer.echo(f"hypercheck {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "allow_interspersed_args": False,
    }
)
def run(
    context: typer.Context,
    script: Annotated[str, typer.Argument(help="The training script, or a module with -m.")],
    module: Annotated[bool, typer.Option("-m", help="SCRIPT is a module, as in python -m.")] = False,
    steps: Steps = None,
    every: Annotated[
        int | None, typer.Option("--every", min=1, help="After the first steps, record every K-th.")
    ] = None,
    stop_after: Annotated[
        int | None, typer.Option("--stop-after", min=1, help="End the script after N steps.")
    ] = None,
    select: Select = None,
    ignore: Ignore = None,
    format: Formats = None,
    output: Output = None,
    fail_on: FailOn = None,
    hypernet: Hypernet = None,
    main_network: Main = None,
    embedding: Embedding = None,
    graph: Annotated[
        Path | None,
        typer.Option("--graph", help="Draw the gradient flow to this .svg, .png, .pdf, .dot or .html."),
    ] = None,
    level: Level = "module",
    max_nodes: MaxNodes = None,
    live: Annotated[
        bool, typer.Option("--live", help="Show the steps, gradients and findings while they come.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Run a training script, unmodified, and report on its gradient flow.

    The report goes to stderr, or to the files of --output and then only its verdict to stderr; stdout belongs
    to the script. What follows SCRIPT is the script's.
    """
    if debug:
        os.environ["HYPERCHECK_DEBUG"] = "1"
    settings = _settings(select, ignore, fail_on, steps)
    wanted = _outputs(format, output)
    picture = _picture(graph, level, max_nodes) if graph is not None else None

    # What can be refused is refused before torch is imported, which takes its time.
    from hypercheck.findings import Target
    from hypercheck.running import RunOptions, run_script, script_root
    from hypercheck.script import Script

    program = Script.from_module(script, context.args) if module else Script.from_path(script, context.args)
    options = RunOptions(
        settings.steps,
        every,
        stop_after,
        tuple(hypernet or ()),
        tuple(main_network or ()),
        tuple(embedding or ()),
        () if module else script_root(script),
        live,
    )
    target = Target("module" if module else "script", script, tuple(context.args))
    status = run_script(
        program, target, options, settings, lambda data: _tell(data, settings, wanted, picture, sys.stderr)
    )
    raise typer.Exit(status)


@app.command()
def check(
    target: Annotated[
        str, typer.Argument(help="FILE.py or FILE.py::NAME: a module, a factory or a training step.")
    ],
    input: Annotated[
        list[str] | None,
        typer.Option("--input", help="Shape of an input without the batch axis: 784, 3x32x32, 12:long."),
    ] = None,
    loss: Annotated[
        str | None, typer.Option("--loss", help="cross_entropy, mse or sum (default mse).")
    ] = None,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1)] = 8,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    device: Annotated[str, typer.Option("--device")] = "cpu",
    steps: Steps = None,
    select: Select = None,
    ignore: Ignore = None,
    format: Formats = None,
    output: Output = None,
    fail_on: FailOn = None,
    debug: Debug = False,
) -> None:
    """Train the model of a file for a few steps on random data, and report on its gradient flow."""
    if debug:
        os.environ["HYPERCHECK_DEBUG"] = "1"
    settings = _settings(select, ignore, fail_on, steps)
    wanted = _outputs(format, output)
    data = _checked(target, input, loss, batch_size, seed, device, settings)
    raise typer.Exit(_tell(data, settings, wanted, None, sys.stdout))


@app.command()
def graph(
    target: Annotated[str, typer.Argument(help="FILE.py or FILE.py::NAME.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The picture: .svg, .png, .pdf, .dot or .html.")],
    level: Level = "module",
    max_nodes: MaxNodes = None,
    input: Annotated[
        list[str] | None, typer.Option("--input", help="Shape of an input without the batch axis.")
    ] = None,
    batch_size: Annotated[int, typer.Option("--batch-size", min=1)] = 8,
    seed: Annotated[int, typer.Option("--seed")] = 0,
) -> None:
    """Draw the gradient flow of a model file."""
    settings = _settings(None, None, None, None)
    draw = _picture(out, level, max_nodes)
    draw(_checked(target, input, None, batch_size, seed, "cpu", settings))
    typer.echo(f"wrote {out}")


@app.command()
def explain(code: Annotated[str, typer.Argument(help="A code such as HC102, or a rule's name.")]) -> None:
    """Explain a rule: what it finds, why it matters, how to mend it, what it does not find."""
    import difflib

    from rich.console import Console
    from rich.markdown import Markdown

    from hypercheck.rules import CATALOGUE, page, rule

    found = rule(code)
    if found is None:
        names = [item.name for item in CATALOGUE] + [item.code for item in CATALOGUE]
        near = difflib.get_close_matches(code, names, 1) or difflib.get_close_matches(code.upper(), names, 1)
        raise UsageError(
            f"there is no rule {code}", f"did you mean {near[0]}?" if near else "see: hypercheck rules"
        )
    text = page(found)
    Console().print(Markdown(text)) if sys.stdout.isatty() else typer.echo(text)


@app.command()
def rules() -> None:
    """List all rules: code, name, severity and what each finds."""
    from rich.console import Console
    from rich.table import Table

    from hypercheck.rules import CATALOGUE

    table = Table(box=None, pad_edge=False)
    for heading in ("code", "name", "severity", "finds"):
        table.add_column(heading)
    for item in CATALOGUE:
        table.add_row(item.code, item.name, item.severity.value, item.info.summary)
    Console().print(table)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="A report in JSON.")],
    after: Annotated[Path, typer.Argument(help="A later report in JSON.")],
) -> None:
    """Tell what a change fixed, broke or left, from two JSON reports."""
    from hypercheck.report import difference, json_report

    reports = []
    for path in (before, after):
        try:
            reports.append(json_report.load(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}", "give two JSON reports") from None
        except (ValueError, KeyError, TypeError):
            raise UsageError(
                f"{path} is no report of hypercheck", "write one with --output json=FILE"
            ) from None
    typer.echo(difference.render_text(*reports), nl=False)


@models_app.command("list")
def models_list() -> None:
    """The reference models and the survey's five criteria."""
    from rich.console import Console
    from rich.table import Table

    from hypercheck import models

    table = Table(box=None, pad_edge=False)
    for heading in ("name", "input", "output", "input varies", "output varies", "architecture", "what it is"):
        table.add_column(heading)
    for name in models.names():
        info = models.info(name)
        table.add_row(
            name, info.input, info.output, info.input_variability, info.output_variability, info.architecture,
            info.summary,
        )  # fmt: skip
    Console().print(table)


@models_app.command("show")
def models_show(name: str) -> None:
    """One model: its summary, paper and source."""
    import inspect

    from hypercheck import models

    try:
        info = models.info(name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    typer.echo(f"{name}: {info.summary}\n{info.paper}\n")
    typer.echo(inspect.getsource(sys.modules[info.build.__module__]))


@models_app.command("check")
def models_check(
    names: Annotated[list[str] | None, typer.Argument(help="Models to check; all by default.")] = None,
    all_models: Annotated[bool, typer.Option("--all", help="Every model.")] = False,
    fault: Annotated[
        list[str] | None, typer.Option("--fault", help="Only this hand-over: a rule's name or code.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the matrix as Markdown.")] = False,
) -> None:
    """Train every model with every hand-over under the checker, and print what was found."""
    from hypercheck import matrix

    try:
        text, status = matrix.run(tuple(names or ()), tuple(fault or ()), markdown)
    except ValueError as error:
        raise UsageError(str(error)) from None
    typer.echo(text)
    raise typer.Exit(status)


# -- what the commands share ------------------------------------------------------------------------


def _settings(
    select: list[str] | None, ignore: list[str] | None, fail_on: str | None, steps: int | None
) -> Settings:
    from dataclasses import replace

    from hypercheck import settings as configuration
    from hypercheck.rules import CATALOGUE

    settings = configuration.load(Path.cwd())
    if select:
        settings = replace(settings, select=tuple(_split(select)))
    if ignore:
        settings = replace(settings, ignore=(*settings.ignore, *_split(ignore)))
    if fail_on:
        settings = replace(settings, fail_on=fail_on)
    if steps:
        settings = replace(settings, steps=steps)
    if settings.fail_on not in ("error", "warning", "note"):
        raise UsageError(f"there is no severity {settings.fail_on!r}", "use error, warning or note")
    for pattern in (*settings.select, *settings.ignore):
        if not any(
            rule.code.startswith(pattern.upper()) or rule.name == pattern.lower() for rule in CATALOGUE
        ):
            raise UsageError(f"no rule matches {pattern!r}", "see: hypercheck rules")
    return settings


def _split(items: list[str]) -> list[str]:
    return [part.strip() for item in items for part in item.split(",") if part.strip()]


_TO_READ = ("rich", "text", "github")
"""Formats for a terminal or a log."""
_DOCUMENTS = (".json", ".sarif", ".xml", ".md", ".html", ".htm")
"""Ends of files that hold none of them."""


def _outputs(formats: list[str] | None, outputs: list[str] | None) -> list[tuple[str, Path | None]]:
    """Pairs of format and file; None stands for the terminal.

    A format and a file without one belong together (`--format sarif --output out.log`), unless the format is
    one to read and the file's suffix names another (`--format rich --output report.html`).
    """
    from hypercheck import report

    wanted: list[tuple[str, Path | None]] = []
    for item in formats or ():
        name, _, path = item.partition("=")
        wanted.append((name, Path(path) if path else None))
    single = len(wanted) == len(outputs or ()) == 1 and wanted[0][1] is None
    for item in outputs or ():
        name, separator, path = item.partition("=")
        if separator and name in report.FORMATS:
            wanted.append((name, Path(path)))
        elif single and not (wanted[0][0] in _TO_READ and item.lower().endswith(_DOCUMENTS)):
            wanted = [(wanted[0][0], Path(item))]
        else:
            wanted.append((report.format_of(item), Path(item)))
    for name, file in wanted:
        if name not in report.FORMATS:
            raise UsageError(f"there is no report format {name!r}", f"use one of {', '.join(report.FORMATS)}")
        if file is not None:
            report.check_writable(file)
    return wanted


def _tell(
    data: ReportData,
    settings: Settings,
    wanted: list[tuple[str, Path | None]],
    draw: Callable[[ReportData], None] | None,
    stream: object,
) -> int:
    """Print and write the report; returns hypercheck's own exit status."""
    from functools import partial

    from rich.console import Console

    from hypercheck import report
    from hypercheck.findings import Severity
    from hypercheck.report.console import ConsoleReport

    to_terminal = [name for name, path in wanted if path is None]
    paths = [(name, path) for name, path in wanted if path is not None]

    def show(name: str) -> None:
        if name == "rich":
            console = Console(file=stream, highlight=False)  # type: ignore[arg-type]
            if not getattr(stream, "isatty", lambda: False)():
                console.width = max(console.width, 100)
            console.print(ConsoleReport(data))
        else:
            stream.write(report.render(data, name).rstrip("\n") + "\n")  # type: ignore[attr-defined]

    jobs: list[Callable[[], object]] = [
        partial(show, name) for name in to_terminal or ([] if wanted else ["rich"])
    ]
    jobs += [partial(report.save, data, path, name) for name, path in paths]
    if draw is not None:
        jobs.append(partial(draw, data))
    failed = False
    for job in jobs:
        # What one of them is in want of keeps neither the others nor the script's own status back.
        try:
            job()
        except HypercheckError as error:
            failed = True
            _complain(error)
        except Exception as fault:
            failed = True
            _complain(OwnFault("the report", fault))
    if paths and not to_terminal and not failed:
        # An exit status of 1 without a word would leave everybody guessing.
        sys.stderr.write(f"hypercheck: {report.headline(data, [path for _, path in paths])}\n")
    if failed or data.verdict == "incomplete":
        return 2
    return int(bool(data.at_least(Severity(settings.fail_on))))


def _picture(out: Path, level: str, max_nodes: int | None) -> Callable[[ReportData], None]:
    """What draws a report's diagram to a file; what cannot be drawn is refused now, before any work."""
    from hypercheck.report import check_writable, diagram, picture

    picture.format_of(out)
    check_writable(out)
    if level not in diagram.LEVELS:
        raise UsageError(f"there is no level {level!r}", f"use one of {', '.join(diagram.LEVELS)}")

    def draw(data: ReportData) -> None:
        flow = next((item for item in data.flows if item.level == level and item.nodes), None)
        if flow is None:
            raise HypercheckError(
                "there is nothing to draw: no training step was seen", "run at least one step"
            )
        picture.save(diagram.to_dot(flow, data.target.path, max_nodes), out, data.target.path)

    return draw


def _checked(
    target: str,
    shapes: list[str] | None,
    loss: str | None,
    batch_size: int,
    seed: int,
    device: str,
    settings: Settings,
) -> ReportData:
    import torch

    from hypercheck import checker
    from hypercheck import target as targets
    from hypercheck.findings import Target
    from hypercheck.observe.observation import Observation

    file, _, name = target.partition("::")
    path = Path(file)
    inputs = targets.Inputs(
        tuple(targets.parse_shape(shape) for shape in shapes or ()),
        batch_size,
        loss,
        seed,
        device,
        settings.steps,
    )
    observation = Observation(steps=settings.steps)
    observation.start()
    try:
        module = targets.load(path)
        found, item = targets.find(module, path, name or None)
        trainable = targets.prepare(found, item, inputs)
        if trainable.model is not None:
            observation.session.roots["model"] = trainable.model
        for _ in range(settings.steps):
            trainable.step()
    finally:
        observation.stop()
    return checker.report(
        observation.facts(),
        Target("model", target),
        settings,
        version=__version__,
        torch_version=torch.__version__,
    )
