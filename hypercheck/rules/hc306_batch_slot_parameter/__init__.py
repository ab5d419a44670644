"""A trainable tensor has one entry per position in the batch.

Finds:
A Parameter whose first axis is as long as the batch and is combined with it entry by entry, such as one
activation slope per group in a network that runs a batch of generated networks as groups:
`nn.Parameter(torch.ones(batch, 1))`. Also a table of codes, one for each sample of the data, that is looked
up by the position in the batch (`codes[:len(x)]`, `codes(torch.arange(len(x)))`).

Why it matters:
Which sample stands at which position is chance. Entry 7 learns from whatever came seventh, so the output
for a sample depends on its place in the batch, evaluation with another batch size fails or is cut short,
and the last incomplete batch of an epoch raises a shape error, which then gets "repaired" with
`drop_last`.

Fix:
Share it over the batch:

    self.beta = nn.Parameter(torch.ones(1, 1))

or, if every sample should have its own, let the hypernetwork generate it from the sample's condition.

Not found:
A batch size that happens to equal a number of features, tasks or tokens is told apart by the axis it
meets; where only one batch size is ever seen and the axes are ambiguous, nothing is said. Only
tensors that meet the outputs of a batch of generated networks are looked at. Where the first rows of a
longer table are taken, as for some of many tasks, it is told only if a sample is seen to change its
place. Full-batch training with one learned vector per data point (auto-decoders, one embedding per
instance) is silent: the same samples stand in the same places in each step.

Where it is meant, write `# hypercheck: ignore[HC306]` on the line that makes the tensor.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import BatchSlot, RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import shape
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """Trainable tensors that are indexed by the position in the batch."""
    found: dict[int, list[tuple[int, BatchSlot]]] = {}
    for step in facts.steps:
        for slot in step.health.batch_slots:
            found.setdefault(slot.key, []).append((step.step, slot))
    for key, seen in found.items():
        marks = {slot.data_mark for _, slot in seen}
        if len(seen) < 2 or len(marks) < len(seen):  # the same samples again: a place may well be a sample
            continue
        tensor, slot = facts.tensors.get(key), seen[-1][1]
        name, lengths = facts.name(key), shape(tensor.shape) if tensor is not None else "?"
        first = bool(slot.rows)
        if first and not _wanders([slot.rows for _, slot in seen]):
            continue  # a row may well be a task, or an agent, with data of its own in each step
        yield RULE.finding(
            tuple(step for step, _ in seen),
            name,
            f"the first {slot.batch} rows of {name} serve for whatever {slot.batch} samples the batch holds"
            if first
            else f"{name} has one entry for each of the {slot.batch} positions in the batch",
            (
                "which sample stands where is chance, so an entry learns from whatever came there, "
                "and a sample's output depends on its place"
            ),
            f"look the rows up by the number that each sample has in the data: {name}[index]"
            if first
            else f"give {name} a length of 1 on the batch's axis, or generate it from the conditions",
            victims=(name,),
            location=slot.location,
            related=(slot.used_at.labelled("meets the batch here"),) if slot.used_at is not None else (),
            seen=(
                f"{name} has shape {lengths}, and rows 0 to {slot.batch - 1} are taken in each step, while "
                "the same sample stands in other places of the batch in other steps"
                if first
                else f"{name} has shape {lengths}: it meets the outputs of {slot.batch} generated networks",
                f"the batch held other samples in each of {len(seen)} recorded steps",
            ),
            evidence={"tensor": name, "batch": slot.batch, "steps": len(seen)},
        )


def _wanders(steps: list[tuple[tuple[str, ...], ...]]) -> bool:
    """Whether a row of data, unlike all others of its batch, comes again in another place."""
    places: dict[tuple[int, str], int] = {}
    for batches in steps:
        for turn, rows in enumerate(batches):
            for at, row in enumerate(rows):
                if rows.count(row) == 1 and places.setdefault((turn, row), at) != at:
                    return True
    return False


RULE = Rule("HC306", "batch-slot-parameter", Severity.WARNING, "before backward", check, __doc__)
