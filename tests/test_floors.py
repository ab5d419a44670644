"""The floors of the house: each imports only what lies below it, and the top door opens without torch."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hypercheck"

# floor: what none of its modules may import, at the top or inside of a function
FORBIDDEN = {
    "rules": ("torch", "hypercheck.observe", "hypercheck.report", "hypercheck.checker", "hypercheck.models"),
    "report": ("torch", "hypercheck.observe", "hypercheck.rules", "hypercheck.checker", "hypercheck.models"),
    "observe": ("hypercheck.rules", "hypercheck.report", "hypercheck.checker", "hypercheck.models"),
    "models": ("hypercheck.rules", "hypercheck.report", "hypercheck.checker", "hypercheck.observe"),
}
DOORS = (
    *("cli.py", "api.py", "__main__.py", "running.py", "script.py", "target.py", "matrix.py", "ranks.py"),
    *("pytest_plugin.py", "callbacks.py", "lightning_callback.py", "transformers_callback.py"),
)


def modules(folder: Path) -> list[Path]:
    """The modules of a floor; the samples are users' code, and no part of it."""
    return [path for path in sorted(folder.rglob("*.py")) if path.name not in ("bad.py", "good.py")]


def imports(path: Path) -> set[str]:
    """The full names that a module imports, anywhere in it, other than for its type hints."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hints = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    package = ".".join(path.relative_to(ROOT).parent.parts)
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in hints:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(part for part in (above, node.module or "") if part)
            found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return found


def below(name: str, root: str) -> bool:
    return name == root or name.startswith(root + ".")


@pytest.mark.parametrize("floor", FORBIDDEN)
def test_a_floor_imports_nothing_from_above_or_beside(floor):
    offences = [
        (str(path.relative_to(ROOT)), name)
        for path in modules(PACKAGE / floor)
        for name in sorted(imports(path))
        if any(below(name, root) for root in FORBIDDEN[floor])
    ]

    assert [] == offences


def test_no_floor_imports_a_door():
    doors = [f"hypercheck.{name[:-3]}" for name in DOORS]
    offences = [
        (str(path.relative_to(ROOT)), name)
        for floor in FORBIDDEN
        for path in modules(PACKAGE / floor)
        for name in sorted(imports(path))
        if any(below(name, door) for door in doors)
    ]

    assert [] == offences


def test_only_the_command_line_and_the_matrix_import_the_reference_models():
    importers = {
        path.name
        for path in modules(PACKAGE)
        if "models" not in path.relative_to(PACKAGE).parts
        and any(below(name, "hypercheck.models") for name in imports(path))
    }

    assert importers <= {"cli.py", "matrix.py"}


@pytest.mark.parametrize("name", ["facts.py", "findings.py", "errors.py", "settings.py", "checker.py"])
def test_plain_data_and_judging_know_no_torch(name):
    assert not any(below(item, "torch") for item in imports(PACKAGE / name))


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "statement",
    [
        "import hypercheck",
        "import hypercheck.cli",
        "from hypercheck.rules import CATALOGUE",
        "import hypercheck.checker, hypercheck.settings",
        "import hypercheck.pytest_plugin",
        "import hypercheck.report.console, hypercheck.report.diagram, hypercheck.report.json_report",
    ],
)
def test_importing_this_loads_no_torch(statement):
    done = python("-c", f"import sys; {statement}; print('torch' in sys.modules)")

    assert "False\n" == done.stdout, done.stderr


@pytest.mark.parametrize("command", ["--help", "rules", "explain HC102", "run --help"])
def test_this_command_loads_no_torch(command):
    done = python("-X", "importtime", "-m", "hypercheck", *command.split())
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert 0 == done.returncode
    assert "torch" not in loaded
