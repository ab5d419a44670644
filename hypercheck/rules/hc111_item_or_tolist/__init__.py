"""Generated values became Python numbers and came back as constants.

Finds:
`.item()`, `.tolist()` or `float(tensor)`, whose numbers later enter a tensor or an operation on the way
to the loss: `torch.tensor(weights.tolist())`, `layer.weight * gain.item()`.

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
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by turning a generated tensor into Python numbers."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: (
            f"the numbers of {cut.source} left torch as Python numbers and came back without their history"
        ),
        "item(), tolist() and float() return plain Python numbers, so what is built from them has no grad_fn",
        lambda cut: (
            "index the tensor instead of taking its items: w[i] keeps the history, w[i].item() does not"
        ),
    )


RULE = Rule("HC111", "item-or-tolist", Severity.ERROR, "before backward", check, __doc__)
