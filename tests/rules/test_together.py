"""What a person reads: one finding for one statement, and no symptom beside its cause."""

from __future__ import annotations

from dataclasses import replace

from hypercheck.checker import fold, together
from hypercheck.facts import RunFacts, StepFacts, TensorFact, UpdateFact
from hypercheck.findings import Finding, Location, Severity
from hypercheck.report import words
from hypercheck.rules import CATALOGUE, hc404_zero_grad_after_backward

PLACE = Location("train.py", 4, 4, source="codes.append(torch.randn(3, requires_grad=True))")
FIRST = Finding(
    code="HC301",
    rule="unregistered-tensor",
    severity=Severity.ERROR,
    stage="before backward",
    steps=(1, 2),
    subject="codes[0]",
    message="codes[0] asks for a gradient",
    why="only nn.Parameter is registered",
    fix="codes = nn.ParameterList(...)",
    victims=("codes[0]",),
    location=PLACE,
    seen=("a leaf",),
)


def of(number: int, **changes: object) -> Finding:
    """The same of another tensor."""
    name = f"codes[{number}]"
    return replace(FIRST, subject=name, message=f"{name} asks for a gradient", victims=(name,), **changes)


def test_what_one_statement_does_to_several_tensors_is_one_finding():
    (found,) = together([FIRST, of(1), of(2, steps=(2, 3))])

    assert ("codes[0]", "codes[1]", "codes[2]") == found.victims
    assert (1, 2, 3) == found.steps
    assert ("a leaf", "the same of codes[1] and codes[2]") == found.seen


def test_a_finding_that_is_told_twice_is_told_once():
    (found,) = together([FIRST, FIRST])

    assert found == FIRST


def test_other_statements_reasons_and_rules_stay_apart():
    others = [
        of(1, location=Location("train.py", 9, 9)),
        of(2, why="another reason"),
        of(3, code="HC302"),
        of(4, severity=Severity.NOTE),
        of(5, location=None),
        of(6, location=None),
    ]

    assert 7 == len(together([FIRST, *others]))


def test_a_symptom_with_a_common_victim_is_folded_under_its_cause():
    cause = replace(FIRST, code="HC202", victims=("hyper.weight",))
    symptom = replace(FIRST, code="HC402", victims=("hyper.weight[0:3]",))

    (found,) = fold([symptom, cause], CATALOGUE)

    assert ("HC202", ("HC402",)) == (found.code, found.folded)


def test_only_tensors_that_starve_are_said_not_to_learn():
    mixed = replace(FIRST, code="HC603")

    assert ("does not learn", "do not learn") == (words.harm(FIRST), words.harm(FIRST, 2))
    assert ("learns the wrong thing", "learn the wrong thing") == (words.harm(mixed), words.harm(mixed, 2))


def test_gradients_that_are_clipped_to_nothing_are_not_said_to_be_cleared():
    clip = Location("train.py", 7, 7, source="clip_grad_norm_(net.parameters(), 0)")
    update = UpdateFact(key=1, gradient="zero", cleared_at=clip, scaled_away=True)
    steps = tuple(StepFacts(step=number, updates=(update,)) for number in (1, 2, 3))
    weight = TensorFact(key=1, name="hyper.weight", shape=(3,), holder="parameter")

    (found,) = hc404_zero_grad_after_backward.check(RunFacts(tensors={1: weight}, steps=steps, steps_seen=3))

    assert clip == found.location
    assert "scaled to nothing" in found.message
    assert "zero_grad" not in found.fix
