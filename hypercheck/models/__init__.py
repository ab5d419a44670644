"""Reference models of every type of hypernetwork, each one a file to be read.

>>> import torch
>>> build("full")(torch.zeros(2, 8)).shape
torch.Size([2, 3])
"""

from __future__ import annotations

import difflib
from typing import Any

from hypercheck.models import (
    batchnorm_hypernet,
    chunked,
    chunked_conv,
    chunked_task,
    conditional,
    film,
    full,
    ghn,
    group_conv,
    hyper_lstm,
    hyper_ode,
    hyper_pinn,
    hyper_rnn,
    hyper_transformer,
    layerwise,
    lora,
    mip,
    noise,
    scaling,
    smash,
    task,
    time_linear,
    weight_norm,
)
from hypercheck.models.hypernet import Batch, Hypernet, training_step
from hypercheck.models.survey import ModelInfo

__all__ = ["REGISTRY", "Batch", "Hypernet", "ModelInfo", "build", "info", "names", "training_step"]

REGISTRY: dict[str, ModelInfo] = {
    module.INFO.name: module.INFO
    for module in (
        full,
        task,
        chunked,
        chunked_task,
        chunked_conv,
        scaling,
        conditional,
        group_conv,
        batchnorm_hypernet,
        hyper_ode,
        film,
        hyper_rnn,
        hyper_lstm,
        lora,
        mip,
        noise,
        hyper_pinn,
        time_linear,
        layerwise,
        ghn,
        smash,
        hyper_transformer,
        weight_norm,
    )
}
"""All models by name, the commonest first."""


def names() -> tuple[str, ...]:
    """The names of all models.

    >>> names()[:3]
    ('full', 'task', 'chunked')
    """
    return tuple(REGISTRY)


def info(name: str) -> ModelInfo:
    """What the registry knows of a model: class, source, and its place in the taxonomy.

    >>> info("film").paper
    'Perez et al. 2018, arXiv 1709.07871'
    """
    if name not in REGISTRY:
        near = difflib.get_close_matches(name, REGISTRY, n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(REGISTRY)}"
        raise ValueError(f"no model {name!r}; {hint}")
    return REGISTRY[name]


def build(name: str, **settings: Any) -> Hypernet:
    """A new model of that name; `settings` are arguments of its class.

    >>> build("chunked", chunk_size=50).head.out_features
    50
    """
    return info(name).build(**settings)
