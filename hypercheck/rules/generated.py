"""Generated weights over the recorded steps: the same use of the same generator, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypercheck.facts import RunFacts, WeightHealth
from hypercheck.findings import Location

Seen = tuple[tuple[int, WeightHealth], ...]
"""Step numbers with what the step showed."""


def place(location: Location | None) -> tuple[str, int]:
    """File and line, for comparing."""
    return (location.file, location.line) if location is not None else ("", 0)


def over_steps(facts: RunFacts) -> Mapping[object, Seen]:
    """The generated weights, each with its steps in order; one in a loop is followed by its turn in it."""
    found: dict[object, list[tuple[int, WeightHealth]]] = {}
    for step in facts.steps:
        groups: dict[object, list[WeightHealth]] = {}
        for weight in step.health.weights:
            key = (
                weight.source,
                weight.argument,
                weight.shape,
                place(weight.location),
                place(weight.used_at),
            )
            groups.setdefault(key, []).append(weight)
        for use, weights in groups.items():
            for turn, weight in enumerate(weights):
                found.setdefault((use, turn), []).append((step.step, weight))
    return {key: tuple(seen) for key, seen in found.items()}


def by_statement(groups: Iterable[Seen]) -> list[list[Seen]]:
    """The groups that one statement generated, together: one fault each."""
    found: dict[object, list[Seen]] = {}
    for seen in groups:
        weight = seen[-1][1]
        found.setdefault((place(weight.location), weight.source), []).append(seen)
    return list(found.values())


def shape(lengths: tuple[int, ...]) -> str:
    """A shape as the user writes it.

    >>> shape((8, 64))
    '[8, 64]'
    """
    return "[" + ", ".join(map(str, lengths)) + "]"


def used_at(weight: WeightHealth) -> tuple[Location, ...]:
    """Where the weight is used, for the finding's related places."""
    return (weight.used_at.labelled("used here"),) if weight.used_at is not None else ()
