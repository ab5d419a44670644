"""A generated weight was written through `.data`, where autograd does not look.

Finds:
`layer.weight.data = weight`, `layer.weight.data.copy_(weight)`, `layer.weight.data[...] = weight` and
`layer.weight.set_(weight)`, where `weight` came from a hypernetwork that got no gradient because of it.

Why it matters:
`.data` is the tensor without its history. Writing there changes the numbers of a leaf and leaves its
`grad_fn` at None; it does not even raise the version counter, so autograd cannot notice.
`loss.backward()` fills `layer.weight.grad` and goes no further. If an optimizer holds `layer.weight`, it
updates numbers that the next forward pass overwrites.

Fix:
Hand over the tensor, not its numbers:

    y = torch.func.functional_call(main, {"0.weight": weight}, x)

or make room for a plain attribute once, and set it in every forward pass:

    del main[0].weight               # once, before the optimizer is made
    main[0].weight = weight          # in every forward pass

Not found:
Silent for the writes that healthy programs make: weights that are loaded, averaged or initialised, copies
for evaluation, gradient-free updates of a target network, and every write after which the tensors
upstream still learn. A write that NumPy makes into shared memory is not seen.

Where it is meant, write `# hypercheck: ignore[HC102]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import CutFact, RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules import repair
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by writing a generated tensor into `.data`."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"{cut.target} received the numbers of {_given(cut)}, but not their history",
        (
            "writing to .data (or to a detached alias) happens outside of autograd, "
            "so the loss cannot reach what made them"
        ),
        lambda cut: repair.hand_over(cut.location),
    )


def _given(cut: CutFact) -> str:
    """What was written: of `p.data.copy_(w)` it is `w`."""
    written = repair.written(cut.location)
    return written if written and written in cut.source else cut.source


RULE = Rule("HC102", "data-assign", Severity.ERROR, "before backward", check, __doc__)
