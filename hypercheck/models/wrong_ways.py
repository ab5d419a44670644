"""Mistakes that break the training of a hypernetwork, each as it is made in practice.

The statement that does it carries its code as a comment at the end of its line. What a function gets
depends on the moment at which it goes wrong:

    BUILD     the model; gives the optimizer
    GENERATE  the model's `generate`, the condition, a place to keep things between steps; gives the weights
    WEIGHTS   the generated weights; gives what is used in their place
    USE       a main network with parameters of its own, the input, and the weights; gives the output
    UPDATE    the loss and the optimizer
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import vector_to_parameters

from hypercheck.models.main_networks import owner_of

Weights = dict[str, Tensor]
Generate = Callable[[Any], Weights]

OWN = ("base", "main", "offset", "readout", "classifier", "norm", "activation")
"""First parts of the names of parameters that are the main network's own, not the hypernetwork's."""


# --- USE: the weights are put into a module, and lose their history on the way


def parameter_wrap(main: nn.Module, x: Tensor, weights: Weights) -> Tensor:
    """A new Parameter shares the numbers and forgets where they came from."""
    for name, weight in weights.items():
        owner, last = owner_of(main, name)
        setattr(owner, last, nn.Parameter(weight))  # HC101
    return output(main, x)


def data_assign(main: nn.Module, x: Tensor, weights: Weights) -> Tensor:
    """Writing to `.data` happens outside autograd."""
    for name, weight in weights.items():
        main.get_parameter(name).data = weight  # HC102
    return output(main, x)


def copy_no_grad(main: nn.Module, x: Tensor, weights: Weights) -> Tensor:
    """A copy under `no_grad` takes the numbers only."""
    with torch.no_grad():
        for name, weight in weights.items():
            main.get_parameter(name).copy_(weight)  # HC103
    return output(main, x)


def load_state_dict(main: nn.Module, x: Tensor, weights: Weights) -> Tensor:
    """Loading a state copies under `no_grad`."""
    main.load_state_dict(weights)  # HC107
    return output(main, x)


def vector_to_parameters_call(main: nn.Module, x: Tensor, weights: Weights) -> Tensor:
    """The flat vector is written into `.data` of each parameter."""
    flat = torch.cat([weights[name].flatten() for name, _ in main.named_parameters()])
    vector_to_parameters(flat, main.parameters())  # HC108
    return output(main, x)


def deepcopy_main(main: nn.Module, x: Tensor, weights: Weights) -> Tensor:
    """The network holds the linked weights; its copy holds numbers."""
    for name, weight in weights.items():
        owner, last = owner_of(main, name)
        setattr(owner, last, nn.Parameter(torch.empty_like(weight), requires_grad=False))
        getattr(owner, last).copy_(weight)  # into a frozen parameter: this keeps the link
    worker = copy.deepcopy(main)  # HC109
    return output(worker, x)


def functional_call_stale(main: nn.Module, x: Tensor, weights: Weights) -> Tensor:
    """The module is called with its own parameters instead of the generated tensors."""
    y = torch.func.functional_call(main, dict(main.named_parameters()), (x,))  # HC116
    assert isinstance(y, Tensor)
    return y


def weights_not_assigned(main: nn.Module, x: Tensor, weights: Weights) -> Tensor:
    """The weights are put where no layer looks: an attribute beside the parameter of nearly the same name."""
    for name, weight in weights.items():
        setattr(main, f"{name}_generated", weight)  # HC202
    return output(main, x)


# --- WEIGHTS: something happens to the tensors between generation and use


def detach(weights: Weights) -> Weights:
    """The tensors are cut off by name."""
    return {name: weight.detach() for name, weight in weights.items()}  # HC104


def numpy_roundtrip(weights: Weights) -> Weights:
    """NumPy keeps no history."""
    return {name: torch.from_numpy(weight.detach().numpy()) for name, weight in weights.items()}  # HC110


def item_or_tolist(weights: Weights) -> Weights:
    """Python numbers keep no history."""
    return {name: torch.tensor(weight.tolist()) for name, weight in weights.items()}  # HC111


def torch_tensor_copy(weights: Weights) -> Weights:
    """`torch.tensor` makes a new leaf of the values."""
    return {name: torch.tensor(weight) for name, weight in weights.items()}  # HC112


def nondifferentiable_op(weights: Weights) -> Weights:
    """Rounding is flat nearly everywhere: its gradient is zero."""
    return {name: torch.round(weight * 8) / 8 for name, weight in weights.items()}  # HC113


class ForgetfulIdentity(torch.autograd.Function):
    """An identity whose backward was never written."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The values of x."""
        return x.clone()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> None:
        """Nothing, which autograd takes for "no gradient"."""
        return  # HC114


def custom_function_none(weights: Weights) -> Weights:
    """A custom function gives no gradient back."""
    return {name: ForgetfulIdentity.apply(weight) for name, weight in weights.items()}


def weight_mismatch(weights: Weights) -> Weights:
    """Each tensor is read from the start of the flat vector: the offset is never moved on."""
    flat = torch.cat([weight.flatten() for weight in weights.values()])
    return {name: flat[: weight.numel()].view_as(weight) for name, weight in weights.items()}  # HC201


def unused_output(weights: Weights) -> Weights:
    """The first half of the generated numbers is used twice, the second half never."""
    used: Weights = {}
    for name, weight in weights.items():
        half = weight.flatten()[: (weight.numel() + 1) // 2]  # HC203
        used[name] = torch.cat([half, half])[: weight.numel()].view_as(weight)
    return used


def inplace_overwrite(weights: Weights) -> Weights:
    """An initialisation runs over weights that were generated already."""
    for weight in weights.values():
        weight.data.fill_(0.1)  # HC205
    return weights


# --- GENERATE: the generator runs at the wrong time or in the wrong mode


def no_grad_block(generate: Generate, cond: Any, kept: Weights) -> Weights:
    """The hypernetwork runs where nothing is recorded."""
    with torch.no_grad():  # HC105
        return generate(cond)


def inference_mode(generate: Generate, cond: Any, kept: Weights) -> Weights:
    """As above; the clones are what PyTorch's error message asks for, and do not mend it."""
    with torch.inference_mode():  # HC106
        weights = generate(cond)
    return {name: weight.clone() for name, weight in weights.items()}


def stale_weights(generate: Generate, cond: Any, kept: Weights) -> Weights:
    """Weights that an evaluation had generated are used for training, step after step."""
    if not kept:
        with torch.no_grad():
            kept.update(generate(cond))  # HC204
    return dict(kept)


# --- BUILD: something that should learn does not belong to anybody


def requires_grad_false(model: nn.Module) -> torch.optim.Optimizer:
    """The hypernetwork was frozen together with the main network."""
    for _, parameter in generator_parameters(model):
        parameter.requires_grad_(False)  # HC115
    return torch.optim.Adam(model.parameters(), lr=1e-2)


def unregistered_tensor(model: nn.Module) -> torch.optim.Optimizer:
    """The embedding is a plain tensor: no module and no optimizer knows of it."""
    owner, last, values = take_embedding(model)
    setattr(owner, last, values.clone().requires_grad_())  # HC301
    return torch.optim.Adam(model.parameters(), lr=1e-2)


def nonleaf_embedding(model: nn.Module) -> torch.optim.Optimizer:
    """The embedding was cast after `requires_grad`, and is no leaf any more."""
    owner, last, values = take_embedding(model)
    setattr(owner, last, values.double().requires_grad_().float())  # HC302
    return torch.optim.Adam(model.parameters(), lr=1e-2)


def param_list(model: Any) -> torch.optim.Optimizer:
    """The trunk's layers lie in a plain list, where no module looks."""
    layers = list(model.trunk)
    del model.trunk
    model.trunk_layers = layers  # HC303
    model.trunk = functools.partial(functools.reduce, lambda h, layer: layer(h), layers)
    return torch.optim.Adam(model.parameters(), lr=1e-2)


def not_in_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """The optimizer got the main network's own parameters only."""
    own = [parameter for name, parameter in model.named_parameters() if name.startswith(OWN)]
    return torch.optim.Adam(own, lr=1e-2)  # HC304


def stale_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """A layer of the hypernetwork is built anew after the optimizer had taken the old one."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)  # HC305
    name, layer = first_linear(model)
    owner, last = owner_of(model, name)
    owner.register_module(last, nn.Linear(layer.in_features, layer.out_features))
    return optimizer


def lr_zero(model: nn.Module) -> torch.optim.Optimizer:
    """The learning rate was rounded down to nothing."""
    return torch.optim.Adam(model.parameters(), lr=0.0)  # HC502


# --- UPDATE: the three calls at the end of a step


def disconnected_loss(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """The loss is cut off and made to ask for gradients again: the error is gone, and so is the training."""
    loss.detach().requires_grad_().backward()  # HC206
    optimizer.step()
    optimizer.zero_grad()


def zero_grad_after_backward(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """The gradients are cleared before they are used."""
    loss.backward()
    optimizer.zero_grad()  # HC404
    optimizer.step()


def missing_zero_grad(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """The gradients of all steps add up."""
    loss.backward()  # HC405
    optimizer.step()


def step_missing(loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """Gradients are computed and never used."""
    loss.backward()  # HC503
    optimizer.zero_grad()


# --- what the mistakes above need


def output(main: nn.Module, x: Tensor) -> Tensor:
    """The output of a module, as a tensor."""
    y = main(x)
    assert isinstance(y, Tensor)
    return y


def generator_parameters(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """The hypernetwork's own parameters: all but the main network's."""
    return [(name, tensor) for name, tensor in model.named_parameters() if not name.startswith(OWN)]


def embedding_name(model: nn.Module) -> str | None:
    """The dotted name of the first learned embedding, or None where the model has none."""
    for name, _ in generator_parameters(model):
        if any("embedding" in part for part in name.split(".")):
            return name
    return None


def take_embedding(model: nn.Module) -> tuple[nn.Module, str, Tensor]:
    """Take the embedding out of the registered parameters: its owner, its name there, its values."""
    name = embedding_name(model)
    assert name is not None
    owner, last = owner_of(model, name)
    values = getattr(owner, last).detach().clone()
    delattr(owner, last)
    return owner, last, values


def first_linear(model: nn.Module) -> tuple[str, nn.Linear]:
    """The first linear layer of the hypernetwork, with its dotted name."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and module.bias is not None and not name.startswith(OWN):
            return name, module
    raise ValueError(f"{type(model).__name__} has 0 linear layers; 1 is needed")
