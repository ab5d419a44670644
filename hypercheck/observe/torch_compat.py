"""Every private or version-dependent torch name that hypercheck leans on, chosen by probing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import parameter
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes

_is_tracing = torch._C._is_tracing
_is_compiling = getattr(torch.compiler, "is_compiling", lambda: False)
_functorch = getattr(torch._C, "_functorch", None)
_is_wrapped = getattr(_functorch, "is_functorch_wrapped_tensor", None)
_unwrap = getattr(_functorch, "get_unwrapped", None)


def unwrapped(tensor: Tensor) -> Tensor | None:
    """The tensor inside of a `torch.func` wrapper, or None where it is no wrapper."""
    if _is_wrapped is None or _unwrap is None or not _is_wrapped(tensor):
        return None
    inner: Tensor = _unwrap(tensor)
    return inner


def is_lazy(tensor: Tensor) -> bool:
    """Whether the tensor has no shape yet: it gets one at the first forward."""
    return bool(parameter.is_lazy(tensor))


def shape_of(tensor: Tensor) -> tuple[int, ...]:
    """The tensor's shape; () for a lazy one, which has none yet."""
    return () if is_lazy(tensor) else tuple(tensor.shape)


def tensors_in(items: Iterable[Any]) -> Iterator[Tensor]:
    """All tensors in nested lists, tuples and dicts."""
    for item in items:
        if isinstance(item, Tensor):
            yield item
        elif isinstance(item, (list, tuple)):
            if item:
                yield from tensors_in(item)
        elif isinstance(item, dict):
            yield from tensors_in(item.values())


def is_plain(tensor: Tensor) -> bool:
    """Whether the tensor is a dense one with values of its own: no wrapper, no meta or sparse tensor."""
    return (
        tensor.device.type != "meta"
        and tensor.layout == torch.strided
        and type(tensor) in (Tensor, torch.nn.Parameter)
        and (_is_wrapped is None or not _is_wrapped(tensor))
        and not is_freed(tensor)
    )


def is_freed(tensor: Tensor) -> bool:
    """Whether the tensor's memory was given back while it lives on: reading it would crash the process.

    Sharding frees the gathered parameters in this way after each use.
    """
    return tensor.numel() > 0 and tensor.untyped_storage().nbytes() == 0


def local(tensor: Tensor) -> Tensor:
    """This process's own part of a sharded tensor (DTensor); any other tensor as it is."""
    inner = getattr(tensor, "_local_tensor", None) if type(tensor) is not Tensor else None
    return inner if isinstance(inner, Tensor) else tensor


def is_sharded(tensor: Tensor) -> bool:
    """Whether this process holds only a part of the tensor, or a part of a sum (DTensor)."""
    placements = getattr(tensor, "placements", None) if type(tensor) is not Tensor else None
    return placements is not None and not all(item.is_replicate() for item in placements)


def gathered(module: torch.nn.Module) -> list[tuple[Tensor, Tensor]]:
    """For a module under `fully_shard`: each sharded parameter, and the whole that forward uses instead."""
    state_of = getattr(type(module), "_get_fsdp_state", None)
    if state_of is None:
        return []
    try:
        groups = state_of(module)._fsdp_param_groups
        known = [item for group in groups for item in group.fsdp_params]
        return [
            (item.sharded_param, item._unsharded_param) for item in known if hasattr(item, "_unsharded_param")
        ]
    except AttributeError:
        return []


def push_lowest(mode: TorchFunctionMode) -> None:
    """Put the mode under all others, so that whoever leaves a mode of his own takes off his own."""
    above = _pop_all()
    torch.overrides._push_mode(mode)
    for other in above:
        torch.overrides._push_mode(other)


def remove(mode: TorchFunctionMode) -> bool:
    """Take the mode from wherever it stands in the stack. False where it is not on it (now)."""
    stack = torch.overrides._get_current_function_mode_stack()
    if not any(item is mode for item in stack):
        return False
    for other in _pop_all():
        if other is not mode:
            torch.overrides._push_mode(other)
    return True


def _pop_all() -> list[TorchFunctionMode]:
    count = len(torch.overrides._get_current_function_mode_stack())
    return [torch.overrides._pop_mode() for _ in range(count)][::-1]


def node_of(tensor: Tensor) -> Any:
    """The tensor's `grad_fn`; None where it has none, or none that autograd lets one look at.

    A view that was made under `no_grad` has none to show once its base was written with autograd on.
    """
    try:
        return tensor.grad_fn
    except RuntimeError:
        return None


def sequence_number(node: Any) -> int | None:
    """The number that autograd gave the node, unique among the nodes of a thread."""
    try:
        number: int = node._sequence_nr()
    except (AttributeError, RuntimeError):
        return None
    return number


def traced() -> bool:
    """Whether torch takes down the calls of this thread itself (`jit.trace`, `torch.export`)."""
    return _is_tracing() or bool(_is_compiling())


def unheard() -> contextlib.AbstractContextManager[Any]:
    """No mode that the user has put on hears the operations inside of the block."""
    return _disable_current_modes() if dispatched() else contextlib.nullcontext()


def dispatched() -> bool:
    """Whether some mode hears every operator (a profiler of flops, fake tensors): it should not hear ours."""
    count = getattr(torch._C, "_len_torch_dispatch_stack", None)
    return bool(count is not None and count())
