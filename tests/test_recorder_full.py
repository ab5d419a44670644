"""HC904: a program that needs more than the recorder's room is trained to its end, and told about."""

from __future__ import annotations

import functools
import weakref

import pytest

torch = pytest.importorskip("torch")

import witness  # noqa: E402
from torch import nn  # noqa: E402

import hypercheck  # noqa: E402
from hypercheck.observe import session  # noqa: E402
from hypercheck.observe.tape import Tape  # noqa: E402

ROOM = 2000
"""Operations that are kept: the real room takes minutes to fill."""


@pytest.fixture
def tapes(monkeypatch) -> list[weakref.ref[Tape]]:
    """Gives recorders little room; the list tells which ones were made."""
    made = []

    def small(*args, **kwargs):
        tape = Tape(*args, **kwargs, budget=ROOM)
        made.append(weakref.ref(tape))
        return tape

    monkeypatch.setattr(session, "Tape", functools.wraps(Tape, updated=())(small))
    return made


def train(lengths: list[int], *, detached: bool = False) -> list[bytes]:
    """Unrolls a generated recurrent cell, in each step for so many times; gives the losses and parameters."""
    torch.manual_seed(0)
    hyper = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 16))
    read = nn.Linear(4, 1)
    code = nn.Parameter(torch.randn(3))
    optimizer = torch.optim.Adam([code, *hyper.parameters(), *read.parameters()], lr=1e-2)
    losses = []
    for length in lengths:
        weight = hyper(code).view(4, 4)
        if detached:
            weight = weight.detach()  # the fault
        state = torch.ones(4)
        for _ in range(length):
            state = torch.tanh(weight @ state)
        loss = (read(state) - 1).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return [witness.bits(item) for item in (*losses, code, *hyper.parameters(), *read.parameters())]


def test_a_first_step_that_does_not_fit_leaves_no_verdict(tapes):
    with hypercheck.watch() as report:
        train([ROOM, 3, 3])

    assert [("HC904", {"ends_in": "step 1"})] == [(item.code, item.evidence) for item in report.findings]
    assert "incomplete" == report.verdict
    assert 0 == report.data.steps_recorded


def test_what_was_recorded_before_a_step_that_does_not_fit_is_judged(tapes):
    with hypercheck.watch() as report:
        train([3, 3, ROOM, 3], detached=True)

    assert ["HC104", "HC904"] == [item.code for item in report.findings]
    assert report.data.steps_recorded


def test_the_step_that_does_not_fit_is_named(tapes):
    with hypercheck.watch() as report:
        train([3, 3, ROOM, 3])

    assert {"ends_in": "step 3"} == report.findings[0].evidence
    assert 2 == report.data.steps_recorded


def test_a_healthy_program_stays_healthy_when_the_room_ends(tapes):
    with hypercheck.watch() as report:
        train([3, 3, ROOM, 3])

    assert ["HC904"] == [item.code for item in report.findings]
    assert "ok" == report.verdict


def test_no_more_is_kept_than_there_is_room(tapes):
    with hypercheck.watch():
        train([3, 3 * ROOM, 3])
        kept = [len(tape.ops) for tape in (made() for made in tapes) if tape is not None]

    assert kept
    assert all(count <= ROOM + 1 for count in kept)


def test_training_does_not_notice_that_the_recorder_is_full(tapes):
    lengths = [3, ROOM, 3, 3]
    alone = train(lengths)
    with hypercheck.watch():
        watched = train(lengths)

    assert alone == watched


def test_a_program_that_fits_is_not_told_about(tapes):
    with hypercheck.watch() as report:
        train([3, 3, 3])

    assert [] == [item.code for item in report.findings]
