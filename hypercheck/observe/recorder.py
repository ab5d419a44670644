"""The mode that hears every call of a torch function, and tells the tape of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from hypercheck.observe import torch_compat
from hypercheck.observe.operations import Kind
from hypercheck.observe.plans import Plan
from hypercheck.observe.tape import Tape

# Plain numbers: to look a member up in an enum takes longer than what is done with it here.
_SKIP, _EXPORT, _FRESH = int(Kind.SKIP), int(Kind.EXPORT), int(Kind.FRESH)
_HEARD = frozenset({"register_hook", "requires_grad.__get__", "grad_fn.__get__"})
"""Functions that compute nothing, and say something of the program."""
_NOTHING: dict[str, Any] = {}


class Recorder(torch.overrides.TorchFunctionMode):
    """The mode that hears every torch function call of the program while a step is recorded."""

    def __init__(self, tape: Tape, on_fault: Callable[[BaseException], None]) -> None:
        super().__init__()
        self.tape = tape
        self.live = True
        self._on_fault = on_fault
        self._plans: dict[Any, Plan] = {}

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if kwargs:
            out = function(*args, **kwargs)
        else:
            kwargs, out = _NOTHING, function(*args)
        tape = self.tape
        if not self.live or tape.full:
            return out
        try:
            plan = self._plans.get(function)
            if plan is None:
                plan = Plan.of(function)
                if len(self._plans) < 4096:
                    self._plans[function] = plan
            kind = plan.kind
            if kind == _SKIP and plan.name not in _HEARD:
                return out
            if torch_compat.traced():
                return out
            frame = sys._getframe(1)
            if plan.simple and tape.record_simple(plan, args, kwargs, out, frame):
                return out
            if kind == _SKIP:
                self._asked(plan.name, args[0], frame)
            elif kind <= _EXPORT or kind >= _FRESH:
                tape.record(plan.name, kind, args, kwargs, out, frame)
            else:
                self._special(kind, plan.name, args, kwargs, out, frame)
        except Exception as fault:
            self.live = False
            self._on_fault(fault)
        return out

    def _asked(self, name: str, tensor: Tensor, frame: FrameType) -> None:
        if name == "register_hook":
            self.tape.hooked(tensor, frame)
        elif not torch_compat.is_lazy(tensor) and tensor.numel() == 1:
            self.tape.asked_whether(tensor)

    def _special(
        self, kind: int, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any, frame: FrameType
    ) -> None:
        tape = self.tape
        if kind == Kind.DATA_SET and len(args) > 1:
            tape.data_set(args[0], args[1], frame)
        elif kind == Kind.GRAD_GET:
            tape.grad_read(args[0], out)
        elif kind == Kind.GRAD_SET:
            tape.grad_set(args[0], args[1] if len(args) > 1 else None, frame)
        elif kind == Kind.FLAG_SET:
            if args and isinstance(args[0], Tensor):
                tape.flagged(args[0], frame)
        elif kind == Kind.GRAD_MODE:
            tape.grad_switched(bool(args[0]) if args else True, frame)
