"""Weights that were generated before an update were used again after it.

Finds:
A generated tensor that is kept across steps, in a cache, an attribute or a variable outside of the loop,
and enters the loss of a later step although the hypernetwork has been updated since.

Why it matters:
The main network then computes with weights of an older hypernetwork. With `retain_graph=True` the old
graph goes on delivering gradients, taken at values that are no longer there: the hypernetwork changes
from step to step, and the weights that it made do not. Without `retain_graph` torch raises "Trying to
backward through the graph a second time", and the usual way to silence that, `.detach()`, is HC104.

Fix:
Generate in every step, inside of the loop:

    for x, y in loader:
        weight = hyper(condition)
        loss = criterion(main(x, weight), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

If generation is expensive, use the weights for several batches *between* two updates: add up their
losses, and call `backward()` once.

Not found:
Silent for gradient accumulation (several backward passes, then one update), for weights kept for
evaluation, for regularisers against the weights of earlier tasks, and for recurrent states that are
carried over and detached.

Where it is meant, write `# hypercheck: ignore[HC204]` on the line that generates.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts, StaleFact
from hypercheck.findings import Finding, Severity
from hypercheck.rules.persistence import fresh_elsewhere
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights of an earlier step that are used again."""
    steps_of: dict[str, list[int]] = {}
    last: dict[str, StaleFact] = {}
    for step in facts.steps:
        for stale in step.stale:
            steps_of.setdefault(stale.source, []).append(step.step)
            last[stale.source] = stale
    judged = [step for step in facts.steps if step.updates]
    for source, steps in steps_of.items():
        stale = last[source]
        if len(steps) < 2 or any(
            fresh_elsewhere(step, stale) for step in judged[1:] if step.step >= steps[0]
        ):
            continue
        names = tuple(facts.name(key) for key in stale.victims)
        yield RULE.finding(
            tuple(steps),
            source,
            f"{source} was generated once and is used again after the generator was updated",
            (
                "a weight that is not generated anew keeps the numbers of an old generator: "
                "the updates never reach the main network"
            ),
            "generate the weights inside of the training step, before each forward, and drop what an "
            "evaluation has kept when training goes on",
            victims=names,
            location=stale.location,
            related=(stale.used_at,) if stale.used_at else (),
            seen=(
                f"generated in step {stale.made_in_step}, still used in step {steps[-1]}",
                f"{listed(names)} changed in between",
            ),
            evidence={"made_in_step": stale.made_in_step, "used_in_steps": steps},
        )


RULE = Rule(
    "HC204",
    "stale-weights",
    Severity.ERROR,
    "before backward",
    check,
    __doc__,
    explains=("HC104", "HC105", "HC106"),
)
