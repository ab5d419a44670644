"""A script must not notice that hypercheck runs it: a probe compares `python` with each of our doors."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hypercheck.errors import TargetError
from hypercheck.script import Script, users_traceback

ROOT = Path(__file__).parent.parent
PROBE = Path(__file__).parent / "probes" / "world.py"
SNIPPET = """
import sys
from hypercheck.errors import TargetError
from hypercheck.script import Script
is_module, name, *rest = sys.argv[1:]
try:
    make = Script.from_module if is_module == "-m" else Script.from_path
    outcome = make(name, rest).run()
except TargetError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
sys.exit(outcome.exit_status)
"""


def plain_python(*target: str) -> list[str]:
    return [sys.executable, *target]


def the_runner(*target: str) -> list[str]:
    is_module = target[0] == "-m"
    return [sys.executable, "-c", SNIPPET, "-m" if is_module else "", *target[is_module:]]


DOORS: list[Callable[..., list[str]]] = [the_runner]
"""Each turns what is written after `python` into a command line of ours."""


@pytest.fixture(params=DOORS, ids=lambda door: door.__name__)
def door(request: pytest.FixtureRequest) -> Callable[..., list[str]]:
    return request.param


def start(command: list[str], cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("PYTHONWARNINGS", "PYTHONBREAKPOINT"):
        environment.pop(name, None)
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def without_runpy(text: str) -> str:
    """Python shows its own `runpy` for -m and for directories; we show the script's lines only."""
    text = re.sub(r'  File "<frozen (runpy|importlib[^"]*)>", line.*\n', "", text)
    text = re.sub(r'  File ".*/runpy\.py", line.*\n    .*\n', "", text)  # not frozen before Python 3.11
    return re.sub(r'Traceback \(most recent call last\):\n(?=  File ".*", line \d+\n)', "", text)


def without_addresses(text: str) -> str:
    return re.sub(" at 0x[0-9a-f]+", "", text)


def shell_status(returncode: int) -> int:
    """What a shell shows: 128 + the signal, where a signal ended the process."""
    return 128 - returncode if returncode < 0 else returncode


def both(door, cwd: Path, *target: str, stdin: str = "") -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    """Status, stdout and stderr: of python, and of the door."""
    expected, actual = start(plain_python(*target), cwd, stdin), start(door(*target), cwd, stdin)
    return (
        (
            shell_status(expected.returncode),
            expected.stdout,
            without_addresses(without_runpy(expected.stderr)),
        ),
        (shell_status(actual.returncode), actual.stdout, without_addresses(actual.stderr)),
    )


def assert_same_world(door, cwd: Path, *target: str, stdin: str = "a line\n") -> dict:
    expected, actual = both(door, cwd, *target, stdin=stdin)

    assert expected[0] == actual[0] == 0, actual[2]
    worlds = [json.loads(result[1]) for result in (expected, actual)]
    assert worlds[0] == worlds[1]
    assert expected[2] == actual[2]
    return worlds[1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The probe as a file, as a package, in a directory, in a zip file and behind a symbolic link."""
    for place in ("probe.py", "deep/pkg/probe.py", "deep/pkg/__main__.py", "box/__main__.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROBE, tmp_path / place)
    (tmp_path / "deep" / "__init__.py").touch()
    (tmp_path / "deep" / "pkg" / "__init__.py").touch()
    with zipfile.ZipFile(tmp_path / "box.zip", "w") as archive:
        archive.write(PROBE, "__main__.py")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "link.py").symlink_to("../deep/pkg/probe.py")
    return tmp_path


@pytest.mark.parametrize(
    "target",
    [
        "probe.py",
        "./probe.py",
        "links/../probe.py",
        "links/link.py",
        "deep/pkg/probe.py",
        "box",
        "./box/",
        "box.zip",
    ],
)
def test_a_path_runs_in_the_same_world(door, folder, target):
    world = assert_same_world(door, folder, target, "--steps", "3", "a b", "--", "--children")

    assert world["argv"] == [target, "--steps", "3", "a b", "--", "--children"]
    assert world["stdin"] == "a line\n"


def test_an_absolute_path_runs_in_the_same_world(door, folder):
    assert_same_world(door, folder / "box", str(folder / "deep" / "pkg" / "probe.py"))


@pytest.mark.parametrize("target", ["probe", "deep.pkg.probe", "deep.pkg", "deep.pkg.__main__"])
def test_a_module_runs_in_the_same_world(door, folder, target):
    world = assert_same_world(door, folder, "-m", target, "--steps=3")

    assert world["name"] == "__main__"


@pytest.mark.parametrize("method", sorted(set(multiprocessing.get_all_start_methods())))
@pytest.mark.parametrize("target", [("probe.py",), ("-m", "deep.pkg.probe")], ids=["path", "module"])
def test_children_import_the_script_and_not_hypercheck(door, folder, target, method):
    world = assert_same_world(door, folder, *target, "--children", method)

    child = world["children"][method]
    assert child["hypercheck" if method != "fork" else "pickled"] == ([] if method != "fork" else 7)
    assert child["name"] == ("__main__" if method == "fork" else "__mp_main__")


def test_dataloader_workers_work(door, folder):
    pytest.importorskip("torch")
    world = assert_same_world(door, folder, "probe.py", "--workers")

    assert world["workers"][0][0] == [[0, 1], ["__main__", "__main__"]]
    assert world["workers"][1][0] == [[0, 1], ["__mp_main__", "__mp_main__"]]


ENDINGS = {
    "falls off the end": "print('out')",
    "exits with None": "import sys; sys.exit()",
    "exits with a number": "import sys; sys.exit(3)",
    "exits with a negative number": "import sys; sys.exit(-1)",
    "exits with 256": "import sys; sys.exit(256)",
    "exits with a sentence": "import sys; sys.exit('no data')",
    "exits with a tuple": "raise SystemExit(1, 2)",
    "exits inside of a function": (
        "def f():\n    try:\n        raise SystemExit(4)\n    finally:\n        print('x')\nf()"
    ),
    "ends by os._exit": "import os; os._exit(5)",
    "raises": "def f(x):\n    return x / 0\nf(1)",
    "raises with a cause": "try:\n    {}['x']\nexcept KeyError as e:\n    raise ValueError('y') from e",
    "raises while handling": "try:\n    {}['x']\nexcept KeyError:\n    [][1]",
    "raises from a library": "import json\njson.loads('{')",
    "raises a group": "raise ExceptionGroup('g', [ValueError(1)])"
    if sys.version_info >= (3, 11)
    else "1 / 0",
    "raises a BaseException": "class Stop(BaseException): pass\nraise Stop('now')",
    "has a syntax error": "x = 1\nif x\n    y = 2\n",
    "has an indentation error": "if 1:\nx = 2\n",
    "has a tab error": "if 1:\n        x = 2\n\ty = 3\n",
    "imports what is missing": "import no_such_module_at_all",
    "imports a file with a syntax error": "import broken",
    "overflows the stack": "def f(): f()\ntry:\n    f()\nexcept RecursionError as e:\n    print(e)",
    "sets its own excepthook": (
        "import sys\nsys.excepthook = lambda t, v, tb: print('mine', t, v, tb.tb_lineno)\n1 / 0"
    ),
    "has an excepthook that fails": "import sys\ndef hook(*a):\n    [][1]\nsys.excepthook = hook\n1 / 0",
    "has an excepthook that exits": (
        "import sys\ndef hook(*a):\n    sys.exit(9)\nsys.excepthook = hook\n1 / 0"
    ),
    "has no excepthook": "import sys\ndel sys.excepthook\n1 / 0",
    "registers with atexit": (
        "import atexit\natexit.register(print, 'last')\nx = 7\natexit.register(lambda: print(x))"
    ),
    "fails in atexit": "import atexit\natexit.register(lambda: 1 / 0)",
    "leaves a thread behind": (
        "import threading, time\ndef f():\n    time.sleep(0.2); print(__name__, later)\n"
        "threading.Thread(target=f).start()\nlater = 'still here'"
    ),
    "is interrupted": (
        "import os, signal, time\nprint('before')\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)"
    ),
    "raises KeyboardInterrupt": "raise KeyboardInterrupt",
    "handles its own SIGINT": (
        "import os, signal\nsignal.signal(signal.SIGINT, lambda *a: print('caught'))\n"
        "os.kill(os.getpid(), signal.SIGINT)"
    ),
    "is terminated": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nimport time; time.sleep(5)",
    "forks by hand": (
        "import os\npid = os.fork()\n"
        "if pid:\n    print('parent', os.waitpid(pid, 0)[1])\nelse:\n    print('child')"
    ),
    "closes stdout": "import sys\nprint('x')\nsys.stdout.close()",
    "deletes __main__": "import sys\ndel sys.modules['__main__']\nprint('x')",
    "changes directory": "import os\nos.chdir('/')\nprint(__file__)\nimport neighbour",
    "warns": "import warnings\nwarnings.warn('old', DeprecationWarning)\nwarnings.warn('odd')",
    "has a coding line": b"# -*- coding: latin-1 -*-\nprint(ascii('\xe9'))",
    "begins with a byte order mark": b"\xef\xbb\xbfprint('x')",
    "is empty": "",
    "has Windows line ends": b"x = 1\r\nprint('''a\r\nb''')\r\n",
    "uses dataclasses and postponed annotations": (
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass P:\n    x: int = 1\nimport typing\nprint(P(), typing.get_type_hints(P))"
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_script_ends_as_under_python(door, tmp_path, ending):
    source = ENDINGS[ending]
    (tmp_path / "it.py").write_bytes(source if isinstance(source, bytes) else source.encode())
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "neighbour.py").write_text("print('neighbour')\n")

    expected, actual = both(door, tmp_path, "it.py")

    assert expected == actual


@pytest.mark.parametrize(
    "ending", ["raises", "exits with a number", "has a syntax error", "raises with a cause"]
)
@pytest.mark.parametrize("target", [("-m", "it"), ("-m", "pkg.it"), ("-m", "pkg"), ("pkg",)], ids=" ".join)
def test_a_module_or_directory_ends_as_under_python(door, tmp_path, target, ending):
    (tmp_path / "pkg").mkdir()
    for place in ("it.py", "pkg/it.py", "pkg/__main__.py", "pkg/__init__.py"):
        (tmp_path / place).write_text("" if place == "pkg/__init__.py" else ENDINGS[ending])

    expected, actual = both(door, tmp_path, *target)

    assert expected == actual


@pytest.mark.parametrize(
    "init", ["1 / 0", "import no_such_module", "from pkg import it", "raise SystemExit(3)", "def f(:"]
)
def test_what_a_parent_package_raises_is_shown_as_under_python(door, tmp_path, init):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text(init)
    (tmp_path / "pkg" / "it.py").write_text("print(__name__)")

    expected, actual = both(door, tmp_path, "-m", "pkg.it")

    # The warning about a module that is loaded twice names, and may quote, the line of runpy that gives it.
    texts = [
        re.sub(r"^.*?: (?=RuntimeWarning)|\n +(warnings\.)?warn\(.*", "", r[2]) for r in (expected, actual)
    ]
    assert expected[:2] == actual[:2]
    assert texts[0].strip() == texts[1].strip()


def test_python_options_reach_the_script(folder):
    for options in (
        ["-O"],
        ["-W", "error"],
        ["-X", "dev"],
        *([["-P"]] if sys.version_info >= (3, 11) else []),
    ):
        for target in ("probe.py", "box"):
            command = the_runner(target)
            expected = start([sys.executable, *options, target], folder)
            actual = start([sys.executable, *options, *command[1:]], folder)

            assert json.loads(expected.stdout) == json.loads(actual.stdout)


def test_a_compiled_script_runs(door, folder):
    import py_compile

    py_compile.compile(str(folder / "probe.py"), cfile=str(folder / "probe.pyc"))

    assert_same_world(door, folder, "probe.pyc")


def test_a_script_may_come_through_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = subprocess.Popen(["/bin/sh", "-c", f"echo 'print(40 + 2)' > {pipe}"])
    result = start(the_runner(str(pipe)), tmp_path)
    writer.wait()

    assert result.stdout == "42\n"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "train.pt",
            b"PK\x03\x04",
            "train.pt is not a Python script; it holds weights, and weights carry no graph",
        ),
        ("last.ckpt", b"\0\1", "last.ckpt is not a Python script; it holds weights"),
        ("study.ipynb", b"{}", "study.ipynb is not a Python script; it is a notebook"),
        ("go.sh", b"#!/bin/sh\n", "go.sh is not a Python script; give the Python script that it starts"),
        (
            "go",
            b"#!/usr/bin/env bash\nls\n",
            "go is not a Python script; give the Python script that it starts",
        ),
        ("conf.yaml", b"a: 1\n", "conf.yaml is not a Python script; give the script that reads it"),
        ("image", b"\x89PNG\0", "image is not a Python script; it holds binary data"),
        (
            "old.py",
            b"x = 1\ny = '\xff'\n",
            "old.py cannot be decoded as utf-8: byte 0xff in line 2; save it as UTF-8",
        ),
        ("odd.py", b"# coding: klingon\n", "odd.py cannot be decoded: unknown encoding: klingon"),
    ],
)
def test_what_is_no_python_is_refused_with_the_next_thing_to_try(
    tmp_path, monkeypatch, name, content, sentence
):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)

    with pytest.raises(TargetError, match=re.escape(sentence)):
        Script.from_path(name)


def test_a_missing_file_gets_the_nearest_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train.py").touch()

    with pytest.raises(TargetError, match=r"there is no file trian\.py; did you mean train\.py\?"):
        Script.from_path("trian.py")
    with pytest.raises(TargetError, match="there is no file other/thing; give the path"):
        Script.from_path("other/thing")


def test_a_directory_without_main_is_refused(tmp_path):
    with pytest.raises(TargetError, match=r"has no __main__\.py"):
        Script.from_path(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path):
    (tmp_path / "secret.py").touch(mode=0o000)

    with pytest.raises(TargetError, match="cannot read"):
        Script.from_path(tmp_path / "secret.py")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no_such_module", "there is no module no_such_module; is its directory the current one"),
        ("no_such.module", "there is no module no_such.module"),
        ("lonely.py", "say -m lonely"),
        ("json.decoder.deeper", "there is no module json.decoder.deeper"),
        ("json", "json is a package without a __main__ module; give one of its modules"),
        (".relative", "the module name .relative is relative; give its full name"),
        ("_thread", "the module _thread has no Python code"),
    ],
)
def test_a_module_that_cannot_run_is_refused_and_nothing_is_left_behind(name, sentence):
    before = sys.argv, list(sys.path), sys.modules["__main__"]

    with pytest.raises(TargetError, match=re.escape(sentence)):
        Script.from_module(name).run()

    assert before == (sys.argv, sys.path, sys.modules["__main__"])


def test_the_outcome_tells_how_the_script_ended(tmp_path, capsys):
    endings = {
        "x = 1": "end",
        "raise SystemExit(3)": "exit",
        "1 / 0": "exception",
        "raise KeyboardInterrupt": "interrupt",
    }
    endings["from hypercheck.script import StopScript\nraise StopScript"] = "stopped"
    for source, ended_by in endings.items():
        (tmp_path / "it.py").write_text(source)
        script = Script.from_path(tmp_path / "it.py")
        outcome = script.run()
        script.restore()

        assert ended_by == outcome.ended_by
        assert {"end": 0, "exit": 3, "exception": 1, "interrupt": 130, "stopped": 0}[
            ended_by
        ] == outcome.exit_status
    assert "hypercheck" not in capsys.readouterr().err


def test_restoring_leaves_the_globals_of_the_script_alive(tmp_path):
    (tmp_path / "it.py").write_text(
        "import sys\nvalue = 42\ndef answer():\n    return value\nsys.kept = answer\n"
    )
    before = sys.argv, list(sys.path), sys.modules["__main__"]
    script = Script.from_path(tmp_path / "it.py", ["x"])
    script.run()

    assert sys.argv == [str(tmp_path / "it.py"), "x"]

    script.restore()
    del script
    assert before == (sys.argv, sys.path, sys.modules["__main__"])
    assert sys.kept() == 42  # type: ignore[attr-defined]
    del sys.kept  # type: ignore[attr-defined]


def test_ctrl_c_from_outside_ends_with_130_and_shows_the_line(tmp_path):
    (tmp_path / "it.py").write_text(
        "import time\nprint('ready', flush=True)\nwhile True:\n    time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        the_runner("it.py"),
        cwd=tmp_path,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=30)[1]

    assert process.returncode == 130
    assert stderr.endswith("\nKeyboardInterrupt\n")
    assert "it.py" in stderr and "hypercheck" not in stderr.replace(str(tmp_path), "")


def test_a_broken_pipe_ends_as_under_python(tmp_path):
    (tmp_path / "it.py").write_text("for i in range(100000):\n    print(i)\n")
    statuses = []
    for command in (plain_python("it.py"), the_runner("it.py")):
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        statuses.append((process.stderr.read().splitlines()[-1], process.wait(30)))
        process.stderr.close()

    assert statuses[0] == statuses[1]


def test_an_observer_in_the_middle_of_a_call_is_taken_out_of_the_traceback():
    torch = pytest.importorskip("torch")
    import hypercheck.script

    # An observer is whatever lies in the package; this one is compiled under such a file name.
    observer = textwrap.dedent("""
        from torch.overrides import TorchFunctionMode
        class Observer(TorchFunctionMode):
            def __torch_function__(self, func, types, args=(), kwargs=None):
                return func(*args, **(kwargs or {}))
    """)
    namespace: dict = {}
    file = str(Path(hypercheck.script.__file__).parent / "observe" / "pretended.py")
    exec(compile(observer, file, "exec"), namespace)

    def functions_in_traceback(observed: bool) -> list[str]:
        try:
            if observed:
                with namespace["Observer"]():
                    torch.nn.functional.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 9]))
            else:
                torch.nn.functional.cross_entropy(torch.zeros(2, 3), torch.tensor([0, 9]))
        except IndexError as error:
            entry = users_traceback(error.__traceback__)
            names = []
            while entry is not None:
                names.append(entry.tb_frame.f_code.co_name)
                entry = entry.tb_next
            return names
        return []

    assert functions_in_traceback(observed=False) == functions_in_traceback(observed=True)
    assert functions_in_traceback(observed=True)[-1] == "cross_entropy"
