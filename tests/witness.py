"""What tests compare to see that nothing was changed: numbers as bits, and the state of the process."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import warnings
from typing import Any

import numpy
import torch
from torch import nn
from torch.overrides import _get_current_function_mode_stack
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack


def bits(item: Any) -> Any:
    """Numbers as bytes, so that signs of zero and NaNs count as well."""
    if isinstance(item, torch.Tensor):
        return str(item.dtype), tuple(item.shape), item.detach().contiguous().numpy().tobytes()
    if isinstance(item, numpy.ndarray):
        return item.tobytes()
    if isinstance(item, dict):
        return {key: bits(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [bits(value) for value in item]
    return item


def torch_places() -> dict[str, Any]:
    """Every attribute of the classes and modules of torch that hypercheck or a user's program may touch."""
    from torch._functorch import apis, eager_transforms
    from torch.nn.utils import stateless

    owners = {
        "torch": torch,
        "Tensor": torch.Tensor,
        "Parameter": nn.Parameter,
        "ParameterMeta": type(nn.Parameter),
        "Module": nn.Module,
        "functional": nn.functional,
        "init": nn.init,
        "autograd": torch.autograd,
        "Function": torch.autograd.Function,
        "Variable": torch.autograd.Variable,
        "VariableMeta": type(torch.autograd.Variable),
        "Optimizer": torch.optim.Optimizer,
        "SGD": torch.optim.SGD,
        "Adam": torch.optim.Adam,
        "LRScheduler": torch.optim.lr_scheduler.LRScheduler,
        "GradScaler": torch.amp.GradScaler,
        "func": torch.func,
        "apis": apis,
        "transforms": eager_transforms,
        "stateless": stateless,
        "linalg": torch.linalg,
    }
    # Not what torch itself counts there (names of hooks, of optimizers that were profiled).
    return {
        f"{owner}.{name}": value
        for owner, place in owners.items()
        for name, value in vars(place).items()
        if callable(value) or isinstance(value, (classmethod, staticmethod, property))
    }


def world() -> dict[str, Any]:
    """All that is replaced, hooked or set while something is watched, of torch and of the process."""
    from torch.nn.modules import module as modules
    from torch.optim import optimizer as optimizers

    return {
        **torch_places(),
        "hooks": {
            name: list(value)
            for place in (modules, optimizers)
            for name, value in vars(place).items()
            if name.startswith("_global_") and hasattr(value, "keys")
        },
        "function modes": list(_get_current_function_mode_stack()),
        "dispatch modes": list(_get_current_dispatch_mode_stack()),
        "grad mode": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "anomaly mode": torch.is_anomaly_enabled(),
        "dtype": torch.get_default_dtype(),
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "saved tensor hooks": torch._C._autograd._top_saved_tensors_default_hooks(False),
        "collector": (gc.isenabled(), gc.get_threshold(), len(gc.callbacks)),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "python threads": threading.active_count(),
        "hooks of python": (sys.gettrace(), sys.getprofile(), sys.excepthook, sys.unraisablehook),
        "streams": (sys.stdout, sys.stderr, sys.displayhook),
        "exit": os._exit,
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "warnings": (list(warnings.filters), warnings.showwarning),
        "recursion": sys.getrecursionlimit(),
        "path": (sys.argv, list(sys.path), list(sys.meta_path)),
    }


def changed(before: dict[str, Any]) -> list[str]:
    after = world()
    return [
        name
        for name in {**before, **after}
        if before.get(name) is not after.get(name) and before.get(name) != after.get(name)
    ]
