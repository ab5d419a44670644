"""Which statement chose a tensor, or a row of it: the one that reads it, or that of a caller."""

from __future__ import annotations

import ast
from functools import lru_cache
from types import CodeType
from typing import NamedTuple

from hypercheck.findings import Location
from hypercheck.observe import frames, spelling
from hypercheck.observe.frames import Site


class Choice(NamedTuple):
    """The statement that picked a tensor or its row, and the arguments of its function that decided which."""

    place: Location | None
    arguments: frozenset[str] = frozenset()


def choice(site: Site | None) -> Choice:
    """What picked the tensor that the operation at this place reads.

    In `e = codes[k]` followed by `parts.append(head(e))` the codes are picked in the first of them, by `k`.
    """
    place = frames.location(site)
    used = frames.statement(site.code.co_filename, place.line) if site is not None and place else None
    if site is None or place is None or used is None:
        return Choice(place)
    names = _names(used)
    for statement in reversed(_body(site, place.line)):
        target = statement.targets[0]
        if isinstance(target, ast.Name) and target.id in names and isinstance(statement.value, ast.Subscript):
            used, place = statement, frames.at_line(site.code, statement.lineno)
            break
    line, end_line, column, end_column = frames._position(site.code, site.instruction)
    read = [node for node in ast.walk(used) if isinstance(node, ast.Subscript)]
    exact = [node for node in read if spelling.span_of(node) == (line, column, end_line, end_column)]
    indexes = [node.slice for node in exact or read]
    calls = [node for node in ast.walk(used) if isinstance(node, ast.Call)]
    given = [item for node in calls for item in node.args]
    return Choice(place, _arguments(site, place.line, indexes or given))


def passed(site: Site, callee: CodeType, arguments: frozenset[str]) -> Choice:
    """The call at this place, and the arguments of its own function that decided those of the callee."""
    place = frames.location(site)
    signature = [name for name in callee.co_varnames[: callee.co_argcount] if name not in ("self", "cls")]
    if place is None:
        return Choice(place)
    line, end_line, column, end_column = frames._position(site.code, site.instruction)
    calls = [node for node in _calls(site.code.co_filename) if node.lineno <= line <= (node.end_lineno or 0)]
    exact = [node for node in calls if spelling.span_of(node) == (line, column, end_line, end_column)]
    given: list[ast.expr] = []
    for node in exact or calls:
        named = {item.arg: item.value for item in node.keywords}
        for name in arguments:
            position = signature.index(name) if name in signature else len(node.args)
            given += [named[name]] if name in named else node.args[position : position + 1]
    return Choice(place, _arguments(site, place.line, given))


def callers(code: CodeType) -> list[Location]:
    """The places in the file that call the function by its name, first to last."""
    lines = set()
    for node in _calls(code.co_filename):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == code.co_name:
            lines.add(node.lineno)
    return [frames.at_line(code, line) for line in sorted(lines)]


def _arguments(site: Site, line: int, parts: list[ast.expr]) -> frozenset[str]:
    """The arguments of the site's function that the parts are, as they are or by way of variables."""
    code = site.code
    own = set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]) - {"self", "cls"}
    names = {name for part in parts if (name := _handed_on(part))}
    for statement in reversed(_body(site, line)):
        target = statement.targets[0]
        if isinstance(target, ast.Name) and target.id in names - own:
            names.add(_handed_on(statement.value))
    return frozenset(names & own)


def _handed_on(node: ast.expr) -> str:
    """The variable that an expression is, or only wraps: `k`, `[k]`, `torch.tensor([k])`."""
    if isinstance(node, (ast.List, ast.Tuple)) and len(node.elts) == 1:
        return _handed_on(node.elts[0])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        return _handed_on(node.args[0]) if node.func.attr in ("tensor", "as_tensor", "LongTensor") else ""
    return node.id if isinstance(node, ast.Name) else ""


def _names(node: ast.AST) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}


def _body(site: Site, line: int) -> list[ast.Assign]:
    """The assignments of the site's function before a line, first to last."""
    inside = [node for node in spelling.statements(site.code.co_filename) if isinstance(node, ast.Assign)]
    first = site.code.co_firstlineno
    return sorted(
        (node for node in inside if first <= node.lineno and (node.end_lineno or node.lineno) < line),
        key=lambda node: node.lineno,
    )


@lru_cache(maxsize=64)
def _calls(file: str) -> tuple[ast.Call, ...]:
    tree = frames._tree(file)
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.Call)) if tree is not None else ()
