"""A gradient is exactly zero in every recorded step.

Finds:
`.grad` exists and each of its elements is 0.0, for a whole tensor or for whole rows of it (one chunk's
embedding, one part of the head), in all recorded steps. The operation that killed it is named where it
can be: two factors that are both zero, a ReLU that never opens, a saturated clamp or softmax, zeros that
were assigned to `.grad` by hand.

Why it matters:
The graph is whole, so a check for None passes. Exactly zero is no small number; it means that the
derivative is zero at this point, and without a change it stays so. The product of two zero-initialised
factors is the classic: the gradient of each is the other one times something, and both wait for ever.
Weight decay may move the parameters nonetheless.

Fix:
Start one of the two factors away from zero, as low-rank adapters do:

    nn.init.zeros_(self.to_b.weight)             # the product still starts at zero
    nn.init.kaiming_uniform_(self.to_a.weight)   # and to_b gets a gradient at once

For dead ReLUs lower the learning rate, mind the bias, or use `F.leaky_relu`; for a saturated `clamp` or
`softmax`, scale what goes in.

Not found:
A zero in the first step only is healthy and silent: zero-initialised heads, FiLM at the identity, LoRA.
So are rows of tasks that are not in the batch as long as they get their turn in the recorded steps, and
gradients that are small without being zero, such as a bias before a batch norm. With few recorded steps
and many tasks, raise `--steps`.

Where it is meant, write `# hypercheck: ignore[HC402]` on the line that is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import DeadFunction, RunFacts
from hypercheck.findings import Finding, Location, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, first_place, learned, listed

_FAMILIES = {
    "dead": "relu relu_ relu6 threshold threshold_ hardtanh hardsigmoid hardswish",
    "shares": "softmax log_softmax",
    "saturated": "tanh tanh_ sigmoid sigmoid_ softplus gelu silu erf logsigmoid",
    "bounds": "clamp clamp_ clip clip_ clamp_min clamp_max minimum maximum max min where",
    "hook": "register_hook",
    "factor": "mul mul_ __mul__ __rmul__ matmul __matmul__ mm bmm linear einsum baddbmm addmm",
}
_REASONS = {
    "dead": (
        "its units are dead, since what goes in is below 0 for all samples",
        "keep what goes into it above 0 for some samples (a lower learning rate, another bias, a smaller "
        "input), or use F.leaky_relu",
    ),
    "saturated": (
        "it is saturated, since what goes in is so large that its slope is 0",
        "make what goes into it smaller: normalise it, or initialise the layer before it with less",
    ),
    "shares": (
        "it is saturated, or it runs over a single element, whose share is always 1",
        "look at the axis that it runs over, and make what goes into it smaller",
    ),
    "bounds": (
        "what goes in lies beyond its bounds everywhere",
        "keep what goes into it inside of its bounds, or bound it softly (sigmoid, tanh)",
    ),
    "hook": (
        "the hook on the gradient there gives back zeros",
        "take the hook away, or let it give back what is to be learned from",
    ),
    "factor": (
        "it multiplies by a factor of zero, or by one that is too small for the number format",
        "initialise only one of two multiplied factors with zero, and keep constant factors away from 0",
    ),
    "": (
        "its units are dead, its bounds are passed, or it multiplies by a factor of zero",
        "initialise only one of two multiplied factors with zero, and keep the units before a ReLU "
        "or a clamp inside of its active range",
    ),
}
"""Family of operations to why one of them gives back zeros, and what helps."""


def _family(killer: DeadFunction | None) -> str:
    name = killer.name if killer is not None else ""
    return next((family for family, members in _FAMILIES.items() if name in members.split()), "")


def check(facts: RunFacts) -> Iterator[Finding]:
    """Gradients that are exactly zero in all recorded steps."""
    zero = _zero_on_every_step(facts)
    keys = [key for key, steps in zero.items() if len(steps) >= 3 and facts.tensors[key].generates]
    groups: dict[tuple[str, int], tuple[DeadFunction | None, list[int]]] = {}
    for key in keys:
        killer = _killer(facts, key)
        place = killer.location if killer is not None else None
        groups.setdefault((place.file, place.line) if place else ("", 0), (killer, []))[1].append(key)
    if not groups:
        return
    # What is dead kills its neighbours too (the output of a dead unit is 0): most victims, first cause.
    killer, group = max(groups.values(), key=lambda item: (item[0] is not None, len(item[1])))
    others = [other.location for other, _ in groups.values() if other and other is not killer]
    names = tuple(facts.name(key) for key in (*group, *(key for key in keys if key not in group)))
    steps = zero[group[0]]
    given = None if killer else _given_at(facts, group)
    yield RULE.finding(
        tuple(steps),
        names[0],
        f"the gradient of {listed(names)} is exactly zero on every recorded step",
        "zeros were assigned to .grad by hand" if given else _why(killer),
        "look at how these gradients are computed: two tensors that share their memory, for one, never differ"
        if given
        else _REASONS[_family(killer)][1],
        # No operation gives zeros back: what comes by several ways cancels, as a critic's last bias does.
        severity=Severity.ERROR if killer is not None or given else Severity.NOTE,
        victims=names,
        location=killer.location if killer else given or first_place([facts.tensors[group[0]].made_at]),
        related=tuple(place.labelled("gives back zeros as well") for place in others if place is not None),
        seen=(f"zero on {counted(len(steps), 'step')}, although the chain of grad_fn is whole",),
        evidence={"tensors": list(names), "steps": len(steps)},
    )


def _given_at(facts: RunFacts, keys: list[int]) -> Location | None:
    """Where the gradients of all these tensors were set by hand."""
    places = [
        {update.key: update.given_at for update in step.updates if update.given_at} for step in facts.steps
    ]
    last = next((found for found in reversed(places) if found), {})
    return last.get(keys[0]) if set(keys) <= set(last) else None


def _why(killer: DeadFunction | None) -> str:
    if killer is None:
        return (
            "no operation was seen to give zeros back: what comes back by several ways cancels, "
            "or a factor is too small"
        )
    reason = _REASONS[_family(killer)][0]
    if _family(killer) == "hook":
        return reason
    return f"{killer.name.strip('_')} gets a gradient and gives back zeros: {reason}"


def _zero_on_every_step(facts: RunFacts) -> dict[int, list[int]]:
    explained = {
        key
        for step in facts.steps
        for dead in step.dead_functions
        if dead.kind != "killed"
        for key in dead.victims
    }
    explained |= {key for step in facts.steps for cut in step.cuts for key in cut.victims}
    explained |= {key for step in facts.steps for item in step.overwrites for key in item.victims}
    fed = learned(facts)
    zero: dict[int, list[int]] = {}
    for step in facts.steps:
        for update in step.updates:
            if (
                update.gradient == "zero"
                and update.reached
                and update.key not in fed | explained
                and not update.cleared_at
            ):
                zero.setdefault(update.key, []).append(step.step)
    return zero


def _killer(facts: RunFacts, key: int) -> DeadFunction | None:
    """The operation that was last seen to give no gradient back to the tensor."""
    found = [
        dead
        for step in facts.steps
        for dead in step.dead_functions
        if dead.kind == "killed" and key in dead.victims
    ]
    return found[-1] if found else None


RULE = Rule("HC402", "zero-gradient", Severity.ERROR, "before step", check, __doc__, explains=("HC602",))
