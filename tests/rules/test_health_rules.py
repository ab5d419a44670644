"""The rules on size, variety and independence of generated weights, on facts written by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hypercheck import rules
from hypercheck.facts import BatchMix, BatchSlot, Health, RunFacts, StepFacts, TensorFact, WeightHealth
from hypercheck.findings import Finding, Location

HEAD = Location("train.py", 12, 12)
USE = Location("train.py", 20, 20)
WEIGHT = WeightHealth(
    source="head",
    location=HEAD,
    used_at=USE,
    shape=(8, 64),
    argument="weight",
    keys=(1,),
    fan_in=64,
    rms=0.18,
    mark="a",
    generator_mark="g",
    learning=True,
)
TENSORS = {1: TensorFact(1, "head.weight", (512, 5), "parameter", generates=True)}


def found(code: str, healths: list[Health], tensors: dict[int, TensorFact] = TENSORS) -> list[Finding]:
    """What the rule says of a run whose steps showed these."""
    steps = tuple(StepFacts(step, health=health) for step, health in enumerate(healths, 1))
    rule = rules.rule(code)
    assert rule is not None
    return list(rule.check(RunFacts(tensors=tensors, steps=steps)))


def weights(*variants: dict[str, object]) -> list[Health]:
    """A step for each variant of one weight."""
    return [Health(weights=(replace(WEIGHT, **changes),)) for changes in variants]


# -- HC601 ---------------------------------------------------------------------------------------


def test_a_weight_of_sixteen_times_the_usual_scale_is_reported_where_it_is_generated():
    finding = found("HC601", weights({"rms": 2.8}, {"rms": 2.8}))[0]

    assert (HEAD, "the weights [8, 64] from head are 15.8 times the usual scale") == (
        finding.location,
        finding.message,
    )
    assert (USE.labelled("used here"),) == finding.related


def test_the_scale_is_the_root_mean_square_times_the_root_of_the_fan_in():
    assert 8.0 == replace(WEIGHT, rms=1.0).scale


def test_five_times_the_usual_scale_of_a_default_head_is_no_finding():
    assert [] == found("HC601", weights(*[{"rms": 0.74}] * 5))  # 5.9: just below


@pytest.mark.parametrize(
    "changes",
    [
        {"exempt": "normalised"},
        {"exempt": "sine"},
        {"exempt": "scaled"},
        {"fan_in": None},
        {"fan_in": 4, "rms": 30.0},
    ],
)
def test_a_large_weight_whose_size_says_nothing_is_silent(changes):
    assert [] == found("HC601", weights(*[{"rms": 9.0, **changes}] * 3))


def test_a_weight_that_is_large_in_one_step_only_is_silent():
    assert [] == found("HC601", weights({"rms": 9.0}, {"rms": 0.1}))
    assert [] == found("HC601", weights({"rms": 9.0}))


def test_a_large_weight_of_a_loaded_generator_is_silent():
    loaded = {1: replace(TENSORS[1], loaded=True)}

    assert [] == found("HC601", weights(*[{"rms": 9.0}] * 3), loaded)


def test_two_large_weights_of_one_statement_are_one_finding_on_the_larger():
    both = Health(
        weights=(replace(WEIGHT, rms=3.0), replace(WEIGHT, rms=2.0, shape=(4, 256), fan_in=256)),
    )

    assert [("HC601", 32.0)] == [(item.code, item.evidence["scale"]) for item in found("HC601", [both, both])]


# -- HC506 ---------------------------------------------------------------------------------------


def still(*changes: dict[str, object]) -> list[Health]:
    """Steps with one mark of the weight and another of the generator each."""
    return weights(*[{"generator_mark": f"g{turn}", **item} for turn, item in enumerate(changes)])


def test_a_weight_of_equal_bits_whose_generator_moves_is_reported():
    assert ["HC506"] == [finding.code for finding in found("HC506", still({}, {}, {}, {}))]


@pytest.mark.parametrize(
    "steps",
    [
        [{}, {}, {}],
        [{}, {}, {}, {"mark": "b"}],
        [{}, {}, {}, {"learning": False}],
        [{}, {}, {}, {"generator_mark": "g0"}],
        [{"precise": False}] * 4,
        [{"rms": 0.0}] * 4,
        [{"conditional": True, "condition_mark": mark} for mark in "abcd"],
        [{"conditional": True}] * 4,
    ],
    ids=["too few", "moves", "idle", "restored", "half", "zero", "other conditions", "unknown condition"],
)
def test_equal_weights_without_a_proof_that_they_should_move_are_silent(steps):
    assert [] == found("HC506", still(*steps))


# -- HC602 ---------------------------------------------------------------------------------------

COLLAPSED = {"rows": 16, "row_spread": 0.0, "conditions_differ": True, "conditional": True}


def test_equal_rows_for_different_conditions_are_reported():
    assert ["head generates the same weights for all 16 conditions of the batch"] == [
        finding.message for finding in found("HC602", weights(*[COLLAPSED] * 3))
    ]


@pytest.mark.parametrize(
    "steps",
    [
        [COLLAPSED] * 2,
        [COLLAPSED, *[{**COLLAPSED, "row_spread": 1e-4}] * 3],
        [{**COLLAPSED, "conditions_differ": False}] * 4,
        [{**COLLAPSED, "learning": False}] * 4,
        [{**COLLAPSED, "row_spread": None}] * 4,
    ],
    ids=["too few", "first step only", "equal conditions", "idle", "one row"],
)
def test_equal_rows_that_may_be_meant_are_silent(steps):
    assert [] == found("HC602", weights(*steps))


# -- HC603 ---------------------------------------------------------------------------------------

MIX = BatchMix("batch_norm", "net.norm", HEAD, 16, "head", (16, 12), (1,))


def test_a_batch_norm_between_conditions_and_weights_is_reported_at_its_call():
    finding = found("HC603", [Health(mixes=(MIX,))] * 3)[0]

    assert (HEAD, ("head.weight",)) == (finding.location, finding.victims)
    assert finding.message == "the batch norm net.norm mixes the 16 samples whose weights head generates"
    assert "LayerNorm" in finding.fix


def test_a_mix_of_one_step_is_silent():
    assert [] == found("HC603", [Health(mixes=(MIX,)), Health()])


def test_one_mix_on_the_way_to_several_weights_is_one_finding():
    both = Health(mixes=(MIX, replace(MIX, source="bias")))

    assert 1 == len(found("HC603", [both] * 3))


# -- HC604 ---------------------------------------------------------------------------------------

SHARED = {"pieces": 4, "row_spread": 0.0}


def test_equal_chunks_in_all_steps_are_reported():
    assert ["the 4 pieces that head generates are all the same"] == [
        finding.message for finding in found("HC604", weights(*[SHARED] * 3))
    ]


def test_the_embedding_of_equal_chunks_is_named_in_the_fix():
    finding = found("HC604", weights(*[{**SHARED, "pieces_of": "net.codes"}] * 3))[0]

    assert "start the 4 rows of net.codes apart: nn.init.normal_(net.codes)" == finding.fix


@pytest.mark.parametrize(
    "steps",
    [
        [SHARED] * 2,
        [SHARED, SHARED, {**SHARED, "row_spread": 1e-7}],
        [{**SHARED, "pieces": 0}] * 3,
        [{**SHARED, "learning": False}] * 3,
        [{**SHARED, "rms": 0.0}] * 3,
    ],
    ids=["too few", "parting", "a batch", "idle", "zero"],
)
def test_equal_rows_that_are_no_shared_chunks_are_silent(steps):
    assert [] == found("HC604", weights(*steps))


# -- HC306 ---------------------------------------------------------------------------------------

SLOT = BatchSlot(1, 16, HEAD, USE, "a")


def test_a_tensor_with_an_entry_for_each_place_in_the_batch_is_reported_where_it_is_made():
    finding = found("HC306", [Health(batch_slots=(replace(SLOT, data_mark=mark),)) for mark in "abc"])[0]

    assert (HEAD, "head.weight", (1, 2, 3)) == (finding.location, finding.subject, finding.steps)


def test_the_same_samples_in_the_same_places_are_silent():
    assert [] == found("HC306", [Health(batch_slots=(SLOT,))] * 3)


def test_samples_that_come_back_in_a_later_step_are_silent():
    marks = ("a", "b", "a", "b")

    assert [] == found("HC306", [Health(batch_slots=(replace(SLOT, data_mark=mark),)) for mark in marks])
