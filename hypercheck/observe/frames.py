"""Which line of the user's program is running: frames to code positions to locations."""

from __future__ import annotations

import ast
import dis
import linecache
import os
import sys
import sysconfig
from functools import lru_cache
from types import CodeType, FrameType
from typing import NamedTuple

from hypercheck.findings import Location

_LIBRARY, _USER, _INSTALLED = 0, 1, 2
"""What a code object is: torch, Python's own or ours; the user's; or another installed package."""

_TAGGED = {
    ("copy", "deepcopy"): "deepcopy",
    ("torch.nn.modules.module", "load_state_dict"): "load_state_dict",
    ("torch.nn.utils.convert_parameters", "vector_to_parameters"): "vector_to_parameters",
    ("torch.nn.modules.module", "_apply"): "module_apply",
    ("torch.nn.init", ""): "init",
    ("torch.nn.utils.parametrize", ""): "parametrize",
    ("torch.serialization", "save"): "save",
    ("torch.serialization", "load"): "load",
    ("torch.utils.checkpoint", ""): "checkpoint",
}
"""Library functions whose presence on the stack says what a low-level operation was part of."""


class Site(NamedTuple):
    """An instruction of the program: cheap to take, resolved to a `Location` only when it is told."""

    code: CodeType
    instruction: int


class FrameReader:
    """Finds the innermost user frame, remembering for each code object whose it is."""

    def __init__(self, user_roots: tuple[str, ...] = ()) -> None:
        # Keyed by `id`: the hash of a code object runs over all its constants. `_codes` keeps them alive.
        self._kinds: dict[int, int] = {}
        self._tags: dict[int, str] = {}
        self._codes: list[CodeType] = []
        self._sites: dict[int, dict[int, Site]] = {}
        """The user's code to its instructions to their sites: each is one object, to be known by its `id`."""
        self._installed: dict[int, dict[int, Site]] = {}
        self._passed: set[int] = set()
        """Library code without a tag."""
        self._user_roots = user_roots

    def site(self, frame: FrameType | None) -> tuple[Site | None, tuple[str, ...]]:
        """The innermost user statement at or above `frame`, and the tags of the library calls between."""
        if frame is None:
            return None, ()
        sites = self._sites.get(id(frame.f_code))
        if sites is not None:
            known = sites.get(frame.f_lasti)
            if known is not None:
                return known, ()
        return self._search(frame)

    def _search(self, top: FrameType) -> tuple[Site | None, tuple[str, ...]]:
        frame: FrameType | None = top
        passed = self._passed
        found: list[str] = []
        installed: Site | None = None
        while frame is not None:
            code = id(frame.f_code)
            if code not in passed:
                kind = self._kinds.get(code)
                if kind is None:
                    kind = self._classify(frame)
                if kind == _USER:
                    return _kept(self._sites, frame), tuple(found)
                if kind == _INSTALLED and installed is None:
                    installed = _kept(self._installed, frame)
                if code in self._tags:
                    found.append(self._tags[code])
            frame = frame.f_back
        return installed, tuple(found)

    def is_user(self, frame: FrameType) -> bool:
        """Whether the frame runs the user's own code."""
        kind = self._kinds.get(id(frame.f_code))
        return (self._classify(frame) if kind is None else kind) == _USER

    def _classify(self, frame: FrameType) -> int:
        code = frame.f_code
        module = frame.f_globals.get("__name__", "")
        for (where, function), tag in _TAGGED.items():
            if module == where and function in ("", code.co_name):
                self._tags[id(code)] = tag
        kind = self._kind(code, module)
        self._kinds[id(code)] = kind
        if kind == _LIBRARY and id(code) not in self._tags:
            self._passed.add(id(code))
        self._codes.append(code)
        return kind

    def _kind(self, code: CodeType, module: str) -> int:
        if code.co_name in ("__torch_function__", "__torch_dispatch__"):
            return _LIBRARY
        path = code.co_filename
        if path.startswith("<") and not path.startswith("<ipython") and not path.startswith("<stdin"):
            return _USER if path == "<string>" and module == "__main__" else _LIBRARY
        absolute = os.path.abspath(path)
        if any(absolute.startswith(root) for root in self._user_roots):
            return _USER
        if any(absolute.startswith(root) for root in _own_roots()):
            return _LIBRARY
        if "site-packages" in absolute or "dist-packages" in absolute:
            return _LIBRARY if module.split(".")[0] in ("torch", "torchvision", "numpy") else _INSTALLED
        return _LIBRARY if any(absolute.startswith(root) for root in _stdlib_roots()) else _USER


def _kept(sites: dict[int, dict[int, Site]], frame: FrameType) -> Site:
    known = sites.setdefault(id(frame.f_code), {})
    site = known.get(frame.f_lasti)
    if site is None:
        site = known[frame.f_lasti] = Site(frame.f_code, frame.f_lasti)
    return site


def is_torch(code: CodeType) -> bool:
    """Whether the code is torch's own."""
    return os.path.abspath(code.co_filename).startswith(_own_roots()[0])


@lru_cache(maxsize=1)
def _own_roots() -> tuple[str, ...]:
    import torch

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    own = (
        "observe report checker.py cli.py script.py api.py settings.py running.py target.py matrix.py "
        "pytest_plugin.py lightning_callback.py transformers_callback.py __init__.py"
    ).split()
    library = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
    return (library, *(os.path.join(package, name) for name in own))


@lru_cache(maxsize=1)
def _stdlib_roots() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib")
    return tuple(sorted({os.path.abspath(sysconfig.get_path(name)) + os.sep for name in names}))


def location(site: Site | None, label: str = "") -> Location | None:
    """The place of an instruction: the lines of its statement's call, with the source and columns."""
    return _location(site, label, _here()) if site is not None else None


def at_line(code: CodeType, line: int) -> Location:
    """The place of a line in the file of some code."""
    file = code.co_filename
    source = linecache.getline(file, line).rstrip("\n")
    function = getattr(code, "co_qualname", code.co_name)
    function = "" if function == "<module>" else function
    return Location(display_path(file), line, line, function, source)


def stored_at(kind: type, attribute: str) -> Site | None:
    """The first statement of a class that assigns the attribute: where nobody was there to see it."""
    for owner in kind.__mro__:
        for item in vars(owner).values():
            code = getattr(item, "__code__", None)
            if isinstance(code, CodeType) and not is_torch(code):
                for instruction in dis.get_instructions(code):
                    if instruction.opname == "STORE_ATTR" and instruction.argval == attribute:
                        return Site(code, instruction.offset)
    return None


def _here() -> str:
    try:
        return os.getcwd()
    except OSError:  # the working directory was removed
        return ""


@lru_cache(maxsize=4096)
def _location(site: Site, label: str, _directory: str) -> Location:
    line, end_line, column, end_column = _position(site.code, site.instruction)
    file = site.code.co_filename
    source = linecache.getline(file, line).rstrip("\n")
    function = getattr(site.code, "co_qualname", site.code.co_name)
    return Location(
        file=display_path(file),
        line=line,
        end_line=max(end_line, line),
        function="" if function == "<module>" else function,
        source=source,
        column=column if end_line == line else None,
        end_column=end_column if end_line == line else None,
        label=label,
    )


def _position(code: CodeType, instruction: int) -> tuple[int, int, int | None, int | None]:
    if sys.version_info >= (3, 11):
        positions = list(code.co_positions())
        index = instruction // 2
        if 0 <= index < len(positions):
            line, end_line, column, end_column = positions[index]
            if line is not None:
                return line, end_line or line, column, end_column
    best = code.co_firstlineno
    for start, end, line in code.co_lines():
        if start <= instruction < end and line is not None:
            best = line
    return best, best, None, None


def display_path(path: str) -> str:
    """`path` relative to the working directory where it lies below it, else as it is."""
    try:
        absolute = os.path.abspath(path)
        relative = os.path.relpath(absolute)
    except (ValueError, OSError):
        return path
    return relative if not relative.startswith("..") else absolute


@lru_cache(maxsize=64)
def _tree(file: str) -> ast.Module | None:
    lines = linecache.getlines(file)
    try:
        return ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return None


@lru_cache(maxsize=4096)
def statement(file: str, line: int) -> ast.stmt | None:
    """The innermost statement that spans the line, parsed; None where the source is not at hand."""
    tree = _tree(file)
    best: ast.stmt | None = None
    if tree is None:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno):
            if best is None or node.lineno >= best.lineno:
                best = node
    return best


def decorator_line(code: CodeType) -> int:
    """The line of the grad-mode decorator of a function, else the first line of the function."""
    tree = _tree(code.co_filename)
    if tree is not None:
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == code.co_name:
                first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
                if first == code.co_firstlineno:
                    for item in node.decorator_list:
                        text = ast.unparse(item)
                        if "grad" in text or "inference" in text:
                            return item.lineno
    return code.co_firstlineno


def enclosing_block(file: str, line: int, words: tuple[str, ...]) -> tuple[int, int] | None:
    """First and last line of the innermost `with` block around the line that names one of the words."""
    tree = _tree(file)
    best: tuple[int, int] | None = None
    if tree is None:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and node.lineno <= line <= (node.end_lineno or node.lineno):
            text = " ".join(ast.unparse(item) for item in node.items)
            if any(word in text for word in words) and (best is None or node.lineno > best[0]):
                best = (node.lineno, node.end_lineno or node.lineno)
    return best


def rate_assignment(site: Site) -> Location | None:
    """The statement `group["lr"] = ...` in the file of the site, where there is just one or the first."""
    tree = _tree(site.code.co_filename)
    for node in ast.walk(tree) if tree is not None else ():
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(node, (ast.Assign, ast.AugAssign)) and isinstance(target, ast.Subscript):
                if isinstance(target.slice, ast.Constant) and target.slice.value == "lr":
                    file, line = site.code.co_filename, node.lineno
                    source = linecache.getline(file, line).rstrip("\n")
                    return Location(display_path(file), line, node.end_lineno or line, "", source)
    return None
