"""Run somebody's script as `python` would run it, and say how it ended.

The script gets what it would get from the interpreter: a module that is really called `__main__` (so that
pickles, and the children that multiprocessing spawns, find it), its own `sys.argv` and `sys.path[0]`, the
untouched streams, signals and working directory. Its exit code, its uncaught exception and Ctrl-C end as they
would have ended.

What stays different from `python SCRIPT`, since it cannot be helped:

- Below the script lie a few frames more: `inspect.stack()`, `sys._getframe(n)` past the module level, and the
  depth left until `RecursionError`.
- `sys.orig_argv` and the process title name the command that was typed. More modules are in `sys.modules`: a
  file of the script's directory with the name of one that is loaded already is not seen (`rich.py`).
- With `-m`, and for directories, a traceback has no lines of `runpy`.
- After Ctrl-C the process ends with status 130, and not by its own SIGINT; a shell shows 130 for both.
- Handlers registered with `atexit`, and threads that are not daemons, end when the process ends: after `run`.
- `python -i` does not stay interactive, and `os._exit` ends hypercheck as well.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import difflib
import importlib.util
import io
import os
import sys
import threading
import tokenize
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader, SourcelessFileLoader
from types import CodeType, ModuleType, TracebackType
from typing import Any, Literal, NoReturn

from hypercheck.errors import TargetError

EndedBy = Literal["end", "exit", "exception", "interrupt", "stopped"]

_CHECKPOINT = "it holds weights, and weights carry no graph: give the script that trains them"
_NOT_PYTHON = {
    **dict.fromkeys(
        (".pt", ".pth", ".ckpt", ".safetensors", ".onnx", ".h5", ".npz", ".npy", ".pkl"), _CHECKPOINT
    ),
    ".ipynb": "it is a notebook: save its cells as a .py file first, or call hypercheck.watch in a cell",
    **dict.fromkeys((".sh", ".bash", ".zsh", ".bat", ".ps1"), "give the Python script that it starts"),
    **dict.fromkeys((".yaml", ".yml", ".json", ".toml", ".cfg", ".ini"), "give the script that reads it"),
}
_INTERRUPTED = 0xC000013A if sys.platform == "win32" else 130
_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_ROOMS_OF_USER_CODE = (_PACKAGE + "models" + os.sep, _PACKAGE + "rules" + os.sep)


class StopScript(BaseException):
    """Raised inside of a script to end it early: `run` answers `stopped`, status 0, and prints nothing."""


@dataclass(frozen=True, slots=True)
class ScriptOutcome:
    """How a script ended: the status that `python` would have handed to the shell, and what was raised."""

    exit_status: int
    exception: BaseException | None
    ended_by: EndedBy


class _NotRunnable(TargetError):
    """Found out while the module was looked up: nothing of the script's own has been executed."""


@dataclass(frozen=True, slots=True)
class _World:
    """What `restore` puts back."""

    argv: list[str]
    path: list[str]
    main: ModuleType | None


@dataclass(slots=True)
class Script:
    """A script file, a directory or zip file with a `__main__.py`, or a module, and its arguments.

    `argv` is what follows the script's name; `sys.argv[0]` is made here.

    >>> Script.from_path("no-such-file.py")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    hypercheck.errors.TargetError: there is no file no-such-file.py; give the path of a Python script, ...
    """

    name: str
    kind: Literal["file", "container", "module"]
    argv: tuple[str, ...] = ()
    source: bytes = field(default=b"", repr=False)
    _before: _World | None = field(default=None, repr=False)

    @classmethod
    def from_path(cls, path: str | os.PathLike[str], argv: Sequence[str] = ()) -> Script:
        """The script at `path`, read now, executed by `run`. `TargetError` for what is no Python program."""
        name = os.fspath(path)
        hint = _NOT_PYTHON.get(os.path.splitext(name)[1].lower())
        if not os.path.exists(name):
            raise TargetError(f"there is no file {name}", _hint_for_missing(name))
        if hint and not os.path.isdir(name):
            raise TargetError(f"{name} is not a Python script", hint)
        # Only a regular file may be looked into twice: a pipe would be empty the second time.
        if os.path.isdir(name) or (os.path.isfile(name) and zipfile.is_zipfile(name)):
            if PathFinder.find_spec("__main__", [_absolute(name)]) is None:
                raise TargetError(
                    f"{name} has no __main__.py", "give a script inside of it, or add a __main__.py"
                )
            return cls(name, "container", tuple(argv))
        return cls(name, "file", tuple(argv), _read(name))

    @classmethod
    def from_module(cls, name: str, argv: Sequence[str] = ()) -> Script:
        """The module `name`, as `python -m` takes it. `run` looks it up: `TargetError` if that fails."""
        return cls(name, "module", tuple(argv))

    def run(self) -> ScriptOutcome:
        """Execute the script, show its uncaught exception as Python does, and say how it ended.

        `sys.argv`, `sys.path` and `sys.modules["__main__"]` stay the script's own, since its threads, its
        `atexit` handlers and its children may need them until the process ends. Where the process goes on,
        call `restore`.
        """
        process = os.getpid()
        raised: BaseException | None = None
        main = self._enter()
        try:
            code = self._load(main)
            exec(code, main.__dict__)
        except BaseException as error:
            raised = error
        if isinstance(raised, _NotRunnable):
            self.restore()
            raise TargetError(raised.message, raised.hint)
        # Judged outside of the handler: what the script's excepthook raises gets no context from here.
        outcome = _outcome(raised)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(
                Exception
            ):  # closed, detached, or a broken pipe: Python itself says so at its end
                stream.flush()
        if os.getpid() != process:
            _end_forked_child(outcome.exit_status)
        return outcome

    def restore(self) -> None:
        """Put `sys.argv`, `sys.path` and `__main__` back. The script's globals live on while used."""
        if self._before is None:
            return
        before, self._before = self._before, None
        sys.argv = before.argv
        sys.path[:] = before.path
        if before.main is not None:
            sys.modules["__main__"] = before.main

    def _enter(self) -> ModuleType:
        """A fresh `__main__`, with the arguments and the search path of the script."""
        self._before = _World(sys.argv, list(sys.path), sys.modules.get("__main__"))
        sys.argv = ["-m" if self.kind == "module" else self.name, *self.argv]
        # `python -P` and `-I` put nothing in front of the path, so that nothing there is to be replaced.
        puts_first = not (sys.flags.isolated or getattr(sys.flags, "safe_path", False))
        if self.kind == "container":
            sys.path[: int(puts_first)] = [_absolute(self.name)]
        elif puts_first:
            sys.path[:1] = [
                os.getcwd() if self.kind == "module" else os.path.dirname(os.path.realpath(self.name))
            ]
        main = ModuleType("__main__")
        if sys.version_info < (3, 14):
            vars(main)["__annotations__"] = {}
        vars(main)["__builtins__"] = builtins
        sys.modules["__main__"] = main
        return main

    def _load(self, main: ModuleType) -> CodeType:
        """The code to execute. The attributes that Python gives to `__main__` are set on the way."""
        if self.kind == "file":
            return self._load_file(main)
        if self.kind == "container":
            spec = PathFinder.find_spec("__main__", [_absolute(self.name)])
            code = None if spec is None else _code_of(spec)
            if spec is None or code is None:
                raise _NotRunnable(f"{self.name} has no __main__.py", "was it removed?")
        else:
            spec, code = _find_module(self.name)
            sys.argv[0] = str(spec.origin)
        main.__package__ = spec.parent
        main.__loader__ = spec.loader
        main.__spec__ = spec
        main.__file__ = spec.origin
        vars(main)["__cached__"] = spec.cached
        return code

    def _load_file(self, main: ModuleType) -> CodeType:
        path = _absolute(self.name)
        compiled = self.source.startswith(importlib.util.MAGIC_NUMBER)
        loader = (SourcelessFileLoader if compiled else SourceFileLoader)("__main__", path)
        main.__loader__ = loader
        main.__file__ = path
        vars(main)["__cached__"] = None
        if compiled:
            code = loader.get_code("__main__")
            assert code is not None  # a SourcelessFileLoader raises instead
            return code
        return compile(self.source, path, "exec", dont_inherit=True)


def _absolute(path: str) -> str:
    """As Python makes `__main__.__file__`: in front of it the working directory, nothing tidied."""
    if sys.platform == "win32":
        return os.path.abspath(path)
    return path if os.path.isabs(path) else os.path.join(os.getcwd(), path)


def _hint_for_missing(name: str) -> str:
    folder, file = os.path.split(name)
    try:
        near = difflib.get_close_matches(
            file, [n for n in os.listdir(folder or ".") if n.endswith(".py")], n=1
        )
    except OSError:
        near = []
    return (
        f"did you mean {os.path.join(folder, near[0])}?"
        if near
        else "give the path of a Python script, or -m MODULE"
    )


def _read(name: str) -> bytes:
    """The bytes of a script, or of a compiled one. Read once: `name` may be a pipe."""
    try:
        with io.open_code(_absolute(name)) as file:
            source = file.read()
    except OSError as error:
        raise TargetError(f"cannot read {name}: {error.strerror or error}", "check its permissions") from None
    if source.startswith(importlib.util.MAGIC_NUMBER):
        return source
    if b"\0" in source:
        raise TargetError(f"{name} is not a Python script", "it holds binary data")
    first_line = source.partition(b"\n")[0]
    if first_line.startswith(b"#!") and first_line.rstrip().endswith(b"sh"):
        raise TargetError(f"{name} is not a Python script", "give the Python script that it starts")
    try:
        encoding = tokenize.detect_encoding(io.BytesIO(source).readline)[0]
        source.decode(encoding)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise TargetError(
            f"{name} cannot be decoded as {error.encoding}: byte 0x{source[error.start]:02x} in line {line}",
            "save it as UTF-8, or name its encoding in the first line",
        ) from None
    except SyntaxError as error:
        raise TargetError(f"{name} cannot be decoded: {error.msg}", "save it as UTF-8") from None
    return source


def _find_module(name: str) -> tuple[ModuleSpec, CodeType]:
    """What `python -m name` would execute. Parent packages are imported; what they raise is theirs."""
    if name.startswith("."):
        raise _NotRunnable(f"the module name {name} is relative", "give its full name")
    package = name.rpartition(".")[0]
    if package:
        _import_package(package, name)
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise _NotRunnable(f"there is no module {name}: {error}", _hint_for_module(name)) from None
    if spec is None:
        raise _NotRunnable(f"there is no module {name}", _hint_for_module(name))
    if spec.submodule_search_locations is not None:
        if name.endswith("__main__"):
            raise _NotRunnable(f"{name} is a package", "give one of its modules")
        try:
            return _find_module(f"{name}.__main__")
        except _NotRunnable as error:
            if f"{name}.__main__" in sys.modules:
                raise
            message = f"{name} is a package without a __main__ module"
            raise _NotRunnable(message, "give one of its modules") from error
    code = _code_of(spec)
    if code is None:
        raise _NotRunnable(f"the module {name} has no Python code", "give a module that is written in Python")
    return spec, code


def _import_package(package: str, name: str) -> None:
    try:
        __import__(package)
    except ImportError as error:
        # That the package is missing is ours to say. What is missing inside of it is a fault of the program.
        if error.name is None or not f"{package}.".startswith(f"{error.name}."):
            raise
    loaded = sys.modules.get(name)
    if loaded is not None and not hasattr(loaded, "__path__"):
        message = (
            f"{name!r} found in sys.modules after import of package {package!r}, "
            f"but prior to execution of {name!r}; this may result in unpredictable behaviour"
        )
        warnings.warn(RuntimeWarning(message), stacklevel=1)


def _hint_for_module(name: str) -> str:
    return (
        f"leave out -m, or say -m {name[:-3]}"
        if name.endswith(".py")
        else "is its directory the current one?"
    )


def _code_of(spec: ModuleSpec) -> CodeType | None:
    get_code = getattr(spec.loader, "get_code", None)
    code = None if get_code is None else get_code(spec.name)
    return code if isinstance(code, CodeType) else None


def _outcome(raised: BaseException | None) -> ScriptOutcome:
    if raised is None:
        return ScriptOutcome(0, None, "end")
    if isinstance(raised, StopScript):
        return ScriptOutcome(0, None, "stopped")
    if isinstance(raised, SystemExit):
        return ScriptOutcome(_exit_status(raised.code), raised, "exit")
    _peel(raised)
    status = _show(raised)
    if isinstance(raised, KeyboardInterrupt):
        return ScriptOutcome(_INTERRUPTED, raised, "interrupt")
    return ScriptOutcome(status, raised, "exception")


def _exit_status(code: Any) -> int:
    """What the shell would see of `sys.exit(code)`. What is no number is printed and counts as 1.

    >>> [_exit_status(code) for code in (None, 3, -1, 256, True, 2**80)]
    [0, 3, 255, 0, 1, 255]
    """
    if code is None:
        return 0
    if isinstance(code, int):
        bits = 0xFFFFFFFF if sys.platform == "win32" else 0xFF
        return (int(code) if -sys.maxsize - 1 <= code <= sys.maxsize else -1) & bits
    if sys.stderr is not None:
        with contextlib.suppress(Exception):
            print(code, file=sys.stderr)
    return 1


def _show(error: BaseException) -> int:
    """Hand an uncaught exception to `sys.excepthook`, as the interpreter does. Returns the exit status."""
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = error
    hook = getattr(sys, "excepthook", None)
    fault: BaseException | None = None
    if hook is None:
        _say("sys.excepthook is missing")
        hook = sys.__excepthook__
    try:
        hook(type(error), error, error.__traceback__)
    except BaseException as raised:
        fault = raised
    if isinstance(fault, SystemExit):
        return _exit_status(fault.code)
    if fault is not None:
        _peel(fault)
        _say("Error in sys.excepthook:")
        sys.__excepthook__(type(fault), fault, fault.__traceback__)
        _say("\nOriginal exception was:")
        sys.__excepthook__(type(error), error, error.__traceback__)
    return 1


def _say(line: str) -> None:
    if sys.stderr is not None:
        print(line, file=sys.stderr)


def _peel(error: BaseException) -> None:
    """Take hypercheck's frames out of the traceback of `error`, and of all that it is chained to."""
    seen: set[int] = set()
    chain: list[BaseException | None] = [error]
    while chain:
        link = chain.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        link.__traceback__ = users_traceback(link.__traceback__)
        chain += (link.__cause__, link.__context__)


def users_traceback(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback as it would be without hypercheck: neither the runner's frames nor an observer's remain.

    An observer is called in the middle of a call: `F.linear`, torch's overrides, observer, `F.linear` again.
    The detour goes, and the function that was entered twice is shown once.
    """
    kept: list[TracebackType] = []
    after_detour = at_start = True
    changed = False
    while traceback is not None:
        code = traceback.tb_frame.f_code
        is_own = code.co_filename.startswith(_PACKAGE) and not code.co_filename.startswith(
            _ROOMS_OF_USER_CODE
        )
        if is_own or (at_start and code.co_filename.startswith("<frozen importlib")):
            while kept and kept[-1].tb_frame.f_code.co_filename.endswith(
                os.path.join("torch", "overrides.py")
            ):
                kept.pop()
            after_detour = changed = True
        else:
            if after_detour and kept and kept[-1].tb_frame.f_code is code:
                kept.pop()
            kept.append(traceback)
            after_detour = at_start = False
        traceback = traceback.tb_next
    if not changed:
        return kept[0] if kept else None
    rebuilt: TracebackType | None = None
    for entry in reversed(kept):
        rebuilt = TracebackType(rebuilt, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return rebuilt


def _end_forked_child(status: int) -> NoReturn:
    """End a process that the script forked by hand, at the script's end: the report is its parent's."""
    with contextlib.suppress(BaseException):
        getattr(threading, "_shutdown", lambda: None)()
        atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    os._exit(status)
