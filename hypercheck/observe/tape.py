"""The data-flow record: every value's way through the program, including the ways that autograd forgets.

The tape is a list of operations over numbered values. A *value* is one version of one tensor object:
writing in place makes a new value of the same object. Nothing here keeps a tensor alive: objects are
known by weak references, and only shapes, flags and positions are written down.
"""

from __future__ import annotations

import math
import sys
import weakref
from collections.abc import Iterable, Sequence
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor

from hypercheck.observe import torch_compat
from hypercheck.observe.entries import (
    Assignment,
    EnteredFact,
    FirstValues,
    GradSwitch,
    ModuleCall,
    Note,
    ObjectFact,
    Op,
    Ref,
    Value,
)
from hypercheck.observe.frames import FrameReader, Site
from hypercheck.observe.gradient_log import GradientLog
from hypercheck.observe.nonfinite import NodeWatch, is_tame
from hypercheck.observe.operations import (
    IMPORTERS,
    OVERWRITES,
    REARRANGEMENTS,
    SHAPE_GIVERS,
    SINGULAR,
    SLOTS,
    Kind,
)
from hypercheck.observe.plans import KEEP_ARGUMENTS, Plan, written_by
from hypercheck.observe.roundtrip import Exports
from hypercheck.observe.samples import REDUCTIONS, WATCHED, Samples

# Plain numbers: to look a member up in an enum takes longer than what is done with it here.
_VIEW, _EXPORT, _FRESH = int(Kind.VIEW), int(Kind.EXPORT), int(Kind.FRESH)
_WRITES = frozenset({int(Kind.WRITE), int(Kind.FOREACH_WRITE)})
_NOTHING: dict[str, Any] = {}
_NESTED = (list, tuple, dict)
_SCALARS = frozenset({int, float, bool, str, type(None), torch.dtype})
_new = tuple.__new__
"""Makes a named tuple in half the time that its constructor takes."""
_SMALL_INDEX = 65536


class Tape:
    """The record itself, filled by `Recorder` and by the patches; read by `flow`."""

    def __init__(self, frames: FrameReader, budget: int = 3_000_000) -> None:
        self.frames = frames
        self.ops: list[Op] = []
        self.values: list[Value] = []
        self.objects: list[ObjectFact] = []
        self.switches: list[GradSwitch] = []
        self.mode_stacks: dict[int, tuple[Site | CodeType, ...]] = {}
        self.assignments: list[Assignment] = []
        self.inner_sites: dict[int, list[Note]] = {}
        self.module_stack: list[int] = []
        self.exports = Exports()
        self.samples = Samples()
        self.gradients = GradientLog()
        self.first_values = FirstValues(self.objects)
        self.previous: dict[int, int] = {}
        """Values of tensors that were written to or switched, to the values before."""
        self.module_calls: dict[int, list[ModuleCall]] = {}
        self.returned: dict[int, list[tuple[int, int]]] = {}
        """Values to the modules whose forward gave them out, each with the operation that came next."""
        self.containers: dict[int, Site | None] = {}
        self.unheard_writes: set[int] = set()
        """Operations that wrote into a tensor while autograd was off."""
        self.hooks: dict[int, Site | None] = {}
        """Values to the statements that put a hook on their gradient."""
        self.asked: int | None = None
        """The last single number of which the program asked whether it has a gradient."""
        self.flag_ops: list[int] = []
        """Operations that switched a tensor's `requires_grad`."""
        self.frozen_again: dict[int, int] = {}
        """Objects to how often `requires_grad` was switched off that was off already."""
        self.full = False
        self.nodes = NodeWatch()
        self._budget = budget
        self._known: dict[int, ObjectFact] = {}
        self._pointers: dict[int, int] = {}
        self._opaque: list[dict[int, None]] = []
        self._opaque_notes: list[list[Note]] = []
        self._last_switch = -1
        self._leaves: set[int] = set()
        self._leaves_until = 0

    # -- values ---------------------------------------------------------------------------------

    def value_of(self, tensor: Tensor) -> int:
        """The number of the tensor's present value; a tensor not seen before is a source."""
        entry = self._known.get(id(tensor))
        if entry is None or entry.ref() is not tensor:
            return self._source(tensor)
        group = entry.group
        if group is not None and len(group) != entry.synced:
            self._sync(tensor, entry)
        value = self.values[entry.value]
        if value.leaf or not value.requires_grad:
            requires_grad = tensor.requires_grad
            if requires_grad != value.requires_grad:
                self._new_flags(tensor, entry, requires_grad, None)
        return entry.value

    def flagged(self, tensor: Tensor, frame: FrameType | None) -> None:
        """`requires_grad` was set on the tensor."""
        if self.peek(tensor) is None:
            self.value_of(tensor)
            return
        entry = self._known[id(tensor)]
        if self.values[entry.value].requires_grad != tensor.requires_grad:
            site, _ = self.frames.site(frame)
            self._new_flags(tensor, entry, tensor.requires_grad, site)
        elif not tensor.requires_grad:
            self.frozen_again[entry.object] = self.frozen_again.get(entry.object, 0) + 1

    def peek(self, tensor: Tensor) -> int | None:
        """The number of the tensor's present value where it is known already."""
        entry = self._known.get(id(tensor))
        return entry.value if entry is not None and entry.ref() is tensor else None

    def object_of(self, tensor: Tensor) -> int:
        """The number of the tensor object."""
        return self.values[self.value_of(tensor)].object

    def known_object(self, tensor: Tensor) -> int | None:
        """The number of the tensor object where it has been seen before."""
        entry = self._known.get(id(tensor))
        return entry.object if entry is not None and entry.ref() is tensor else None

    def join(self, tensor: Tensor, stand_in: Tensor) -> None:
        """Take the second tensor for the first one: it is put in its place while a module runs."""
        if self.peek(stand_in) is None:
            return
        number, entry = self.object_of(tensor), self._known[id(stand_in)]
        if entry.object == number:
            return
        for index, value in enumerate(self.values):
            if value.object == entry.object:
                self.values[index] = value._replace(object=number)
        entry.object = number
        self._leaves.clear()
        self._leaves_until = 0

    def leaves(self) -> frozenset[int]:
        """The objects that have been leaves that ask for a gradient."""
        news, self._leaves_until = self.values[self._leaves_until :], len(self.values)
        self._leaves.update([value.object for value in news if value.leaf])
        return frozenset(self._leaves)

    def _source(self, tensor: Tensor) -> int:
        inner = torch_compat.unwrapped(tensor)
        if inner is not None and inner is not tensor:
            outer = self.value_of(inner)
            return self._derive("unwrap", (outer,), tensor, alias=True)
        match = self.exports.match(tensor, self._place()) if self.exports else ()
        if not match and self._pointers and not tensor.requires_grad and torch_compat.is_plain(tensor):
            origin = self._pointers.get(tensor.data_ptr())
            if (
                origin is not None
                and math.prod(self.values[origin].shape) == tensor.numel()
                and tensor.numel()
            ):
                match = (origin,)
        if match:
            return self._derive("import", match, tensor, alias=False)
        value = self._enter(tensor, -1, None)
        self.gradients.entered(self.values[value].object, tensor)
        return value

    def _place(self) -> tuple[CodeType, int] | None:
        """The function and the operation count now: to tell what left torch just here."""
        site, _ = self.frames.site(sys._getframe(2))
        return (site.code, len(self.ops)) if site is not None else None

    def _derive(self, name: str, inputs: tuple[int, ...], tensor: Tensor, *, alias: bool) -> int:
        site, tags = self.frames.site(sys._getframe(2))
        number = self._enter(tensor, len(self.ops), site)
        self._append(
            Op(
                name,
                Kind.VIEW if alias else Kind.PLAIN,
                inputs,
                (number,),
                site,
                tags,
                "grad",
                self._module(),
                None,
            )
        )
        return number

    def _enter(self, tensor: Tensor, op: int, site: Site | None, made_by: str = "") -> int:
        number = len(self.objects)
        known = EnteredFact(weakref.ref(tensor), site, made_by, number, len(self.values))
        known.is_parameter = isinstance(tensor, torch.nn.Parameter)
        known.dtype = str(tensor.dtype)
        return self._remember(tensor, known, op)

    def _remember(self, tensor: Tensor, known: ObjectFact, op: int, view: bool = False) -> int:
        requires_grad, leaf = _flags(tensor)
        if leaf and view:
            # A view taken under no_grad says requires_grad=True without a grad_fn: nothing comes back.
            requires_grad = leaf = False
        self.objects.append(known)
        self.values.append(Value(op, known.object, requires_grad, torch_compat.shape_of(tensor), leaf))
        self._known[id(tensor)] = known
        return known.value

    def _renew(self, entry: ObjectFact, value: int) -> None:
        self.previous[value] = entry.value
        entry.value = value

    def _sync(self, tensor: Tensor, entry: ObjectFact) -> None:
        """The tensor's storage was written through an alias since it was last looked at."""
        group = entry.group or []
        pending = tuple(write for write in group[entry.synced :] if write != entry.value)
        entry.synced = len(group)
        if not pending:
            return
        last = self.ops[self.values[pending[-1]].op]
        requires_grad, leaf = _flags(tensor)
        shape = torch_compat.shape_of(tensor)
        whole = last.name in OVERWRITES and self.values[pending[-1]].shape == shape
        inputs = (pending[-1],) if whole else (entry.value, *pending)
        value = len(self.values)
        self.values.append(Value(len(self.ops), entry.object, requires_grad, shape, leaf))
        self._append(
            Op("alias", Kind.WRITE, inputs, (value,), last.site, last.tags, last.mode, last.module, None)
        )
        self._renew(entry, value)

    def _new_flags(self, tensor: Tensor, entry: ObjectFact, requires_grad: bool, site: Site | None) -> None:
        old = self.values[entry.value]
        value = len(self.values)
        leaf = requires_grad and _flags(tensor)[1]
        self.flag_ops.append(len(self.ops))
        self.values.append(Value(len(self.ops), entry.object, requires_grad, old.shape, leaf))
        self._append(
            Op("flags", Kind.FLAG_SET, (entry.value,), (value,), site, (), "grad", self._module(), None)
        )
        self._renew(entry, value)

    def _module(self) -> int:
        return self.module_stack[-1] if self.module_stack else -1

    def _append(self, op: Op) -> None:
        self.ops.append(op)
        if len(self.ops) >= self._budget:
            self.full = True

    # -- operations -----------------------------------------------------------------------------

    def record(
        self,
        name: str,
        kind: int,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        out: Any,
        frame: FrameType | None,
    ) -> None:
        """Write down one torch function call that has just returned `out`."""
        if name == "__deepcopy__":
            args = args[:1]  # the memo holds the copy already
        tensors = []
        for item in args:
            if isinstance(item, Tensor):
                tensors.append(item)
            elif isinstance(item, (list, tuple, dict)):
                tensors.extend(torch_compat.tensors_in((item,)))
        if kwargs:
            tensors.extend(torch_compat.tensors_in(kwargs.values()))
        if self._opaque:
            self._note_inside(name, tensors, args, kwargs, out, frame)
            return
        inputs = tuple([self.value_of(tensor) for tensor in tensors])
        if name in SHAPE_GIVERS:
            inputs = inputs[:1]
        elif kind == _FRESH and name not in ("normal", "bernoulli", "multinomial"):
            inputs = ()
        site, tags = self.frames.site(frame)
        if kind == _EXPORT:
            self._export(name, inputs, tensors, out, site, tags)
            return
        writes = kind in _WRITES
        written = written_by(name, kind, args, kwargs, tensors, out) if kwargs or writes else None
        if not inputs or self.exports.scalars:
            inputs += self._imported(name, args, kwargs, out)
        if writes or written:
            self._write(name, kind, inputs, written or [], args, kwargs, site, tags)
            return
        self._plain(name, kind, inputs, tensors, args, kwargs, out, site, tags)

    def record_simple(
        self, plan: Plan, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any, frame: FrameType
    ) -> bool:
        """Write down a call that computes a new tensor, or views, of tensors and numbers; False for others.

        What `record` does for it, without the questions that do not come up: most calls are of this kind.
        """
        if self._opaque:
            return False
        if type(out) is Tensor:
            outs: tuple[Tensor, ...] = (out,)
        elif plan.view and type(out) is tuple:
            outs = out
        else:
            return False
        if kwargs and not _SCALARS.issuperset(map(type, kwargs.values())):
            return False
        exported = self.exports.scalars
        if exported and any(type(item) is float and item in exported for item in (*args, *kwargs.values())):
            return False
        known, values = self._known, self.values
        inputs: list[int] = []
        given: list[Tensor] = []
        asks, all_ask = False, True
        items: Iterable[Any] = args[0] if plan.joins and args and type(args[0]) in (list, tuple) else args
        for item in items:
            if type(item) is Tensor or (type(item) not in _SCALARS and isinstance(item, Tensor)):
                if item is out:
                    return False
                entry = known.get(id(item))
                if (
                    entry is None
                    or entry.ref() is not item
                    or (entry.group is not None and len(entry.group) != entry.synced)
                ):
                    number = self.value_of(item)
                    requires_grad = values[number].requires_grad
                else:
                    number = entry.value
                    _, _, requires_grad, _, leaf = values[number]
                    if (leaf or not requires_grad) and item.requires_grad != requires_grad:
                        number = self.value_of(item)
                        requires_grad = values[number].requires_grad
                inputs.append(number)
                given.append(item)
                if requires_grad:
                    asks = True
                else:
                    all_ask = False
            elif isinstance(item, _NESTED) and not (plan.view and _is_flat(item)):
                return False
        if not inputs or (plan.view and (len(inputs) > 1 or not isinstance(args[0], Tensor))):
            return False
        if plan.joins and not out.is_floating_point():
            return False
        site, tags = self.frames.site(frame)
        index, read = len(self.ops), tuple(inputs)
        closely = self.nodes.closely or (plan.singular and not is_tame(plan.name, args))
        results = []
        lost = True
        for tensor in outs:
            number, result = len(self.objects), len(values)
            requires_grad = tensor.requires_grad
            leaf = requires_grad and (plan.view or not asks) and _flags(tensor)[1]
            if leaf and plan.view:  # taken under no_grad: nothing comes back
                requires_grad = leaf = False
            entry = ObjectFact(weakref.ref(tensor), site, plan.name, number, result)
            self.objects.append(entry)
            values.append(_new(Value, (index, number, requires_grad, tuple(tensor.shape), leaf)))
            known[id(tensor)] = entry
            results.append(result)
            if requires_grad:
                lost = False
            if closely:
                self.nodes.note(tensor, index, plan.name, given)
            if plan.view and (plan.kind == _VIEW or tensor._base is not None):
                self._join_group(given[0], entry)
        if not results:
            return False
        mode = self._lost_mode(read, index) if lost and asks else "grad"
        arguments: Any = None
        if plan.view:
            arguments = (_new(Ref, read), *args[1:]), kwargs or _NOTHING
        elif plan.joins:
            arguments = (tuple([_new(Ref, (number,)) for number in read]), *args[1:]), kwargs or _NOTHING
        elif plan.slots is not None:
            if len(args) == len(read):
                arguments = tuple(zip(plan.slots, read))
            else:
                numbers = iter(read)
                tensors = [isinstance(item, Tensor) for item in args]
                arguments = tuple([(k, next(numbers)) for k, is_one in zip(plan.slots, tensors) if is_one])
        module = self.module_stack[-1] if self.module_stack else -1
        op = _new(Op, (plan.name, plan.kind, read, tuple(results), site, tags, mode, module, arguments))
        self.ops.append(op)
        if index >= self._budget:
            self.full = True
        if not lost or plan.levels:
            if plan.watched and not (all_ask and plan.reads):
                self.samples.take(index, plan.name, (id(site), module), zip(read, given), args, kwargs)
            elif plan.view and self._made_by_layer(read[0]):
                self.samples.look(index, read[0], given[0], (id(site), module))
        return True

    def _plain(
        self,
        name: str,
        kind: int,
        inputs: tuple[int, ...],
        tensors: list[Tensor],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        out: Any,
        site: Site | None,
        tags: tuple[str, ...],
    ) -> None:
        outputs = []
        index = len(self.ops)
        requires_grad = False
        given = {id(tensor) for tensor in tensors}
        view = bool(tensors) and kind in KEEP_ARGUMENTS
        closely = self.nodes.closely or (name in SINGULAR and not is_tame(name, args))
        for tensor in (out,) if isinstance(out, Tensor) else torch_compat.tensors_in((out,)):
            if id(tensor) in given:
                continue
            known = ObjectFact(weakref.ref(tensor), site, name, len(self.objects), len(self.values))
            value = self._remember(tensor, known, index, view=view)
            outputs.append(value)
            if closely:
                self.nodes.note(tensor, index, name, tensors)
            if name in ("detach", "data") and torch_compat.is_plain(tensor) and tensor.numel():
                self._pointers[tensor.data_ptr()] = value
            requires_grad = requires_grad or self.values[value].requires_grad
            if view and (kind == _VIEW or tensor._base is not None):
                self._join_group(tensors[0], known)
        if not outputs:
            return
        mode = "grad"
        if not requires_grad and inputs:
            mode = self._lost_mode(inputs, index)
        arguments: Any = None
        if kind in KEEP_ARGUMENTS or name in REARRANGEMENTS:
            arguments = self._kept(args, kwargs)
        elif name in SLOTS:
            arguments = self._slots(name, args, kwargs, inputs)
        module = self.module_stack[-1] if self.module_stack else -1
        self._append(Op(name, kind, inputs, tuple(outputs), site, tags, mode, module, arguments))
        if (requires_grad and name in WATCHED) or name in REDUCTIONS:
            self.samples.take(index, name, (id(site), module), zip(inputs, tensors), args, kwargs)
        elif requires_grad and kind in KEEP_ARGUMENTS and self._made_by_layer(inputs[0]):
            self.samples.look(index, inputs[0], tensors[0], (id(site), module))

    def _made_by_layer(self, value: int) -> bool:
        """Whether the value was computed, and by now may be the output of a generator that is cut up."""
        made = self.values[value].op
        return made >= 0 and self.ops[made].kind == Kind.PLAIN

    def _join_group(self, source: Tensor, alias: ObjectFact) -> None:
        """The two share their memory: a write through one is a write to the other."""
        entry = self._known[id(source)]
        if entry.group is None:
            entry.group = []
        alias.group = entry.group
        alias.synced = len(entry.group)

    def _write(
        self,
        name: str,
        kind: int,
        inputs: tuple[int, ...],
        written: list[Tensor],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        site: Site | None,
        tags: tuple[str, ...],
    ) -> None:
        arguments = self._kept(args, kwargs) if name in ("__setitem__", "copy_") else None
        index = len(self.ops)
        outputs = []
        whole = name in OVERWRITES
        lost = False
        targets = set()
        for tensor in written:
            entry = self._known[id(tensor)]
            targets.add(entry.value)
            value = len(self.values)
            requires_grad, leaf = _flags(tensor)
            self.values.append(Value(index, entry.object, requires_grad, torch_compat.shape_of(tensor), leaf))
            outputs.append(value)
            lost = lost or not requires_grad or leaf
            self._renew(entry, value)
            if self.nodes.closely:
                self.nodes.note(tensor, index, name, (tensor,))
            if entry.group is not None:
                entry.group.append(value)
                entry.synced = len(entry.group)
        if whole:
            inputs = tuple(value for value in inputs if value not in targets)
        mode = self._lost_mode(inputs, index) if lost and inputs else "grad"
        if not torch.is_grad_enabled():
            self.unheard_writes.add(index)
        self._append(
            Op(name, Kind.WRITE, inputs, tuple(outputs), site, tags, mode, self._module(), arguments)
        )
        self.gradients.written(len(self.ops), name, written, site)

    def _lost_mode(self, inputs: tuple[int, ...], index: int) -> str:
        if not any(self.values[value].requires_grad for value in inputs):
            return "grad"
        if torch.is_inference_mode_enabled():
            mode = "inference"
        elif not torch.is_grad_enabled():
            mode = "no_grad"
        else:
            return "grad"
        self.mode_stacks[index] = self._mode_stack()
        return mode

    def _mode_stack(self) -> tuple[Site | CodeType, ...]:
        """The user statements on the stack and the functions under a grad-mode decorator, innermost first."""
        frame: FrameType | None = sys._getframe(3)
        found: list[Site | CodeType] = []
        while frame is not None and len(found) < 12:
            if frame.f_code.co_name == "decorate_context":
                function = frame.f_locals.get("func")
                code = getattr(function, "__code__", None)
                if code is not None:
                    found.append(code)
            elif self.frames.is_user(frame):
                found.append(Site(frame.f_code, frame.f_lasti))
            frame = frame.f_back
        return tuple(found)

    def _kept(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        first = [self._keep(item) if isinstance(item, (Tensor, tuple, list)) else item for item in args]
        return tuple(first), {key: self._keep(item) for key, item in kwargs.items()} if kwargs else _NOTHING

    def _keep(self, item: Any) -> Any:
        if isinstance(item, Tensor):
            if not item.is_floating_point() and item.numel() <= _SMALL_INDEX and item.device.type == "cpu":
                if torch_compat.is_plain(item) and not torch_compat.dispatched():
                    return item.detach().clone()
            return Ref(self.value_of(item))
        if isinstance(item, (tuple, list)):
            if type(item) is tuple and not any(isinstance(part, (Tensor, tuple, list)) for part in item):
                return item
            return (
                type(item)([self._keep(part) for part in item])
                if type(item) in (tuple, list)
                else tuple(self._keep(part) for part in item)
            )
        return item

    def _slots(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], inputs: tuple[int, ...]
    ) -> tuple[tuple[str, int], ...]:
        names = SLOTS[name]
        if name == "einsum":
            operands = list(torch_compat.tensors_in(args[1:]))
            return tuple((f"operand {index}", self.value_of(item)) for index, item in enumerate(operands))
        if not kwargs and len(args) == 2 and isinstance(args[0], Tensor) and isinstance(args[1], Tensor):
            return (names[0], inputs[0]), (names[1], inputs[1])
        found = [(key, self.value_of(item)) for key, item in zip(names, args) if isinstance(item, Tensor)]
        found += [(key, self.value_of(item)) for key, item in kwargs.items() if isinstance(item, Tensor)]
        return tuple(found)

    # -- leaving torch and coming back ----------------------------------------------------------

    def _export(
        self,
        name: str,
        inputs: tuple[int, ...],
        tensors: list[Tensor],
        out: Any,
        site: Site | None,
        tags: tuple[str, ...],
    ) -> None:
        if not tensors or not inputs:
            return
        value = len(self.values)
        self.values.append(Value(len(self.ops), -1, False, torch_compat.shape_of(tensors[0]), False))
        self._append(Op(name, Kind.EXPORT, inputs[:1], (value,), site, tags, "grad", self._module(), None))
        place = (site.code, len(self.ops)) if site is not None else None
        self.exports.add(value, tensors[0], out if name in ("item", "__float__", "tolist") else None, place)

    def _imported(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any
    ) -> tuple[int, ...]:
        if not self.exports:
            return ()
        found: list[int] = []
        for item in (*args, *kwargs.values()):
            if type(item) is float:
                origin = self.exports.scalars.get(item)
                if origin is not None:
                    found.append(origin)
        if not found and name in IMPORTERS and isinstance(out, Tensor):
            found.extend(self.exports.match(out, self._place()))
        return tuple(found)

    def imported(self, tensor: Tensor, frame: FrameType | None) -> None:
        """A tensor was made of memory that torch does not own: an array's."""
        if not self._opaque and self.peek(tensor) is None:
            site, _ = self.frames.site(frame)
            place = (site.code, len(self.ops)) if site is not None else None
            match = self.exports.match(tensor, place) if self.exports else ()
            self.call_values("from_numpy", match, tensor, frame)

    def revived(self, source: Tensor, tensor: Tensor, frame: FrameType | None) -> None:
        """`Variable(source)`: a new leaf on the same storage."""
        if not self._opaque and tensor is not source and self.peek(tensor) is None:
            self.call_values("Variable", (self.value_of(source),), tensor, frame)

    def forget(self, tensor: Tensor) -> None:
        """The tensor shows other numbers than before, of unknown origin: it is a new source."""
        self._known.pop(id(tensor), None)

    # -- things that no torch function tells ----------------------------------------------------

    def wrapped(self, data: Tensor, parameter: Tensor, frame: FrameType | None) -> None:
        """`nn.Parameter(data)`: a new leaf on the same storage, without the history."""
        if self._opaque or parameter is data:
            return
        source = self.value_of(data)
        site, tags = self.frames.site(frame)
        value = self._enter(parameter, len(self.ops), site, "Parameter")
        self._join_group(data, self._known[id(parameter)])
        self._append(
            Op("Parameter", Kind.DATA_SET, (source,), (value,), site, tags, "grad", self._module(), None)
        )

    def data_set(self, target: Tensor, data: Any, frame: FrameType | None) -> None:
        """`target.data = data`: target now shows data's storage, and autograd knows nothing of it."""
        if self._opaque or not isinstance(data, Tensor):
            return
        source = self.value_of(data)
        self.value_of(target)
        site, tags = self.frames.site(frame)
        entry = self._known[id(target)]
        value = len(self.values)
        requires_grad = target.requires_grad
        self.values.append(
            Value(
                len(self.ops),
                entry.object,
                requires_grad,
                torch_compat.shape_of(target),
                requires_grad and target.is_leaf,
            )
        )
        self._renew(entry, value)
        self._append(
            Op("data.__set__", Kind.DATA_SET, (source,), (value,), site, tags, "grad", self._module(), None)
        )
        entry.group = None
        self._join_group(data, entry)
        self.gradients.shown(len(self.ops), target, site)

    def call(
        self,
        name: str,
        inputs: Iterable[Tensor],
        outputs: Any,
        frame: FrameType | None,
        arguments: Any = None,
    ) -> int | None:
        """Record a Python-level call as one operation; returns its index."""
        if self._opaque:
            for tensor in inputs:
                self._opaque[-1][self.value_of(tensor)] = None
            return None
        sources = tuple(dict.fromkeys(self.value_of(tensor) for tensor in inputs))
        return self.call_values(name, sources, outputs, frame, arguments)

    def call_values(
        self,
        name: str,
        sources: tuple[int, ...],
        outputs: Any,
        frame: FrameType | None,
        arguments: Any = None,
    ) -> int | None:
        """Record a call whose inputs are known as values."""
        site, tags = self.frames.site(frame)
        index = len(self.ops)
        results = []
        lost = True
        for tensor in torch_compat.tensors_in((outputs,)):
            if self.peek(tensor) in sources:
                continue
            value = self._enter(tensor, index, site, name)
            lost = lost and not self.values[value].requires_grad
            results.append(value)
            if self.nodes.closely:
                self.nodes.note(tensor, index)
        if not results:
            return None
        mode = self._lost_mode(sources, index) if lost else "grad"
        self._append(
            Op(name, Kind.PLAIN, sources, tuple(results), site, tags, mode, self._module(), arguments)
        )
        return index

    def opaque_call(
        self,
        name: str,
        given: list[Tensor],
        inside: tuple[tuple[int, ...], list[Note]],
        outputs: Any,
        frame: FrameType | None,
        function: Any,
    ) -> None:
        """Record a custom function or a transform as one operation over all that went into it."""
        reads, notes = inside
        if self._opaque:
            for value in reads:
                self._opaque[-1][value] = None
            for tensor in given:
                self._opaque[-1][self.value_of(tensor)] = None
            self._opaque_notes[-1].extend(notes)
            return
        values = self.values
        sources = dict.fromkeys(self.value_of(tensor) for tensor in given)
        for value in reads:
            if values[value].requires_grad or values[value].op >= 0:
                sources[value] = None
        site = self.frames.site(frame)[0]
        backward = getattr(function, "backward", None)
        code = getattr(backward, "__code__", None)
        index = self.call_values(name, tuple(sources), outputs, frame, code)
        if index is not None and notes:
            self.inner_sites[index] = notes
        if index is None and site is not None:
            self.inner_sites.setdefault(len(self.ops), notes)

    def container_set(self, identity: int, frame: FrameType | None) -> None:
        """A list, tuple or dict was put into a module."""
        self.containers[identity] = self.frames.site(frame)[0]

    def enter_opaque(self) -> None:
        """From here on operations only tell which known tensors they read."""
        self._opaque.append({})
        self._opaque_notes.append([])

    def leave_opaque(self) -> tuple[tuple[int, ...], list[Note]]:
        """The values read inside, and the notable operations with their statements."""
        return tuple(self._opaque.pop()), self._opaque_notes.pop()

    def _note_inside(
        self, name: str, tensors: list[Tensor], args: Any, kwargs: Any, out: Any, frame: FrameType | None
    ) -> None:
        reads = self._opaque[-1]
        for tensor in tensors:
            value = self._outer_value(tensor)
            if value is not None:
                reads[value] = None
        if name in SLOTS:
            found = [
                (key, self._outer_value(item))
                for key, item in zip(SLOTS[name], args)
                if isinstance(item, Tensor)
            ]
            found += [
                (key, self._outer_value(item)) for key, item in kwargs.items() if isinstance(item, Tensor)
            ]
            slots = tuple((key, value) for key, value in found if value is not None)
            if slots:
                self._opaque_notes[-1].append((f"slot:{name}", self.frames.site(frame)[0], slots))
        lost = (
            isinstance(out, Tensor) and not out.requires_grad and any(item.requires_grad for item in tensors)
        )
        if name in ("detach", "data", "item", "numpy", "tolist") or lost:
            self._opaque_notes[-1].append((name, self.frames.site(frame)[0], ()))

    def _outer_value(self, tensor: Tensor) -> int | None:
        """The value of a tensor read inside of a transform, where it is known outside or is a leaf."""
        inner: Tensor | None = tensor
        while inner is not None:
            value = self.peek(inner)
            if value is not None:
                return self.value_of(inner)
            tensor, inner = inner, torch_compat.unwrapped(inner)
        return self.value_of(tensor) if tensor.requires_grad and tensor.is_leaf else None

    def grad_read(self, owner: Tensor, grad: Any) -> None:
        """`owner.grad` was read: remember whose gradient this tensor is."""
        if isinstance(grad, Tensor):
            number = self.known_object(owner)
            if number is not None:
                self.gradients.read(number, grad)

    def grad_set(self, owner: Tensor, grad: Any, frame: FrameType | None) -> None:
        """`owner.grad = grad`, or its deletion."""
        number = self.known_object(owner)
        if number is not None:
            site, _ = self.frames.site(frame)
            if grad is not None:
                self.gradients.given.setdefault(number, site)
            value = self.peek(grad) if isinstance(grad, Tensor) else None
            if value is not None and self.values[value].op >= 0:
                made = self.ops[self.values[value].op]
                site = made.site if made.name == "autograd.grad" else site
            self.gradients.told(len(self.ops), number, "clear" if grad is None else "set", site)

    def assigned(self, module: int, name: str, tensor: Tensor, frame: FrameType | None) -> None:
        """A tensor was put under a name of a module."""
        value = self.peek(tensor)
        if value is None or self._opaque:
            return
        site, _ = self.frames.site(frame)
        number = self.values[value].object
        self.assignments.append(Assignment(len(self.ops), number, value, module, name, site))

    def entered(self, module: int, given: Sequence[Tensor], frame: FrameType | None) -> None:
        """A module's forward begins, with these tensors."""
        parent = self.module_stack[-1] if self.module_stack else -1
        values = frozenset([value for tensor in given if (value := self.peek(tensor)) is not None])
        call = _new(ModuleCall, (len(self.ops), parent, self.frames.site(frame)[0], values))
        self.module_calls.setdefault(module, []).append(call)
        self.module_stack.append(module)
        if parent < 0 and given and not self._opaque:
            place = (id(call.site), module)
            with torch._C.DisableTorchFunction():
                for turn, tensor in enumerate(given):
                    if not tensor.requires_grad:
                        self.samples.look(len(self.ops), self.value_of(tensor), tensor, (place, turn))

    def call_at(self, module: int, index: int) -> ModuleCall | None:
        """The call of a module that was running, or had run last, at an operation."""
        calls = self.module_calls.get(module, ())
        return next((call for call in reversed(calls) if call.op <= index), None)

    def returned_by(self, module: int, outputs: Any) -> None:
        """A module's forward has ended with these outputs."""
        for tensor in (outputs,) if isinstance(outputs, Tensor) else torch_compat.tensors_in((outputs,)):
            value = self.peek(tensor)
            if value is not None:
                self.returned.setdefault(value, []).append((module, len(self.ops)))

    def hooked(self, tensor: Tensor, frame: FrameType | None) -> None:
        """A hook was put on the gradient of a tensor."""
        if not self._opaque:
            self.hooks[self.value_of(tensor)] = self.frames.site(frame)[0]

    def asked_whether(self, tensor: Tensor) -> None:
        """The program asked whether a single number has a gradient, as one does before `backward`."""
        if not self._opaque and tensor.is_floating_point():
            self.asked = self.peek(tensor)

    def grad_switched(self, enabled: bool, frame: FrameType | None) -> None:
        """Autograd was switched on or off for everything that follows."""
        if frame is not None and frame.f_code.co_name == "__exit__" and not enabled:
            return  # the end of a block puts back what somebody else has switched off
        site, _ = self.frames.site(frame)
        self.switches.append(GradSwitch(len(self.ops), enabled, site))

    def tensor(self, number: int) -> Tensor | None:
        """The live tensor of an object number, or None where it is gone."""
        return self.objects[number].ref() if number >= 0 else None

    def living(self, value: int) -> Tensor | None:
        """The live tensor that still has this value."""
        number = self.values[value].object
        return self.tensor(number) if number >= 0 and self.objects[number].value == value else None


def _flags(tensor: Tensor) -> tuple[bool, bool]:
    """Whether the tensor asks for a gradient, and whether it is a leaf that does."""
    requires_grad = tensor.requires_grad
    if not requires_grad:
        return False, False
    try:
        return True, tensor.is_leaf
    except RuntimeError:  # a view taken under no_grad whose base was written since: torch refuses to say
        return False, False


def _is_flat(item: Any) -> bool:
    """Whether an argument holds no tensors and no further lists."""
    return type(item) in (tuple, list) and not any(isinstance(part, (Tensor, *_NESTED)) for part in item)
