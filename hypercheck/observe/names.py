"""What the user calls things: tensors, modules and optimizers found from the variables of the program."""

from __future__ import annotations

import types
import weakref
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from hypercheck.observe import frames
from hypercheck.observe.frames import Site

_MOST_OBJECTS = 40_000
_MOST_ITEMS = 3_000
_DEEPEST = 7
_PLAIN = (str, bytes, int, float, complex, bool, type(None), type, types.ModuleType)
_PROXIES = (weakref.ProxyType, weakref.CallableProxyType)
"""They say that they are what they stand for, and cannot be known by a weak reference themselves."""
_MODULE_INTERNALS = frozenset(nn.Module().__dict__)


@dataclass(frozen=True, slots=True)
class Holder:
    """Where the program keeps a tensor.

    `kind`: parameter or buffer (registered), attribute (a plain attribute of a module), container (a list,
    tuple or dict of a module), variable, or object (an attribute of some other object).
    """

    path: str
    kind: str
    owner: int = 0
    """`id` of the module or object, valid only while the snapshot is taken."""
    attribute: str = ""
    container: int = 0
    """`id` of the outermost list, tuple or dict of the module that it is in."""


@dataclass
class Snapshot:
    """All names at one moment. Keys are `id`s, so it is used at once and thrown away."""

    tensors: dict[int, list[tuple[Tensor, Holder]]] = field(default_factory=dict)
    modules: dict[int, tuple[nn.Module, str]] = field(default_factory=dict)
    optimizers: dict[int, tuple[torch.optim.Optimizer, str]] = field(default_factory=dict)
    hidden: dict[int, int] = field(default_factory=dict)
    """`id` of a module that another one knows only through a plain container, to that container's `id`."""
    in_lists: dict[int, str] = field(default_factory=dict)
    """`id` of a module to its path in a list or dict, where that is not its first name."""

    places: dict[int, Site | None] = field(default_factory=dict)
    """`id` of a module's list or dict to the statement that makes it, filled when it is asked for."""

    def stored_at(self, container: int) -> Site | None:
        """The statement that puts the container with this `id` into its module, as the source has it."""
        if not self.places:
            for module, _ in self.modules.values():
                for name, value in module.__dict__.items():
                    if isinstance(value, (list, tuple, dict)) and name not in _MODULE_INTERNALS:
                        self.places[id(value)] = frames.stored_at(module.__class__, name)
        return self.places.get(container)


class _Search:
    def __init__(self) -> None:
        self.found = Snapshot()
        self.seen: set[int] = set()
        self.queue: deque[tuple[str, Any, Holder, int]] = deque()
        self.kept: list[Any] = []

    def add(self, path: str, item: Any, holder: Holder, depth: int) -> None:
        if isinstance(item, Tensor):
            self.found.tensors.setdefault(id(item), []).append((item, holder))
            return
        if type(item) in _PROXIES or isinstance(item, _PLAIN) or depth > _DEEPEST:
            return
        if id(item) in self.seen or len(self.seen) > _MOST_OBJECTS:
            if isinstance(item, nn.Module) and path.endswith("]"):
                self.found.in_lists.setdefault(id(item), path)
            return
        self.seen.add(id(item))
        self.kept.append(item)
        self.queue.append((path, item, holder, depth))

    def run(self) -> Snapshot:
        while self.queue:
            path, item, holder, depth = self.queue.popleft()
            try:
                self.visit(path, item, holder, depth)
            except Exception:  # an object that cannot be looked at has no names to give
                continue
        return self.found

    def visit(self, path: str, item: Any, holder: Holder, depth: int) -> None:
        if isinstance(item, nn.Module):
            if holder.kind == "container":
                self.found.hidden[id(item)] = holder.container
            self.module(path, item, depth)
        elif isinstance(item, torch.optim.Optimizer):
            self.found.optimizers[id(item)] = (item, path)
        elif isinstance(item, Mapping):
            for key, value in list(item.items())[:_MOST_ITEMS]:
                self.add(f"{path}[{key!r}]", value, _inside(holder, f"{path}[{key!r}]", item), depth + 1)
        elif isinstance(item, (list, tuple, set, frozenset, deque)):
            for index, value in enumerate(list(item)[:_MOST_ITEMS]):
                if isinstance(value, (int, float, str, bool)):
                    break
                self.add(f"{path}[{index}]", value, _inside(holder, f"{path}[{index}]", item), depth + 1)
        elif isinstance(item, types.FunctionType):
            self.function(item, depth)
        elif isinstance(item, types.MethodType):
            self.add(path, item.__self__, holder, depth)
        else:
            self.plain_object(path, item, holder, depth)

    def module(self, path: str, item: nn.Module, depth: int) -> None:
        self.found.modules[id(item)] = (item, path)
        own = item.__dict__
        for kind in ("parameter", "buffer"):
            for name, tensor in (own.get(f"_{kind}s") or {}).items():
                if isinstance(tensor, Tensor):
                    holder = Holder(f"{path}.{name}", kind, id(item), name)
                    self.found.tensors.setdefault(id(tensor), []).append((tensor, holder))
        for name, child in (own.get("_modules") or {}).items():
            if isinstance(child, nn.Module):
                if id(item) in self.found.hidden:
                    self.found.hidden.setdefault(id(child), self.found.hidden[id(item)])
                self.add(f"{path}.{name}", child, Holder(f"{path}.{name}", "module", id(item), name), depth)
        for name, value in own.items():
            if name not in _MODULE_INTERNALS:
                self.add(
                    f"{path}.{name}", value, Holder(f"{path}.{name}", "attribute", id(item), name), depth + 1
                )

    def function(self, item: types.FunctionType, depth: int) -> None:
        for name, cell in zip(item.__code__.co_freevars, item.__closure__ or ()):
            try:
                value = cell.cell_contents
            except ValueError:
                continue
            self.add(name, value, Holder(name, "variable", 0, name), depth + 1)

    def plain_object(self, path: str, item: Any, holder: Holder, depth: int) -> None:
        origin = type(item).__module__.split(".")[0]
        if origin in ("torch", "builtins", "numpy", "threading", "logging", "rich", "hypercheck", "tqdm"):
            return
        for name, value in list(getattr(item, "__dict__", {}).items())[:_MOST_ITEMS]:
            inside = _inside(holder, f"{path}.{name}", item)  # what hangs below a module hides there
            own = inside if inside.kind == "container" else Holder(f"{path}.{name}", "object", id(item), name)
            self.add(f"{path}.{name}", value, own, depth + 1)


def _inside(holder: Holder, path: str, container: Any) -> Holder:
    if holder.kind == "attribute":
        return Holder(path, "container", holder.owner, holder.attribute, id(container))
    if holder.kind == "container":
        return Holder(path, "container", holder.owner, holder.attribute, holder.container)
    return Holder(path, "variable", holder.owner, holder.attribute)


def snapshot(scopes: Iterable[Mapping[str, Any]], roots: Mapping[str, Any]) -> Snapshot:
    """Names for everything that can be reached from the scopes (outermost first) and the given roots."""
    search = _Search()
    scopes = list(scopes)
    for name, value in roots.items():
        search.add(name, value, Holder(name, "variable", 0, name), 0)
    for functions in (False, True):
        for scope in scopes:
            for name, value in list(scope.items()):
                if name.startswith("__") or isinstance(value, types.FunctionType) != functions:
                    continue
                search.add(name, value, Holder(name, "variable", 0, name), 0)
    return search.run()


def best(holders: list[Holder]) -> Holder:
    """The holder that names a tensor best: registered ones first, then the shortest path."""
    order = {"parameter": 0, "buffer": 1, "attribute": 2, "container": 3, "object": 4, "variable": 5}
    return min(holders, key=lambda holder: (order.get(holder.kind, 6), len(holder.path)))
