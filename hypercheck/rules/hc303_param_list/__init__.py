"""Parameters or modules are hidden in a plain list, tuple or dict.

Finds:
`self.heads = [nn.Linear(5, 32), nn.Linear(5, 24)]`, `self.embeddings = {"a": nn.Parameter(...)}` and the
like, when the loss depends on what is in there and no optimizer holds it.

Why it matters:
`nn.Module` registers what is assigned to an attribute directly. It does not look into plain containers,
so `parameters()`, `state_dict()`, `to()`, `train()` and `zero_grad()` pass by what they hold. The
gradients are there, and they are added up from step to step; nothing uses them.

Fix:
Use torch's own containers:

    self.heads = nn.ModuleList([nn.Linear(5, 32), nn.Linear(5, 24)])
    self.embeddings = nn.ParameterDict({"a": torch.randn(5)})

Not found:
Silent where the content is in an optimizer by another way, as in
`Adam([p for head in heads for p in head.parameters()])`, where the same modules are registered elsewhere
as well (the list is a short cut), and where they are frozen.

Where it is meant, write `# hypercheck: ignore[HC303]` on the line of the container.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.persistence import by_place, unheld_tensors
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Trainable tensors that a plain container hides."""
    hidden = unheld_tensors(facts, lambda tensor: tensor.holder == "container")
    for group, steps in by_place(hidden, lambda tensor: tensor.held_at or tensor.made_at):
        names = tuple(dict.fromkeys(tensor.name for tensor in group))
        yield RULE.finding(
            steps,
            names[0],
            f"{listed(names)} stand in a plain list, dict or object, which parameters() does not look into",
            (
                "a module registers Parameters and Modules that are assigned to it, "
                "not those inside of a list, a dict or another object"
            ),
            (
                "use nn.ParameterList, nn.ParameterDict, nn.ModuleList or nn.ModuleDict, "
                "before the optimizer is built"
            ),
            severity=Severity.ERROR if any(t.generates for t in group) else Severity.WARNING,
            victims=names,
            location=group[0].held_at or group[0].made_at,
            related=(group[0].made_at.labelled("made here"),)
            if group[0].held_at and group[0].made_at
            else (),
            seen=(f"{counted(len(names), 'trainable tensor')} on the way to the loss, in no optimizer",),
            evidence={"tensors": list(names)},
        )


RULE = Rule("HC303", "param-list", Severity.ERROR, "before backward", check, __doc__)
