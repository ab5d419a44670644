"""A trainable tensor was cast, moved or computed after it was made, so it is no leaf any more.

Finds:
`nn.Parameter(torch.randn(2, 5)).double()`, `torch.randn(5, requires_grad=True).view(1, 5)`, `.to("cuda")`
or `.float()` where they really convert, stored once and read by the hypernetwork in every step.

Why it matters:
The result of an operation is not a leaf. Its `.grad` stays None, `nn.Module` does not register it, and an
optimizer refuses it ("can't optimize a non-leaf Tensor"). The leaf behind it, which would get the
gradient, has no name any more. A conversion that has nothing to do returns the very same tensor, so the
fault can show on the GPU machine only. Where the operation saves something for the backward pass, as a
multiplication does, the second step raises "Trying to backward through the graph a second time"; a cast
or a view saves nothing and stays silent.

Fix:
Convert first, wrap last:

    self.tasks = nn.Parameter(torch.randn(2, 5, dtype=torch.float64).float())

and let the module move it: `model.to(device)`.

Not found:
Silent for values that are computed anew in each forward pass from registered parameters, for
parametrisations and weight norm, and for non-leaf tensors whose leaf an optimizer holds and which are
recomputed after every update.

Where it is meant, write `# hypercheck: ignore[HC302]` on the line that makes the tensor.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import LostLeaf, RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import place
from hypercheck.rules.persistence import persistent_losses
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """Trainable tensors that stopped being leaves."""
    groups: dict[tuple[str, int], list[tuple[int, LostLeaf, tuple[int, ...]]]] = {}
    for key, lost, steps in persistent_losses(facts, ("nonleaf",)):
        groups.setdefault(place(lost.location), []).append((key, lost, steps))
    for group in groups.values() if len(facts.steps) > 1 else ():
        key, lost, steps = group[0]
        tensor = facts.tensors.get(key)
        name = tensor.name if tensor else lost.detail
        names = tuple(facts.name(key) if key in facts.tensors else name for key, _, _ in group)
        yield RULE.finding(
            steps,
            name,
            f"{name} is not a leaf: {lost.detail.strip('_')}() computed it, "
            "so it never gets a gradient of its own",
            (
                "an operation after requires_grad=True returns a new tensor with a history; "
                "its .grad stays None and no optimizer holds it"
            ),
            (
                "compute first, then ask for the gradient: "
                f"{name.split('[')[0]} = nn.Parameter(torch.randn(...).to(device))"
            ),
            victims=names,
            location=lost.location,
            seen=("made once, before the step; its leaf is in no optimizer",),
            evidence={"operation": lost.detail},
        )


RULE = Rule("HC302", "nonleaf-embedding", Severity.ERROR, "before backward", check, __doc__)
