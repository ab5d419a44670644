"""The optimizer's step is skipped again and again.

Finds:
`GradScaler.step(optimizer)` that finds Inf or NaN and does not call the optimizer, or a guard of your own
around `optimizer.step()` that rejects the gradients, in all or nearly all recorded steps. Also any other
condition in front of the step that is not met any more, so that most gradients are cleared unused.

Why it matters:
Skipping is silent by design. A scaler halves its scale after each overflow and tries again, so the first
few steps of a run may be lost, and many of them if it starts far too high. If the gradients are infinite
for another reason, the scale sinks for ever and no step is made at all.

Fix:
Start from a scale that fits (the default is 2**16):

    scaler = torch.amp.GradScaler("cuda")

and look for the reason: `scaler.get_scale()` after each update, `torch.isfinite(p.grad).all()` after
`scaler.unscale_(optimizer)`. bfloat16 needs no scaler.

Not found:
A few skipped steps at the beginning are a scaler's normal search, and are silent when a step follows.
Skips that depend on the data, now and then, are silent.

Where it is meant, write `# hypercheck: ignore[HC504]` on the line of the step.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, first_place


def check(facts: RunFacts) -> Iterator[Finding]:
    """Optimizer steps that are skipped again and again."""
    if facts.skipped_steps >= 3:
        place = first_place([b.location for step in facts.steps for b in step.backwards])
        yield RULE.finding(
            (),
            "the optimizer step",
            f"the optimizer step was skipped {facts.skipped_steps} times in a row",
            "a GradScaler or a guard skips the step whenever a gradient or the loss is not finite",
            "find the first NaN or Inf, or lower the scale or the learning rate",
            location=facts.skipped_at or place,
            seen=(
                f"{counted(facts.skipped_steps, 'backward pass', 'backward passes')} in a row "
                "with a loss or a gradient that is not finite, and no step",
            ),
            evidence={"skipped": facts.skipped_steps},
        )
    elif facts.unused_backwards and facts.stepped_at:
        count = facts.unused_backwards
        yield RULE.finding(
            (),
            "the optimizer step",
            f"the gradients of {count} backward passes were cleared again, with no optimizer step in between",
            "a condition in front of the step is not met any more, and what was computed changes nothing",
            "look at the condition that guards this step, and tell how often it is not met",
            location=facts.stepped_at,
            seen=(f"{count} backward passes by the statement that led to steps before, and no step",),
            evidence={"unused": count},
        )


RULE = Rule("HC504", "skipped-step", Severity.WARNING, "after step", check, __doc__)
