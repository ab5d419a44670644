"""A model file to check: find the model in it, make inputs that fit, and train a few steps."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hypercheck.errors import TargetError, UsageError

_CHECKPOINTS = {".pt", ".pth", ".ckpt", ".safetensors", ".bin"}
_LOSSES = ("cross_entropy", "mse", "sum")


@dataclass(frozen=True)
class Inputs:
    """What `check` feeds: shapes without the batch axis, as given by `--input`, and the batch size."""

    shapes: tuple[tuple[tuple[int, ...], bool], ...] = ()
    """Shape and whether it is of whole numbers."""
    batch_size: int = 8
    loss: str | None = None
    seed: int = 0
    device: str = "cpu"
    steps: int = 5


@dataclass(frozen=True)
class Trainable:
    """Something that trains: call `step` once per training step."""

    name: str
    model: nn.Module | None
    step: Callable[[], Any]


def parse_shape(text: str) -> tuple[tuple[int, ...], bool]:
    """A shape as given by `--input`.

    >>> parse_shape("64x784"), parse_shape("16:long")
    (((64, 784), False), ((16,), True))
    """
    sizes, _, kind = text.partition(":")
    try:
        shape = tuple(int(size) for size in sizes.lower().split("x"))
    except ValueError:
        raise UsageError(
            f"{text!r} is no shape", "write it as 64x784, or 64x12:long for whole numbers"
        ) from None
    if kind not in ("", "long", "float") or any(size < 1 for size in shape):
        raise UsageError(f"{text!r} is no shape", "write it as 64x784, or 64x12:long for whole numbers")
    return shape, kind == "long"


def load(path: Path) -> ModuleType:
    """The module of a Python file, executed. TargetError for anything else."""
    if path.suffix in _CHECKPOINTS:
        raise TargetError(
            f"{path} is a checkpoint, and weights carry no graph",
            "give the file that defines or trains the model",
        )
    if not path.exists():
        raise TargetError(f"there is no file {path}", "give the path of a Python file")
    if path.suffix != ".py":
        raise TargetError(f"{path} is not a Python file", "give a file that ends with .py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise TargetError(f"{path} cannot be read as a Python module", "check its name and its rights")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise TargetError(f"{path}:{error.lineno}: {error.msg}", "mend the syntax first") from None
    except SystemExit:
        raise TargetError(
            f"{path} ended the program while it was read", "use hypercheck run for a script"
        ) from None
    except Exception as error:
        raise TargetError(
            f"{path} could not be imported: {type(error).__name__}: {error}",
            "run it with python to see where",
        ) from None
    return module


def find(module: ModuleType, path: Path, name: str | None) -> tuple[str, Any]:
    """The object to check: the named one, else the only one that fits."""
    fitting = {
        key: item for key, item in vars(module).items() if not key.startswith("_") and _fits(item, module)
    }
    if name is not None:
        item = vars(module).get(name)
        if item is None:
            near = difflib.get_close_matches(name, list(fitting), 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(fitting) or 'no model'}"
            raise TargetError(f"{path} has no {name}", hint)
        return name, item
    steps = [key for key in fitting if key in ("build", "training_step", "train_step", "step")]
    if len(steps) == 1:
        return steps[0], fitting[steps[0]]
    instances = [key for key, item in fitting.items() if isinstance(item, nn.Module)]
    classes = [key for key, item in fitting.items() if inspect.isclass(item)]
    for group in (instances, classes):
        if len(group) == 1:
            return group[0], fitting[group[0]]
        if len(group) > 1:
            whole = _outermost(group, fitting)
            if whole is not None:
                return whole, fitting[whole]
            raise TargetError(
                f"{path} has several models: {', '.join(group)}", f"say which: {path}::{group[-1]}"
            )
    raise TargetError(f"{path} has no nn.Module", f"name a factory or a training step: {path}::NAME")


def _outermost(names: list[str], items: dict[str, Any]) -> str | None:
    """The one class whose source uses all the others, if there is one."""
    for name in reversed(names):
        try:
            text = inspect.getsource(items[name]) if inspect.isclass(items[name]) else ""
        except (OSError, TypeError):
            return None
        if text and all(other == name or other in text for other in names):
            return name
    return None


def _fits(item: Any, module: ModuleType) -> bool:
    if isinstance(item, nn.Module):
        return True
    if inspect.isclass(item):
        return issubclass(item, nn.Module) and item.__module__ == module.__name__
    return inspect.isfunction(item) and item.__module__ == module.__name__


def prepare(name: str, item: Any, inputs: Inputs) -> Trainable:
    """Make the object trainable: call factories, build inputs, an optimizer and a loss."""
    torch.manual_seed(inputs.seed)
    if inspect.isclass(item) or inspect.isfunction(item):
        needed = [
            parameter.name
            for parameter in inspect.signature(item).parameters.values()
            if parameter.default is parameter.empty and parameter.kind in (0, 1, 3)
        ]
        if needed:
            raise TargetError(
                f"{name} needs arguments: {', '.join(needed)}",
                "give a factory without arguments: FILE.py::NAME",
            )
        if inspect.isfunction(item):
            return _from_function(name, item, inputs)
        try:
            item = item()
        except Exception as error:
            raise TargetError(
                f"{name}() failed: {type(error).__name__}: {error}", "call it yourself to see where"
            ) from None
    return _from_module(name, item, inputs)


def _from_function(name: str, function: Callable[[], Any], inputs: Inputs) -> Trainable:
    out = function()
    if isinstance(out, nn.Module):
        return _from_module(name, out, inputs)
    if isinstance(out, tuple) and len(out) == 2 and isinstance(out[0], nn.Module) and callable(out[1]):
        return Trainable(name, out[0], out[1])
    if isinstance(out, Tensor) or out is None or isinstance(out, float):
        return Trainable(name, None, function)
    raise TargetError(
        f"{name}() returned a {type(out).__name__}",
        "return a model, or run one training step and return its loss",
    )


def _from_module(name: str, model: nn.Module, inputs: Inputs) -> Trainable:
    model = model.to(inputs.device)
    examples = _examples(name, model, inputs)
    try:
        out = _first_tensor(model(*examples))
    except Exception as error:
        shapes = ", ".join("x".join(map(str, item.shape)) for item in examples) or "no input"
        raise TargetError(
            f"{name} does not take inputs of shape {shapes}: {str(error).splitlines()[0]}",
            "give the shapes without the batch axis with --input, once for each argument of forward",
        ) from None
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not parameters:
        raise TargetError(f"{name} has no trainable parameter", "check that its parameters are registered")
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_of = _loss(inputs.loss, out)

    def step() -> Tensor:
        optimizer.zero_grad()
        loss = loss_of(_first_tensor(model(*examples)))
        loss.backward()
        optimizer.step()
        return loss

    return Trainable(name, model, step)


def _examples(name: str, model: nn.Module, inputs: Inputs) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(inputs.seed)
    needed = [
        parameter
        for parameter in inspect.signature(model.forward).parameters.values()
        if parameter.default is parameter.empty and parameter.kind in (0, 1)
    ]
    if inputs.shapes:
        return tuple(_example(shape, whole, inputs, generator) for shape, whole in inputs.shapes)
    if not needed:
        return ()
    if len(needed) > 1:
        raise TargetError(
            f"{name}.forward takes {len(needed)} inputs: {', '.join(item.name for item in needed)}",
            "give each a shape with --input, for example --input 784 --input 5",
        )
    shapes = _candidates(model)
    if not shapes:
        raise TargetError(
            f"the input shape of {name} cannot be told from its layers",
            "give it with --input, as in --input 784",
        )
    examples = [(_example(shape, False, inputs, generator),) for shape in shapes]
    return next((example for example in examples if _accepts(model, example)), examples[0])


def _example(shape: tuple[int, ...], whole: bool, inputs: Inputs, generator: torch.Generator) -> Tensor:
    size = (inputs.batch_size, *shape)
    if whole:
        return torch.randint(0, 2, size, generator=generator).to(inputs.device)
    return torch.randn(size, generator=generator).to(inputs.device)


def _candidates(model: nn.Module) -> list[tuple[int, ...]]:
    """The input shapes that the layers ask for, each once: which one is the model's own is tried out."""
    found: dict[tuple[int, ...], None] = {}
    for module in model.modules():
        if isinstance(module, nn.Linear):
            found[(module.in_features,)] = None
        if isinstance(module, nn.Conv1d):
            found[(module.in_channels, 32)] = None
        if isinstance(module, nn.Conv2d):
            found[(module.in_channels, 32, 32)] = None
    return list(found)


def _accepts(model: nn.Module, examples: tuple[Tensor, ...]) -> bool:
    """Whether a forward pass with the examples goes through; the random numbers are as before."""
    with torch.random.fork_rng(devices=[]):
        try:
            model(*examples)
        except Exception:  # whatever a forward raises on a shape that is not its own
            return False
    return True


def _first_tensor(out: Any) -> Tensor:
    while isinstance(out, (tuple, list)) and out:
        out = out[0]
    if isinstance(out, dict) and out:
        return _first_tensor(next(iter(out.values())))
    if not isinstance(out, Tensor):
        raise TypeError(f"forward returned a {type(out).__name__}, not a tensor")
    return out


def _loss(name: str | None, out: Tensor) -> Callable[[Tensor], Tensor]:
    name = name or "mse"
    if name not in _LOSSES:
        raise UsageError(f"there is no loss {name!r}", f"use one of {', '.join(_LOSSES)}")
    if name == "sum":
        return lambda output: output.sum()
    if name == "cross_entropy":
        classes = out.shape[1] if out.dim() > 1 else 1
        labels = torch.randint(0, classes, (out.shape[0], *out.shape[2:]), device=out.device)
        return lambda output: functional.cross_entropy(output, labels)
    goal = torch.randn_like(out)
    return lambda output: functional.mse_loss(output, goal)
