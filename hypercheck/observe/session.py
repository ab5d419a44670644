"""One observation: finds the steps and their stages by itself, and decides which steps are recorded."""

from __future__ import annotations

import functools
import os
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.function import BackwardCFunction
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from hypercheck.observe import gradients, handwork, torch_compat
from hypercheck.observe.frames import FrameReader, Site
from hypercheck.observe.gradients import GradientSize
from hypercheck.observe.nonfinite import first_alive
from hypercheck.observe.patches import Patches
from hypercheck.observe.probe import GradientProbe
from hypercheck.observe.recording import Recording
from hypercheck.observe.records import Backward, OptimizerRecord, Step, Update
from hypercheck.observe.tape import Tape
from hypercheck.observe.variables import Variables
from hypercheck.observe.waits import Waits
from hypercheck.observe.walk import Walk, walk_graph

T = TypeVar("T")
_EXTRA_RECORDED = 40
_MIN_PER_OPTIMIZER = 3
_AFTER_A_CHANGE = 3
"""How many steps are recorded after something changed."""


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
        self.variables = Variables(self)
        self.modules: list[weakref.ref[nn.Module]] = []
        self.frozen_at: dict[int, Site | None] = {}
        """Objects to the statement that froze their whole module while nothing was recorded."""
        self.ever_stepped: dict[int, set[int]] = {}
        self.manual: set[int] = set()
        self.differentiated: set[int] = set()
        self.waits = Waits(self.tape, self.optimizers)
        self.backwards_seen = 0
        self.filled_ever: set[int] = set()
        self.not_observed: dict[str, str] = {}
        self.suspects: dict[str, set[int]] = {}
        """Objects whose gradient was zero, or not finite, in the last recorded step."""
        self._probes: list[GradientProbe] = []
        self._bystanders: list[weakref.ref[Tensor]] = []
        """Parameters of the program that no optimizer holds."""
        self._bystander_pattern: tuple[bool, ...] = ()
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
        self._recording = Recording(
            self.tape, self._guard, self._fault, self.module_number, self.not_observed
        )
        self._trainers: set[int] = set()
        """The threads that have called backward."""
        self._moves = 0
        self._stepped_here = False
        """Whether an optimizer has stepped in the thread that is recorded."""
        self._in_backward = 0
        self._in_closure = False
        """Whether an optimizer is stepping with a closure, which runs whole forward and backward passes."""
        self._wake = 0
        self._extra = 0
        self._live = False
        self._pid = os.getpid()

    # -- from start to stop ---------------------------------------------------------------------

    def start(self) -> None:
        """Install the hooks and begin to record."""
        self._live = True
        self._handles.append(register_optimizer_step_pre_hook(self._before_optimizer))
        self._handles.append(register_optimizer_step_post_hook(self._after_optimizer))
        self._permanent.replace(Optimizer, "__init__", self._watching_init(Optimizer.__init__))
        adding = self._watching_group(Optimizer.add_param_group)
        self._permanent.replace(Optimizer, "add_param_group", adding)
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
        self._recording.open()
        self._guard(self._recording.begin)

    def finish(self) -> None:
        """End the step in progress now, and hand its facts over."""
        self._guard(self._finish_step)

    def stop(self) -> None:
        """Finish the step in progress and take everything out again."""
        if not self._live:
            return
        self._guard(self._finish_step)
        self._recording.close()
        self._live = False
        self._detach_probes()
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._permanent.undo()

    @property
    def recording(self) -> bool:
        """Whether the tape is running."""
        return self._recording.on

    @property
    def functional_calls(self) -> list[dict[str, Any]]:
        """What each `functional_call` was given."""
        return self._recording.functional_calls

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
        self._recording.mute()
        self._live_off()

    def _live_off(self) -> None:
        """Nothing is observed any more; what is installed goes at the next safe point or at `stop`."""
        self.steps_wanted = 0
        self.every = None
        self._wake = 0
        if self.step is not None:
            self.step.recorded = False

    # -- which steps ----------------------------------------------------------------------------

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
                self.read_groups(optimizer, record)
                self._wake = _AFTER_A_CHANGE

            self._guard(note)

        return __init__

    def _watching_group(self, original: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(original)
        def add_param_group(optimizer: Optimizer, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            if optimizer not in self._optimizer_numbers:
                return  # it is being built
            frame = sys._getframe(1)

            def note() -> None:
                record = self.optimizer_record(optimizer)
                added = optimizer.param_groups[-1]["params"]
                site = self.tape.frames.site(frame)[0]
                record.added_at.update((self.tape.object_of(item), site) for item in added)
                self.read_groups(optimizer, record)

            self._guard(note)

        return add_param_group

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
            self.waits.scaler_seen = True
            out = original(scaler, optimizer, *args, **kwargs)
            frame = sys._getframe(1)
            self._guard(lambda: self.waits.scaled(self._steps_of(optimizer) == before, frame))
            return out

        return step

    def _steps_of(self, optimizer: Optimizer) -> int:
        number = self._optimizer_numbers.get(optimizer)
        return self.optimizers[number].steps if number is not None else 0

    def read_groups(self, optimizer: Optimizer, record: OptimizerRecord) -> None:
        """What an optimizer holds now."""
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
                self._guard(lambda: self.waits.after_backward(frame, self.alone))
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
                if isinstance(inputs, Iterator):  # `model.parameters()` can be gone through once only
                    inputs = tuple(inputs)
                given = list(torch_compat.tensors_in((outputs, inputs, args, kwargs)))
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
        for tensor in torch_compat.tensors_in((inputs,)):
            self.differentiated.add(self.tape.object_of(tensor))
        if not self.optimizers and not self._in_closure and self._written_by_hand():
            self._finish_step()
        seen = self._before_backward(list(torch_compat.tensors_in((outputs,))), inputs, frame, True)
        if seen is not None:
            seen.created_graph = bool(kwargs.get("create_graph"))

    def _before_backward(self, tensors: Any, inputs: Any, frame: FrameType, by_grad: bool) -> Backward | None:
        self.backwards_seen += not by_grad
        step = self.step
        if step is not None and not by_grad and self._step_is_over(step):
            self._finish_step()
            step = self.step
        if not by_grad:
            self.waits.before_backward(self.alone)
            self._look_at_loss(tensors, frame)
        elsewhere = threading.get_ident() != self._recording.thread
        if self.recording and elsewhere and not self._stepped_here and self._moves < _MOST_MOVES:
            self._moves += 1
            if step is not None:
                step.recorded = False
            self._recording.follow()
        if step is None or not self.recording:
            return None
        roots = list(torch_compat.tensors_in((tensors,)))
        tape = self.tape
        self._join_shards()
        losses = tuple(tape.value_of(item) for item in roots)
        graph = walk_graph(roots)
        reached = frozenset(tape.object_of(leaf) for leaf in graph.leaves)
        if not by_grad:
            self.variables.look(frame, reached)
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

    def _suppose_backward(self, step: Step) -> None:
        """No backward was made, and a number was asked whether it has a gradient: that one was the loss."""
        tape = self.tape
        if tape.asked is None or tape.values[tape.asked].op < step.first_op:
            return
        if tape.values[tape.asked].requires_grad:
            return
        self.variables.look(sys._getframe(1), frozenset(tape.leaves()))
        site = tape.ops[tape.values[tape.asked].op].site
        step.backwards.append(
            Backward(len(tape.ops), (tape.asked,), site, frozenset(), False, True, None, ())
        )

    def _look_at_loss(self, tensors: Any, frame: FrameType) -> None:
        """Whether the loss is finite: looked at on every step, where that does not wait for a device."""
        roots = list(torch_compat.tensors_in((tensors,)))
        on_cpu = all(item.device.type == "cpu" for item in roots)
        if len(roots) != 1 or not (on_cpu or self.recording):
            return
        value = _number(roots[0])
        finite = value is None or (value == value and abs(value) != float("inf"))
        if not finite and not self.recording and not self.waits.nonfinite:
            self._wake = _AFTER_A_CHANGE
        self.waits.looked_at_loss(finite, frame)

    def _carried(self, leaves: Iterable[Tensor]) -> frozenset[int]:
        """The leaves whose gradient was there before this backward, and has been since their last update.

        Gradients that were cleared after the update and then gathered are accumulated on purpose.
        """
        filled = {
            self.tape.object_of(leaf)
            for leaf in leaves
            if leaf.grad is not None and gradients.is_nonzero(leaf.grad)
        }
        for number in self._updated_last:
            tensor = self.tape.tensor(number)
            if number not in filled and not self.alone:
                continue
            kept = number in filled or (
                tensor is not None and tensor.grad is not None and gradients.is_nonzero(tensor.grad)
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
            if victims and self.tape.nodes.closely:
                self._probes.append(GradientProbe(graph, victims, kind, self._fault))
        if self.tape.nodes.sequences and "nonfinite" not in self.suspects:
            self._probes.append(GradientProbe.of_operations(graph, self.tape.nodes.sequences, self._fault))
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
        seen.event = len(self.tape.gradients.events)
        seen.killers = tuple(
            killer for probe in self._probes for killer in probe.killers(self.tape.nodes.sequences)
        )
        self._detach_probes()
        if not seen.finite:
            seen.nonfinite_op = self.tape.nodes.first
            if seen.nonfinite_op is None:
                start = self.step.first_op if self.step else 0
                seen.nonfinite_op = first_alive(self.tape.ops, start, self.tape.living)
        zero = self.suspects.get("zero", set())
        seen.alive = frozenset(
            number
            for number in zero & seen.reached
            if (leaf := self.tape.tensor(number)) is not None
            and leaf.grad is not None
            and gradients.is_nonzero(leaf.grad)
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
        if not step.backwards and not self.waits.since_step:
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
        start = step.backwards[0].op if step.backwards else len(self.tape.ops)
        return handwork.written(self.tape, start, self.filled_ever, beside_optimizers=bool(self.optimizers))

    # -- the optimizer --------------------------------------------------------------------------

    def _before_optimizer(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if not self._live:
            return
        closure = _has_closure(args, kwargs)
        self._in_closure = closure
        self._guard(lambda: self._measure_before(optimizer, closure))
        if not closure:
            self._recording.pause()

    def _after_optimizer(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if not self._live:
            return
        self._in_closure = False
        if self.faults:
            self.steps_seen += 1
            self._recording.end()
            return
        self._recording.resume()
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
        if step.recorded and not step.backwards and not closure:
            self._suppose_backward(step)
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        pattern = hash(tuple([p.grad is None for p in parameters]))
        if pattern != record.pattern and record.pattern != -1:
            self._wake = _AFTER_A_CHANGE
        record.pattern = pattern
        self._read_rates(optimizer, record)
        self._look_at_bystanders()
        if not step.recorded:
            return
        self.read_groups(optimizer, record)
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

    def watch_bystanders(self, present: set[int]) -> None:
        """Look, from now on, at the Parameters among these objects that no optimizer holds."""
        owned = {number for record in self.optimizers for number in record.objects}
        objects = self.tape.objects
        self._bystanders = [objects[n].ref for n in present - owned if objects[n].is_parameter]
        self._bystander_pattern = self._bystanders_now()

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
        if not record.stepped_at or record.stepped_at[-1] != len(self.tape.ops):
            record.stepped_at.append(len(self.tape.ops))
        self._stepped_here = self._stepped_here or threading.get_ident() == self._recording.thread
        self.waits.stepped(sys._getframe())
        step = self.step
        if step is None:
            return
        fresh = record.number not in step.optimizers
        step.optimizers.append(record.number)
        step.end_op = len(self.tape.ops)
        self.tape.samples.rewind()
        step.end_event = len(self.tape.gradients.events)
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
        self.tape.nodes.restart(closely=bool(self.suspects) or spoilt)

    def _decide_next(self, number: int) -> None:
        wanted = self._wants(number)
        self._next_recorded = wanted
        if wanted:
            self._recording.begin()
        else:
            self._recording.end()

    # -- the end of a step ----------------------------------------------------------------------

    def _finish_step(self) -> None:
        step = self.step
        if step is None:
            return
        by_hand = not step.optimizers
        if by_hand:
            start = step.backwards[-1].op if step.backwards else len(self.tape.ops)
            step.end_op = handwork.end_of_update(self.tape, start)
            step.end_event = len(self.tape.gradients.events)
        if by_hand and step.backwards and step.recorded:
            self._hand_update(step)
        if by_hand and (step.backwards or (self.waits.since_step and not step.recorded)):
            if not any(record.steps for record in self.optimizers):
                self.steps_seen += 1
                self.steps_recorded += step.recorded
                self._decide_next(step.number + 1)
        if self.tape.full and step.end_op >= len(self.tape.ops):  # it was not recorded to its end
            self.not_observed.setdefault("recorder-full", f"step {step.number}")
        elif step.recorded and (step.backwards or step.updates):
            self._sink(self, step)
            self._recording.step_is_over()
        self.step = Step(step.number + 1, self.recording, step.end_op)

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


def _has_closure(args: Any, kwargs: Mapping[str, Any]) -> bool:
    """Whether `step` was given a closure: torch hands the hooks all its arguments, the optimizer first."""
    return (len(args) > 1 and args[1] is not None) or kwargs.get("closure") is not None


def _number(tensor: Tensor) -> float | None:
    if tensor.numel() != 1 or tensor.device.type == "meta" or tensor.is_complex():
        return None
    return float(torch_compat.local(tensor).detach())
