"""A weight of the main network is not made of the outputs that belong to it.

Finds:
Slices of the hypernetwork's flat output that overlap, start at a wrong offset, or stand in a wrong order,
so that some numbers serve two weights and others none: `bias = theta[:3]` after `weight = theta[:12]`.
Both ranges are named. A weight whose values differ from the ones that were generated for it is reported
here too.

Why it matters:
Every slice of the right length runs. Two weights that share numbers are tied to each other, and pull the
same outputs in two directions; the outputs that were left out never learn. The network still trains, to a
worse result, and no shape is wrong.

Fix:
Let one call cut the vector, so that nothing can overlap:

    weight, bias = theta.split([12, 3])
    y = F.linear(x, weight.view(3, 4), bias)

For many tensors compute the sizes from the shapes:

    parts = theta.split([math.prod(shape) for shape in shapes.values()])
    weights = {name: part.view(shape) for part, (name, shape) in zip(parts, shapes.items())}

Not found:
Sharing on purpose is silent: tied layers that use one whole generated tensor twice, and kernels tiled
from one base kernel. A square weight that is transposed, or a reshape that mixes up two axes, gives a
legal network of its own and cannot be told from the intended one.

Where it is meant, write `# hypercheck: ignore[HC201]` on the line of the slice.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.persistence import persistent_usages
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import agreed, counted, span_text


def check(facts: RunFacts) -> Iterator[Finding]:
    """Weights that were cut from the wrong place of the hypernetwork's output."""
    for usage, steps in persistent_usages(facts):
        if not usage.overlaps or not usage.unused or usage.cropped:
            continue
        shared = sum(end - start for start, end in usage.overlaps)
        lost = usage.total - usage.used
        yield RULE.finding(
            steps,
            usage.source,
            (
                f"two weights share {agreed(shared, 'element', 'elements')} {span_text(usage.overlaps)} "
                f"of {usage.source}, while {span_text(usage.unused)} {agreed(lost, 'is', 'are')} used by none"
            ),
            (
                "overlapping slices tie numbers of different weights together: "
                "usually an offset that was not advanced"
            ),
            "advance the offset by the size of each piece, or cut once: torch.split(theta, sizes, dim=-1)",
            location=usage.overlap_at or usage.location,
            related=(usage.location.labelled("generated here"),) if usage.location else (),
            seen=(
                f"{counted(shared, 'element')} {agreed(shared, 'is', 'are')} read by two slices "
                "of different size",
                f"{lost:,} of {usage.total:,} {agreed(lost, 'is', 'are')} read by none",
            ),
            evidence={
                "overlaps": [list(s) for s in usage.overlaps],
                "unused": [list(s) for s in usage.unused],
                "total": usage.total,
            },
        )


RULE = Rule("HC201", "weight-mismatch", Severity.ERROR, "before backward", check, __doc__)
