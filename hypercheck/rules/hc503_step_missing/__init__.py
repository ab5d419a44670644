"""Backward passes fill gradients that no optimizer ever uses.

Finds:
Tensors that an optimizer holds and that get gradients again and again, while `step()` of that optimizer
is never called: a second optimizer whose step was forgotten, or a step behind a condition that is never
true.

Why it matters:
Making an optimizer and clearing its gradients is not enough. With one optimizer for the hypernetwork and
one for the main network, a missing line leaves the loss falling by the work of the other one.

Fix:
Step every optimizer:

    loss.backward()
    hyper_optimizer.step()
    main_optimizer.step()

or use one optimizer with two groups, which cannot be half forgotten.

Not found:
Judged over all the steps that were seen. Accumulation over more backward passes than that, or an
optimizer whose turn comes later, looks the same: raise `--steps`. Silent where the program applies the
gradients by itself, with `p.data -=` or `torch._foreach_add_`, and where a scaler skips the step (HC504).

Where it is meant, write `# hypercheck: ignore[HC503]` on the line of the backward pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, first_place, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Optimizers that are never stepped."""
    by_name: dict[str, list[int]] = {}
    for key, name in facts.never_stepped.items():
        by_name.setdefault(name, []).append(key)
    for name, keys in by_name.items():
        optimizer = next((item for item in facts.optimizers if item.name == name and not item.steps), None)
        if (
            facts.skipped_steps >= 3
            or facts.unused_backwards
            or optimizer is None
            or sum(len(step.backwards) for step in facts.steps) < 2
        ):
            continue
        names = tuple(facts.name(key) for key in keys)
        first = [facts.filled_at.get(key) for key in keys]
        place = first_place([*first, *(b.location for step in facts.steps for b in step.backwards)])
        yield RULE.finding(
            (),
            names[0],
            f"{name}.step() is never called: {listed(names)} get gradients and no update",
            "backward() only fills .grad; the parameters change in optimizer.step()",
            f"call {name}.step() after loss.backward()",
            victims=names,
            location=place,
            related=(optimizer.location.labelled("built here"),) if optimizer.location else (),
            seen=(f"{counted(len(names), 'tensor')} got gradients, and {name} made no step",),
            evidence={"tensors": list(names), "optimizer": name},
        )


RULE = Rule("HC503", "step-missing", Severity.ERROR, "after step", check, __doc__)
