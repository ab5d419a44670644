"""One observation: finds the steps and their stages by itself, and decides which steps are recorded."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from hypercheck.observe import gradients, names, torch_compat
from hypercheck.observe.collector import RareCollections
from hypercheck.observe.frames import FrameReader, Site
from hypercheck.observe.gradients import Fingerprint, GradientSize
from hypercheck.observe.patches import Patches, RecordingPatches
from hypercheck.observe.probe import GradientProbe, Killer
from hypercheck.observe.tape import Recorder, Tape
from hypercheck.observe.walk import Walk, walk_graph

T = TypeVar("T")
_EXTRA_RECORDED = 40
_MIN_PER_OPTIMIZER = 3
_AFTER_A_CHANGE = 3
"""How many steps are recorded after something changed."""


@dataclass
class Backward:
    """One backward pass of the step in progress."""

    op: int
    losses: tuple[int, ...]
    site: Site | None
    reached: frozenset[int]
    given_inputs: bool
    finite: bool
    value: float | None
    custom: tuple[str, ...]
    carried: frozenset[int] = frozenset()
    filled: frozenset[int] = frozenset()
    event: int = 0
    """How many gradient events the tape had when the backward was done."""
    by_grad: bool = False
    created_graph: bool = False
    killers: tuple[Killer, ...] = ()
    """Where gradients became zero or not finite, if a step before gave a reason to look."""
    nonfinite_op: int | None = None
    """The operation of the forward that made the first NaN or Inf, if it was looked for."""
    alive: frozenset[int] = frozenset()
    """Of the objects whose gradient was zero at the last step, those for which it is not, after this pass."""
    sizes: dict[int, GradientSize] = field(default_factory=dict)
    """The gradients right after the backward, taken where no optimizer is there to wait for."""


@dataclass
class Update:
    """What one optimizer step met and did for one tensor."""

    object: int
    size: GradientSize
    before: Fingerprint | None
    rate: float | None
    optimizer: int
    changed: bool | None = None
    ratio: float = 0.0
    finite_after: bool = True
    start_moved: bool = False
    """Whether the elements of `start` are among those that changed."""
    asks: bool = True
    """Whether it asked for a gradient then: it may be gone when the step is judged."""
    numel: int = 1
    start: Tensor | None = None
    """Some of its numbers before the update, always at the same places."""


@dataclass
class Step:
    """One step in progress."""

    number: int
    recorded: bool
    first_op: int
    backwards: list[Backward] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    optimizers: list[int] = field(default_factory=list)
    end_op: int = 0
    end_event: int = 0
    """Where the tape stood when the last update of the step was done."""
    asleep: frozenset[int] = frozenset()
    """Objects of modules in evaluation mode at the last backward."""


@dataclass
class OptimizerRecord:
    """One optimizer of the program, known by a weak reference."""

    number: int
    ref: weakref.ref[Optimizer]
    kind: str
    site: Site | None
    objects: tuple[int, ...] = ()
    steps: int = 0
    recorded_steps: int = 0
    empty_groups: tuple[int, ...] = ()
    starts_at_zero: bool = False
    """Whether a group had the rate 0 when it was built."""
    scheduled_at: Site | None = None
    """Where a learning-rate scheduler was put on it."""
    made_at_op: int = 0
    """Where the tape stood when it was built."""
    orphans: dict[int, int] = field(default_factory=dict)
    """Objects that no live module or variable held at the last look, to their sizes in bytes."""
    pattern: int = -1
    zero_since: dict[int, tuple[int, tuple[int, ...]]] = field(default_factory=dict)
    """Groups whose rate is 0 now, to how many steps were made before it became so, and to their objects."""
    name: str = ""


_MOST_MOVES = 8
"""How often the recording may move to another thread."""

StepSink = Callable[["Session", Step], None]


class Session:
    """Hooks into a running program from `start` to `stop`; hands each finished recorded step to the sink.

    Everything installed is gone after `stop`, whatever happened in between.
    """

    def __init__(
        self,
        sink: StepSink,
        *,
        steps: int = 5,
        every: int | None = None,
        roots: Mapping[str, Any] | None = None,
        user_roots: tuple[str, ...] = (),
        on_step: Callable[[Session], None] | None = None,
    ) -> None:
        self.tape = Tape(FrameReader(user_roots))
        self.steps_wanted = steps
        self.every = every
        self.roots = dict(roots or {})
        self.steps_seen = 0
        self.steps_recorded = 0
        self.optimizers: list[OptimizerRecord] = []
        self.faults: list[str] = []
        self.holders: dict[int, list[names.Holder]] = {}
        self.module_names: dict[int, str] = {}
        self.module_aliases: dict[int, str] = {}
        """Paths of modules in lists and dicts, where those are not their names."""
        self.modules: list[weakref.ref[nn.Module]] = []
        self.module_training: dict[int, bool] = {}
        self.owners: dict[int, int] = {}
        self.hidden: dict[int, Site | None] = {}
        self.hidden_in: set[int] = set()
        self.registered: set[int] = set()
        """Objects that a module had as a parameter, at some look at the program."""
        self.present: set[int] = set()
        """Objects that the last look at the program's variables came across."""
        self.names_taken = False
        self.frozen_at: dict[int, Site | None] = {}
        """Objects to the statement that froze their whole module while nothing was recorded."""
        self.ever_stepped: dict[int, set[int]] = {}
        self.manual: set[int] = set()
        self.differentiated: set[int] = set()
        self.backwards_since_step = 0
        self.backwards_seen = 0
        self.nonfinite_backwards = 0
        self.waiting_spoilt = 0
        """Backward passes in a row that left gradients that are not finite, and that no step followed."""
        self.skipped_steps = 0
        self.skipped_at: Site | None = None
        self._skipped_now = 0
        self._scaler_seen = False
        self.filled_ever: set[int] = set()
        self.not_observed: dict[str, str] = {}
        self.suspects: dict[str, set[int]] = {}
        """Objects whose gradient was zero, or not finite, in the last recorded step."""
        self._probes: list[GradientProbe] = []
        self._bystanders: list[weakref.ref[Tensor]] = []
        """Parameters of the program that no optimizer holds."""
        self._bystander_pattern: tuple[bool, ...] = ()
        self._fewest_backwards = 1_000_000
        self._useful_kind = 0
        """Backward passes by a statement that had led to a step before."""
        self._thrown_away = False
        """Whether the gradients of the pass before were cleared without a step."""
        self._unused = self._unused_now = self._longest_unused = 0
        """How many of them came to gradients thrown away like that: in all, now in a row, and at most."""
        self.stepped_at: Site | None = None
        """The statement that stepped an optimizer last."""
        self._backward_at: Site | None = None
        self._led_to_steps: set[Site | None] = set()
        self._versions = 0
        self._most_backwards = 1
        """The most backward passes that led to one step of an optimizer."""
        self._updated_last: tuple[int, ...] = ()
        """What the last recorded step updated."""
        self._ever_updated: set[int] = set()
        self._kept_gradient: set[int] = set()
        """Of those, the ones whose gradient was still there when the next backward began."""
        self.autograd: tuple[list[str], dict[int, int], list[tuple[int, int]], list[int]] = ([], {}, [], [])
        """Node names, numbers of leaves, edges and the leaves' objects of an early recorded backward pass."""
        self.step: Step | None = None
        self._sink = sink
        self._on_step = on_step
        self._module_numbers: dict[int, int] = {}
        self._optimizer_numbers: weakref.WeakKeyDictionary[Optimizer, int] = weakref.WeakKeyDictionary()
        self._permanent = Patches()
        self._handles: list[Any] = []
        self._recorder: Recorder | None = None
        self._recording_patches: RecordingPatches | None = None
        self._recording_thread: int | None = None
        self._switching = threading.RLock()
        """Held while the recorder goes on or off: threads may train at the same time."""
        self._trainers: set[int] = set()
        """The threads that have called backward."""
        self._moves = 0
        self._stepped_here = False
        """Whether an optimizer has stepped in the thread that is recorded."""
        self._left_behind: list[tuple[int, Recorder]] = []
        self._collections = RareCollections()
        self._in_backward = 0
        self._in_closure = False
        """Whether an optimizer is stepping with a closure, which runs whole forward and backward passes."""
        self._wake = 0
        self._extra = 0
        self._live = False
        self._pid = os.getpid()
        self._snapshots = 0
        self._optimizers_looked_for = 0
        self._nameless: set[int] = set()
        """Leaves that had no name when a backward came to them: looked for once more, and then no longer."""
        self.functional_calls: list[dict[str, Any]] = []

    # -- from start to stop ---------------------------------------------------------------------

    def start(self) -> None:
        """Install the hooks and begin to record."""
        self._live = True
        self._handles.append(register_optimizer_step_pre_hook(self._before_optimizer))
        self._handles.append(register_optimizer_step_post_hook(self._after_optimizer))
        self._permanent.replace(Optimizer, "__init__", self._watching_init(Optimizer.__init__))
        self._permanent.replace(torch.autograd, "backward", self._watching_backward(torch.autograd.backward))
        self._permanent.replace(torch.autograd, "grad", self._watching_grad(torch.autograd.grad))
        self._permanent.replace(nn.Module, "train", self._watching_train(nn.Module.train))
        self._permanent.replace(nn.Module, "requires_grad_", self._watching_freeze(nn.Module.requires_grad_))
        schedule = torch.optim.lr_scheduler.LRScheduler
        self._permanent.replace(schedule, "__init__", self._watching_schedule(schedule.__init__))
        scaler = torch.amp.GradScaler
        self._permanent.replace(scaler, "step", self._watching_scaler(scaler.step))
        number = self.step.number if self.step is not None else 1
        self.step = Step(number, True, len(self.tape.ops))
        self._guard(self._begin_recording)

    def finish(self) -> None:
        """End the step in progress now, and hand its facts over."""
        self._guard(self._finish_step)

    def stop(self) -> None:
        """Finish the step in progress and take everything out again."""
        if not self._live:
            return
        self._guard(self._finish_step)
        with self._switching:
            self._end_recording()
            self._live = False
        self._fetch_recorders()
        self._detach_probes()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._permanent.undo()

    @property
    def recording(self) -> bool:
        """Whether the tape is running."""
        return self._recorder is not None

    def _guard(self, work: Callable[[], T]) -> T | None:
        """Run our own bookkeeping: a fault in it ends the recording and never reaches the training."""
        if not self._live or self.faults or os.getpid() != self._pid:
            return None
        try:
            with torch._C.DisableTorchFunction(), torch_compat.unheard():
                return work()
        except Exception as fault:
            self._fault(fault)
            return None

    def _fault(self, fault: BaseException) -> None:
        where = traceback.extract_tb(fault.__traceback__)[-1:]
        place = f" at {os.path.basename(where[0].filename)}:{where[0].lineno}" if where else ""
        self.faults.append(f"{type(fault).__name__}: {fault}{place}")
        if os.environ.get("HYPERCHECK_DEBUG"):
            traceback.print_exception(fault)
        if self._recorder is not None:
            self._recorder.live = False
        if self._recording_patches is not None:
            self._recording_patches.live = False
        self._live_off()

    def _live_off(self) -> None:
        """Nothing is observed any more; what is installed goes at the next safe point or at `stop`."""
        self.steps_wanted = 0
        self.every = None
        self._wake = 0
        if self.step is not None:
            self.step.recorded = False

    # -- recording ------------------------------------------------------------------------------

    def _begin_recording(self) -> None:
        with self._switching:
            if self._recorder is None and self._live:
                self._put_on()

    def _put_on(self) -> None:
        self._fetch_recorders()
        self._recording_patches = RecordingPatches(self.tape, self._guard, self.module_number)
        self._recording_patches.functional_calls = self.functional_calls
        self._recording_patches.install()
        self._recorder = Recorder(self.tape, self._fault)
        torch_compat.push_lowest(self._recorder)
        self._recording_thread = threading.get_ident()
        self._collections.begin()

    def _end_recording(self) -> None:
        with self._switching:
            self._take_off()

    def _take_off(self) -> None:
        recorder, patches = self._recorder, self._recording_patches
        if recorder is not None and self._recording_thread is not None:
            recorder.live = False
            self._collections.end()
            self._left_behind.append((self._recording_thread, recorder))
            self._fetch_recorders()
        if patches is not None:
            patches.undo()
            if patches.compiled:
                self.not_observed.setdefault("compiled", "torch.compile")
        self._recorder = None
        self._recording_patches = None
        self.tape.module_stack.clear()

    def _follow_thread(self) -> None:
        """The training goes on in another thread than the one that is heard: listen there from now on."""
        with self._switching:
            self._moves += 1
            if self.step is not None:
                self.step.recorded = False
            self._end_recording()
            self._begin_recording()

    def _fetch_recorders(self) -> None:
        """Take the recorders off that could not be taken off when they ended.

        Torch puts a mode back after the call that it hears, and each thread has modes of its own.
        """
        here = threading.get_ident()
        self._left_behind = [
            (thread, recorder)
            for thread, recorder in self._left_behind
            if thread != here or not torch_compat.remove(recorder)
        ]

    def _wants(self, number: int) -> bool:
        if self.faults or self.tape.full:
            return False
        if number <= self.steps_wanted:
            return True
        if self.every is not None:
            return number % self.every == 0
        if not self.steps_wanted:
            return False
        ratio = number / self.steps_wanted
        if ratio == int(ratio) and int(ratio) & (int(ratio) - 1) == 0:
            return True
        few = any(item.steps > 0 and item.recorded_steps < _MIN_PER_OPTIMIZER for item in self.optimizers)
        if (self._wake or few) and self._extra < _EXTRA_RECORDED:
            self._extra += 1
            self._wake = max(0, self._wake - 1)
            return True
        return False

    # -- modules and optimizers -----------------------------------------------------------------

    def module_number(self, module: nn.Module) -> int:
        """A running number for the module: names it for as long as it lives."""
        number = self._module_numbers.get(id(module))
        if number is None or self.modules[number]() is not module:
            number = self._module_numbers[id(module)] = len(self.modules)
            self.modules.append(weakref.ref(module))
        return number

    def optimizer_record(self, optimizer: Optimizer, site: Site | None = None) -> OptimizerRecord:
        """The record of an optimizer, made when it is first met."""
        number = self._optimizer_numbers.get(optimizer)
        if number is None:
            number = len(self.optimizers)
            self._optimizer_numbers[optimizer] = number
            self.optimizers.append(
                OptimizerRecord(number, weakref.ref(optimizer), type(optimizer).__name__, site)
            )
        return self.optimizers[number]

    def _watching_init(self, original: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(original)
        def __init__(optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            frame = sys._getframe(1)

            def note() -> None:
                record = self.optimizer_record(optimizer, self.tape.frames.site(frame)[0])
                record.made_at_op = len(self.tape.ops)
                record.starts_at_zero = any(group.get("lr") == 0 for group in optimizer.param_groups)
                self._read_groups(optimizer, record)
                self._wake = _AFTER_A_CHANGE

            self._guard(note)

        return __init__

    def _watching_schedule(self, original: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(original)
        def __init__(schedule: Any, optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
            frame = sys._getframe(1)

            def note() -> None:
                record = self.optimizer_record(optimizer)
                record.starts_at_zero = any(group.get("lr") == 0 for group in optimizer.param_groups)
                record.scheduled_at = self.tape.frames.site(frame)[0]

            self._guard(note)
            original(schedule, optimizer, *args, **kwargs)

        return __init__

    def _watching_train(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def train(module: nn.Module, mode: bool = True) -> Any:
            if mode and not module.training and not self.recording:
                self._wake = _AFTER_A_CHANGE
            return original(module, mode)

        return train

    def _watching_freeze(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def requires_grad_(module: nn.Module, requires_grad: bool = True) -> Any:
            out = original(module, requires_grad)
            if not self.recording and not requires_grad:
                frame = sys._getframe(1)

                def note() -> None:
                    site = self.tape.frames.site(frame)[0]
                    known = map(self.tape.known_object, module.parameters())
                    self.frozen_at.update((number, site) for number in known if number is not None)

                self._guard(note)
            return out

        return requires_grad_

    def _watching_scaler(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def step(scaler: Any, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
            before = self._steps_of(optimizer)
            self._scaler_seen = True
            out = original(scaler, optimizer, *args, **kwargs)
            frame = sys._getframe(1)
            self._guard(lambda: self._scaled(self._steps_of(optimizer) == before, frame))
            return out

        return step

    def _steps_of(self, optimizer: Optimizer) -> int:
        number = self._optimizer_numbers.get(optimizer)
        return self.optimizers[number].steps if number is not None else 0

    def _scaled(self, skipped: bool, frame: FrameType) -> None:
        self._skipped_now = self._skipped_now + 1 if skipped else 0
        if self._skipped_now >= self.skipped_steps and skipped:
            self.skipped_steps = self._skipped_now
            self.skipped_at = self.tape.frames.site(frame)[0]

    def _read_groups(self, optimizer: Optimizer, record: OptimizerRecord) -> None:
        objects = [self.tape.object_of(p) for group in optimizer.param_groups for p in group["params"]]
        record.objects = tuple(dict.fromkeys([*record.objects, *objects]))
        record.empty_groups = tuple(
            i for i, group in enumerate(optimizer.param_groups) if not group["params"]
        )

    # -- backward -------------------------------------------------------------------------------

    def _watching_backward(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if self._in_backward or not self._live:
                return original(tensors, *args, **kwargs)
            frame = sys._getframe(1)
            inputs = kwargs.get("inputs")
            self._trainers.add(threading.get_ident())
            self._in_backward += 1
            try:
                seen = self._guard(lambda: self._before_backward(tensors, inputs, frame, False))
                out = original(tensors, *args, **kwargs)
                self._guard(lambda: self._after_backward(seen))
                self._guard(lambda: self._look_at_waiting(frame))
                return out
            finally:
                self._in_backward -= 1

        return backward

    def _watching_grad(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            if self._in_backward or not self._live:
                return original(outputs, inputs, *args, **kwargs)
            frame = sys._getframe(1)
            self._in_backward += 1
            try:
                given = list(_flat((outputs, inputs, args, kwargs)))
                self._guard(lambda: self._before_grad(outputs, inputs, kwargs, frame))
                out = original(outputs, inputs, *args, **kwargs)
                if self.recording:
                    self._guard(lambda: self.tape.call("autograd.grad", given, out, frame) and None)
                return out
            finally:
                self._in_backward -= 1

        return grad

    def _before_grad(self, outputs: Any, inputs: Any, kwargs: Mapping[str, Any], frame: FrameType) -> None:
        if not self.recording:
            return
        for tensor in _flat((inputs,)):
            self.differentiated.add(self.tape.object_of(tensor))
        if not self.optimizers and not self._in_closure and self._written_by_hand():
            self._finish_step()
        seen = self._before_backward(list(_flat((outputs,))), inputs, frame, True)
        if seen is not None:
            seen.created_graph = bool(kwargs.get("create_graph"))

    def _before_backward(self, tensors: Any, inputs: Any, frame: FrameType, by_grad: bool) -> Backward | None:
        self.backwards_seen += not by_grad
        step = self.step
        if step is not None and not by_grad and self._step_is_over(step):
            self._finish_step()
            step = self.step
        if not by_grad:
            self._thrown_away = self.alone and self.backwards_since_step > 0 and not self._waiting()
            self.backwards_since_step += 1
            self._look_at_loss(tensors, frame)
        elsewhere = threading.get_ident() != self._recording_thread
        if self.recording and elsewhere and not self._stepped_here and self._moves < _MOST_MOVES:
            self._follow_thread()
        if step is None or not self.recording:
            return None
        roots = list(_flat((tensors,)))
        tape = self.tape
        self._join_shards()
        losses = tuple(tape.value_of(item) for item in roots)
        graph = walk_graph(roots)
        reached = frozenset(tape.object_of(leaf) for leaf in graph.leaves)
        if not by_grad:
            self._take_names(frame, reached)
        if not by_grad and self.steps_recorded in (0, 1, 4):
            # Numbers and names only: the nodes themselves would keep the graph alive.
            leaves = [tape.object_of(leaf) for leaf in graph.leaves]
            self.autograd = (graph.names, graph.leaf_of, graph.edges, leaves)
        carried = self._carried(graph.leaves) if not by_grad and not step.backwards else frozenset()
        kinds = dict.fromkeys(map(type, graph.grad_fns))
        custom = tuple(kind.__name__ for kind in kinds if issubclass(kind, BackwardCFunction))
        value = _number(roots[0]) if len(roots) == 1 and not by_grad else None
        finite = value is None or (value == value and abs(value) != float("inf"))
        site = tape.frames.site(frame)[0]
        seen = Backward(
            len(tape.ops),
            losses,
            site,
            reached,
            inputs is not None and not by_grad,
            finite,
            value,
            custom,
            carried,
            by_grad=by_grad,
        )
        step.backwards.append(seen)
        if not by_grad and inputs is None:
            self._attach_probe(graph)
        return seen

    def _look_at_loss(self, tensors: Any, frame: FrameType) -> None:
        """Whether the loss is finite: looked at on every step, where that does not wait for a device."""
        roots = list(_flat((tensors,)))
        on_cpu = all(item.device.type == "cpu" for item in roots)
        if len(roots) != 1 or not (on_cpu or self.recording):
            return
        value = _number(roots[0])
        finite = value is None or (value == value and abs(value) != float("inf"))
        if not finite and not self.recording and not self.nonfinite_backwards:
            self._wake = _AFTER_A_CHANGE
        self._count_skipped(not finite, frame)

    @property
    def unused_backwards(self) -> int:
        """How many gradients were cleared with no step in between, where that became the rule; else 0."""
        longest = self._longest_unused
        lasting = longest == self._unused_now and 4 * longest >= self._useful_kind
        ruling = 2 * self._unused >= self._useful_kind or lasting
        return self._unused if longest >= max(5, 3 * self._fewest_backwards) and ruling else 0

    def _count_skipped(self, spoilt: bool, frame: FrameType) -> None:
        self.nonfinite_backwards = self.nonfinite_backwards + 1 if spoilt else 0
        self._tell_skipped(min(self.nonfinite_backwards, self.backwards_since_step), frame)

    def _tell_skipped(self, waiting: int, frame: FrameType) -> None:
        """So many backward passes in a row led to no step; a scaler tells of its own skips itself."""
        if waiting > self.skipped_steps and not self._scaler_seen:
            self.skipped_steps, self.skipped_at = waiting, self.tape.frames.site(frame)[0]

    def _look_at_waiting(self, frame: FrameType) -> None:
        """Where no optimizer steps any more: whether it is the gradients that keep it from that."""
        self._backward_at = self.tape.frames.site(frame)[0]
        if self._backward_at in self._led_to_steps:
            self._useful_kind += 1
            thrown = self._thrown_away and not self._written_meanwhile()
            self._unused_now = self._unused_now + 1 if thrown else 0
            self._unused += thrown
            self._longest_unused = max(self._longest_unused, self._unused_now)
        if self.backwards_since_step > max(2, self._most_backwards) and not self.nonfinite_backwards:
            self.waiting_spoilt = self.waiting_spoilt + 1 if self._gradients_are_spoilt() else 0
            self._tell_skipped(self.waiting_spoilt, frame)

    def _held_leaves(self) -> list[Tensor]:
        """A few of the tensors of each optimizer that has stepped."""
        numbers = [number for record in self.optimizers if record.steps for number in record.objects[:8]]
        tensors = [self.tape.tensor(number) for number in numbers]
        return [tensor for tensor in tensors if tensor is not None and tensor.is_leaf]

    def _waiting(self) -> bool:
        """Whether a gradient waits for its optimizer."""
        grads = [tensor.grad for tensor in self._held_leaves() if tensor.grad is not None]
        return any(grad.device.type != "cpu" or _nonzero(grad) for grad in grads)  # others would have to wait

    def _written_meanwhile(self) -> bool:
        """Whether somebody wrote into what the optimizers have stepped since the last such look."""
        before, self._versions = self._versions, sum(tensor._version for tensor in self._held_leaves())
        return before != self._versions and self._unused_now > 0

    def _gradients_are_spoilt(self) -> bool:
        """Whether a gradient that waits for its optimizer, after many backward passes, has no finite norm."""
        for record in self.optimizers:
            for number in record.objects:
                tensor = self.tape.tensor(number)
                grad = tensor.grad if tensor is not None and record.steps and self.alone else None
                if grad is None or grad.layout != torch.strided or grad.device.type != "cpu":
                    continue
                # Numbers that are too large for a norm keep the step back just as well.
                if not bool(torch.isfinite(torch.linalg.vector_norm(grad))):
                    return True
        return False

    def _carried(self, leaves: Iterable[Tensor]) -> frozenset[int]:
        """The leaves whose gradient was there before this backward, and has been since their last update.

        Gradients that were cleared after the update and then gathered are accumulated on purpose.
        """
        filled = {
            self.tape.object_of(leaf) for leaf in leaves if leaf.grad is not None and _nonzero(leaf.grad)
        }
        for number in self._updated_last:
            tensor = self.tape.tensor(number)
            if number not in filled and not self.alone:
                continue
            kept = number in filled or (
                tensor is not None and tensor.grad is not None and _nonzero(tensor.grad)
            )
            (self._kept_gradient.add if kept else self._kept_gradient.discard)(number)
        known = filled & self._ever_updated
        return frozenset((known & self._kept_gradient) | (filled - known))

    def _attach_probe(self, graph: Walk) -> None:
        """Look where the gradients die that were dead in the step before."""
        self._detach_probes()
        for kind, objects in self.suspects.items():
            victims = {
                position: number
                for position, leaf in enumerate(graph.leaves)
                if (number := self.tape.object_of(leaf)) in objects
            }
            if victims and self.tape.looks_closely:
                self._probes.append(GradientProbe(graph, victims, kind, self._fault))
        if self.tape.sequences and "nonfinite" not in self.suspects:
            self._probes.append(GradientProbe.of_operations(graph, self.tape.sequences, self._fault))
        for probe in self._probes:
            probe.attach()

    def _detach_probes(self) -> None:
        for probe in self._probes:
            probe.detach()
        self._probes.clear()

    def _join_shards(self) -> None:
        """Under `fully_shard`, modules run with gathered parameters; the optimizer has the sharded ones."""
        for ref in self.modules:
            module = ref()
            if module is not None:
                for sharded, whole in torch_compat.gathered(module):
                    self.tape.join(sharded, whole)

    def _after_backward(self, seen: Backward | None) -> None:
        if seen is None:
            return
        seen.event = len(self.tape.grad_events)
        seen.killers = tuple(
            killer for probe in self._probes for killer in probe.killers(self.tape.sequences)
        )
        self._detach_probes()
        if not seen.finite:
            seen.nonfinite_op = self.tape.first_nonfinite
            if seen.nonfinite_op is None:
                seen.nonfinite_op = self.tape.first_spoilt(self.step.first_op if self.step else 0)
        zero = self.suspects.get("zero", set())
        seen.alive = frozenset(
            number
            for number in zero & seen.reached
            if (leaf := self.tape.tensor(number)) is not None
            and leaf.grad is not None
            and _nonzero(leaf.grad)
        )
        filled = set()
        for number in seen.reached:
            leaf = self.tape.tensor(number)
            if leaf is not None and leaf.grad is not None:
                filled.add(number)
        seen.filled = frozenset(filled)
        if not any(record.steps for record in self.optimizers):
            for number in filled:
                leaf = self.tape.tensor(number)
                if leaf is not None:
                    seen.sizes[number] = gradients.measure(leaf.grad)
        self.filled_ever |= filled

    def _step_is_over(self, step: Step) -> bool:
        if self._in_closure:
            return False
        if step.optimizers:
            return True
        if not step.backwards and not self.backwards_since_step:
            return False
        if any(record.steps for record in self.optimizers):
            return False
        return self._written_by_hand() if self.optimizers else True

    def _written_by_hand(self) -> bool:
        """Whether a leaf was written since the last backward: a hand-written update."""
        step = self.step
        if step is None or not step.backwards or not self.recording:
            return False
        return bool(self._hand_written(step))

    def _hand_written(self, step: Step) -> set[int]:
        tape = self.tape
        start = step.backwards[0].op if step.backwards else len(tape.ops)
        # Where an optimizer was built, values that are loaded are averages, or the best ones: no update.
        ignored = "load_state_dict" if self.optimizers else ""
        found = set()
        for op in tape.ops[start:]:
            if ignored in op.tags:
                continue
            if op.name.endswith("_") or op.name in (
                "data.__set__",
                "alias",
                "__setitem__",
                "__isub__",
                "__iadd__",
            ):
                for value in op.outputs:
                    if tape.values[value].leaf:
                        found.add(tape.values[value].object)
        for number, fact in enumerate(tape.objects):
            if number in self.filled_ever and number not in found:
                tensor = fact.ref()
                if tensor is not None and tape.peek(tensor) is not None:
                    value = tape.value_of(tensor)
                    made = tape.values[value].op if value >= 0 else -1
                    if made >= start and tape.values[value].leaf and ignored not in tape.ops[made].tags:
                        found.add(number)
        return found

    # -- the optimizer --------------------------------------------------------------------------

    def _before_optimizer(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if not self._live:
            return
        closure = _has_closure(args, kwargs)
        self._in_closure = closure
        self._guard(lambda: self._measure_before(optimizer, closure))
        if not closure and self._recorder is not None:
            self._recorder.live = False

    def _after_optimizer(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if not self._live:
            return
        self._in_closure = False
        if self.faults:
            self.steps_seen += 1
            self._end_recording()
            return
        if self._recorder is not None:
            self._recorder.live = True
        if self._left_behind:
            self._fetch_recorders()
        self._guard(lambda: self._measure_after(optimizer, _has_closure(args, kwargs)))

    def _measure_before(self, optimizer: Optimizer, closure: bool) -> None:
        record = self.optimizer_record(optimizer)
        step = self.step
        if step is not None and record.number in step.optimizers:
            # Its backward comes inside of this call, too late to end the step before it, or there is none.
            if closure or all(item.op <= step.end_op for item in step.backwards):
                self._finish_step()
        step = self.step
        if step is None:
            return
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        pattern = hash(tuple([p.grad is None for p in parameters]))
        if pattern != record.pattern and record.pattern != -1:
            self._wake = _AFTER_A_CHANGE
        record.pattern = pattern
        self._read_rates(optimizer, record)
        self._look_at_bystanders()
        if not step.recorded:
            return
        self._read_groups(optimizer, record)
        for group in optimizer.param_groups:
            rate = group.get("lr")
            for parameter in group["params"]:
                size = gradients.measure(parameter.grad) if not closure else GradientSize("none")
                before = gradients.fingerprint(parameter)
                number = self.tape.object_of(parameter)
                step.updates.append(
                    Update(
                        number,
                        size,
                        before,
                        float(rate) if rate is not None else None,
                        record.number,
                        asks=parameter.requires_grad,
                        numel=0 if torch_compat.is_lazy(parameter) else parameter.numel(),
                    )
                )

    def _read_rates(self, optimizer: Optimizer, record: OptimizerRecord) -> None:
        """Which groups have a rate of 0: looked at on every step, for a schedule may bring it about late."""
        for index, group in enumerate(optimizer.param_groups):
            rate = group.get("lr", 1)
            if isinstance(rate, Tensor) or rate:
                record.zero_since.pop(index, None)
            elif index not in record.zero_since:
                objects = tuple([self.tape.object_of(parameter) for parameter in group["params"]])
                record.zero_since[index] = record.steps, objects
                self._wake = _AFTER_A_CHANGE

    def _look_at_bystanders(self) -> None:
        """Whether a Parameter that no optimizer holds got its first gradient: what is thawed too late."""
        pattern = self._bystanders_now()
        if pattern != self._bystander_pattern:
            self._bystander_pattern = pattern
            self._wake = _AFTER_A_CHANGE

    def _bystanders_now(self) -> tuple[bool, ...]:
        # To ask a tensor that is no leaf for its gradient would make torch warn.
        alive = [ref() for ref in self._bystanders]
        return tuple(
            [
                self.alone and tensor is not None and tensor.is_leaf and tensor.grad is not None
                for tensor in alive
            ]
        )

    @property
    def alone(self) -> bool:
        """Whether one thread trains. Where several do, another one's backward may be writing a gradient now:
        to read it then would crash the program."""
        return len(self._trainers) <= 1

    def _measure_after(self, optimizer: Optimizer, closure: bool) -> None:
        record = self.optimizer_record(optimizer)
        record.steps += 1
        self._stepped_here = self._stepped_here or threading.get_ident() == self._recording_thread
        self._most_backwards = max(self._most_backwards, self.backwards_since_step)
        self._fewest_backwards = min(self._fewest_backwards, self.backwards_since_step)
        self.backwards_since_step = self._unused_now = 0
        self._led_to_steps.add(self._backward_at)
        self.stepped_at = self.tape.frames.site(sys._getframe())[0]
        step = self.step
        if step is None:
            return
        fresh = record.number not in step.optimizers
        step.optimizers.append(record.number)
        step.end_op = len(self.tape.ops)
        self.tape.samples.rewind()
        step.end_event = len(self.tape.grad_events)
        for number in record.objects:
            self.ever_stepped.setdefault(number, set()).add(record.number)
        if step.recorded:
            record.recorded_steps += fresh
            for update in step.updates:
                tensor = self.tape.tensor(update.object)
                if update.optimizer != record.number or tensor is None or update.changed is not None:
                    continue
                if closure:
                    update.size = gradients.measure(tensor.grad)
                change = gradients.compare(tensor, update.before)
                update.changed, update.ratio = change.changed, change.ratio
                update.finite_after, update.start_moved = change.finite, change.start_moved
                update.start = update.before.values[: min(update.numel, 64)] if update.before else None
                update.before = None
        if step.recorded:
            self._updated_last = tuple(update.object for update in step.updates)
            self._ever_updated.update(self._updated_last)
            self._arm_probe(step)
        if fresh and len(step.optimizers) == 1:
            self.steps_seen += 1
            if step.recorded:
                self.steps_recorded += 1
            self._decide_next(step.number + 1)
            if self._on_step is not None:
                self._on_step(self)

    def _arm_probe(self, step: Step) -> None:
        """Whether the next step's backward is worth a closer look."""
        self.suspects = {}
        for update in step.updates:
            if update.size.state in ("zero", "nonfinite"):
                self.suspects.setdefault(update.size.state, set()).add(update.object)
        spoilt = not all(item.finite for item in step.backwards)
        self.tape.looks_closely = bool(self.suspects) or spoilt
        self.tape.sequences.clear()
        self.tape.first_nonfinite = None

    def _decide_next(self, number: int) -> None:
        wanted = self._wants(number)
        self._next_recorded = wanted
        if wanted:
            self._begin_recording()
        else:
            self._end_recording()

    # -- the end of a step ----------------------------------------------------------------------

    def _finish_step(self) -> None:
        step = self.step
        if step is None:
            return
        by_hand = not step.optimizers
        if by_hand:
            step.end_op = self._end_of_hand_update(step)
            step.end_event = len(self.tape.grad_events)
        if by_hand and step.backwards and step.recorded:
            self._hand_update(step)
        if by_hand and (step.backwards or (self.backwards_since_step and not step.recorded)):
            if not any(record.steps for record in self.optimizers):
                self.steps_seen += 1
                self.steps_recorded += step.recorded
                self._decide_next(step.number + 1)
        if self.tape.full and step.end_op >= len(self.tape.ops):  # it was not recorded to its end
            self.not_observed.setdefault("recorder-full", f"step {step.number}")
        elif step.recorded and (step.backwards or step.updates):
            self._sink(self, step)
            self._collections.step()
        self.step = Step(step.number + 1, self.recording, step.end_op)

    def _end_of_hand_update(self, step: Step) -> int:
        """One past the last operation that wrote a leaf after the last backward."""
        ops, values = self.tape.ops, self.tape.values
        start = step.backwards[-1].op if step.backwards else len(ops)
        for index in range(len(ops) - 1, start - 1, -1):
            if any(values[value].leaf for value in ops[index].outputs) and ops[index].inputs:
                return index + 1
        return start

    def _hand_update(self, step: Step) -> None:
        written = self._hand_written(step)
        self.manual |= written
        reached = set().union(*(item.reached for item in step.backwards))
        for number in sorted(reached | written):
            tensor = self.tape.tensor(number)
            if tensor is None or not self.manual:
                continue
            sizes = [item.sizes[number] for item in step.backwards if number in item.sizes]
            size = sizes[-1] if sizes else gradients.measure(tensor.grad)
            update = Update(
                number,
                size,
                None,
                None,
                -1,
                changed=number in written,
                asks=tensor.requires_grad,
                numel=tensor.numel(),
            )
            if (
                any(item.by_grad and number in item.reached for item in step.backwards)
                and update.size.state == "none"
            ):
                update.size = GradientSize("ok")
            step.updates.append(update)

    # -- names ----------------------------------------------------------------------------------

    def _take_names(self, frame: FrameType | None, reached: frozenset[int]) -> None:
        """Look at the program's variables, as long as there is something new to learn."""
        nameless = reached - self.holders.keys() - self._nameless
        if self._snapshots >= 12 and not nameless and self._optimizers_looked_for == len(self.optimizers):
            return
        self._snapshots += 1
        self._optimizers_looked_for = len(self.optimizers)
        self._nameless |= nameless
        scopes = []
        while frame is not None:
            if self.tape.frames.is_user(frame):
                scopes.append(_locals(frame))
                if frame.f_code.co_name != "<module>":
                    scopes.append(dict(frame.f_globals))
            frame = frame.f_back
        taken = names.snapshot(reversed(scopes), self.roots)
        asleep = set()
        for module, path in taken.modules.values():
            number = self.module_number(module)
            self.module_names.setdefault(number, path)
            self.module_training[number] = module.training
            if id(module) in taken.in_lists:
                self.module_aliases[number] = taken.in_lists[id(module)]
        self.names_taken = True
        self.present.clear()
        for entries in taken.tensors.values():
            tensor = entries[0][0]
            known = self.tape.known_object(tensor)
            if known is None and tensor.requires_grad:
                known = self.tape.object_of(tensor)
            if known is None:
                continue
            number = known
            holders = [holder for _, holder in entries]
            self.holders[number] = holders
            self.present.add(number)
            hidden = [taken.hidden[holder.owner] for holder in holders if holder.owner in taken.hidden]
            inside = [holder for holder in holders if holder.kind == "container"]
            registered = any(
                holder.kind == "parameter" and holder.owner not in taken.hidden for holder in holders
            )
            if any(holder.kind == "parameter" for holder in holders):
                self.registered.add(number)
            if (hidden or inside) and not registered:
                identity = hidden[0] if hidden else inside[0].container
                self.hidden[number] = self.tape.containers.get(identity) or taken.stored_at(identity)
                self.hidden_in.add(number)
            for _, holder in entries:
                owner = taken.modules.get(holder.owner)
                if owner is not None:
                    self.owners[number] = self.module_number(owner[0])
                    if not owner[0].training:
                        asleep.add(number)
        for optimizer, path in taken.optimizers.values():
            record = self.optimizer_record(optimizer)
            record.name = record.name or path
            self._read_groups(optimizer, record)
            record.orphans = {
                number: held.numel() * held.element_size()
                for number in record.objects
                if number not in self.present
                and (held := self.tape.tensor(number)) is not None
                and not torch_compat.is_lazy(held)
            }
        if self.step is not None:
            self.step.asleep = frozenset(asleep)
        owned = {number for record in self.optimizers for number in record.objects}
        objects = self.tape.objects
        self._bystanders = [objects[n].ref for n in self.present - owned if objects[n].is_parameter]
        self._bystander_pattern = self._bystanders_now()


def _locals(frame: FrameType) -> dict[str, Any]:
    """The local variables, without leaving a copy of them in the frame.

    Before Python 3.13, reading `f_locals` of a function leaves a dict in the frame that keeps its values.
    """
    found = frame.f_locals
    taken = dict(found)
    if type(found) is dict and frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        found.clear()
    return taken


def _has_closure(args: Any, kwargs: Mapping[str, Any]) -> bool:
    """Whether `step` was given a closure: torch hands the hooks all its arguments, the optimizer first."""
    return (len(args) > 1 and args[1] is not None) or kwargs.get("closure") is not None


def _flat(items: Any) -> list[Tensor]:
    from hypercheck.observe.tape import _tensors

    return list(_tensors(items))


def _nonzero(grad: Tensor) -> bool:
    with torch.no_grad():
        grad = torch_compat.local(grad)
        if grad.layout != torch.strided or grad.device.type == "meta" or grad.numel() == 0:
            return False
        stride = max(1, grad.numel() // 4096)
        return (
            bool((grad.flatten()[::stride] != 0).any()) if grad.is_contiguous() else bool((grad != 0).any())
        )


def _number(tensor: Tensor) -> float | None:
    if tensor.numel() != 1 or tensor.device.type == "meta" or tensor.is_complex():
        return None
    return float(torch_compat.local(tensor).detach())


__all__ = ["Backward", "CodeType", "OptimizerRecord", "Session", "Step", "Update"]
