"""Watching leaves no trace: the numbers are the same to the bit, and torch is as it was."""

from __future__ import annotations

import gc
import weakref

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.optim.optimizer import (  # noqa: E402
    _global_optimizer_post_hooks,
    _global_optimizer_pre_hooks,
)
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack  # noqa: E402

import hypercheck  # noqa: E402


class Generated(nn.Module):
    """A linear layer whose weight is generated from a code."""

    def __init__(self) -> None:
        super().__init__()
        self.code = nn.Parameter(torch.randn(4))
        self.hyper = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6))
        self.drop = nn.Dropout(0.3)

    def forward(self, x):
        self.weight = self.hyper(self.code).view(2, 3)
        return self.drop(nn.functional.linear(x, self.weight))


class Doubled(torch.autograd.Function):
    """Twice its input."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad * 2


class Broken(nn.Module):
    """The same with the hand-over that cuts the gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.code = nn.Parameter(torch.randn(4))
        self.hyper = nn.Linear(4, 6)
        self.main = nn.Linear(3, 2)

    def forward(self, x):
        self.main.weight.data = self.hyper(self.code).view(2, 3)
        return Doubled.apply(self.main(x))


def train(kind, steps=7):
    """The whole state after a short training: losses, parameters, gradients, optimizer and random state."""
    torch.manual_seed(0)
    model = kind()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(steps):
        x = torch.randn(5, 3)
        loss = model(x).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach().clone())
    state = optimizer.state_dict()["state"]
    return {
        "losses": losses,
        "parameters": [p.detach().clone() for p in model.parameters()],
        "gradients": [torch.zeros(0) if p.grad is None else p.grad.clone() for p in model.parameters()],
        "optimizer": [state[key][name] for key in sorted(state) for name in sorted(state[key])],
        "random": [torch.get_rng_state()],
    }


def world():
    """The places of torch that are replaced or hooked while something is watched."""
    modules = nn.modules.module
    return {
        "Parameter.__new__": nn.Parameter.__dict__["__new__"],
        "Module.__setattr__": nn.Module.__dict__["__setattr__"],
        "Module.train": nn.Module.__dict__["train"],
        "Function.apply": torch.autograd.Function.__dict__.get("apply"),
        "autograd.backward": torch.autograd.backward,
        "autograd.grad": torch.autograd.grad,
        "Tensor.backward": torch.Tensor.backward,
        "Optimizer.__init__": torch.optim.Optimizer.__dict__["__init__"],
        "Optimizer.step": torch.optim.SGD.__dict__["step"],
        "GradScaler.step": torch.amp.GradScaler.__dict__["step"],
        "functional_call": torch.func.functional_call,
        "vmap": torch.func.vmap,
        "torch.save": torch.save,
        "torch.load": torch.load,
        "modes": tuple(_get_current_function_mode_stack()),
        "grad enabled": torch.is_grad_enabled(),
        "forward hooks": tuple(modules._global_forward_hooks),
        "forward pre-hooks": tuple(modules._global_forward_pre_hooks),
        "backward hooks": tuple(modules._global_backward_hooks),
        "always called": tuple(modules._global_forward_hooks_always_called),
        "registration": tuple(modules._global_parameter_registration_hooks),
        "step pre-hooks": tuple(_global_optimizer_pre_hooks),
        "step hooks": tuple(_global_optimizer_post_hooks),
    }


def changed(before, after):
    return [name for name in before if before[name] is not after[name] and before[name] != after[name]]


@pytest.mark.parametrize("kind", [Generated, Broken])
@pytest.mark.parametrize("options", [{}, {"steps": 1}, {"steps": 1, "every": 2}], ids=str)
def test_training_is_bit_equal_with_and_without_us(kind, options):
    expected = train(kind)
    with hypercheck.watch(**options):
        watched = train(kind)

    for name, tensors in expected.items():
        assert len(tensors) == len(watched[name])
        assert [True] * len(tensors) == [torch.equal(a, b) for a, b in zip(tensors, watched[name])], name


@pytest.mark.parametrize("kind", [Generated, Broken])
def test_everything_is_put_back_after_success(kind):
    before = world()
    with hypercheck.watch():
        train(kind)

    assert [] == changed(before, world())


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_everything_is_put_back_after(error):
    before = world()
    with pytest.raises(error), hypercheck.watch():
        train(Generated, steps=2)
        raise error

    assert [] == changed(before, world())


def test_everything_is_put_back_after_an_error_in_a_forward():
    before = world()
    with pytest.raises(RuntimeError), hypercheck.watch():
        Generated()(torch.zeros(5, 99))

    assert [] == changed(before, world())


def test_everything_is_put_back_after_an_error_in_a_backward():
    before = world()
    with pytest.raises(RuntimeError), hypercheck.watch():
        loss = Generated()(torch.zeros(5, 3)).sum()
        loss.backward()
        loss.backward()

    assert [] == changed(before, world())


def test_something_is_replaced_inside_of_the_block():
    before = world()
    with hypercheck.watch():
        inside = world()

    assert "Parameter.__new__" in changed(before, inside)
    assert "modes" in changed(before, inside)


@pytest.mark.parametrize("rounds", [3])
def test_watching_again_and_again_leaves_no_layers(rounds):
    before = world()
    for _ in range(rounds):
        with hypercheck.watch():
            train(Generated, steps=1)

    assert [] == changed(before, world())


def test_a_wrapper_that_the_user_puts_on_inside_of_the_block_stays():
    original = torch.autograd.backward
    with hypercheck.watch():
        inner = torch.autograd.backward

        def wrapper(*args, **kwargs):
            return inner(*args, **kwargs)

        torch.autograd.backward = wrapper
        train(Generated, steps=1)
    try:
        assert wrapper is torch.autograd.backward
        train(Generated, steps=1)
    finally:
        torch.autograd.backward = original


def test_activations_die_after_their_step():
    torch.manual_seed(0)
    model = Generated()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    references = []
    with hypercheck.watch(model, optimizer):
        for _ in range(3):
            hidden = model(torch.randn(5, 3))
            references.append(weakref.ref(hidden))
            loss = hidden.square().mean()
            references.append(weakref.ref(loss))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            del hidden, loss
            gc.collect()

            assert [None] * len(references) == [reference() for reference in references]


def test_activations_die_after_their_step_where_their_function_returns():
    torch.manual_seed(0)
    model = Generated()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step():
        hidden = model(torch.randn(5, 3))
        loss = hidden.square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return weakref.ref(hidden), weakref.ref(loss)

    with hypercheck.watch(model, optimizer):
        for _ in range(3):
            references = step()
            gc.collect()

            assert (None, None) == tuple(reference() for reference in references)


def test_the_model_dies_after_the_block():
    def watched():
        with hypercheck.watch() as report:
            model = Generated()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            model(torch.randn(5, 3)).sum().backward()
            optimizer.step()
        return report, weakref.ref(model)

    report, reference = watched()
    gc.collect()

    assert reference() is None
    assert report.findings is not None


class Counting(TorchFunctionMode):
    """A user's own mode, which counts the calls that it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        return func(*args, **(kwargs or {}))


def test_a_users_mode_hears_the_same_calls_with_and_without_us():
    with Counting() as alone:
        train(Generated)
    with Counting() as around, hypercheck.watch():
        train(Generated)
    with hypercheck.watch(), Counting() as inside:
        train(Generated)

    assert alone.calls == around.calls
    assert alone.calls == inside.calls


def test_a_users_mode_around_the_block_is_still_the_innermost_afterwards():
    with Counting() as mode:
        with hypercheck.watch():
            train(Generated, steps=1)

        assert [mode] == list(_get_current_function_mode_stack())
    assert [] == list(_get_current_function_mode_stack())
