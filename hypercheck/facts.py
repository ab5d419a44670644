"""What the recorded steps showed: plain frozen data, names and numbers, no tensors.

`observe` writes these facts and the rules read them; they survive a round trip through JSON.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from hypercheck.findings import Flow, Link, Location, Roles, StepNumbers


def pieces(name: str) -> tuple[str, ...]:
    """A tensor's name in pieces: siblings differ in one of them.

    >>> pieces("policy.critic.layers['a'].weight")
    ('policy', 'critic', 'layers', 'a', 'weight')
    """
    return tuple(re.findall(r"""[^.\[\]'"]+""", name))


@dataclass(frozen=True, slots=True)
class TensorFact:
    """One trainable tensor, as the program keeps it."""

    key: int
    name: str
    shape: tuple[int, ...]
    holder: str
    """parameter, buffer, attribute, container, variable, object or unknown."""
    is_parameter: bool = False
    dtype: str = ""
    requires_grad: bool = True
    leaf: bool = True
    module: str = ""
    model: str = ""
    """The outermost module around that one."""
    training: bool = True
    """Whether the module that holds it was in training mode."""
    made_at: Location | None = None
    held_at: Location | None = None
    """Where its container was put into the module."""
    generates: bool = False
    """Whether a generated weight descends from it."""
    optimizers: tuple[str, ...] = ()
    """Every optimizer that ever stepped with it."""
    late: bool = False
    """Whether it was made after every optimizer that steps."""
    loaded: bool = False
    """Whether its values came from a checkpoint or another network."""
    thawed: bool = False
    """Whether the program itself asked for its gradient, after a time without."""
    moved: bool = False
    """Whether the program itself moved it, by gradients or what others had learned."""
    kept: bool = False
    """Whether the program itself moved others by what it had learned."""
    aliases: tuple[str, ...] = ()
    """All the names by which the program knows it."""
    cast_off: bool = False
    """Whether a module had it once and no module has it any more."""

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        size = 1
        for length in self.shape:
            size *= length
        return size


@dataclass(frozen=True, slots=True)
class UpdateFact:
    """What one optimizer step (or hand-written update) met and did, for one tensor."""

    key: int
    gradient: str
    """none, zero, nonfinite or ok."""
    norm: float = 0.0
    rows: int = 0
    zero_rows: tuple[tuple[int, int], ...] = ()
    changed: bool | None = None
    ratio: float = 0.0
    learning_rate: float | None = None
    optimizer: str = ""
    reached: bool = False
    """Whether the walk of `next_functions` from this step's losses came to it, or it was given a gradient."""
    given_at: Location | None = None
    """Where the program set its gradient by hand."""
    cleared_at: Location | None = None
    """Where its gradient was cleared or replaced after the backward that had filled it."""
    scaled_away: bool = False
    """Whether that was a multiplication with nothing, as clipping to a norm of 0 is."""
    carried: bool = False
    """Whether an old gradient was still there when the first backward of the step began."""
    finite_after: bool = True
    start: int = 0
    """Tells the values before the update, where the update changed them; 0 where it did not."""
    undone_at: Location | None = None
    """What wrote the tensor between the update before and this one."""
    frozen: bool = False
    """Whether it asked for no gradient when its optimizer stepped."""


@dataclass(frozen=True, slots=True)
class CutFact:
    """An edge of the data-flow graph that the gradient graph lacks, on a way to the loss."""

    mechanism: str
    """A rule's name: data-assign, parameter-wrap, …; severed-link where it is not recognised."""
    location: Location | None
    source: str
    """The expression or tensor whose gradient ends here."""
    target: str
    """What received the values."""
    victims: tuple[int, ...] = ()
    """Keys of trainable tensors that got no gradient, with every way from them to the loss cut."""
    victim_rows: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Keys of tensors of which only these rows starve."""
    in_weight: bool = True
    """Whether the values go on into a weight of the main network."""
    related: tuple[Location, ...] = ()
    seen: tuple[str, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ()
    asleep: bool = False
    """Whether all victims' modules were in evaluation mode: somebody froze them on purpose."""
    penalised: bool = False
    """Whether the victims did get a gradient, by a penalty alone."""


@dataclass(frozen=True, slots=True)
class DeadEnd:
    """Values computed from something trainable that never reach a loss."""

    kind: str
    """unassigned, stale-call, disconnected, unused-name, exported, itemised, dropped (inside of a generator)
    or penalised (it has a way to the loss, by a penalty on its size alone)."""
    location: Location | None
    victims: tuple[int, ...]
    source: str
    shapes: tuple[tuple[int, ...], ...] = ()
    own: tuple[str, ...] = ()
    """The main network's own tensors that were used in their place."""
    related: tuple[Location, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ConstantTerm:
    """A Python number, made of generated weights, that was added to a loss: it has no gradient to give."""

    location: Location | None
    added_at: Location | None
    source: str
    victims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UsageFact:
    """How much of one generator's output the main network used, element by element."""

    source: str
    location: Location | None
    shape: tuple[int, ...]
    total: int
    used: int
    unused: tuple[tuple[int, int], ...] = ()
    overlaps: tuple[tuple[int, int], ...] = ()
    overlap_at: Location | None = None
    slots: tuple[tuple[int, ...], ...] = ()
    """Shapes of the weights that it feeds."""
    chunk: int = 0
    """Length of the last axis where the output is a stack of chunks, else 0."""
    sized_at: Location | None = None
    """The statement that chose the size of the output."""
    width: int = 1
    """Length of the last axis: what one row of a generator's head puts out."""
    idle_columns: tuple[tuple[int, int], ...] = ()
    """The columns that no row's weights read."""
    cropped: bool = False
    """Whether the surplus lies in a border of a tensor cropped along several axes."""
    one_row: bool = False
    """Whether a single row of a batch is used, for all samples."""
    left_at: Location | None = None
    """The statement that cut out a part that nothing reads."""


@dataclass(frozen=True, slots=True)
class StaleFact:
    """A generated weight that an earlier step had made, used again after the generator was updated."""

    source: str
    location: Location | None
    used_at: Location | None
    made_in_step: int
    victims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OverwriteFact:
    """A generated weight that was overwritten between its generation and its use."""

    name: str
    location: Location | None
    made_at: Location | None
    victims: tuple[int, ...]
    gradient_flows: bool = True
    """Whether a gradient comes to the victims all the same: the write was hidden from autograd."""


@dataclass(frozen=True, slots=True)
class LostLeaf:
    """Something meant to learn that no optimizer holds.

    `kind`: plain-leaf (gets a gradient), nonleaf (computed once from a leaf), constant (never asked for one).
    """

    key: int
    kind: str
    location: Location | None
    reads: int = 1
    gradient: str = "none"
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OptimizerFact:
    """One optimizer of the program."""

    name: str
    kind: str
    location: Location | None
    keys: tuple[int, ...] = ()
    empty_groups: tuple[int, ...] = ()
    orphans: tuple[int, ...] = ()
    """Keys of tensors that it holds and no live module or variable does."""
    orphan_bytes: int = 0
    steps: int = 0
    late_zeros: tuple[tuple[tuple[int, ...], int], ...] = ()
    """Groups of tensors that a scheduler brought down to rate 0, with the number of steps since."""
    rate_set_at: Location | None = None
    """Where its learning rates were set after it was built."""
    added_at: Mapping[int, Location] = field(default_factory=dict)
    """Keys of tensors whose group was added later, to where."""


@dataclass(frozen=True, slots=True)
class BackwardFact:
    """One backward pass: where, from which losses, and what its graph reached."""

    location: Location | None
    loss_at: Location | None = None
    finite: bool = True
    value: float | None = None
    given_inputs: bool = False
    custom_functions: tuple[str, ...] = ()
    nonfinite_at: Location | None = None
    """The statement that made the first NaN or Inf, where it was seen."""


@dataclass(frozen=True, slots=True)
class GradCall:
    """A call of `torch.autograd.grad`, and those of the stepped tensors that it differentiated by."""

    location: Location | None
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DeadFunction:
    """A custom autograd function, or an operation of zero derivative, between tensors and the loss."""

    kind: str
    """custom, zero-derivative, or killed (a probe saw the gradient become zero there)."""
    name: str
    location: Location | None
    victims: tuple[int, ...]
    related: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedSibling:
    """A tensor that made two pieces of the main network, with siblings of it that made none.

    There are as many pieces as siblings: one of them was meant for each.
    """

    key: int
    idle: tuple[int, ...]
    pieces: int
    shape: tuple[int, ...]
    """That of one piece."""
    location: Location | None
    source: str
    rows: tuple[tuple[int, int], ...] = ()
    """The idle rows, where it is one of the rows of this tensor that made two pieces."""
    picked: str = ""
    """A hash of the numbers of the rows that one lookup took: equal in all steps unless they are data."""


@dataclass(frozen=True, slots=True)
class FlatDerivative:
    """A derivative by an input that is a term of the loss, and that no gradient comes back from."""

    location: Location | None
    keys: tuple[int, ...]
    """The tensors that the differentiated function was computed with."""


@dataclass(frozen=True, slots=True)
class WeightHealth:
    """One generated weight where the main network used it, in numbers of a few of its elements."""

    source: str
    """Name of what generated it."""
    location: Location | None
    """The statement that generated it."""
    used_at: Location | None
    shape: tuple[int, ...]
    argument: str
    """weight, bias or scale."""
    keys: tuple[int, ...] = ()
    """Keys of the trainable tensors that it descends from."""
    fan_in: int | None = None
    """How many products are summed up for one output; None where that could not be told."""
    rms: float = 0.0
    input_rms: float | None = None
    """Root mean square of the data that it meets, where that was looked at."""
    exempt: str = ""
    """Why its size says nothing: normalised, scaled, or followed by a sine."""
    factor_at: Location | None = None
    """The statement that multiplies what was generated with one number."""
    mark: str = ""
    """A hash of the numbers looked at: equal for equal bits."""
    precise: bool = True
    """Whether its numbers have at least 24 bits of precision."""
    generator_mark: str = ""
    """The same of the generator's own layers, when they were used; '' where nothing was looked at."""
    condition_mark: str = ""
    """The same of the data that went into the generator; '' where there was none."""
    conditional: bool = False
    """Whether data goes into the generator."""
    learning: bool = False
    """Whether a trainable tensor above it got a gradient and changed in this step."""
    rows: int = 0
    """Length of the first axis that the generator's output and the weight have in common, else 0."""
    row_spread: float | None = None
    """Largest difference of a row of the generator's output from the first, relative; None for one row."""
    conditions_differ: bool = False
    """Whether the rows of the data that went in differ, row for row of the output."""
    levelled_at: Location | None = None
    """Where the conditions became alike, if that was before anything trainable."""
    behind_mark: str = ""
    """A hash of what the data that went in was computed from, without anything trainable."""
    behind_at: Location | None = None
    """The statement that computed it."""
    pieces: int = 0
    """How many rows of a generator without data became parts of weights, side by side; else 0."""
    pieces_of: str = ""
    """Name of the embedding whose rows those are, '' where it could not be told."""

    @property
    def scale(self) -> float:
        """Root mean square times the root of the fan-in: about 0.6 to 1.4 in ordinary initialisations."""
        return self.rms * math.sqrt(self.fan_in or 0)


@dataclass(frozen=True, slots=True)
class BatchMix:
    """An operation that mixes the samples of a batch, between their conditions and their weights."""

    kind: str
    """batch_norm, mean, softmax, …"""
    name: str
    """The module, or the value that it made."""
    location: Location | None
    batch: int
    source: str
    """Name of the generated weights."""
    shape: tuple[int, ...]
    keys: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchSlot:
    """A trainable tensor with one entry for each position in the batch."""

    key: int
    batch: int
    location: Location | None
    """The statement that made the tensor, or that looked its first rows up."""
    used_at: Location | None
    data_mark: str
    """A hash of the batch: whether other samples stood there in other steps."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Where it is a longer table, of which the first rows are taken, as many as there are samples: a hash of
    each row of the data that these meet."""


@dataclass(frozen=True, slots=True)
class Health:
    """What one step showed of the size, the variety and the independence of generated weights."""

    weights: tuple[WeightHealth, ...] = ()
    mixes: tuple[BatchMix, ...] = ()
    batch_slots: tuple[BatchSlot, ...] = ()


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One recorded step: some backward passes, then the updates that ended it."""

    step: int
    backwards: tuple[BackwardFact, ...] = ()
    updates: tuple[UpdateFact, ...] = ()
    grad_calls: tuple[GradCall, ...] = ()
    cuts: tuple[CutFact, ...] = ()
    dead_ends: tuple[DeadEnd, ...] = ()
    dead_functions: tuple[DeadFunction, ...] = ()
    usages: tuple[UsageFact, ...] = ()
    stale: tuple[StaleFact, ...] = ()
    overwrites: tuple[OverwriteFact, ...] = ()
    lost: tuple[LostLeaf, ...] = ()
    links: tuple[Link, ...] = ()
    frozen: tuple[int, ...] = ()
    """Keys of generators' tensors that a stepping optimizer holds and that ask for no gradient."""
    frozen_at: Location | None = None
    left_frozen: tuple[int, ...] = ()
    """Those of them that a statement froze which is made undone, again and again, for others only."""
    half_frozen: tuple[int, ...] = ()
    """Those of them in whose module another tensor learns."""
    whole_generator_frozen: bool = False
    constants: tuple[ConstantTerm, ...] = ()
    """Terms of the loss that are plain numbers, where no generated weight has another way to it."""
    fresh: tuple[int, ...] = ()
    """Parameters that generate weights and were made in this step, unknown to every optimizer."""
    unheld: tuple[int, ...] = ()
    """Keys of trainable tensors on the way to the loss that no optimizer has ever held."""
    shared: tuple[SharedSibling, ...] = ()
    flat_derivatives: tuple[FlatDerivative, ...] = ()
    health: Health = field(default_factory=Health)
    numbers: StepNumbers | None = None


@dataclass(frozen=True, slots=True)
class WrapperFact:
    """One DistributedDataParallel wrapper of the program."""

    name: str
    location: Location | None
    hooked: bool = False
    """Whether a communication hook replaces its averaging."""


@dataclass(frozen=True, slots=True)
class RankFact:
    """How one trainable tensor compares between the processes of a run, over the steps that all recorded."""

    key: int
    ranks: tuple[int, ...]
    steps: tuple[int, ...]
    gradients: str
    """equal or different on every one of these steps (to rounding), mixed, or none."""
    values: str
    """equal or different after the last of them."""
    apart: float = 0.0
    """The largest difference of a value, relative to the tensor's size."""
    wrapper: str = ""
    """The wrapper that should average its gradients, or ''."""
    ignored: bool = False
    """Whether the wrapper was told to leave it alone."""


@dataclass(frozen=True)
class RunFacts:
    """All that was observed of one run."""

    tensors: Mapping[int, TensorFact] = field(default_factory=dict)
    steps: tuple[StepFacts, ...] = ()
    steps_seen: int = 0
    optimizers: tuple[OptimizerFact, ...] = ()
    roles: Roles = field(default_factory=Roles)
    flows: tuple[Flow, ...] = ()
    backwards_without_step: int = 0
    never_stepped: Mapping[int, str] = field(default_factory=dict)
    """Keys of tensors that got gradients and whose optimizer never stepped, with its name."""
    filled_at: Mapping[int, Location] = field(default_factory=dict)
    """The same keys to the backward that gave them their first gradient."""
    skipped_steps: int = 0
    """The longest run of steps that a scaler or a guard skipped."""
    skipped_at: Location | None = None
    unused_backwards: int = 0
    """How often gradients of a statement that had led to steps were cleared with no step in between."""
    stepped_at: Location | None = None
    """The statement that stepped an optimizer last."""
    not_observed: Mapping[str, str] = field(default_factory=dict)
    """HC9xx code to the reason."""
    ranks: tuple[int, ...] = ()
    """The processes whose facts were brought together; empty where there is only one."""
    missing_ranks: tuple[int, ...] = ()
    """Processes of this machine that left no facts."""
    rank_facts: tuple[RankFact, ...] = ()
    wrappers: tuple[WrapperFact, ...] = ()
    sharded: tuple[str, ...] = ()
    """Parameters of which each process holds a part."""
    instruments: Mapping[str, str] = field(default_factory=dict)
    """Instrument to the reason why it saw nothing; an instrument that worked is absent."""

    def name(self, key: int) -> str:
        """A tensor's name in the user's program."""
        fact = self.tensors.get(key)
        return fact.name if fact else f"tensor {key}"
