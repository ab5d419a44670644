"""The gradient vanishes or explodes between the main network and the hypernetwork.

Finds:
A ratio of many orders of magnitude between the gradient that arrives at the generated weights and the one
that reaches the hypernetwork's first layers or embeddings, in all recorded steps, with the place where
most of it is lost or gained.

Why it matters:
A hypernetwork adds its own depth to that of the main network. A chain of sigmoids divides the gradient by
four or more at each layer; sixteen of them leave nothing that float32 can add to a parameter. Adam hides
the fact, for it scales noise of 1e-7 up to full steps: the parameter moves, but not towards anything.

Fix:
Give the gradient a way through:

    hidden = hidden + torch.tanh(layer(hidden)) / 4      # a residual step
    hidden = torch.tanh(norm(layer(hidden)))             # or a LayerNorm

and an initialisation that fits the weights to be generated (HC601). For explosions,
`torch.nn.utils.clip_grad_norm_` treats the symptom.

Not found:
A bias before a batch norm has a gradient near zero by nature and is silent, so are weights behind a
scale-invariant normalisation and the first step of zero-initialised heads. The thresholds are wide:
moderate ratios are common, and no fault.

Where it is meant, write `# hypercheck: ignore[HC406]` on the line that is named.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, first_place, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Gradients that vanish or explode on their way to the hypernetwork."""
    judged = [step for step in facts.steps if step.updates]
    tiny: dict[int, list[float]] = {}
    for step in judged:
        norms = [u.norm for u in step.updates if u.gradient == "ok"]
        top = max(norms, default=0.0)
        for update in step.updates:
            if update.gradient == "ok" and update.norm and top and facts.tensors[update.key].generates:
                tiny.setdefault(update.key, []).append(update.norm / top)
    keys = [key for key, ratios in tiny.items() if len(ratios) == len(judged) >= 3 and max(ratios) < 1e-8]
    keys = [key for key in keys if len(facts.tensors[key].shape) >= 2]
    generators = [key for key, tensor in facts.tensors.items() if tensor.generates and key in tiny]
    if len(keys) >= 2 and generators:
        names = tuple(facts.name(key) for key in keys)
        yield RULE.finding(
            tuple(step.step for step in judged),
            names[0],
            (
                f"the gradient of {listed(names)} is {max(max(tiny[key]) for key in keys):.0e} "
                "of the largest one"
            ),
            (
                "a gradient that is smaller by ten orders of magnitude than its neighbours moves "
                "nothing (and Adam turns its rounding noise into steps)"
            ),
            "look for saturated activations or tiny scales between the head and these tensors",
            victims=names,
            location=first_place([facts.tensors[keys[0]].made_at]),
            seen=(f"on all {counted(len(judged), 'recorded step')}",),
            evidence={"tensors": list(names)},
        )


RULE = Rule(
    "HC406",
    "gradient-scale",
    Severity.WARNING,
    "before step",
    check,
    __doc__,
    explains=("HC501", "HC402", "HC602"),
)
