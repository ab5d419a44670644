"""Processes train together, and part of the hypernetwork's gradients is never averaged.

Finds:
Trainable tensors of a generator whose gradients differ between the processes on every recorded step, while
those of other tensors are averaged: a hypernetwork or an embedding outside of DistributedDataParallel. Also
tensors that such a wrapper holds and does not average, because the hypernetwork is called past it
(`ddp.module.hyper(z)` and never `ddp(...)`) or always under `no_sync()`. Needs a run of several processes:
`torchrun --nproc-per-node 2 -m hypercheck run train.py`.

Why it matters:
Each process trains a hypernetwork of its own on its share of the data, and their values drift apart. Nothing
fails: the loss of every process falls. What is saved in the end is the one of rank 0, which has seen a
fraction of the data.

Fix:
Make generator, embeddings and main network one module, wrap that one, and call the wrapper:

    model = DistributedDataParallel(Model(hyper, embedding, main))
    loss = criterion(model(x), y)

Not found:
Silent where no gradients are averaged at all and there is no wrapper, for programs that train one network
per process; where a communication hook averages by rules of its own; for tensors that the wrapper was told
to ignore; and where all processes see the same data, so that nothing differs.

A warning where only embeddings are affected: a process may keep an embedding of its own. Where that is
meant, write `# hypercheck: ignore[HC512]` on the line that makes the wrapper.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RankFact, RunFacts
from hypercheck.findings import Finding, Location, Severity
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted, first_place, listed


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generators' tensors whose gradients differ where others' are averaged."""
    if any(wrapper.hooked for wrapper in facts.wrappers):
        return
    others_averaged = any(fact.gradients == "equal" for fact in facts.rank_facts)
    apart = [
        fact
        for fact in facts.rank_facts
        if fact.gradients == "different"
        and fact.values == "different"
        and not fact.ignored
        and (others_averaged or fact.wrapper)
        and facts.tensors.get(fact.key) is not None
        and facts.tensors[fact.key].generates
    ]
    outside = [fact for fact in apart if not fact.wrapper]
    past = [fact for fact in apart if fact.wrapper]
    if outside:
        wrapper = facts.wrappers[0] if facts.wrappers else None
        yield _finding(
            facts,
            outside,
            "belong to no DistributedDataParallel wrapper" if wrapper else "are left out of the averaging",
            "the wrapper averages the gradients of its own parameters and of no others"
            if wrapper
            else "the gradients of other tensors are averaged, and those of these are not",
            "wrap one module that holds all of them: DistributedDataParallel(model)"
            if wrapper
            else "average the gradients of the hypernetwork too, or wrap it in DistributedDataParallel",
            wrapper.location if wrapper else None,
        )
    if past:
        name = past[0].wrapper
        yield _finding(
            facts,
            past,
            f"are held by {name} and not averaged by it",
            f"a forward through {name}(...) prepares the averaging; a call past it, or no_sync(), does not",
            f"call {name}(...), and let its forward call the hypernetwork",
            next((u.location for step in facts.steps for u in step.usages if u.location), None),
        )


def _finding(
    facts: RunFacts, apart: list[RankFact], what: str, why: str, fix: str, place: Location | None
) -> Finding:
    names = tuple(facts.name(fact.key) for fact in apart)
    only_embeddings = all(name in facts.roles.embeddings for name in names)
    ranks = apart[0].ranks
    return RULE.finding(
        apart[0].steps,
        names[0],
        f"{listed(names)} {what}: every process trains its own",
        why,
        fix,
        severity=Severity.WARNING if only_embeddings else Severity.ERROR,
        location=place or first_place([b.location for step in facts.steps for b in step.backwards]),
        seen=(
            f"gradients of {counted(len(names), 'tensor')} differ between the {len(ranks)} ranks "
            f"on all {counted(len(apart[0].steps), 'step')}",
            f"values differ by up to {max(fact.apart for fact in apart):.1%} of their size",
        ),
        evidence={"ranks": list(ranks), "tensors": list(names), "apart": max(fact.apart for fact in apart)},
    )


RULE = Rule("HC512", "unreduced-parameters", Severity.ERROR, "before step", check, __doc__)
