"""Parameters are sharded: each process holds and measures only its part.

Finds:
Parameters that `fully_shard` (FSDP2) or tensor parallelism has split over the processes.

Why it matters:
The whole of such a tensor is put together for the time of a forward or backward pass and then freed. A
gradient that is exactly zero is judged on the parts only, so a dead row or a dead tensor can be missed, and
parts of different processes cannot be compared with each other.

Fix:
Nothing is wrong. To check the hypernetwork closely, run a small configuration without sharding; its links
do not depend on it.

Not found:
Tensors that every process holds whole are not meant. Silence it with `--ignore HC907`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted


def check(facts: RunFacts) -> Iterator[Finding]:
    """A note on sharded parameters."""
    if not facts.sharded:
        return
    count = counted(len(facts.sharded), "parameter")
    yield RULE.finding(
        (),
        facts.sharded[0],
        f"{count} are sharded: each process measured its own part",
        "no process holds the whole tensor outside of a forward or backward pass",
        "check a small configuration without sharding for dead rows and for differences between ranks",
        evidence={"tensors": list(facts.sharded)},
    )


RULE = Rule("HC907", "sharded-parameters", Severity.NOTE, "before step", check, __doc__)
