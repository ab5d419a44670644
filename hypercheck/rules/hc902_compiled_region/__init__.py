"""The program compiles its code, which ran eagerly on the recorded steps.

Finds:
A call of `torch.compile` while steps were recorded. Code that was compiled ahead of time, or loaded from an
export, cannot be switched to eager mode: it is one operation, as a scripted module is.

Why it matters:
Inside of a compiled region there are no single torch calls to listen to. What goes in and what comes out
is known, the statements in between are not: a cut in there is seen from its effect, without its place.

Fix:
Run the check without compilation. `torch.compile` need not be removed from the program:

    with torch.compiler.set_stance("force_eager"):
        loss = train_step(batch)

or set `TORCH_COMPILE_DISABLE=1` for the run. The faults of a hypernetwork do not depend on compilation.

Not found:
`torch.compile` is switched to eager mode by hypercheck for the steps that it records, which needs nothing
from you. Code that was compiled before the watch began is switched too, without this note. Silence it with
`--ignore HC902`, or with `# hypercheck: ignore[HC902]` on the line of the call.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """A note on compiled code that could not be recorded."""
    if "compiled" in facts.not_observed:
        yield RULE.finding(
            (),
            "torch.compile",
            "compiled code ran eagerly on the recorded steps",
            "inside of a compiled region there are no single calls to listen to",
            "nothing to mend: the other steps ran compiled, and what was judged holds for them too",
        )


RULE = Rule("HC902", "compiled-region", Severity.NOTE, "before backward", check, __doc__)
