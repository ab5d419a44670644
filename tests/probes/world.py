"""Prints the world it finds itself in, as JSON: it must be the same under `python` and under hypercheck."""

import argparse
import inspect
import json
import multiprocessing
import os
import pickle
import re
import signal
import sys
import threading
import traceback
import warnings

GLOBALS_AT_START = sorted(globals())


class Pickled:
    """A class of `__main__`, which pickle must find again by its name."""

    def __init__(self, value: int) -> None:
        self.value = value


def fails_deeply(depth: int) -> None:
    if depth:
        fails_deeply(depth - 1)
    raise ValueError("on purpose")


def traceback_text() -> str:
    try:
        fails_deeply(2)
    except ValueError:
        return traceback.format_exc()
    return ""


def plain(thing: object) -> str:
    """Its text without the address in memory."""
    return re.sub(" at 0x[0-9a-f]+", "", str(thing))


def child_world(pipe) -> None:
    """What a child of multiprocessing sees: it must have imported this file, and nobody else's `__main__`."""
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    pipe.send(
        {
            "name": __name__,
            "file": __file__,
            "argv": sys.argv,
            "path": sys.path,
            "main": [main.__name__, main.__file__, spec and spec.name],
            "mp_main": "__mp_main__" in sys.modules,
            "pickled": pickle.loads(pickle.dumps(Pickled(7))).value,
            "hypercheck": sorted(name for name in sys.modules if name.startswith("hypercheck.")),
        }
    )


def children(methods: list) -> dict:
    seen = {}
    for method in methods:
        context = multiprocessing.get_context(method)
        ours, theirs = context.Pipe()
        child = context.Process(target=child_world, args=(theirs,))
        child.start()
        theirs.close()
        try:
            seen[method] = ours.recv()
        except EOFError:
            seen[method] = "ended without a word"
        child.join()
        seen[method, "exit"] = child.exitcode
        if method == "fork" and isinstance(seen[method], dict):
            seen[method].pop("hypercheck")  # a fork has its parent's modules
    return {str(key): value for key, value in seen.items()}


def loaded_in_workers() -> list:
    """Batches that DataLoader workers made, forked and spawned, with the name of the module they ran in."""
    import torch.utils.data

    batches = []
    for method in ("fork", "spawn"):
        loader = torch.utils.data.DataLoader(Squares(), 2, num_workers=2, multiprocessing_context=method)
        batches.append(
            [[part.tolist() if hasattr(part, "tolist") else part for part in batch] for batch in loader]
        )
    return batches


class Squares:
    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> tuple:
        return index * index, __name__


def world(options: argparse.Namespace) -> dict:
    main = sys.modules["__main__"]
    return {
        "argv": sys.argv,
        "path": sys.path,
        "cwd": os.getcwd(),
        "name": __name__,
        "doc": __doc__,
        "file": __file__,
        "package": __package__,
        "cached": globals().get("__cached__", "absent"),
        "spec": __spec__
        and [__spec__.name, __spec__.origin, __spec__.parent, type(__spec__.loader).__name__],
        "loader": [
            type(__loader__).__name__,
            getattr(__loader__, "name", ""),
            getattr(__loader__, "path", ""),
        ],
        "builtins": repr(__builtins__),
        "globals at start": GLOBALS_AT_START,
        "order of the globals": list(globals())[:9],
        "main is this module": vars(main) is globals(),
        "type of main": type(main).__name__,
        "annotations": repr(globals().get("__annotations__")),
        "stdin": sys.stdin.read(),
        "streams": [
            (s.name, s.encoding, s.errors, s.line_buffering) for s in (sys.stdin, sys.stdout, sys.stderr)
        ],
        "warning filters": [str(f) for f in warnings.filters],
        "recursion limit": sys.getrecursionlimit(),
        "switch interval": sys.getswitchinterval(),
        "signals": {str(s): plain(signal.getsignal(s)) for s in sorted(signal.valid_signals())},
        "flags": str(sys.flags),
        "xoptions": sys._xoptions,
        "warn options": sys.warnoptions,
        "threads": [threading.main_thread().name, threading.current_thread().name, threading.active_count()],
        "tracing": [str(sys.gettrace()), str(sys.getprofile())],
        "hooks": [sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__],
        "path hooks": [plain(hook) for hook in sys.path_hooks],
        "meta path": [plain(finder) for finder in sys.meta_path],
        "last error": [name for name in ("last_type", "last_value", "last_exc") if hasattr(sys, name)],
        "environment": {k: v for k, v in sorted(os.environ.items()) if k not in ("_", "COLUMNS", "LINES")},
        "pickled": [pickle.loads(pickle.dumps(Pickled(7))).value, pickle.dumps(Pickled).hex()],
        "source of a function": inspect.getsource(fails_deeply),
        "file of a class": inspect.getsourcefile(Pickled),
        "module of a class": inspect.getmodule(Pickled).__name__,
        "traceback": traceback_text(),
        "children": children(options.children),
        "workers": loaded_in_workers() if options.workers else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--children", nargs="*", default=[], help="start methods of multiprocessing")
    parser.add_argument("--workers", action="store_true", help="DataLoader workers; needs torch")
    parser.add_argument("--steps", help="an option that hypercheck has as well")
    parser.add_argument("rest", nargs="*")
    json.dump(world(parser.parse_args()), sys.stdout, indent=1)
    print("the probe has ended", file=sys.stderr)


if __name__ == "__main__":
    main()
