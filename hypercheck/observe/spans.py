"""Sets of positions in a flat tensor, as ranges: what is cut out of a generator's output is a few of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor


class Spans:
    """Half-open ranges of positions, ascending, none touching another."""

    __slots__ = ("ends", "starts")

    def __init__(self, starts: Tensor, ends: Tensor) -> None:
        self.starts = starts
        self.ends = ends

    @classmethod
    def joined(cls, starts: Tensor, ends: Tensor) -> Spans:
        """The positions of any ranges, in any order, overlapping or not."""
        if len(starts) > 1:
            if not bool((starts[1:] >= starts[:-1]).all()):
                starts, order = starts.sort()
                ends = ends[order]
            reach = ends.cummax(0).values
            apart = starts[1:] > reach[:-1]
            if not bool(apart.all()):
                first = torch.ones(len(starts), dtype=torch.bool)
                first[1:] = apart
                starts, ends = starts[first], reach[first.roll(-1)]
        return cls(starts, ends)

    @classmethod
    def ranges(cls, ranges: Iterable[tuple[int, int]]) -> Spans:
        """The positions of ranges that are not empty, in any order, overlapping or not.

        >>> Spans.ranges([(7, 9), (0, 2), (2, 3)]).first()
        ((0, 3), (7, 9))
        """
        found: list[list[int]] = []
        for start, end in sorted(ranges):
            if found and start <= found[-1][1]:
                found[-1][1] = max(found[-1][1], end)
            else:
                found.append([start, end])
        starts, ends = torch.tensor(found, dtype=torch.long).reshape(-1, 2).unbind(1)
        return cls(starts, ends)

    @classmethod
    def of(cls, positions: Tensor) -> Spans:
        """The positions of a one-dimensional tensor, in any order, repeated or not.

        >>> Spans.of(torch.tensor([2, 0, 1, 7])).first()
        ((0, 3), (7, 8))
        """
        if not len(positions):
            return cls(positions.long(), positions.long())
        gaps = (positions[1:] - positions[:-1] != 1).nonzero().flatten()
        starts = torch.cat([positions[:1], positions[gaps + 1]]).long()
        ends = torch.cat([positions[gaps], positions[-1:]]).long() + 1
        return cls.joined(starts, ends)

    @classmethod
    def strided(cls, shape: Sequence[int], strides: Sequence[int], offset: int) -> Spans:
        """The positions that a strided view shows of its base.

        >>> Spans.strided((2, 3), (10, 1), 4).first()
        ((4, 7), (14, 17))
        """
        axes = sorted((stride, size) for size, stride in zip(shape, strides) if size > 1 and stride)
        length = 1
        while axes and axes[0][0] == length:
            length *= axes.pop(0)[1]
        starts = torch.tensor([offset])
        for stride, size in axes:
            starts = (torch.arange(size)[:, None] * stride + starts).flatten()
        return cls.joined(starts, starts + length)

    @classmethod
    def union(cls, parts: Iterable[Spans]) -> Spans:
        """The positions that are in any of them."""
        found = list(parts) or [cls.of(torch.empty(0))]
        if len(found) == 1:
            return found[0]
        return cls.joined(
            torch.cat([part.starts for part in found]), torch.cat([part.ends for part in found])
        )

    def __len__(self) -> int:
        return len(self.starts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Spans):
            return NotImplemented
        return torch.equal(self.starts, other.starts) and torch.equal(self.ends, other.ends)

    __hash__ = None  # type: ignore[assignment]

    @property
    def count(self) -> int:
        """How many positions there are."""
        return int((self.ends - self.starts).sum())

    def first(self, most: int = 64) -> tuple[tuple[int, int], ...]:
        """The first ranges as numbers."""
        return tuple(zip(self.starts[:most].tolist(), self.ends[:most].tolist()))

    def within(self, start: int, end: int) -> Spans:
        """The positions from `start` to before `end`, counted from `start`."""
        low = int(torch.searchsorted(self.ends, start, right=True))
        high = int(torch.searchsorted(self.starts, end))
        return Spans(
            (self.starts[low:high] - start).clamp(min=0), (self.ends[low:high] - start).clamp(max=end - start)
        )

    def both(self, other: Spans) -> Spans:
        """The positions that are in both."""
        if (
            not (len(self) and len(other))
            or self.ends[-1] <= other.starts[0]
            or other.ends[-1] <= self.starts[0]
        ):
            return Spans.ranges(())
        low = torch.searchsorted(other.ends, self.starts, right=True)
        counts = (torch.searchsorted(other.starts, self.ends) - low).clamp(min=0)
        mine = torch.repeat_interleave(torch.arange(len(self)), counts)
        begin = torch.repeat_interleave(counts.cumsum(0) - counts, counts)
        theirs = torch.repeat_interleave(low, counts) + torch.arange(len(mine)) - begin
        return Spans(
            torch.maximum(self.starts[mine], other.starts[theirs]),
            torch.minimum(self.ends[mine], other.ends[theirs]),
        )

    def others(self, total: int) -> Spans:
        """The positions below `total` that are not here."""
        starts = torch.cat([self.ends.new_zeros(1), self.ends])
        ends = torch.cat([self.starts, self.starts.new_full((1,), total)])
        wide = ends > starts
        return Spans(starts[wide], ends[wide])

    def rows(self, width: int) -> Spans:
        """The rows that the positions lie in, in a tensor whose rows have `width` elements."""
        return Spans.joined(self.starts // width, (self.ends - 1) // width + 1)

    def columns(self, width: int) -> Spans:
        """The columns that the positions lie in."""
        if bool((self.ends - self.starts >= width).any()):
            return Spans(torch.zeros(1, dtype=torch.long), torch.tensor([width]))
        start, end = self.starts % width, (self.ends - 1) % width + 1
        wraps = end <= start
        return Spans.joined(
            torch.cat([start, torch.zeros_like(start[wraps])]),
            torch.cat([torch.where(wraps, width, end), end[wraps]]),
        )
