"""A step was longer than the recorder's room, and its rest was not recorded.

Finds:
A recorded step with more torch calls than the recorder keeps: long unrolled loops, ODE solvers, a
sequential pass over very many generated networks.

Why it matters:
The record is bounded so that the check cannot exhaust the memory of the machine. What came after the
bound was not recorded: a cut in there is not located, and the rules that needed it are marked "not
checked".

Fix:
Check a smaller step; faults of the link show at any size:

    hypercheck run train.py --batch-size 4 --horizon 10      # the script's own options

or let the generated networks run as one batch (`torch.bmm`, `torch.func.vmap`), which is faster as well.

Not found:
Gradients and updates are measured on every recorded step, whatever its length; only the way through the
program is cut short.

Silence it with `--ignore HC904`, or with `# hypercheck: ignore[HC904]` on the line where the record ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """A note that a step exceeded the recorder's room."""
    step = facts.not_observed.get("recorder-full")
    if step is not None:
        yield RULE.finding(
            (),
            "recorder",
            f"the recorder is full: {step} was not recorded to its end, and nothing is judged from there on",
            "the record is bounded so that the check cannot exhaust the memory of the machine",
            "check fewer or smaller steps: the script's own options for a shorter horizon, or --steps 2",
            evidence={"ends_in": step},
        )


RULE = Rule("HC904", "recorder-full", Severity.NOTE, "over steps", check, __doc__)
