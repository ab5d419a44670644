"""A conditional hypernetwork gives the same weights whatever the condition is.

Finds:
A batch of conditions that differ, and generated weights that do not, up to rounding: a mean over the wrong
axis, a softmax over one element, a saturated activation, a condition that is multiplied by zero, the first
condition of a batch in the place of all. Also a statement that makes the same numbers of the conditions of
every step.

Why it matters:
The hypernetwork has become one more set of ordinary weights: it trains, gradients flow, and the
conditioning has no effect. The loss then levels off at what one network can do for all conditions at
once, which is easily taken for the difficulty of the task.

Fix:
Reduce over the axis of the set and keep that of the batch. For conditions of shape [B, S, C]:

    context = encoder(condition).mean(dim=1)             # [B, S, C] -> [B, H], not dim=0
    weights = head(context).view(-1, 3, 4)               # one weight for each sample

and check that `weights.std(dim=0)` is above zero.

Not found:
Silent in the first steps of initialisations that start equal for all conditions on purpose
(zero-initialised heads): judged after the last recorded step. A dependence that is weak but not nil is
silent, and so is a hypernetwork with one learned embedding, which has no condition at all.

Where it is meant, write `# hypercheck: ignore[HC602]` on the line that generates.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import Seen, by_statement, over_steps, place, shape, used_at
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import counted

_FEWEST = 3
_ROUNDING = 1e-6


def check(facts: RunFacts) -> Iterator[Finding]:
    """Conditional hypernetworks that ignore their condition."""
    collapsed = [seen for seen in over_steps(facts).values() if _is_collapsed(seen)]
    levelled = [seen for seen in over_steps(facts).values() if _is_levelled(seen)]
    yield from _levelled(facts, levelled)
    for group in by_statement(collapsed):
        seen = group[0]
        weight = seen[-1][1]
        names = tuple(facts.name(key) for key in weight.keys)
        yield RULE.finding(
            tuple(step for step, _ in seen),
            weight.source,
            f"{weight.source} generates the same weights for all {weight.rows} conditions of the batch",
            (
                "something between the conditions and the weights removes what tells the conditions apart, "
                "such as a mean over the axis of the batch or a softmax over one element"
            ),
            "keep the axis of the batch: encoder(condition).mean(dim=1) for conditions of shape [B, S, C]",
            victims=names,
            location=weight.levelled_at or weight.location,
            related=used_at(weight),
            seen=(
                f"weights {shape(weight.shape)}: the {weight.rows} rows are equal up to rounding in "
                f"{len(seen)} recorded steps",
                "the conditions that went in differ from row to row",
            ),
            evidence={
                "weight": weight.source,
                "rows": weight.rows,
                "spread": weight.row_spread,
                "steps": len(seen),
            },
        )


def _levelled(facts: RunFacts, groups: list[Seen]) -> Iterator[Finding]:
    """Conditions of which one statement makes the same numbers in every step."""
    places: dict[tuple[str, int], list[Seen]] = {}
    for seen in groups:
        places.setdefault(place(seen[-1][1].behind_at), []).append(seen)
    for group in places.values():
        seen = group[0]
        weight = seen[-1][1]
        names = tuple(dict.fromkeys(facts.name(key) for item in group for key in item[-1][1].keys))
        yield RULE.finding(
            tuple(step for step, _ in seen),
            weight.source,
            f"{weight.source} generates its weights from the same numbers in every step",
            (
                "the conditions differ from step to step, and this statement makes the same of all of them, "
                "such as a softmax over one element"
            ),
            "look at the axis or the bounds of this statement: its result has to depend on the condition",
            victims=names,
            location=weight.behind_at,
            related=used_at(weight),
            seen=(
                f"what goes in differs in all {len(seen)} recorded steps, and what comes out never does",
                f"{counted(len(group), 'generated weight')} depend on nothing else",
            ),
            evidence={"weight": weight.source, "steps": len(seen)},
        )


def _is_levelled(seen: Seen) -> bool:
    """Whether the data that goes in was computed from other numbers each time, and is always the same."""
    weights = [weight for _, weight in seen]
    return (
        len(weights) >= _FEWEST
        and all(weight.behind_mark and weight.learning and weight.rms != 0 for weight in weights)
        and len({weight.condition_mark for weight in weights}) == 1
        and len({weight.behind_mark for weight in weights}) == len(weights)
    )


def _is_collapsed(seen: Seen) -> bool:
    """Whether the weights were equal for different conditions whenever that could be seen, and still are."""
    judged = [weight for _, weight in seen if weight.rows > 1 and weight.conditions_differ]
    last = judged[-_FEWEST:]
    return len(last) == _FEWEST and all(
        weight.row_spread is not None
        and weight.row_spread <= _ROUNDING
        and weight.learning
        and weight.rms != 0
        for weight in judged
    )


RULE = Rule(
    "HC602", "collapsed-conditioning", Severity.WARNING, "over steps", check, __doc__, explains=("HC603",)
)
