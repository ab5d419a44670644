"""A parameter group's learning rate is zero in every recorded step.

Finds:
A group of an optimizer that steps, with gradients, at `lr=0.0` in all recorded steps: a placeholder that
was left in a list of groups, a scheduler that multiplies by zero, a warm-up that never begins.

Why it matters:
The step is made, and every update is multiplied by zero. Weight decay is scaled by the learning rate as
well, so the parameters do not move at all. If it is the hypernetwork's group that is at zero, the main
network's other tensors go on training and nothing looks wrong in the loss.

Fix:
Give the group its rate:

    groups = [{"params": hyper.parameters(), "lr": 0.05}, {"params": main.parameters()}]
    optimizer = torch.optim.SGD(groups, lr=0.1)

and look at it where it counts: `[group["lr"] for group in optimizer.param_groups]`. With a scheduler,
note that `LambdaLR` sets the rate once when it is made, before the first step.

Not found:
A warm-up that starts at zero and rises within the recorded steps is silent. A very small rate is not
zero; see HC501.

Where it is meant, write `# hypercheck: ignore[HC502]` on the line that makes the optimizer.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import OptimizerFact, RunFacts
from hypercheck.findings import Finding, Location, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Parameter groups whose learning rate stays at zero."""
    rates: dict[int, set[float]] = {}
    for step in facts.steps:
        for update in step.updates:
            if update.learning_rate is not None:
                rates.setdefault(update.key, set()).add(update.learning_rate)
    judged: dict[str, list[int]] = {}
    by_optimizer: dict[str, dict[int, None]] = {}
    for step in facts.steps:
        for name in dict.fromkeys(update.optimizer for update in step.updates):
            judged.setdefault(name, []).append(step.step)
        for update in step.updates:
            if rates.get(update.key) == {0.0}:
                by_optimizer.setdefault(update.optimizer, {})[update.key] = None
    yield from _late(facts)
    told: dict[Location | None, tuple[OptimizerFact, dict[str, None]]] = {}
    for optimizer in facts.optimizers:
        still, steps = by_optimizer.get(optimizer.name, {}), judged.get(optimizer.name, [])
        keys = [key for key in optimizer.keys if still.pop(key, 0) is None]
        if keys and len(steps) >= 2 and facts.steps_seen >= 3:
            # The optimizers of several phases, built by one statement, have one fault.
            place = optimizer.rate_set_at or optimizer.added_at.get(keys[0]) or optimizer.location
            told.setdefault(place, (optimizer, {}))[1].update(dict.fromkeys(map(facts.name, keys)))
    for place, (optimizer, found) in told.items():
        names, steps = tuple(found), judged[optimizer.name]
        yield RULE.finding(
            tuple(steps),
            names[0],
            f"the learning rate of {listed(names)} is 0 on every recorded step",
            "a step of length 0 changes nothing, whatever the gradient",
            (
                "give the group a learning rate above 0 where it is added"
                if place in optimizer.added_at.values()
                else f"give the group a learning rate above 0 in {optimizer.kind}(...), "
                "or check the schedule that sets it"
            ),
            victims=names,
            location=place,
            seen=(f"lr = 0 on {counted(len(steps), 'recorded step')}",),
            evidence={"tensors": list(names), "optimizer": optimizer.name},
        )


def _late(facts: RunFacts) -> Iterator[Finding]:
    """Rates that a schedule brought down to 0 long before the training ended."""
    for optimizer in facts.optimizers:
        # A group that the program itself stops, by an assignment, is meant to stand still.
        stopped = {key for keys, _ in optimizer.late_zeros for key in keys}
        for keys, idle in optimizer.late_zeros:
            names = tuple(facts.name(key) for key in keys if key in facts.tensors)
            if not names or idle < max(3, optimizer.steps / 4):
                continue
            yield RULE.finding(
                (),
                names[0],
                f"the learning rate of {listed(names)} was 0 on the last {idle} of {optimizer.steps} steps",
                "the schedule comes down to 0 long before the training ends: the rest of it changes nothing",
                (
                    "count the schedule's length in the calls of scheduler.step(): "
                    "once per epoch, or as many steps as there are batches"
                ),
                # A schedule that stops a part of the network, and not the rest, may be meant to.
                severity=Severity.WARNING if stopped >= set(optimizer.keys) else Severity.NOTE,
                victims=names,
                location=optimizer.rate_set_at,
                seen=(f"lr = 0 since step {optimizer.steps - idle + 1} of {optimizer.name}",),
                evidence={"tensors": list(names), "optimizer": optimizer.name, "steps": idle},
            )


RULE = Rule("HC502", "lr-zero", Severity.ERROR, "after step", check, __doc__)
