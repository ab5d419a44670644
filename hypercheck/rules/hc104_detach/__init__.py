"""A generated weight was detached on its way to the main network.

Finds:
`weight.detach()`, `weight.detach_()` or the reading of `weight.data`, between the hypernetwork and the
place where the main network uses the weight, when that is the only way from the hypernetwork to the loss.
A detach earlier on, between an embedding and the generator, is found in the same manner: the embedding is
then the one that starves.

Why it matters:
`detach()` returns a tensor with the same memory and without `grad_fn`. Whatever is computed from it is,
for autograd, computed from a constant. Detaching is the usual way out of "Trying to backward through the
graph a second time" and of "Can't call numpy() on Tensor that requires grad", and in a hypernetwork it
silences the training together with the message.

Fix:
Take the call away:

    theta = generator(chunks).flatten()

If it was there because a graph was used in two steps, generate the weights anew in each step. If it was
there for logging, detach only what is logged: `history.append(theta.detach())`.

Not found:
Silent where the tensors upstream get their gradient by another way: straight-through estimators
(`theta + (rounded - theta).detach()`), stop-gradient branches, targets, teachers, regularisers against
old weights, truncated backpropagation through time, baselines.

Where it is meant, write `# hypercheck: ignore[HC104]` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules import repair
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by `detach`, or by reading `.data`."""
    for finding in _cuts(facts):
        line = repair.edit(finding.location, finding.fix)
        evidence = {**finding.evidence, "replacement": line} if line is not None else finding.evidence
        yield replace(finding, evidence=evidence)


def _cuts(facts: RunFacts) -> Iterator[Finding]:
    return cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"{cut.source} goes on without its history",
        "detach() and .data return the same numbers without grad_fn, so the loss cannot reach what made them",
        lambda cut: (
            repair.without_call(cut.location, ("detach", "data", "detach_"))
            or "use the tensor itself, without detach() or .data"
        ),
        soft=True,
    )


RULE = Rule("HC104", "detach", Severity.ERROR, "before backward", check, __doc__)
