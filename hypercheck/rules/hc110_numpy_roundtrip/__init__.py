"""Generated values left torch for NumPy, or for a file, and came back as constants.

Finds:
`.numpy()`, `np.asarray(tensor)`, DLPack, the raw storage or a saved file, followed by `torch.from_numpy`,
`torch.tensor`, `torch.load` or the like, on the way from a hypernetwork to a weight. The line where the
values leave is the one that is named.

Why it matters:
Autograd records torch operations. What comes back from NumPy is a new leaf, with the right numbers and
without a past. torch does warn once, by refusing `numpy()` on a tensor that requires grad; the
`.detach()` that its message suggests is right for plotting and wrong on the way to the loss.

Fix:
Stay in torch. Most of NumPy's vocabulary is there:

    weight, bias = theta.split([12, 3])      # not np.split(theta.detach().numpy(), [12])

For a step that only NumPy or SciPy can do, write a `torch.autograd.Function` with a backward of its own.

Not found:
Values are recognised by their content when they return. If they were changed outside of torch, scaled or
rounded, the return cannot be matched, and the starving hypernetwork shows as HC401 or HC206 instead.
Exports for logging and plotting are silent: nothing comes back.

Where it is meant, write `# hypercheck: ignore[HC110]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.persistence import no_gradient, persistent_dead_ends
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by a round trip through NumPy, DLPack or a file."""
    yield from _gone(facts)
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"the numbers of {cut.source} left torch here and came back without their history",
        "NumPy arrays, DLPack capsules and files hold numbers only, so what comes back has no grad_fn",
        lambda cut: "stay in torch: use the tensor itself in place of its NumPy copy",
    )


def _gone(facts: RunFacts) -> Iterator[Finding]:
    """Values that left for NumPy, and whose way back could not be followed."""
    for dead, steps in persistent_dead_ends(facts, ("exported",)):
        names = tuple(facts.name(key) for key in dead.victims)
        yield RULE.finding(
            steps,
            dead.source,
            f"the numbers of {dead.source} left torch here, and the loss depends on nothing else of them",
            "NumPy arrays hold numbers only: what is computed from them has no grad_fn",
            "stay in torch: use the tensor itself in place of its NumPy copy",
            victims=names,
            location=dead.location,
            seen=("no way inside of torch leads on to the loss", no_gradient(names)),
            evidence={"starved": len(names)},
        )


RULE = Rule("HC110", "numpy-roundtrip", Severity.ERROR, "before backward", check, __doc__)
