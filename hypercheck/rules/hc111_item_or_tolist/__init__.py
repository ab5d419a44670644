"""Generated values became Python numbers and came back as constants.

Finds:
`.item()`, `.tolist()` or `float(tensor)`, whose numbers later enter a tensor or an operation on the way
to the loss: `torch.tensor(weights.tolist())`, `layer.weight * gain.item()`. Where the numbers were changed
on their way, it is told if every element of a value was taken and nothing else uses it.

Why it matters:
A Python float has no `grad_fn`. What is built from it is a constant, so the hypernetwork's outputs have
their effect on the loss but never learn of it. On a GPU each such call also waits for the device.

Fix:
Keep the tensor; a tensor of one element can be used wherever a number can:

    scale = 1 + film(condition)              # not 1 + torch.tensor(film(condition).tolist())
    y = gain * layer(x)                      # not gain.item() * layer(x)

Use `torch.stack` or `torch.cat` to join scalars that were computed separately.

Not found:
Silent for logging, for conditions (`if loss.item() < best`), learning rates and other settings. Values
are recognised when they return unchanged; numbers that were processed in Python first cannot be matched,
nor can the telltale-free ones such as 0 and 1.

Where it is meant, write `# hypercheck: ignore[HC111]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.persistence import no_gradient, persistent_dead_ends
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by turning a generated tensor into Python numbers."""
    yield from _terms(facts)
    yield from _gone(facts)
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: (
            f"the numbers of {cut.source} left torch as Python numbers and came back without their history"
        ),
        "item(), tolist() and float() return plain Python numbers, so what is built from them has no grad_fn",
        lambda cut: (
            "keep the tensors and join them: torch.stack(weights) keeps the history, tolist() does not"
            if cut.location is not None and "tolist(" in cut.location.source
            else "index the tensor instead of taking its items: w[i] keeps the history, w[i].item() does not"
        ),
    )


def _terms(facts: RunFacts) -> Iterator[Finding]:
    """Plain numbers as terms of a loss that has nothing else of the generated weights, to the end."""
    seen = [step for step in facts.steps if step.constants]
    stepping = [step for step in facts.steps if step.updates]
    if len(seen) < 2 or seen[-1].step != stepping[-1].step:
        return
    term = seen[-1].constants[0]
    names = tuple(facts.name(key) for key in term.victims)
    yield RULE.finding(
        tuple(step.step for step in seen),
        term.source,
        f"{term.source} is added to the loss as a plain number",
        "a number has no gradient: the generated weights learn from the other terms of the loss alone",
        "add the tensor itself to the loss, and call item() only for what is logged",
        victims=names,
        location=term.location,
        related=(term.added_at,) if term.added_at is not None else (),
        seen=("no generated weight has another way to the loss",),
        evidence={"steps": len(seen)},
    )


def _gone(facts: RunFacts) -> Iterator[Finding]:
    """Values of which all elements were taken as numbers, and whose way back could not be followed."""
    for dead, steps in persistent_dead_ends(facts, ("itemised",)):
        names = tuple(facts.name(key) for key in dead.victims)
        yield RULE.finding(
            steps,
            dead.source,
            f"the elements of {dead.source} became Python numbers here, and nothing else uses them",
            "a Python number has no grad_fn, and neither has what is computed with it",
            "index the tensor instead of taking its items: p[i] keeps the history, p[i].item() does not",
            victims=names,
            location=dead.location,
            seen=("no way inside of torch leads on to the loss", no_gradient(names)),
            evidence={"starved": len(names)},
        )


RULE = Rule("HC111", "item-or-tolist", Severity.ERROR, "before backward", check, __doc__)
