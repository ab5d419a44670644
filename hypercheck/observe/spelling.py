"""What a value is called where it was computed: the name that it was assigned to, or its expression."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from hypercheck.observe import frames
from hypercheck.observe.frames import Site

_LONGEST = 60

Span = tuple[int, int, int, int]
"""First line and column, last line and column: columns in bytes, as the compiler and `ast` count them."""


@lru_cache(maxsize=4096)
def spelled(site: Site) -> str:
    """The name or expression for what the operation at this place returns, or '' where no source tells.

    In `w = head(z).view(2, 3)` the view is `w`, and what it is a view of is `head(z)`.
    """
    line, end_line, column, end_column = frames._position(site.code, site.instruction)
    if column is None or end_column is None:
        return _by_line(site.code.co_filename, line)
    return _byspan_of(site.code.co_filename, (line, column, end_line, end_column))


def _by_line(file: str, line: int) -> str:
    """Without columns: what the statement assigns to, or its expression."""
    statement = frames.statement(file, line)
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        return _short(target)
    if isinstance(statement, (ast.Return, ast.Expr)) and statement.value is not None:
        return _short(statement.value)
    return ""


def _byspan_of(file: str, span: Span) -> str:
    inside = [node for node in statements(file) if _holds(span_of(node), span)]
    if not inside:
        return ""
    statement = inside[-1]
    for target, value in _assigned(statement):
        if span in (span_of(value), span_of(statement)):
            # `p.data = w` names nothing: the tensor p is another one.
            return _short(value if isinstance(target, ast.Attribute) and target.attr == "data" else target)
    same = [node for node in ast.walk(statement) if isinstance(node, ast.expr) and span_of(node) == span]
    return _short(same[0]) if same else ""


@lru_cache(maxsize=64)
def statements(file: str) -> tuple[ast.stmt, ...]:
    """The statements of a file, those inside of others after them."""
    tree = frames._tree(file)
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.stmt)) if tree is not None else ()


def _assigned(statement: ast.stmt) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Pairs of a target and the expression that it gets; tuples on both sides pair up."""
    if isinstance(statement, (ast.AnnAssign, ast.AugAssign)) and statement.value is not None:
        yield statement.target, statement.value
    elif isinstance(statement, ast.Assign):
        target, value = statement.targets[0], statement.value
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            if len(target.elts) == len(value.elts):
                yield from zip(target.elts, value.elts)
        yield target, value


def span_of(node: ast.stmt | ast.expr) -> Span:
    """Where a node stands."""
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or 0


def _holds(outer: Span, inner: Span) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
