"""Corrected statements, built from the user's own statement and names."""

from __future__ import annotations

import ast

from hypercheck.findings import Location


def hand_over(location: Location | None, name: str = "w") -> str:
    """Code that hands the generated weight over with its history, for a statement that lost it.

    >>> hand_over(Location("t.py", 1, 1, source="self.main[0].weight.data = w"))
    'y = torch.func.functional_call(self.main[0], {"weight": w}, x)'
    """
    target, value = _target_and_value(location)
    if target is None:
        return 'y = torch.func.functional_call(main, {"layer.weight": w}, x)   # keeps the history of w'
    owner, _, attribute = target.rpartition(".")
    given = value or name
    if owner and attribute.isidentifier():
        return f'y = torch.func.functional_call({owner}, {{"{attribute}": {given}}}, x)'
    return f"use {given} itself where {target} was used: y = F.linear(x, {given})"


def without_call(location: Location | None, calls: tuple[str, ...]) -> str | None:
    """The statement with the named method calls and attribute reads taken out, or None where it has none.

    >>> without_call(Location("t.py", 1, 1, source="w = hyper(z).detach()"), ("detach",))
    'w = hyper(z)'
    """
    tree = _parse(location)
    if tree is None:
        return None
    before = ast.unparse(tree)
    after = ast.unparse(ast.fix_missing_locations(_Strip(calls).visit(tree)))
    return after if after != before else None


class _Strip(ast.NodeTransformer):
    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in self._names and not node.args:
            return node.func.value
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr == "data" and "data" in self._names and isinstance(node.ctx, ast.Load):
            return node.value
        return node


def _target_and_value(location: Location | None) -> tuple[str | None, str | None]:
    """The tensor that a statement writes to and the expression that it writes."""
    tree = _parse(location)
    if tree is None or not tree.body:
        return None, None
    statement = tree.body[0]
    if isinstance(statement, ast.Assign):
        target = _plain(statement.targets[0])
        return target, _unwrapped(statement.value)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        if isinstance(call.func, ast.Attribute) and call.args:
            if call.func.attr == "register_parameter" and len(call.args) > 1:
                return f"{ast.unparse(call.func.value)}.{_key(call.args[0])}", _unwrapped(call.args[1])
            if call.func.attr.endswith("_"):
                return _plain(call.func.value), _unwrapped(call.args[0])
        if isinstance(call.func, ast.Name) and call.func.id == "setattr" and len(call.args) == 3:
            return f"{ast.unparse(call.args[0])}.{_key(call.args[1])}", _unwrapped(call.args[2])
    return None, None


def _key(node: ast.expr) -> str:
    """The name that is assigned to: the text of a string, else the expression."""
    return str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)


def _plain(node: ast.expr) -> str:
    """The written expression without `.data` and without an index after it."""
    while True:
        if isinstance(node, ast.Attribute) and node.attr == "data":
            node = node.value
        elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute):
            if node.value.attr not in ("data", "weight", "bias"):
                break
            node = node.value
        else:
            break
    return ast.unparse(node)


def _unwrapped(node: ast.expr) -> str:
    """The value without `nn.Parameter(...)`, `.detach()`, `.data` and `.clone()` around it."""
    while True:
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Parameter" and node.args:
            node = node.args[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
            if node.func.attr not in ("detach", "clone", "numpy", "cpu"):
                break
            node = node.func.value
        elif isinstance(node, ast.Attribute) and node.attr == "data":
            node = node.value
        else:
            break
    return ast.unparse(node)


def _parse(location: Location | None) -> ast.Module | None:
    if location is None or not location.source.strip():
        return None
    try:
        return ast.parse(location.source.split("#")[0].strip())
    except SyntaxError:
        return None
