"""Part of the hypernetwork's output is never used.

Finds:
Elements of a generated vector, or whole chunks of it, that no weight reads in any recorded step. Count,
share and ranges are named. The classic is a size computed as the product of all layer widths,
`4 * 8 * 3`, in place of the sum of the products of neighbours, `4 * 8 + 8 * 3`.

Why it matters:
The rows of the head that make unused numbers get a gradient of exactly zero, and so do chunk embeddings
whose chunk is never read. They cost memory and time in each step, Adam keeps two more numbers for every
one of them, and they make the model look larger than it is. A share of nine tenths is common with the
product in place of the sum. Sometimes it is the other way round: the main network should have read them.

Fix:
Count what the main network needs, and generate that:

    size = sum(parameter.numel() for parameter in main.parameters())
    self.head = nn.Linear(width, size)

With chunks, round up once: `chunks = -(-size // chunk_length)`; fewer than `chunk_length` numbers are
then left over.

Not found:
The surplus of the last chunk is silent, and so is what is cut off from an output generated at the largest
size for several layers, and all but the last row of a sequence. Outputs that are used in some steps only
(tasks, experts, architectures of several sizes) are counted over all recorded steps; if a part comes to
use later, record more with `--steps`.

Where it is meant, write `# hypercheck: ignore[HC203]` on the line that generates.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts, UsageFact
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import place
from hypercheck.rules.persistence import persistent_usages
from hypercheck.rules.rule import Rule
from hypercheck.rules.sizing import is_padding, likely_reason, shapes_text, sizing_advice
from hypercheck.rules.starvation import listed, span_text


def check(facts: RunFacts) -> Iterator[Finding]:
    """Outputs of the hypernetwork that nothing reads."""
    rows: dict[tuple[str, int], list[tuple[UsageFact, tuple[int, ...]]]] = {}
    for usage, steps in persistent_usages(facts):
        if usage.one_row and usage.used < usage.total and not usage.overlaps:
            rows.setdefault(place(usage.sized_at), []).append((usage, steps))
            continue
        left = usage.total - usage.used
        if not left or usage.overlaps:
            continue
        share = left / usage.total
        tail = len(usage.unused) == 1 and usage.unused[0][1] == usage.total
        if usage.cropped or (usage.chunk and tail and left < usage.chunk) or is_padding(usage):
            continue
        severity = Severity.WARNING if share >= 0.005 else Severity.NOTE
        at = usage.left_at or usage.sized_at or usage.location
        yield RULE.finding(
            steps,
            usage.source,
            f"{left:,} of {usage.total:,} outputs ({100 * share:.1f} %) of {usage.source} are never used",
            *_why_and_fix(usage),
            severity=severity,
            location=at,
            related=(usage.location.labelled("generated here"),) if usage.location not in (at, None) else (),
            seen=(
                f"never read: elements {span_text(usage.unused)}",
                f"read: {usage.used:,} elements, by weights of shape {shapes_text(usage.slots)}",
            ),
            evidence={
                "unused": left,
                "total": usage.total,
                "unused_share": round(share, 6),
                "ranges": [list(s) for s in usage.unused],
            },
        )

    for group in rows.values():
        yield _one_row(group)


def _why_and_fix(usage: UsageFact) -> tuple[str, str]:
    if usage.left_at is not None:
        return (
            "a part of them is cut out by this statement, and nothing reads it: it gets no gradient",
            "hand this part to the layer that it was generated for, or generate that much less",
        )
    return (
        likely_reason(usage)
        or "outputs that no weight reads get no gradient: they cost memory and time and never learn",
        sizing_advice(usage),
    )


def _one_row(group: list[tuple[UsageFact, tuple[int, ...]]]) -> Finding:
    """A batch of weights of which the same row serves for all samples."""
    usage, steps = group[0]
    names = tuple(dict.fromkeys(other.source for other, _ in group))
    batch = usage.total // max(1, usage.used)
    return RULE.finding(
        steps,
        usage.source,
        f"one row of {listed(names)} is used for all samples, and the other {batch - 1} are not",
        "a row is generated for each sample from its own data; the rows that nothing reads never count",
        "use the row that belongs to the sample, or generate one row only",
        location=usage.sized_at or usage.location,
        related=(usage.location.labelled("generated here"),) if usage.location else (),
        seen=(f"never read: elements {span_text(usage.unused)}",),
        evidence={"total": usage.total, "unused": usage.total - usage.used},
    )


RULE = Rule("HC203", "unused-output", Severity.WARNING, "before backward", check, __doc__)
