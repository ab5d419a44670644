"""A trainable tensor upstream of the weights got no gradient, and no statement that cut it off was seen.

Finds:
`.grad` is None after `backward()` on something that the graph of the loss does reach, in every recorded
step. Typical are `loss.backward(inputs=[...])` with a list that leaves it out, hooks that replace
gradients, and values that came back from elsewhere without being recognised. Also gradients that
`torch.autograd.grad` returned, and that nobody put into `.grad`.

Why it matters:
Optimizers skip tensors whose `.grad` is None, without a message. `inputs=` is a filter: gradients are
accumulated into the tensors that are named, and into no others.

Fix:
Let the gradient reach every leaf:

    loss.backward()

or name all that should learn: `loss.backward(inputs=list(model.parameters()))`.

Not found:
Where a cut is known, the finding is that cut (HC1xx) and this one is folded under it. Silent for tensors
that are used in some of the steps only (tasks, experts), for frozen ones, and for those that get their
gradient by hand through `torch.autograd.grad` or `parameter.grad = ...`.

Where it is meant, write `# hypercheck: ignore[HC401]` on the line of the backward pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import GradCall, RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import place
from hypercheck.rules.persistence import no_gradient, persistent_dead_ends
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, first_place, learned, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Gradients that are None without a cut to blame."""
    yield from _dropped(facts)
    yield from _undelivered(facts)
    explained = {key for step in facts.steps for dead in step.dead_functions for key in dead.victims}
    explained |= {key for step in facts.steps for cut in step.cuts for key in cut.victims}
    fed = learned(facts)
    victims: dict[int, list[int]] = {}
    given = None
    for step in facts.steps:
        for update in step.updates:
            if (
                update.gradient == "none"
                and update.reached
                and update.key not in fed | explained
                and not update.cleared_at
            ):
                victims.setdefault(update.key, []).append(step.step)
                given = given or next((b.location for b in step.backwards if b.given_inputs), None)
    keys = [key for key in victims if facts.tensors[key].generates] if victims else []
    if keys:
        names = tuple(facts.name(key) for key in keys)
        calls = [call.location for step in facts.steps for call in step.grad_calls]
        at = given or first_place([b.location for step in facts.steps for b in step.backwards] or calls)
        yield RULE.finding(
            tuple(victims[keys[0]]),
            names[0],
            f"{listed(names)} can be reached from the loss and got no gradient",
            "backward(inputs=...) fills .grad of the named tensors only"
            if given
            else "the chain of grad_fn is whole, and yet nothing was accumulated",
            "call loss.backward() without inputs=, or name these tensors too"
            if given
            else "look for hooks that drop the gradient, or a backward that was given other inputs",
            victims=names,
            location=at,
            seen=(f".grad is None on {counted(len(names), 'tensor')} at every recorded step",),
            evidence={"tensors": list(names)},
        )


def _undelivered(facts: RunFacts) -> Iterator[Finding]:
    """Gradients that were computed by hand, and that no step found in .grad."""
    fed = {update.key for step in facts.steps for update in step.updates if update.gradient != "none"}
    found: dict[tuple[str, int], dict[int, GradCall]] = {}
    for step in facts.steps:
        due = {update.key for update in step.updates if update.gradient == "none" and not update.cleared_at}
        for call in step.grad_calls:
            if call.keys and due.issuperset(call.keys) and not fed & set(call.keys):
                found.setdefault(place(call.location), {})[step.step] = call
    for seen in found.values():
        last = list(seen.values())[-1]
        if len(seen) < 3:
            continue
        names = tuple(facts.name(key) for key in last.keys)
        yield RULE.finding(
            tuple(seen),
            names[0],
            f"the gradients of {listed(names)} are computed here, and no optimizer step finds them in .grad",
            "torch.autograd.grad returns the gradients and leaves .grad as it is: a step uses .grad only",
            "put each gradient where the optimizer looks for it: parameter.grad = gradient",
            victims=names,
            location=last.location,
            seen=(f".grad is None on {counted(len(names), 'tensor')} at every recorded step",),
            evidence={"tensors": list(names)},
        )


def _dropped(facts: RunFacts) -> Iterator[Finding]:
    """Values that a generator computes, and that nothing uses."""
    for dead, steps in persistent_dead_ends(facts, ("dropped",)):
        names = tuple(facts.name(key) for key in dead.victims)
        yield RULE.finding(
            steps,
            dead.source,
            f"{dead.source} is computed with {listed(names)}, and nothing uses it",
            "what is computed and then dropped takes no part in the loss, so its parameters get no gradient",
            "use the value further on (a layer that was meant to follow it may read something else), or "
            "take its parameters out of the optimizer",
            severity=Severity.WARNING,
            victims=names,
            location=dead.location,
            seen=("the value ends before the loss", no_gradient(names)),
            evidence={"tensors": list(names)},
        )


RULE = Rule("HC401", "missing-gradient", Severity.ERROR, "before step", check, __doc__)
