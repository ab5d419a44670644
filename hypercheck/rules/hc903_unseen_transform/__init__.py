"""A transform or a scripted region hides its tensors, and they could not be unwrapped.

Finds:
Weights that were used inside of `torch.func` transforms (`vmap`, `grad`, `jvp`) whose wrapped tensors
could not be traced back, and regions of TorchScript, which run outside of Python.

Why it matters:
Within a transform a tensor is a wrapper: it shows no `grad_fn` although the link below it may be whole.
Judging the wrapper would be a false alarm, and saying "linked" a guess. So the weights concerned are left
out, and the rules that needed them are marked "not checked".

Fix:
To have such a region judged, run it once without the transform, on one sample:

    y = torch.func.functional_call(main, weights_of_one_sample, x[0])

For scripted modules set `PYTORCH_JIT=0` for the run, which makes `torch.jit.script` return the Python
function.

Not found:
Most uses of `vmap` and `functional_call` are unwrapped and judged as usual; this note names only those
that were not.

Silence it with `--ignore HC903`, or with `# hypercheck: ignore[HC903]` on the line of the call.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """A note on transforms and scripted regions that hide their tensors."""
    names = facts.not_observed.get("opaque")
    if names is not None:
        yield RULE.finding(
            (),
            names,
            f"no generated weight was seen, and {names} hides what it uses",
            "a transform or a scripted module is recorded as one operation: its weights are not known",
            "run the function once without the transform, or set PYTORCH_JIT=0, and check that",
        )


RULE = Rule("HC903", "unseen-transform", Severity.NOTE, "before backward", check, __doc__)
