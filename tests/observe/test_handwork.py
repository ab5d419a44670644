"""Leaves that a program moves by hand: found by what was written into them, and of what that was computed."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypercheck.observe.frames import FrameReader  # noqa: E402
from hypercheck.observe.handwork import end_of_update, find_handwork, written  # noqa: E402
from hypercheck.observe.recorder import Recorder  # noqa: E402
from hypercheck.observe.tape import Tape  # noqa: E402


def fail(fault: BaseException) -> None:
    raise fault


@pytest.fixture
def tape():
    return Tape(FrameReader())


def leaf() -> torch.Tensor:
    return torch.randn(3, requires_grad=True)


def test_slow_weights_that_follow_fast_ones_are_moved_by_them(tape):
    slow, fast = leaf(), leaf()
    starts = []
    with Recorder(tape, fail):
        for _ in range(2):
            starts.append(len(tape.ops))
            slow.data.add_(0.5 * (fast.data - slow.data))
            (slow * 2).sum()

    found = find_handwork(tape, starts)

    assert {tape.object_of(slow)} == found.moved
    assert {tape.object_of(fast)} == found.movers


def test_one_copy_for_a_good_start_moves_nothing(tape):
    table, old = leaf(), leaf()
    with Recorder(tape, fail):
        with torch.no_grad():
            table[:2] = old[:2]
        (table * 2).sum()

    assert frozenset() == find_handwork(tape, [0]).moved


@pytest.mark.parametrize("update", ["clamp", "decay"])
def test_what_uses_the_own_numbers_alone_is_upkeep(tape, update):
    weight = leaf()
    starts = []
    with Recorder(tape, fail):
        for _ in range(3):
            starts.append(len(tape.ops))
            with torch.no_grad():
                weight.clamp_(-1, 1) if update == "clamp" else weight.mul_(0.9)

    assert frozenset() == find_handwork(tape, starts).moved


def test_an_update_by_a_gradient_is_written_and_ends_where_it_was_made(tape):
    weight, other = leaf(), leaf()
    with Recorder(tape, fail):
        (weight * other).sum()
        start = len(tape.ops)
        with torch.no_grad():
            weight -= 0.1 * torch.ones(3)
        end = len(tape.ops)
        (weight * 2).sum()

    assert {tape.object_of(weight)} == written(tape, start, frozenset(), beside_optimizers=False)
    assert end == end_of_update(tape, start)
