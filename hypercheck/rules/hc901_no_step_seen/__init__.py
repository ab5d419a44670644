"""No training step was seen, so nothing could be judged.

Finds:
A run that ended without a backward pass, or a function handed to `check` that never called one.

Why it matters:
A tool that saw nothing must not say that all is well. The rules are marked "not checked", and the exit
status is 2.

Fix:
Let the program reach a step:

    hypercheck run train.py --epochs 1           # the script's own options follow its name
    hypercheck check model.py::train_step        # a function that runs one step and returns the loss

If the training happens in a child process, in a notebook or behind a cluster's launcher, put the recorder
around the loop there:

    with hypercheck.watch(model, optimizer) as report:
        train(model, optimizer)

Not found:
Steps of other frameworks, and steps in processes that were started by other means than `multiprocessing`,
are not seen. This is no fault of the program; ignore it with `--ignore HC901`, or for one place with
`# hypercheck: ignore[HC901]`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """A note that no training step was seen."""
    if not facts.steps and not facts.not_observed and not facts.instruments:
        yield RULE.finding(
            (),
            "the training",
            "no training step was seen, so nothing was judged",
            "a step is a backward pass and an update, in this process, while the watch is on",
            "let the program reach a step, or put hypercheck.watch() around the loop where it runs",
        )


RULE = Rule("HC901", "no-step-seen", Severity.NOTE, "over steps", check, __doc__)
