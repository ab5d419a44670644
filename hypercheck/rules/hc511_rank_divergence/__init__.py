"""The processes of a distributed training hold different hypernetworks.

Finds:
Trainable tensors of a generator whose gradients are averaged over the processes, and whose values are not the
same on all of them: the processes began with different numbers (another seed on each rank, a checkpoint that
only rank 0 loaded), and equal updates keep them apart for ever. Needs a run of several processes:
`torchrun --nproc-per-node 2 -m hypercheck run train.py`.

Why it matters:
Each process computes the gradient at its own point, and the average of them is the gradient of no network at
all. The loss still falls a little, and what is saved in the end is the hypernetwork of rank 0, which no
process but one has trained with.

Fix:
Let every process begin with the numbers of rank 0. DistributedDataParallel does so when it is made, so load
the checkpoint before that, or send the values yourself:

    for parameter in hyper.parameters():
        torch.distributed.broadcast(parameter.data, src=0)

Not found:
Values are compared by a sample of their elements, after the recorded steps that all processes have in
common. Silent where gradients differ as well (HC512 judges that), for tensors that are sharded, and for
generated weights: another condition on each rank gives other weights, as it should.

Where it is meant, write `# hypercheck: ignore[HC511]` on the line of the backward pass.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, first_place, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generators' tensors with equal gradients and different values."""
    apart = [
        fact
        for fact in facts.rank_facts
        if fact.gradients == "equal"
        and fact.values == "different"
        and facts.tensors.get(fact.key) is not None
        and facts.tensors[fact.key].generates
    ]
    if not apart:
        return
    names = tuple(facts.name(fact.key) for fact in apart)
    ranks = apart[0].ranks
    largest = max(fact.apart for fact in apart)
    yield RULE.finding(
        apart[0].steps,
        names[0],
        f"{listed(names)} differ between the {len(ranks)} processes, though their gradients are averaged",
        "the processes began with different numbers, and equal updates keep them apart",
        (
            "for parameter in hyper.parameters(): torch.distributed.broadcast(parameter.data, src=0)"
            "  # before the first step"
        ),
        location=first_place([b.location for step in facts.steps for b in step.backwards]),
        seen=(
            f"values of {counted(len(names), 'tensor')} differ by up to {largest:.1%} of their size",
            f"gradients equal on all {len(ranks)} ranks on {counted(len(apart[0].steps), 'step')}",
        ),
        evidence={"ranks": list(ranks), "tensors": list(names), "apart": largest},
    )


RULE = Rule("HC511", "rank-divergence", Severity.ERROR, "after step", check, __doc__)
