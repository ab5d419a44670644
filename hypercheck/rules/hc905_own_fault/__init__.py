"""An instrument of hypercheck failed, and recording stopped there.

Finds:
An exception inside of hypercheck itself. It was caught, your program went on, and the instrument was
taken off. The report tells it in its own place (`internal_errors` in JSON), and never as a finding.

Why it matters:
The fault is ours, not yours: losses, parameters and random numbers are the same as without hypercheck.
But what the instrument would have seen is missing, so the rules that rely on it are marked "not checked"
and the verdict is "incomplete".

Fix:
Run again with the traceback, and report it together with the JSON output:

    hypercheck run --debug --format json=report.json train.py

Not found:
A fault that raises nothing is not noticed here. Exceptions of your own program are never reported under
this code: they are shown as Python shows them.

Silence it with `--ignore HC905`, or with `# hypercheck: ignore[HC905]` on the line that is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """A note that an instrument of hypercheck failed."""
    yield from ()


RULE = Rule("HC905", "own-fault", Severity.NOTE, "over steps", check, __doc__)
