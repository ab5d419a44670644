"""Sets of positions as ranges, against the same sets as masks."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from hypercheck.observe.spans import Spans  # noqa: E402

masks = st.integers(1, 40).flatmap(
    lambda size: st.tuples(*[st.lists(st.booleans(), min_size=size, max_size=size)] * 2)
)


def spans(mask: list[bool]) -> Spans:
    return Spans.of(torch.tensor([at for at, here in enumerate(mask) if here], dtype=torch.long))


def positions(part: Spans) -> list[int]:
    return [at for start, end in part.first(len(part)) for at in range(start, end)]


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(pair=masks, width=st.integers(1, 7))
def test_ranges_and_masks_agree(pair: tuple[list[bool], list[bool]], width: int) -> None:
    one, other = (spans(mask) for mask in pair)
    first, second = (set(positions(part)) for part in (one, other))

    assert [at for at, here in enumerate(pair[0]) if here] == positions(one)
    assert sorted(first & second) == positions(one.both(other))
    assert sorted(first | second) == positions(Spans.union([one, other]))
    assert [at for at in range(len(pair[0])) if at not in first] == positions(one.others(len(pair[0])))
    assert len(first) == one.count
    assert sorted({at // width for at in first}) == positions(one.rows(width))
    assert sorted({at % width for at in first}) == positions(one.columns(width))


@settings(max_examples=200, derandomize=True, deadline=None, database=None)
@given(
    shape=st.lists(st.integers(1, 4), min_size=3, max_size=3),
    strides=st.lists(st.sampled_from([0, 1, 2, 3, 5, 10]), min_size=3, max_size=3),
    offset=st.integers(0, 9),
)
def test_a_strided_view_shows_what_its_elements_say(
    shape: list[int], strides: list[int], offset: int
) -> None:
    view = torch.arange(200).as_strided(shape, strides, offset)

    assert sorted(set(view.flatten().tolist())) == positions(Spans.strided(shape, strides, offset))
