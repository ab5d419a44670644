"""Every right and every wrong way to deliver generated weights, and a case for each model and way.

    for name in names():
        for way in ways():
            case = build_case(name, way)
            if case.applies:
                case.step()

A wrong case trains silently, as in practice: the main network has one more trainable tensor of its own, an
offset of the output, so the loss goes down a little although the hypernetwork learns nothing.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hypercheck import models
from hypercheck.models import right_ways as right
from hypercheck.models import wrong_ways as wrong
from hypercheck.models.hypernet import Hypernet, seeded
from hypercheck.models.main_networks import Slots

Weights = dict[str, Tensor]


class Stage(str, Enum):
    """The moment at which a way differs from the plain functional one."""

    BUILD = "build"
    GENERATE = "generate"
    WEIGHTS = "weights"
    USE = "use"
    UPDATE = "update"
    BATCHING = "batching"


@dataclass(frozen=True, slots=True)
class Handover:
    """One way to deliver weights: `code` is empty for the right ones.

    `act` is the function that does it; for `Stage.BATCHING`, None: the name is a method of `batching`.
    `marked` holds the marked statement where `act` does not. `alike` are codes that are as right as `code`:
    where two rules meet in one statement, either of them names the mistake.
    """

    name: str
    code: str
    stage: Stage
    act: Callable[..., Any] | None
    marked: Callable[..., Any] | None = None
    alike: tuple[str, ...] = ()

    @property
    def healthy(self) -> bool:
        """True for a way that keeps the link whole."""
        return not self.code


HANDOVERS: dict[str, Handover] = {
    way.name: way
    for way in (
        Handover("functional", "", Stage.USE, right.functional),
        Handover("del-and-set", "", Stage.USE, right.del_and_set),
        Handover("functional-call", "", Stage.USE, right.functional_call),
        Handover("parametrization", "", Stage.USE, right.parametrization),
        Handover("vmap", "", Stage.BATCHING, None),
        Handover("group-conv", "", Stage.BATCHING, None),
        Handover("bmm", "", Stage.BATCHING, None),
        Handover("parameter-wrap", "HC101", Stage.USE, wrong.parameter_wrap),
        Handover("data-assign", "HC102", Stage.USE, wrong.data_assign),
        Handover("copy-no-grad", "HC103", Stage.USE, wrong.copy_no_grad),
        Handover("detach", "HC104", Stage.WEIGHTS, wrong.detach),
        Handover("no-grad-block", "HC105", Stage.GENERATE, wrong.no_grad_block),
        Handover("inference-mode", "HC106", Stage.GENERATE, wrong.inference_mode),
        Handover("load-state-dict", "HC107", Stage.USE, wrong.load_state_dict),
        Handover("vector-to-parameters", "HC108", Stage.USE, wrong.vector_to_parameters_call),
        Handover("deepcopy-main", "HC109", Stage.USE, wrong.deepcopy_main),
        Handover("numpy-roundtrip", "HC110", Stage.WEIGHTS, wrong.numpy_roundtrip),
        Handover("item-or-tolist", "HC111", Stage.WEIGHTS, wrong.item_or_tolist),
        Handover("torch-tensor-copy", "HC112", Stage.WEIGHTS, wrong.torch_tensor_copy),
        Handover("nondifferentiable-op", "HC113", Stage.WEIGHTS, wrong.nondifferentiable_op),
        Handover(
            "custom-function-none",
            "HC114",
            Stage.WEIGHTS,
            wrong.custom_function_none,
            marked=wrong.ForgetfulIdentity.backward,
        ),
        Handover("requires-grad-false", "HC115", Stage.BUILD, wrong.requires_grad_false),
        Handover("functional-call-stale", "HC116", Stage.USE, wrong.functional_call_stale),
        Handover("weight-mismatch", "HC201", Stage.WEIGHTS, wrong.weight_mismatch),
        Handover("weights-not-assigned", "HC202", Stage.USE, wrong.weights_not_assigned),
        Handover("unused-output", "HC203", Stage.WEIGHTS, wrong.unused_output),
        Handover("stale-weights", "HC204", Stage.GENERATE, wrong.stale_weights, alike=("HC105",)),
        Handover("inplace-overwrite", "HC205", Stage.WEIGHTS, wrong.inplace_overwrite),
        Handover("disconnected-loss", "HC206", Stage.UPDATE, wrong.disconnected_loss, alike=("HC104",)),
        Handover("unregistered-tensor", "HC301", Stage.BUILD, wrong.unregistered_tensor),
        Handover("nonleaf-embedding", "HC302", Stage.BUILD, wrong.nonleaf_embedding),
        Handover("param-list", "HC303", Stage.BUILD, wrong.param_list),
        Handover("not-in-optimizer", "HC304", Stage.BUILD, wrong.not_in_optimizer),
        Handover("stale-optimizer", "HC305", Stage.BUILD, wrong.stale_optimizer),
        Handover("zero-grad-after-backward", "HC404", Stage.UPDATE, wrong.zero_grad_after_backward),
        Handover("missing-zero-grad", "HC405", Stage.UPDATE, wrong.missing_zero_grad),
        Handover("lr-zero", "HC502", Stage.BUILD, wrong.lr_zero),
        Handover("step-missing", "HC503", Stage.UPDATE, wrong.step_missing),
    )
}
"""All ways by name: the right ones first, then the wrong ones by their code."""

SETTINGS: dict[str, dict[str, Any]] = {"noise": {"prior": 0.0}}
"""Settings of a case's model: a prior on the generated weights would be a second path around every cut."""


def ways(healthy: bool | None = None) -> tuple[str, ...]:
    """The names of all ways, or only of the right (True) or wrong (False) ones.

    >>> ways(healthy=True)[:2]
    ('functional', 'del-and-set')
    """
    return tuple(name for name, way in HANDOVERS.items() if healthy in (None, way.healthy))


def handover(name: str) -> Handover:
    """The way of that name or code.

    >>> handover("HC102").name
    'data-assign'
    """
    by_code = {way.code: way for way in HANDOVERS.values() if way.code}
    if name in HANDOVERS or name in by_code:
        return HANDOVERS.get(name) or by_code[name]
    near = difflib.get_close_matches(name, (*HANDOVERS, *by_code), n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(HANDOVERS)}"
    raise ValueError(f"no way of delivering weights is called {name!r}; {hint}")


@dataclass(frozen=True, slots=True)
class Expected:
    """What a checker should find: the code, and the file and line of the statement to blame.

    `alike` are codes that are as right. What nobody reads can be blamed on the one who made it too: any line
    of the files `makers` is right then.
    """

    code: str
    file: str
    line: int
    alike: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()

    def names(self, code: str) -> bool:
        """Whether a finding of that code tells of this mistake."""
        return code in (self.code, *self.alike)

    def stands_at(self, file: str, first: int, last: int) -> bool:
        """Whether a statement on these lines of a file, by its full or shortened path, is to blame."""
        name = Path(file).name
        if name in (Path(maker).name for maker in self.makers):
            return True
        return Path(self.file).name == name and first <= self.line <= last


@dataclass
class Case:
    """One model with one way of delivering weights, ready to train; `reason` says why it does not apply."""

    model_name: str
    handover: Handover
    model: Hypernet
    optimizer: torch.optim.Optimizer | None
    expected: Expected | None
    reason: str = ""
    batches: torch.Generator = field(default_factory=torch.Generator, repr=False)

    @property
    def applies(self) -> bool:
        """True if this model can be delivered its weights this way."""
        return not self.reason

    def step(self) -> Tensor:
        """One training step on a fresh batch: forward, backward, update, gradients cleared; the loss."""
        # Local names, as in a training loop: what watches the step knows tensors by the names of its frames.
        model, optimizer = self.model, self.optimizer
        if optimizer is None:
            raise ValueError(f"{self.handover.name} does not apply to {self.model_name}: {self.reason}")
        loss = model.loss(*model.example(generator=self.batches))
        if self.handover.stage is Stage.UPDATE and self.handover.act:
            self.handover.act(loss, optimizer)
            return loss.detach()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.detach()


def build_case(model_name: str, handover_name: str, seed: int = 0) -> Case:
    """A small model of that name whose weights are delivered that way.

    >>> build_case("full", "data-assign").expected.code
    'HC102'
    """
    way = handover(handover_name)
    model = models.build(model_name, **SETTINGS.get(model_name, {}))
    case = Case(model_name, way, model, None, None, why_not(model, way))
    case.batches.manual_seed(seed)
    if not case.applies:
        return case
    expected = _expected(model, way) if way.code else None
    with seeded(seed):
        _rewire(model, way)
        build = way.act if way.stage is Stage.BUILD and way.act else _adam
        case.optimizer = build(model)
    case.expected = expected
    return case


def _expected(model: Hypernet, way: Handover) -> Expected:
    marked = way.marked or way.act
    assert marked is not None
    # A surplus is made where the model generates, and left over where `unused_output` reads.
    makers = (inspect.getfile(type(model)), inspect.getfile(model.generate)) if way.code == "HC203" else ()
    return Expected(way.code, inspect.getfile(marked), marked_line(marked, way.code), way.alike, makers)


def marked_line(function: Callable[..., Any], code: str) -> int:
    """The line, counted from 1 in its file, of the function's one statement that ends in `# code`."""
    source, first = inspect.getsourcelines(function)
    lines = [first + index for index, line in enumerate(source) if line.rstrip().endswith(f"# {code}")]
    if len(lines) != 1:
        raise ValueError(f"{function.__name__} has {len(lines)} lines marked {code}; 1 is needed")
    return lines[0]


def _adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=1e-2)


def why_not(model: Hypernet, way: Handover) -> str:
    """Why this way does not apply to this model; empty if it does.

    >>> why_not(models.build("full"), handover("vmap"))
    'the model has no choice of batching'
    """
    if way.stage is Stage.USE and way.act is not right.functional and model.reshapes:
        return "the shapes of the weights differ from step to step; no one module fits them"
    if way.stage is Stage.BATCHING and not hasattr(model, "batching"):
        return "the model has no choice of batching"
    if way.code in ("HC103", "HC107") and model.regenerates:
        return "overwriting weights in place between two uses in a step is an error in PyTorch itself"
    if way.code == "HC201" and model.per_sample:
        return "samples have their own weights; a wrong offset would mix them"
    if way.code == "HC115" and model.stored_factors:
        return "stored factors of the generated weights go on learning: freezing the others is a choice"
    if way.code in ("HC301", "HC302") and wrong.embedding_name(model) is None:
        return "the model has no learned embedding"
    if way.code == "HC303" and not isinstance(getattr(model, "trunk", None), nn.Sequential):
        return "the model has no trunk of layers"
    return ""


def _rewire(model: Hypernet, way: Handover) -> None:
    """Put the way between the model's `generate` and `use`, and give the main network its offset."""
    generate, use, act = model.generate, model.use, way.act
    x, weights, y = _first_use(model)
    offset = nn.Parameter(torch.zeros(y.shape[-1]))
    model.offset = offset
    kept: Weights = {}
    deliver: Callable[[Tensor, Weights], Tensor] = use
    if act is None:
        _replace(model, batching=way.name.replace("-", "_"))
    elif way.stage is Stage.GENERATE:
        _replace(model, generate=lambda cond=None: act(generate, cond, kept))
    elif way.stage is Stage.WEIGHTS:
        _replace(model, generate=lambda cond=None: act(generate(cond)))
    elif act is right.functional:
        deliver = functools.partial(act, use)
    elif way.stage is Stage.USE:
        main = _main_network(model, weights)
        if act in (right.del_and_set, right.parametrization):
            act(main, x, weights)  # once before the optimizer is built, which must not hold what is replaced
        model.main = main
        deliver = functools.partial(act, main)
    _replace(model, use=lambda x, weights: deliver(x, weights) + offset)


def _replace(model: Hypernet, **attributes: Any) -> None:
    """Put attributes of the same names before the methods of this one model."""
    vars(model).update(attributes)


def _first_use(model: Hypernet) -> tuple[Tensor, Weights, Tensor]:
    """Input, weights and output of the main network's first use in a step, without their history."""
    use = model.use
    calls: list[tuple[Tensor, Weights, Tensor]] = []

    def record(x: Tensor, weights: Weights) -> Tensor:
        y = use(x, weights)
        detached = {name: weight.detach().clone() for name, weight in weights.items()}
        calls.append((x.detach(), detached, y.detach()))
        return y

    _replace(model, use=record)
    model.loss(*model.example(generator=torch.Generator().manual_seed(0)))
    delattr(model, "use")
    return calls[0]


def _main_network(model: Hypernet, weights: Weights) -> nn.Module:
    """The main network as a module with parameters: torch's own where there is one, else slots."""
    use = model.use
    initial = {name: 0.3 * torch.randn_like(weight) for name, weight in weights.items()}
    # A plain function, not the bound method: a deep copy of the slots must not copy the hypernetwork.
    return model.main_network() or Slots(initial, lambda x, tensors: use(x, tensors))
