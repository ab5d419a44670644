"""The hypernetwork's own parameters were frozen, while an optimizer still tries to train them.

Finds:
`hyper.requires_grad_(False)`, `parameter.requires_grad = False`, or a switch such as
`torch.set_grad_enabled(False)` that was never turned back on, when the loss depends on generated weights
and the optimizer that steps holds the frozen tensors.

Why it matters:
A frozen parameter gets no `.grad`, and optimizers pass over parameters without one. Nothing raises as
long as anything else in the loss requires grad. Freezing is often meant for a while only (the other half
of an alternating scheme, an evaluation, a warm-up), and one path back is forgotten.
`torch.set_grad_enabled(False)` acts as soon as it is called, and lasts: outside of a `with` nobody
restores it.

Fix:
Unfreeze where the phase ends, whatever happens in between:

    hyper.requires_grad_(False)
    try:
        value = criterion().item()
    finally:
        hyper.requires_grad_(True)

An evaluation needs no freezing at all:

    with torch.no_grad():
        value = criterion().item()

Not found:
Silent for networks that are frozen and that no stepping optimizer holds, for adapters on a frozen base,
for parts that thaw within the recorded steps, and for GAN-like schemes in which each half is frozen while
the other one learns.

Where it is meant, write `# hypercheck: ignore[HC115]` on the line that freezes, or leave the frozen
tensors out of the optimizer.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, cut_findings, learned, listed, starved_since


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generators that were frozen and never thawed, and optimizers with nothing but frozen tensors."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"autograd was switched off here and never on again, so {cut.source} gets no gradient",
        "the switch lasts until the next one: no operation after it records a grad_fn",
        lambda cut: "use the switch as a block, which puts it back: with torch.set_grad_enabled(False):",
    )
    idle = list(_idle_optimizers(facts))
    yield from idle
    told = {name for finding in idle for name in finding.victims}
    yield from (finding for finding in _partly_frozen(facts) if not told.issuperset(finding.victims))
    fed = learned(facts)
    frozen_steps = [
        step for step in facts.steps if step.whole_generator_frozen and not set(step.frozen) & fed
    ]
    if frozen_steps and len(frozen_steps) == len([step for step in facts.steps if step.updates]):
        last = frozen_steps[-1]
        keys = [
            key for key in last.frozen if not (facts.tensors[key].loaded if key in facts.tensors else False)
        ]
        if keys:
            names = tuple(facts.name(key) for key in keys)
            yield RULE.finding(
                tuple(step.step for step in frozen_steps),
                names[0],
                f"everything that generates weights is frozen: {listed(names)}",
                (
                    "a tensor with requires_grad=False gets no gradient, "
                    "and an optimizer passes over it without a word"
                ),
                (
                    "leave requires_grad=True on the generator's parameters (freeze "
                    "only the network that is to stay as it is)"
                ),
                victims=names,
                location=last.frozen_at,
                seen=(
                    f"{counted(len(names), 'tensor')} of the generator stand in the optimizer "
                    "with requires_grad=False",
                ),
                evidence={"frozen": len(names)},
            )


def _partly_frozen(facts: RunFacts) -> Iterator[Finding]:
    """Parts of a generator that a switch caught, or forgot, while the rest goes on learning."""
    stepping = [step for step in facts.steps if step.updates]
    due = [step for step in stepping if any(update.frozen for update in step.updates)]
    if not due:
        return
    fed, late = learned(facts), starved_since(facts)
    left = [key for key in due[-1].left_frozen if key in late]
    asleep = [key for key in due[-1].frozen if key in late and key not in left] if not left else []
    never = [key for key in due[-1].left_frozen if key not in fed] if not left else []
    half = (
        []
        if due[-1].whole_generator_frozen
        else [key for key in due[-1].half_frozen if key not in fed and _never_loaded(facts, key)]
    )
    for keys, severity, why, fix in (
        (
            asleep,
            Severity.NOTE,
            "it learned before: a phase of the training, or a switch that was forgotten",
            "where it was forgotten, thaw it again: for p in net.parameters(): p.requires_grad_(True)",
        ),
        (
            never,
            Severity.NOTE,
            "the statement that freezes them is made undone, again and again, for others only",
            "if they are to learn, thaw them as well: for p in net.parameters(): p.requires_grad_(True)",
        ),
        (
            left,
            Severity.ERROR,
            "the statement that freezes them is made undone for others only, so they stay frozen for good",
            "thaw the very tensors that were frozen: for p in net.parameters(): p.requires_grad_(True)",
        ),
        (
            half,
            Severity.ERROR,
            "their modules are half frozen: what stands beside them learns, and they keep their random start",
            "leave requires_grad=True on the generator; freeze by module, not by a part of a name",
        ),
    ):
        if keys and len(due) >= 3:
            names = tuple(facts.name(key) for key in keys)
            yield RULE.finding(
                tuple(step.step for step in due if set(keys) & set(step.frozen)),
                names[0],
                f"{listed(names)} of the generator are frozen while the optimizer goes on stepping them",
                why,
                fix,
                severity=severity,
                victims=names,
                location=due[-1].frozen_at,
                seen=(f"{counted(len(names), 'tensor')} in the optimizer with requires_grad=False",),
                evidence={"frozen": len(names)},
            )


def _never_loaded(facts: RunFacts, key: int) -> bool:
    return key in facts.tensors and not facts.tensors[key].loaded


def _idle_optimizers(facts: RunFacts) -> Iterator[Finding]:
    """Optimizers that, to the end, stepped frozen tensors only: they had stepped live ones, or others had."""
    fed = learned(facts)
    for optimizer in {item.name: item for item in facts.optimizers}.values():
        stepped = [
            (step.step, [update for update in step.updates if update.optimizer == optimizer.name])
            for step in facts.steps
        ]
        stepped = [(number, updates) for number, updates in stepped if updates]
        idle = [number for number, updates in stepped if all(update.frozen for update in updates)]
        if (
            len(idle) < 2
            or idle != [number for number, _ in stepped][-len(idle) :]
            or (len(idle) == len(stepped) and not all(update.key in fed for update in stepped[-1][1]))
        ):
            continue
        names = tuple(facts.name(update.key) for update in stepped[-1][1])
        place = next((step.frozen_at for step in reversed(facts.steps) if step.frozen_at), None)
        yield RULE.finding(
            tuple(idle),
            names[0],
            f"{optimizer.name} steps, and everything that it holds is frozen: {listed(names)}",
            "a switch of requires_grad that is never put back freezes the tensors for all later steps",
            "set requires_grad_(True) again as soon as the other network's backward is done",
            victims=names,
            location=place or optimizer.location,
            seen=(f"frozen on {counted(len(idle), 'recorded step')} to the last",),
            evidence={"optimizer": optimizer.name, "tensors": list(names)},
        )


RULE = Rule("HC115", "requires-grad-false", Severity.ERROR, "before backward", check, __doc__)
