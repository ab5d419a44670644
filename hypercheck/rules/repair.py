"""Corrected statements, built from the user's own statement and names."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

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


def written(location: Location | None) -> str | None:
    """The expression that the statement writes into a tensor, or None where it is no such statement.

    >>> written(Location("t.py", 1, 1, source="main.weight.data.copy_(hyper(z))"))
    'hyper(z)'
    """
    return _target_and_value(location)[1]


def first_argument(location: Location | None) -> str | None:
    """What the statement's call gets first.

    >>> first_argument(Location("t.py", 1, 1, source="vector_to_parameters(theta, main.parameters())"))
    'theta'
    """
    for node in ast.walk(_parse(location) or ast.Module([], [])):
        if isinstance(node, ast.Call) and node.args:
            return ast.unparse(node.args[0])
    return None


def plain_container(location: Location | None) -> str | None:
    """The statement with a plain dict or list in place of a ParameterDict or ParameterList, if it has one.

    >>> plain_container(Location("t.py", 1, 1, source="self.w = nn.ParameterDict(made)"))
    'self.w = dict(made)   # a plain dict keeps the history'
    """
    tree = _parse(location) or ast.Module([], [])
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            kind = {"ParameterDict": "dict", "ParameterList": "list"}.get(
                ast.unparse(node.func).split(".")[-1]
            )
            if kind:
                node.func = ast.Name(kind)
                return f"{ast.unparse(ast.fix_missing_locations(tree))}   # a plain {kind} keeps the history"
    return None


def called_with(location: Location | None) -> str:
    """A functional call in place of a statement that loads generated tensors into a module.

    >>> called_with(Location("t.py", 1, 1, source="main.load_state_dict(weights)"))
    'y = torch.func.functional_call(main, weights, x)   # in place of main.load_state_dict(...)'
    """
    module, weights = "main", "weights"
    for node in ast.walk(_parse(location) or ast.Module([], [])):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr == "load_state_dict":
                module, weights = ast.unparse(node.func.value), ast.unparse(node.args[0])
                break
    return (
        f"y = torch.func.functional_call({module}, {weights}, x)   "
        f"# in place of {module}.load_state_dict(...)"
    )


def given_too(location: Location | None, kind: str, missing: Sequence[str]) -> str:
    """The statement that builds an optimizer, with tensors that it was not given.

    >>> given_too(Location("t.py", 1, 1, source="opt = Adam(net.parameters(), lr=0.1)"), "Adam", ["code"])
    'opt = Adam([*net.parameters(), code], lr=0.1)'
    >>> given_too(Location("t.py", 1, 1, source="opt = Adam(a if a else b)"), "Adam", ["code"])
    'opt = Adam([*(a if a else b), code])'
    """
    named = [spelled for name in missing if (spelled := expression(name)) is not None]
    if not named:
        return f"give them to the {kind} as well where it is built, or by add_param_group"
    more = ", ".join(named)
    tree = _parse(location) or ast.Module([], [])
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).split(".")[-1] == kind:
            given = node.args[0]
            if isinstance(given, (ast.List, ast.Tuple)):
                groups = bool(given.elts) and isinstance(given.elts[0], ast.Dict)
                held = [ast.unparse(item) for item in given.elts]
            else:
                groups, held = False, [ast.unparse(ast.Starred(given, ast.Load()))]
            held.append(f'{{"params": [{more}]}}' if groups else more)
            node.args[0] = ast.parse(f"[{', '.join(held)}]", mode="eval").body
            return ast.unparse(ast.fix_missing_locations(tree))
    return f'optimizer.add_param_group({{"params": [{more}]}})   # optimizer: the {kind}'


def expression(name: str) -> str | None:
    """A tensor's name as Python writes it; None for words, and for what would make a new one.

    >>> expression("net.layers.0.heads.0-weight.bias"), expression("nn.Linear(4, 2)")
    ("net.layers[0].heads['0-weight'].bias", None)
    """
    core = name.removeprefix("*").removesuffix(".parameters()")
    found = ""
    for piece in re.split(r"\.(?![^\[]*\])", core):
        if re.fullmatch(r"[^\W\d]\w*(\[[^\[\]]+\])*", piece):
            found += f".{piece}" if found else piece
        elif re.fullmatch(r"[\w-]+", piece) and found:
            found += f"[{piece}]" if piece.isdigit() else f"[{piece!r}]"
        else:
            return None
    return name.replace(core, found)


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
    target, mark, value = after.partition(" = ")
    if mark and target == value:
        return f"take the call out; what is left, {after}, does nothing and may go"
    return after if after != before else None


def edit(location: Location | None, statement: str | None) -> str | None:
    """The blamed line with the statement in its place, indented and commented as before.

    None where the statement does not stand on one line by itself.

    >>> edit(Location("t.py", 1, 1, source="    w = hyper(z).detach()  # cut"), "w = hyper(z)")
    '    w = hyper(z)  # cut'
    """
    if location is None or statement is None or location.line != location.end_line or "\n" in statement:
        return None
    try:
        ast.parse(statement)  # advice in words is no edit
    except SyntaxError:
        return None
    tree = _parse(location)
    if tree is None or len(tree.body) != 1:
        return None
    before = location.source
    indent = before[: len(before) - len(before.lstrip())]
    _, mark, comment = before.partition("#")
    return f"{indent}{statement}{'  #' + comment.rstrip() if mark else ''}"


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
            out = next((word.value for word in call.keywords if word.arg == "out"), None)
            if out is not None:
                call.keywords = [word for word in call.keywords if word.arg != "out"]
                return _plain(out), ast.unparse(call)
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
