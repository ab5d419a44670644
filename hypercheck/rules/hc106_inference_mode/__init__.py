"""The hypernetwork ran in inference mode.

Finds:
`with torch.inference_mode():` or `@torch.inference_mode()` around the code that generates weights which
the loss then depends on.

Why it matters:
Inference mode records nothing, and its tensors can never take part in a graph. torch complains only when
it must save such a tensor for the backward pass ("Inference tensors cannot be saved for backward"). A
weight that multiplies plain input data need not be saved, and a `.clone()` outside of the block makes the
complaint go away for good. Then training goes on without the hypernetwork.

Fix:
Generate in normal mode, and keep inference mode for what is never differentiated:

    weight = hyper(code).view(3, 4)          # training: outside of any inference_mode block

    with torch.inference_mode():             # evaluation only
        accuracy = evaluate(main, weight)

Not found:
Silent for evaluation loops and for frozen feature extractors, where nothing that should learn lies
upstream. Entering inference mode makes no sound that can be heard; it is known by the tensors that were
made there.

Where it is meant, write `# hypercheck: ignore[HC106]` on the `with` or decorator line.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import cut_findings


def check(facts: RunFacts) -> Iterator[Finding]:
    """Cuts made by running the generator under `inference_mode`."""
    yield from cut_findings(
        facts,
        RULE.code,
        RULE.name,
        lambda cut: f"{cut.source} was used in inference mode",
        "inference mode records no grad_fn at all, so its results cannot lead the gradient back",
        lambda cut: "compute the weights outside of the inference_mode block (or remove the decorator)",
        soft=True,
    )


RULE = Rule("HC106", "inference-mode", Severity.ERROR, "before backward", check, __doc__)
