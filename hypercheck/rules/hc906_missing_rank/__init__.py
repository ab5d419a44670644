"""A process of the distributed run left no facts.

Finds:
One of the processes that `torchrun` started on this machine ended without a word, or was still busy some
seconds after the first one had finished.

Why it matters:
The report is on the other processes only, and what happens on one rank alone can be missed.

Fix:
Look at the output of that process: most often it was killed. Start every process under hypercheck:

    torchrun --nproc-per-node 2 -m hypercheck run train.py

Not found:
Processes of other machines are not looked for: each machine could only tell of its own. Silence it with
`--ignore HC906`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """A note on the processes that are not part of the report."""
    if not facts.missing_ranks:
        return
    names = ", ".join(map(str, facts.missing_ranks))
    yield RULE.finding(
        (),
        f"rank {names}",
        f"rank {names} left no facts: this report is on {len(facts.ranks)} of the processes",
        "the process was killed, or had not finished when the first one did",
        "see its output, and run again",
        evidence={"ranks": list(facts.ranks), "missing": list(facts.missing_ranks)},
    )


RULE = Rule("HC906", "missing-rank", Severity.NOTE, "after step", check, __doc__)
