"""The places of torch that a function mode does not hear, wrapped while a step is recorded."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils import stateless

from hypercheck.observe import torch_compat
from hypercheck.observe.tape import Tape

Guard = Callable[[Callable[[], Any]], Any]
"""Runs hypercheck's own bookkeeping: a fault in it is caught, told once, and never reaches the training."""


@dataclass(eq=False)
class _Replacement:
    """One attribute that is replaced now; `own` says whether the owner had one of its own before."""

    owner: Any
    name: str
    old: Any
    new: Any
    own: bool


class Patches:
    """A set of attribute replacements, undone in reverse and only where nobody replaced them since.

    Several sets may stand at once, of watches inside of each other, and be undone in any order.
    """

    _standing: ClassVar[list[_Replacement]] = []

    def __init__(self) -> None:
        self._undo: list[_Replacement] = []

    def replace(self, owner: Any, name: str, new: Any) -> None:
        """Put `new` in the attribute's place."""
        own = name in vars(owner)
        old = vars(owner)[name] if own else getattr(owner, name)
        setattr(owner, name, new)
        item = _Replacement(owner, name, old, vars(owner).get(name, new), own)
        self._undo.append(item)
        self._standing.append(item)

    def undo(self) -> None:
        """Put everything back."""
        while self._undo:
            item = self._undo.pop()
            self._standing.remove(item)
            above = [other for other in self._standing if other.old is item.new and other.owner is item.owner]
            if above:  # another watch began inside of this one and goes on: it puts back what was before both
                above[0].old, above[0].own = item.old, item.own
            elif vars(item.owner).get(item.name) is not item.new:
                continue  # somebody wrapped it after us: taking it away would break theirs
            elif item.own:
                setattr(item.owner, item.name, item.old)
            else:
                delattr(item.owner, item.name)


class RecordingPatches:
    """Everything that is replaced while the tape runs."""

    def __init__(self, tape: Tape, guard: Guard, module_number: Callable[[nn.Module], int]) -> None:
        self._tape = tape
        self._guard = guard
        self._module_number = module_number
        self._patches = Patches()
        self._stack = ExitStack()
        self._eager = False
        self.compiled = False
        """Whether the program compiled something meanwhile."""
        self._handles: list[Any] = []
        self.functional_calls: list[dict[str, Any]] = []
        self.live = True

    def install(self) -> None:
        """Replace, hook, and force compiled code to run eagerly."""
        self._parameters()
        self._assignments()
        self._custom_functions()
        self._functional_calls()
        self._transforms()
        self._storage_swaps()
        self._imports()
        self._handles.append(nn.modules.module.register_module_forward_pre_hook(self._entered))
        self._handles.append(nn.modules.module.register_module_forward_hook(self._left, always_call=True))
        self._compilations()

    def _compilations(self) -> None:
        """Compiled code runs eagerly, also what is compiled from now on."""
        original = torch.compile
        guard = self._guard

        @functools.wraps(original)
        def compile_(*args: Any, **kwargs: Any) -> Any:
            out = original(*args, **kwargs)
            guard(self._run_eagerly)
            self.compiled = True
            return out

        self._patches.replace(torch, "compile", compile_)
        self._run_eagerly()

    def _run_eagerly(self) -> None:
        set_stance = getattr(torch.compiler, "set_stance", None)
        if set_stance is not None and "torch._dynamo" in sys.modules and not self._eager:
            self._eager = True
            self._stack.enter_context(set_stance("force_eager"))

    def undo(self) -> None:
        """Put everything back."""
        self._patches.undo()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._stack.close()

    def _parameters(self) -> None:
        original = nn.Parameter.__new__
        tape, guard = self._tape, self._guard

        def __new__(cls: Any, *args: Any, **kwargs: Any) -> Any:
            made = original(cls, *args, **kwargs)
            data = args[0] if args else kwargs.get("data")
            if isinstance(data, Tensor) and isinstance(made, Tensor):
                guard(lambda: tape.wrapped(data, made, sys._getframe(3)))
            return made

        self._patches.replace(nn.Parameter, "__new__", __new__)

    def _assignments(self) -> None:
        original = nn.Module.__setattr__
        tape, guard, number = self._tape, self._guard, self._module_number

        def __setattr__(module: nn.Module, name: str, value: Any) -> None:
            original(module, name, value)
            if isinstance(value, (Tensor, list, tuple, dict)):
                frame = sys._getframe(1)

                def note() -> None:
                    for tensor in torch_compat.tensors_in((value,)):
                        tape.assigned(number(module), name, tensor, frame)
                    if not isinstance(value, Tensor):
                        tape.container_set(id(value), frame)

                guard(note)

        self._patches.replace(nn.Module, "__setattr__", __setattr__)

    def _custom_functions(self) -> None:
        original = torch.autograd.Function.__dict__["apply"].__func__
        tape, guard = self._tape, self._guard

        def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
            guard(tape.enter_opaque)
            left = False
            try:
                out = original(cls, *args, **kwargs)
                inside = guard(tape.leave_opaque)
                left = True
                if inside is not None:
                    given = list(torch_compat.tensors_in(args))
                    frame = sys._getframe(1)
                    guard(
                        lambda: tape.opaque_call(f"function:{cls.__name__}", given, inside, out, frame, cls)
                    )
                return out
            finally:
                if not left:
                    guard(tape.leave_opaque)

        self._patches.replace(torch.autograd.Function, "apply", classmethod(functools.wraps(original)(apply)))

    def _storage_swaps(self) -> None:
        original = Tensor.set_
        tape, guard = self._tape, self._guard

        def set_(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
            out = original(tensor, *args, **kwargs)
            frame = sys._getframe(1)
            source = args[0] if args else kwargs.get("source")
            if isinstance(source, Tensor):
                guard(lambda: tape.data_set(tensor, source, frame))
            else:
                guard(lambda: tape.forget(tensor))
            return out

        self._patches.replace(Tensor, "set_", set_)
        retype = Tensor.as_subclass

        def as_subclass(tensor: Tensor, cls: Any) -> Any:
            out = retype(tensor, cls)
            frame = sys._getframe(1)
            guard(lambda: tape.call("as_subclass", (tensor,), out, frame) and None)
            return out

        self._patches.replace(Tensor, "as_subclass", as_subclass)

    def _imports(self) -> None:
        tape, guard = self._tape, self._guard
        from_numpy, call = torch.from_numpy, type(torch.autograd.Variable).__call__

        @functools.wraps(from_numpy)
        def importing(*args: Any) -> Any:
            out = from_numpy(*args)
            frame = sys._getframe(1)
            guard(lambda: tape.imported(out, frame))
            return out

        def __call__(cls: Any, *args: Any, **kwargs: Any) -> Any:
            out = call(cls, *args, **kwargs)
            if args and isinstance(args[0], Tensor) and isinstance(out, Tensor):
                frame = sys._getframe(1)
                guard(lambda: tape.revived(args[0], out, frame))
            return out

        self._patches.replace(torch, "from_numpy", importing)
        self._patches.replace(type(torch.autograd.Variable), "__call__", __call__)

    def _functional_calls(self) -> None:
        original = stateless._functional_call
        tape, guard, calls, number = self._tape, self._guard, self.functional_calls, self._module_number

        @functools.wraps(original)
        def _functional_call(module: nn.Module, given: Any, *args: Any, **kwargs: Any) -> Any:
            frame = sys._getframe(1)

            def note() -> None:
                own = {id(tensor): name for name, tensor in module.named_parameters(remove_duplicate=False)}
                known = set(own.values()) | {name for name, _ in module.named_buffers()}
                site, _ = tape.frames.site(frame)
                calls.append(
                    {
                        "op": len(tape.ops),
                        "module": number(module),
                        "own": [key for key, item in given.items() if id(item) in own],
                        "unknown": [key for key in given if key not in known],
                        "given": {
                            key: tape.object_of(item)
                            for key, item in given.items()
                            if isinstance(item, Tensor)
                        },
                        "site": site,
                    }
                )

            guard(note)
            return original(module, given, *args, **kwargs)

        self._patches.replace(stateless, "_functional_call", _functional_call)

    def _transforms(self) -> None:
        from torch._functorch import apis, eager_transforms

        tape, guard = self._tape, self._guard

        def opaque(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(original)
            def transform(*args: Any, **kwargs: Any) -> Any:
                frame = sys._getframe(1)
                guard(tape.enter_opaque)
                left = False
                try:
                    out = original(*args, **kwargs)
                    inside = guard(tape.leave_opaque)
                    left = True
                    if inside is not None:
                        given = list(torch_compat.tensors_in(args))
                        guard(lambda: tape.opaque_call(name, given, inside, out, frame, None))
                    return out
                finally:
                    if not left:
                        guard(tape.leave_opaque)

            return transform

        names = {"vmap_impl": "vmap", "_jvp_with_argnums": "func.jvp", "_vjp_with_argnums": "func.vjp"}
        for owner, attribute in (
            (apis, "vmap_impl"),
            (eager_transforms, "grad_impl"),
            (eager_transforms, "grad_and_value_impl"),
            (eager_transforms, "_jvp_with_argnums"),
            (eager_transforms, "_vjp_with_argnums"),
        ):
            if hasattr(owner, attribute):
                name = names.get(attribute, "func.grad")
                self._patches.replace(owner, attribute, opaque(name, getattr(owner, attribute)))

    def _entered(self, module: nn.Module, args: Any) -> None:
        if self.live and not torch_compat.traced():
            try:  # what `guard` does, without its price for each module of each call
                self._tape.entered(
                    self._module_number(module), [*torch_compat.tensors_in(args)], sys._getframe(1)
                )
            except Exception as fault:
                self._tell(fault)

    def _left(self, module: nn.Module, args: Any, output: Any) -> None:
        if self.live and not torch_compat.traced():
            try:
                self._leave(module, args, output)
            except Exception as fault:
                self._tell(fault)

    def _tell(self, fault: Exception) -> None:
        def raise_again() -> None:
            raise fault

        self._guard(raise_again)

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        stack = self._tape.module_stack
        number = self._module_number(module)
        if number in stack:
            while stack.pop() != number:
                pass
        self._tape.returned_by(number, output)
        if isinstance(module, torch.jit.ScriptModule):
            inputs = [*torch_compat.tensors_in((args,)), *module.parameters()]
            self._tape.call("scripted", inputs, output, sys._getframe(1))
