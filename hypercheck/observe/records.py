"""What is written down of the steps in progress: backward passes, updates, optimizers."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field

from torch import Tensor
from torch.optim import Optimizer

from hypercheck.observe.frames import Site
from hypercheck.observe.gradients import Fingerprint, GradientSize
from hypercheck.observe.probe import Killer


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
    stepped_at: list[int] = field(default_factory=list)
    """Where the tape stood after its steps."""
    recorded_steps: int = 0
    empty_groups: tuple[int, ...] = ()
    starts_at_zero: bool = False
    """Whether a group had the rate 0 when it was built."""
    added_at: dict[int, Site | None] = field(default_factory=dict)
    """Objects that came later, to the statements that added their groups."""
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
