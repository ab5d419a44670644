"""Which statement cuts, and by which mechanism: read from what happened to the values."""

from __future__ import annotations

import linecache
from dataclasses import dataclass
from types import CodeType

from hypercheck.findings import Location
from hypercheck.observe import frames
from hypercheck.observe.entries import GradSwitch, Op
from hypercheck.observe.flow import Flow
from hypercheck.observe.frames import Site
from hypercheck.observe.operations import INTEGER_LIKE, Kind
from hypercheck.observe.reach import Edge
from hypercheck.observe.tape import Tape

_TAGS = {
    "load_state_dict": "load-state-dict",
    "vector_to_parameters": "vector-to-parameters",
    "deepcopy": "deepcopy-main",
}
_TO_NUMPY = frozenset({"numpy", "__array__", "__dlpack__", "to_dlpack", "untyped_storage", "storage"})
_TO_NUMBERS = frozenset({"item", "tolist", "__float__", "__complex__"})
_COPIES = frozenset({"tensor", "as_tensor", "asarray", "new_tensor", "scalar_tensor"})
_DETACHERS = frozenset({"detach", "detach_", "data"})
_DELIVERIES = frozenset(
    {
        "parameter-wrap",
        "data-assign",
        "copy-no-grad",
        "load-state-dict",
        "vector-to-parameters",
        "deepcopy-main",
        "numpy-roundtrip",
        "item-or-tolist",
        "torch-tensor-copy",
        "custom-function-none",
    }
)


@dataclass(frozen=True)
class Verdict:
    """The mechanism of a cut, where it stands, and what else on the way would cut as well."""

    mechanism: str
    location: Location | None
    related: tuple[Location, ...]
    op: int


def mechanism_of(tape: Tape, index: int, source: int | None = None) -> str | None:
    """What one operation does to the gradient: a rule's name, or None where it lets it through."""
    op = tape.ops[index]
    for tag, name in _TAGS.items():
        if tag in op.tags:
            return name
    if op.name == "Parameter":
        return "parameter-wrap"
    if op.name in ("data.__set__", "set_"):
        return "data-assign"
    if op.name in _TO_NUMPY:
        return "numpy-roundtrip"
    if op.name in _TO_NUMBERS:
        return "item-or-tolist"
    if op.name in _COPIES and op.inputs and _reads_tensor(tape, op):
        return "torch-tensor-copy"
    if op.name == "alias" or op.kind == Kind.WRITE:
        return _write_mechanism(tape, op)
    if op.name in _DETACHERS:
        return "detach"
    if op.name in ("autograd.grad", "func.grad"):
        return "second-order-detached" if not _grad_outputs_live(tape, op) else None
    if op.name.startswith("function:"):
        asks = any(tape.values[item].requires_grad for item in op.inputs if item >= 0)
        return "custom-function-none" if asks and not _grad_outputs_live(tape, op) else None
    if op.mode == "inference":
        return "inference-mode"
    if op.mode == "no_grad":
        return "no-grad-block"
    if _grad_outputs_live(tape, op):
        return None
    notes = [note for note in tape.inner_sites.get(index, ()) if not note[0].startswith("slot:")]
    if notes and notes[0][0] in ("detach", "data"):
        return "detach"
    if any(tape.values[item].requires_grad for item in op.inputs if item >= 0) or source is not None:
        return (
            "nondifferentiable-op"
            if op.name in INTEGER_LIKE or op.kind == Kind.MAYBE_VIEW
            else "severed-link"
        )
    return None


def inside(tape: Tape, index: int) -> tuple[str, Location | None] | None:
    """The mechanism and place of a cut inside of an operation recorded as one, if it may have one."""
    op = tape.ops[index]
    if isinstance(op.arguments, CodeType) and not frames.is_torch(op.arguments):
        return None  # a custom function: what its backward gives back decides
    notes = [note for note in tape.inner_sites.get(index, ()) if not note[0].startswith("slot:")]
    for name, site, _ in notes:
        mechanism = (
            "detach"
            if name in _DETACHERS
            else "numpy-roundtrip"
            if name in _TO_NUMPY
            else "item-or-tolist"
            if name in _TO_NUMBERS
            else None
        )
        if mechanism is not None:
            return mechanism, frames.location(site)
    if op.name.startswith("function:"):
        return None  # its own backward decides, and what runs inside of it runs without autograd
    for name, site, _ in notes:
        if name in INTEGER_LIKE:
            return "nondifferentiable-op", frames.location(site)
    return "severed-link", frames.location(op.site)


def _reads_tensor(tape: Tape, op: Op) -> bool:
    return any(tape.values[item].object >= 0 for item in op.inputs)


def _grad_outputs_live(tape: Tape, op: Op) -> bool:
    return any(tape.values[item].requires_grad for item in op.outputs)


def _write_mechanism(tape: Tape, op: Op) -> str | None:
    """How a write into an existing tensor loses the history."""
    if through_data(tape, op):
        return "data-assign"
    if op.mode == "inference":
        return "inference-mode"
    outputs = [tape.values[item] for item in op.outputs]
    if all(value.requires_grad and not value.leaf for value in outputs):
        return None
    if op.mode == "no_grad":
        return "no-grad-block" if _writes_into_lost(tape, op) else "copy-no-grad"
    if op.name == "detach_":
        return "detach"
    if any(value.leaf for value in outputs):
        return "copy-no-grad"
    return "nondifferentiable-op" if op.name in INTEGER_LIKE else None


def _writes_into_lost(tape: Tape, op: Op) -> bool:
    """Whether the tensor written was itself computed without autograd, of values that lost their history."""
    stack, seen = _makers(tape, op)[-1:], 0
    while stack and seen < 50:
        made, seen = stack.pop(), seen + 1
        if made.mode == "no_grad":
            return True
        lost = [tape.values[item] for item in made.inputs if item >= 0]
        stack.extend(tape.ops[value.op] for value in lost if value.op >= 0 and not value.requires_grad)
    return False


_ALIASES = frozenset({"data", "detach"})


def through_data(tape: Tape, op: Op) -> bool:
    """Whether the tensor written is an alias taken by `.data` or `detach()`."""
    return any(first.name in _ALIASES for first in _makers(tape, op))


def _makers(tape: Tape, op: Op) -> list[Op]:
    """What made the tensor that is written: the views that lead to it, and what they are views of."""
    written = op.inputs[-1] if op.name == "alias" and op.inputs else (op.outputs[0] if op.outputs else -1)
    found: list[Op] = []
    number = tape.values[written].object if written >= 0 else -1
    while number >= 0 and len(found) < 50:
        first = _first_op(tape, number)
        if first is None:
            break
        found.append(first)
        if first.kind not in (Kind.VIEW, Kind.MAYBE_VIEW) or not first.inputs or first.name in _ALIASES:
            break
        number = tape.values[first.inputs[0]].object
    return found


def _first_op(tape: Tape, number: int) -> Op | None:
    """The operation that made a tensor object."""
    if number >= len(tape.objects):
        return None
    first = tape.first_values.get(number)
    if first is None or tape.values[first].op < 0:
        return None
    return tape.ops[tape.values[first].op]


def judge(flow: Flow, edge: Edge) -> Verdict:
    """The statement to blame for a broken edge."""
    tape = flow.tape
    way = flow.way_down(edge)
    first = mechanism_of(tape, edge.op, edge.source) or "severed-link"
    if first == "severed-link" and _grad_outputs_live(tape, tape.ops[edge.op]):
        first = "nondifferentiable-op"  # the indices beside the values: topk, sort, max along an axis
    events = [(edge.op, first)]
    for index in way[1:]:
        found = mechanism_of(tape, index)
        if found in _DELIVERIES or found == "detach" or found in ("nondifferentiable-op", "no-grad-block"):
            if found != "no-grad-block" or first not in ("no-grad-block", "copy-no-grad"):
                events.append((index, found))
    index, name = _primary(flow, edge, events)
    place = _location(tape, index, name)
    if name == "no-grad-block" and _is_left_off(tape, index):
        name = "requires-grad-false"
    related: list[Location] = []
    for other, what in events:
        spot = _location(tape, other, what, f"{what} as well")
        if spot is not None and place is not None and (spot.file, spot.line) != (place.file, place.line):
            if all((spot.file, spot.line) != (old.file, old.line) for old in related):
                related.append(spot)
    return Verdict(name, place, tuple(related[:4]), index)


def _primary(flow: Flow, edge: Edge, events: list[tuple[int, str]]) -> tuple[int, str]:
    tape = flow.tape
    index, first = events[0]
    deliveries = [(other, name) for other, name in events if name in _DELIVERIES]
    source = tape.values[edge.source]
    if first == "detach":
        if _descends_from_inner_gradient(flow, edge.source):
            return index, "second-order-detached"
        return deliveries[0] if deliveries else events[0]
    if first in ("no-grad-block", "inference-mode"):
        generated_outside = not source.leaf
        if generated_outside and deliveries:
            return deliveries[0]
        return events[0]
    return events[0]


def _is_point(flow: Flow, value: int) -> bool:
    """Whether it is an input that a function is differentiated by, as in a differential equation."""
    fact = flow.tape.values[value]
    return fact.leaf and fact.object not in flow.trainable


def _descends_from_inner_gradient(flow: Flow, value: int) -> bool:
    stack, seen = [value], {value}
    while stack and len(seen) < 5000:
        item = flow.tape.values[stack.pop()].op
        if item < 0:
            continue
        op = flow.tape.ops[item]
        if op.name in ("autograd.grad", "func.grad") and not any(_is_point(flow, v) for v in op.inputs):
            return True
        for source in op.inputs:
            if source >= 0 and source not in seen:
                seen.add(source)
                stack.append(source)
    return False


def _location(tape: Tape, index: int, mechanism: str, label: str = "") -> Location | None:
    op = tape.ops[index]
    if mechanism in ("no-grad-block", "inference-mode"):
        found = _switch_location(tape, index, op, label)
        if found is not None:
            return found
    own = isinstance(op.arguments, CodeType) and not frames.is_torch(op.arguments)
    if mechanism == "custom-function-none" and own:
        found = backward_location(op.arguments, label)
        if found is not None:
            return found
    notes = [note for note in tape.inner_sites.get(index, ()) if not note[0].startswith("slot:")]
    if notes and mechanism in ("detach", "nondifferentiable-op", "severed-link"):
        return frames.location(notes[0][1], label)
    return frames.location(op.site, label)


def backward_location(code: CodeType, label: str = "") -> Location | None:
    """The return statement of a custom function's backward."""
    import ast

    tree = frames._tree(code.co_filename)
    line = code.co_firstlineno
    if tree is not None:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name == "backward":
                first = min([node.lineno, *(item.lineno for item in node.decorator_list)])
                if first == code.co_firstlineno:
                    returns = [item for item in ast.walk(node) if isinstance(item, ast.Return)]
                    line = returns[-1].lineno if returns else node.lineno
    source = linecache.getline(code.co_filename, line).rstrip("\n")
    return Location(frames.display_path(code.co_filename), line, line, code.co_name, source, label=label)


def _switch_location(tape: Tape, index: int, op: Op, label: str) -> Location | None:
    words = ("no_grad", "set_grad_enabled", "inference_mode")
    for item in tape.mode_stacks.get(index, ()):
        if isinstance(item, CodeType):
            line = frames.decorator_line(item)
            source = linecache.getline(item.co_filename, line).rstrip("\n")
            return Location(
                frames.display_path(item.co_filename), line, line, item.co_name, source, label=label
            )
        place = frames.location(item)
        if place is None:
            continue
        block = frames.enclosing_block(item.code.co_filename, place.line, words)
        if block is not None:
            source = linecache.getline(item.code.co_filename, block[0]).rstrip("\n")
            return Location(place.file, block[0], block[1], place.function, source, label=label)
    return frames.location(switch.site, label) if (switch := _last_switch(tape, index)) is not None else None


def _last_switch(tape: Tape, index: int) -> GradSwitch | None:
    """The last statement, before an operation that ran without autograd, that switched it off for good."""
    switches = [item for item in tape.switches if item.op <= index and not item.enabled and item.site]
    return switches[-1] if switches and tape.ops[index].mode == "no_grad" else None


def _is_left_off(tape: Tape, index: int) -> bool:
    """Whether the switch that an operation ran under was never put back."""
    switch = _last_switch(tape, index)
    if switch is None or _location(tape, index, "no-grad-block") != frames.location(switch.site):
        return False
    return not any(item.enabled and item.op >= switch.op for item in tape.switches)


def site_location(site: Site | None, label: str = "") -> Location | None:
    """The location of a site, or None."""
    return frames.location(site, label)
