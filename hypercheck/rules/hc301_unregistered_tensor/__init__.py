"""A tensor that is meant to learn is no Parameter of any module, and no optimizer holds it.

Finds:
A plain leaf with `requires_grad=True` that the hypernetwork reads, most often an embedding kept as
`self.embedding = torch.randn(1, 5, requires_grad=True)`. It is in nobody's `parameters()`, so
`Adam(model.parameters())` never saw it.

Why it matters:
The tensor does get a `.grad`: looking there gives no hint. It does not change, since no optimizer steps
it; its gradient is not cleared either, and grows. It is missing from `state_dict()`, and
`model.to(device)` leaves it behind.

Fix:
Register it:

    self.embedding = nn.Parameter(torch.randn(1, 5))

or, for one row per task or chunk, `self.tasks = nn.Embedding(num_tasks, 5)`. Where no module is wanted,
give the tensor to the optimizer: `torch.optim.Adam([embedding, *model.parameters()])`.

Not found:
Silent for tensors that an optimizer does hold, for inputs whose gradient is wanted for its own sake
(saliency, adversarial examples, physics losses, gradient penalties), for tensors that the program updates
by itself, and for constants without `requires_grad`, which may be meant as conditions.

Where it is meant, write `# hypercheck: ignore[HC301]` on the line that makes the tensor.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.persistence import persistent_losses
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """Leaves that are meant to learn and that no optimizer holds."""
    for key, lost, steps in persistent_losses(facts, ("plain-leaf", "constant")):
        tensor = facts.tensors.get(key)
        if tensor is None:
            continue
        if lost.kind == "constant":
            severity = (
                Severity.WARNING
                if lost.detail == "random" and tensor.holder == "attribute"
                else Severity.NOTE
            )
            message = f"{tensor.name} is a plain tensor of random numbers: it never learns"
            seen = "requires_grad=False, in no parameters() and no buffers(), read on every recorded step"
        else:
            severity = Severity.ERROR if tensor.generates else Severity.WARNING
            message = (
                f"{tensor.name} asks for a gradient, but no optimizer holds it and no module registers it"
            )
            seen = (
                "a leaf with requires_grad=True"
                + (", its .grad is filled" if lost.gradient == "ok" else "")
                + ", in no optimizer"
            )
        yield RULE.finding(
            steps,
            tensor.name,
            message,
            (
                "only nn.Parameter is registered by a module, "
                "so module.parameters() does not hand a plain tensor to the optimizer"
            ),
            f"{_registered(tensor.name)}   # before the optimizer is built",
            severity=severity,
            victims=(tensor.name,),
            location=lost.location or tensor.made_at or tensor.held_at,
            seen=(seen,),
            evidence={"shape": list(tensor.shape), "kind": lost.kind},
        )


def _registered(name: str) -> str:
    """The assignment that registers it, in the container that its name tells of.

    >>> _registered("net.code"), _registered("net.codes['a']"), _registered("net.codes[0]")
    ('net.code = nn.Parameter(...)', 'net.codes = nn.ParameterDict(...)', 'net.codes = nn.ParameterList(...)')
    """
    base, bracket, key = name.partition("[")
    kind = "Parameter" if not bracket else "ParameterDict" if key[:1] in "'\"" else "ParameterList"
    return f"{base} = nn.{kind}(...)"


RULE = Rule("HC301", "unregistered-tensor", Severity.ERROR, "before backward", check, __doc__)
