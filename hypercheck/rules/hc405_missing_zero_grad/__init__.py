"""Gradients are never cleared, so every step adds to the sum of all steps before.

Finds:
Tensors whose `.grad` still holds the last step's gradient when the next backward pass begins, after the
optimizer has already stepped with it, in every recorded step.

Why it matters:
`backward()` adds to `.grad`. Without clearing, the tenth step follows the sum of ten gradients, nine of
which were taken at other parameters. It acts like a momentum that never fades: quick at first, then
unstable. In a hypernetwork the gradient is already large, since every output of the main network passes
through one small embedding.

Fix:
One line, before the backward pass:

    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

If the tensors belong to several optimizers, each of them, or the model, has to be cleared.

Not found:
Gradient accumulation is silent: there several backward passes lead to one step, and the gradients are
cleared after it. Tensors that no optimizer holds are not counted here; see HC301, HC303 and HC304.

Where it is meant, write `# hypercheck: ignore[HC405]` on the line of the backward pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, first_place, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Gradients that are never cleared between two steps."""
    judged = [step for step in facts.steps if step.updates and step.backwards]
    keys: dict[int, list[int]] = {}
    due: dict[int, list[int]] = {}
    for step in judged:
        for update in step.updates:
            if update.gradient == "ok":
                due.setdefault(update.key, []).append(step.step)
                if update.carried:
                    keys.setdefault(update.key, []).append(step.step)
    late = [key for key, steps in keys.items() if len(steps) >= 2 and set(due[key][1:]) <= set(steps)]
    if late:
        names = tuple(facts.name(key) for key in late)
        yield RULE.finding(
            tuple(keys[late[0]]),
            names[0],
            f"the gradients of {listed(names)} are never cleared between steps",
            "backward() adds to .grad: each step moves along the sum of all gradients since the start",
            "call optimizer.zero_grad() once per step, before backward()",
            victims=names,
            location=first_place(
                [b.location for step in judged if step.step in keys[late[0]] for b in step.backwards]
            ),
            seen=(
                f".grad was filled already when the backward of {counted(len(keys[late[0]]), 'step')} began",
            ),
            evidence={"tensors": list(names)},
        )


RULE = Rule("HC405", "missing-zero-grad", Severity.WARNING, "before step", check, __doc__)
