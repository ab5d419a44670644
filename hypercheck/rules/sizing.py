"""Why a generator makes more numbers than its main network needs, where the numbers give it away."""

from __future__ import annotations

from itertools import pairwise

from hypercheck.facts import UsageFact


def likely_reason(usage: UsageFact) -> str:
    """The mistake whose arithmetic gives just this total, or ''.

    A main network of layers d0-d1-…-dn needs the sum of d(i)*d(i+1); the product of pairwise products, or of
    all the layer sizes, is a common slip.
    """
    sizes = _layer_sizes(usage.slots)
    if len(sizes) >= 3:
        product = 1
        for size in sizes:
            product *= size
        if usage.total == product:
            made = f"{usage.total:,} is the product {'*'.join(map(str, sizes))} of all layer sizes"
            return f"{made}; the weights need the sum {' + '.join(f'{a}*{b}' for a, b in pairwise(sizes))}"
    if usage.chunk:
        needed = -(-usage.used // usage.chunk)
        count = usage.total // usage.chunk
        if count > needed:
            return f"{count} chunks of {usage.chunk} are generated, and {needed} are enough"
    return ""


def sizing_advice(usage: UsageFact) -> str:
    """The size to generate instead."""
    if usage.chunk:
        return f"number of chunks = math.ceil({usage.used} / {usage.chunk}) = {-(-usage.used // usage.chunk)}"
    rows = usage.shape[0] if len(usage.shape) > 1 else 1
    return f"generate {usage.used // max(rows, 1):,} outputs: sum(w.numel() for w in main.parameters())"


def is_padding(usage: UsageFact) -> bool:
    """Whether each row is cropped to what is needed of it: to a start of its own, or to a block of its own.

    The row is as long as the longest start, or as high and as wide as the largest blocks.
    """
    if usage.total < 2 * usage.width or usage.total % usage.width:
        return False
    unused: dict[int, list[tuple[int, int]]] = {}
    for start, end in usage.unused:
        row = start // usage.width
        if end > (row + 1) * usage.width:
            return False
        unused.setdefault(row, []).append((start - row * usage.width, end - row * usage.width))
    blocks = [_block(usage.width, spans) for spans in unused.values()]
    found = [block for block in blocks if block is not None]
    if len(found) < len(blocks):
        return False
    whole = not usage.idle_columns
    lines = {line for _, _, line in found if line < usage.width} or {usage.width}
    high = max(height for height, _, _ in found) * min(lines) >= usage.width
    wide = max(columns for _, columns, _ in found) >= min(lines)
    return len(lines) == 1 and (whole or (high and wide))


def _block(width: int, unused: list[tuple[int, int]]) -> tuple[int, int, int] | None:
    """Height and width of the upper left block that is left of a row of lines, and the length of a line.

    >>> _block(12, [(7, 12)]), _block(12, [(3, 4), (7, 12)]), _block(12, [(5, 6)]), _block(12, [(0, 12)])
    ((1, 7, 12), (2, 3, 4), None, None)
    """
    start, line = unused[0]
    height, cut = len(unused), line - start
    corners = [(number * line - cut, number * line) for number in range(1, height)]
    last = (height * line - cut, width)
    if not start or unused != [*corners, last] or width % line:
        return None
    return height, start, line


def shapes_text(shapes: tuple[tuple[int, ...], ...], most: int = 4) -> str:
    """Shapes in brackets, the first few.

    >>> shapes_text(((2, 3), (4,)))
    '[2, 3], [4]'
    """
    shown = ["[" + ", ".join(map(str, shape)) + "]" for shape in dict.fromkeys(shapes)]
    return ", ".join(shown[:most]) + (", …" if len(shown) > most else "")


def _layer_sizes(shapes: tuple[tuple[int, ...], ...]) -> list[int]:
    """The widths of a chain of two-dimensional weights [out, in], first input first."""
    weights = [shape for shape in shapes if len(shape) == 2]
    if not weights:
        return []
    for flip in (False, True):
        pairs = [(shape[0], shape[1]) if flip else (shape[1], shape[0]) for shape in weights]
        chain = [*pairs[0]]
        for start, end in pairs[1:]:
            if start != chain[-1]:
                break
            chain.append(end)
        else:
            return chain
    return []
