"""A custom `autograd.Function` gives back no gradient for the values that the hypernetwork made.

Finds:
A `torch.autograd.Function` between a hypernetwork and the loss whose `backward` returns None for the
input that should learn, marks its result as non-differentiable, or returns zeros only.

Why it matters:
To autograd None means "no gradient here", and it goes no further along that input; it is no error, since
inputs such as sizes and flags must be answered with None. With several inputs the answers must stand in
the order of `forward`'s arguments, and one None too early starves the wrong one. The graph looks whole:
there is a `grad_fn`, and `next_functions` does lead back to the hypernetwork.

Fix:
Return one gradient for each argument of `forward`, in that order, and None only for those that are no
tensors:

    @staticmethod
    def backward(ctx, grad):
        return grad                          # straight through, for forward(ctx, theta)

and check the function once with `torch.autograd.gradcheck`, on float64 inputs that require grad. A
straight-through backward differs from the true derivative on purpose, and passes that check only where
the two agree.

Not found:
What a custom function does inside is one operation to hypercheck: a gradient that is wrong but not zero
is not found. Functions that stop the gradient on purpose are silent as long as everything upstream learns
by another way.

Where it is meant, write `# hypercheck: ignore[HC114]` on the `return` line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.persistence import persistent_dead_functions
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, cut_findings, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by a custom function's backward."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"{cut.target} came out of a custom autograd.Function without a history",
        "the outputs of this Function do not ask for a gradient, so nothing flows back through it",
        lambda cut: "return the gradient of each input from backward, in the order of forward's arguments",
    )
    for dead, steps in persistent_dead_functions(facts, "custom"):
        names = tuple(facts.name(key) for key in dead.victims)
        yield RULE.finding(
            steps,
            names[0],
            f"{dead.name}.backward gives no gradient for what {listed(names)} made",
            "what backward returns is all that autograd passes on: None (or zeros) ends the way",
            "return grad_output times the derivative for each input of forward that needs one",
            victims=names,
            location=dead.location,
            related=dead.related,
            seen=(
                f"{dead.name} stands on every way from {counted(len(names), 'starved tensor')} to the loss",
            ),
            evidence={"function": dead.name, "starved": len(names)},
        )


RULE = Rule("HC114", "custom-function-none", Severity.ERROR, "before backward", check, __doc__)
