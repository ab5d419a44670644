"""Backward passes, and the optimizer steps that they lead to or not."""

from __future__ import annotations

from types import FrameType

import torch
from torch import Tensor

from hypercheck.observe.frames import Site
from hypercheck.observe.gradients import is_nonzero
from hypercheck.observe.records import OptimizerRecord
from hypercheck.observe.tape import Tape


class Waits:
    """Counts, on every step, how many backward passes wait for a step that does not come, and why.

    Cheap: a few sites and versions are compared, and gradients are read on the CPU only.
    """

    def __init__(self, tape: Tape, optimizers: list[OptimizerRecord]) -> None:
        self._tape = tape
        self._optimizers = optimizers
        self.since_step = 0
        """Backward passes since an optimizer stepped."""
        self.nonfinite = 0
        """Losses in a row that were not finite."""
        self.skipped_steps = 0
        """The longest run of passes that led to no step, for gradients or losses that are not finite."""
        self.skipped_at: Site | None = None
        self.stepped_at: Site | None = None
        """The statement that stepped an optimizer last."""
        self.scaler_seen = False
        """Whether a gradient scaler decides on the steps."""
        self._skipped_now = self._scaled_steps = 0
        self._spoilt = 0
        """Backward passes in a row that left gradients that are not finite, and that no step followed."""
        self._fewest, self._most = 1_000_000, 1
        """The fewest and the most backward passes that led to one step of an optimizer."""
        self._useful_kind = 0
        """Backward passes by a statement that had led to a step before."""
        self._thrown_away = False
        """Whether the gradients of the pass before were cleared without a step."""
        self._unused = self._unused_now = self._longest_unused = 0
        """How many of them came to gradients thrown away like that: in all, now in a row, and at most."""
        self._backward_at: Site | None = None
        self._led_to_steps: set[Site | None] = set()
        self._versions = 0

    def before_backward(self, alone: bool) -> None:
        """A backward pass begins; `alone` tells whether one thread trains, so that gradients may be read."""
        self._thrown_away = alone and self.since_step > 0 and not self._waiting()
        self.since_step += 1

    def looked_at_loss(self, finite: bool, frame: FrameType) -> None:
        """The loss of the pass is known."""
        self.nonfinite = 0 if finite else self.nonfinite + 1
        self._tell_skipped(min(self.nonfinite, self.since_step), frame)

    def after_backward(self, frame: FrameType, alone: bool) -> None:
        """The pass is done. Where no optimizer steps any more: whether the gradients keep it from that."""
        self._backward_at = self._tape.frames.site(frame)[0]
        if self._backward_at in self._led_to_steps:
            self._useful_kind += 1
            thrown = self._thrown_away and not self._written_meanwhile()
            self._unused_now = self._unused_now + 1 if thrown else 0
            self._unused += thrown
            self._longest_unused = max(self._longest_unused, self._unused_now)
        if self.since_step > max(2, self._most) and not self.nonfinite:
            self._spoilt = self._spoilt + 1 if alone and self._gradients_are_spoilt() else 0
            self._tell_skipped(self._spoilt, frame)

    def stepped(self, frame: FrameType) -> None:
        """An optimizer has stepped."""
        self._most = max(self._most, self.since_step)
        self._fewest = min(self._fewest, self.since_step)
        self.since_step = self._unused_now = 0
        self._led_to_steps.add(self._backward_at)
        self.stepped_at = self._tape.frames.site(frame)[0]

    def scaled(self, skipped: bool, frame: FrameType) -> None:
        """A scaler was asked for a step, and made it or not."""
        if not skipped and not self._scaled_steps:  # so far it had been looking for its scale
            self.skipped_steps, self.skipped_at = 0, None
        self._scaled_steps += not skipped
        self._skipped_now = self._skipped_now + 1 if skipped else 0
        if self._skipped_now >= self.skipped_steps and skipped:
            self.skipped_steps = self._skipped_now
            self.skipped_at = self._tape.frames.site(frame)[0]

    @property
    def unused(self) -> int:
        """How many gradients were cleared with no step in between, where that became the rule; else 0."""
        longest = self._longest_unused
        lasting = longest == self._unused_now and 4 * longest >= self._useful_kind
        ruling = 2 * self._unused >= self._useful_kind or lasting
        return self._unused if longest >= max(5, 3 * self._fewest) and ruling else 0

    def _tell_skipped(self, waiting: int, frame: FrameType) -> None:
        """So many backward passes in a row led to no step; a scaler tells of its own skips itself."""
        if waiting > self.skipped_steps and self._optimizers and not self.scaler_seen:
            self.skipped_steps, self.skipped_at = waiting, self._tape.frames.site(frame)[0]

    def _held_leaves(self) -> list[Tensor]:
        """A few of the tensors of each optimizer that has stepped."""
        numbers = [number for record in self._optimizers if record.steps for number in record.objects[:8]]
        tensors = [self._tape.tensor(number) for number in numbers]
        return [tensor for tensor in tensors if tensor is not None and tensor.is_leaf]

    def _waiting(self) -> bool:
        """Whether a gradient waits for its optimizer."""
        grads = [tensor.grad for tensor in self._held_leaves() if tensor.grad is not None]
        # Those of another device would have to be waited for.
        return any(grad.device.type != "cpu" or is_nonzero(grad) for grad in grads)

    def _written_meanwhile(self) -> bool:
        """Whether somebody wrote into what the optimizers have stepped since the last such look."""
        before, self._versions = self._versions, sum(tensor._version for tensor in self._held_leaves())
        return before != self._versions and self._unused_now > 0

    def _gradients_are_spoilt(self) -> bool:
        """Whether a gradient that waits for its optimizer, after many backward passes, has no finite norm."""
        for record in self._optimizers:
            for number in record.objects:
                tensor = self._tape.tensor(number)
                grad = tensor.grad if tensor is not None and record.steps else None
                if grad is None or grad.layout != torch.strided or grad.device.type != "cpu":
                    continue
                # Numbers that are too large for a norm keep the step back just as well.
                if not bool(torch.isfinite(torch.linalg.vector_norm(grad))):
                    return True
        return False
