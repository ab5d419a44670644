"""The generated weights are of a size that the main network's layer cannot use.

Finds:
A generated weight whose root mean square, times the square root of its fan-in, is far above the usual
range. A layer of torch has about 0.6, Kaiming's initialisation 1.4. In short trials on small networks,
everything above 6 trained several times slower (told as a note), and everything above 12 failed (told as
a warning). And one that stays next to nothing (below 1e-7) while its generator learns: a factor such as
1e-12 stands before it.

Why it matters:
A default initialisation of the head is made for the head's own inputs, not for the weights that it puts
out: their size depends on the width of the hypernetwork and on the size of its embedding, not on the
fan-in of the main network's layer. Activations grow by that factor in each layer, the first losses are
huge, and softmax saturates.

Fix:
Choose the head's variance for the layer to be generated (hyperfan-in), with the measured size of its
input:

    size = hidden.square().sum(-1).mean()                # hidden: what the head gets
    nn.init.normal_(head.weight, std=float((2 / (fan_in * size)) ** 0.5))
    nn.init.zeros_(head.bias)

or let the head begin at zero and put an ordinary initialisation of the main network into its bias:

    nn.init.zeros_(head.weight)
    nn.init.kaiming_uniform_(head.bias.data.view(8, 64))

Not found:
Silent for layers followed by a batch, layer or weight norm, which removes the scale, for small weights,
which train slower but do train, and for networks with their own rules of scale (SIREN, NTK
parametrisation).

Where it is meant, write `# hypercheck: ignore[HC601]` on the line that generates.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import Seen, by_statement, over_steps, shape, used_at
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import learned

_LARGEST, _FATAL = 6.0, 12.0
"""Root mean square times the root of the fan-in: 35 of 42 short trainings failed above the first, and all
28 above the second. A default head for 784 inputs lies between the two, and such programs do train."""
_KAIMING = 2**0.5
_NOTHING = 1e-7
"""No initialisation is as small; a head that starts at zero is larger after a few steps."""
_FEWEST_TERMS = 8
"""A sum of fewer products is no layer whose scale matters, unless it is past all sense."""
_ABSURD = 1000.0


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights of an unusable size."""
    large = [seen for seen in over_steps(facts).values() if _is_large(seen, facts)]
    for group in by_statement(large):
        seen = max(group, key=lambda item: item[0][1].scale)
        weight = seen[0][1]
        fan_in = weight.fan_in or 1
        ratio = weight.scale / _KAIMING
        yield RULE.finding(
            tuple(step for step, _ in seen),
            weight.source,
            f"the weights {shape(weight.shape)} from {weight.source} are {ratio:.3g} times the usual scale",
            (
                f"each output of the layer is a sum of {fan_in} products, and the head's initialisation does "
                "not know of that: activations grow by this factor, and the first losses are huge"
            ),
            (
                f"initialise the head for a fan-in of {fan_in}: "
                f"std = (2 / ({fan_in} * size)) ** 0.5, where size = hidden.square().sum(-1).mean()"
            ),
            severity=RULE.severity if weight.scale > _FATAL else Severity.NOTE,
            location=weight.location,
            related=used_at(weight),
            seen=(
                f"root mean square {weight.rms:.3g} at a fan-in of {fan_in}; "
                f"Kaiming's initialisation has {_KAIMING / fan_in**0.5:.2g}",
                f"so in each of {len(seen)} recorded steps, and no normalisation follows",
            ),
            evidence={"weight": weight.source, "rms": weight.rms, "fan_in": fan_in, "scale": weight.scale},
        )

    yield from _vanishing(facts)


def _vanishing(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights so small that the layer puts out nothing, and that do not grow."""
    fed = learned(facts)
    for group in by_statement(over_steps(facts).values()):
        if any(_meets_large_data(seen) for seen in group):
            continue
        group = [seen for seen in group if _is_vanishing(seen, fed)]
        if not group:
            continue
        seen = max(group, key=lambda item: item[0][1].rms)
        weight = seen[-1][1]
        yield RULE.finding(
            tuple(step for step, _ in seen),
            weight.source,
            f"the weights {shape(weight.shape)} from {weight.source} are about {weight.rms:.0e} in size",
            "what the layer computes with them is nothing beside its bias and the rounding of what is added, "
            "so neither the data nor the condition reaches the loss",
            "take out the factor, or start from zero with a head that may grow: nn.init.zeros_(head.weight)",
            location=weight.factor_at or weight.location,
            related=used_at(weight),
            seen=(
                f"root mean square {weight.rms:.3g} in each of {len(seen)} recorded steps: it does not grow",
            ),
            evidence={"weight": weight.source, "rms": weight.rms},
        )


def _is_vanishing(seen: Seen, fed: Set[int]) -> bool:
    """Whether the weight is next to nothing in all recorded steps, which a start at zero soon leaves."""
    sizes = [weight.rms for _, weight in seen]
    learns = any(not weight.exempt and fed & set(weight.keys) for _, weight in seen)
    return learns and len(seen) >= 4 and 0 < max(sizes) < min(_NOTHING, 3 * min(sizes))


def _meets_large_data(seen: Seen) -> bool:
    """Whether the weight is small because the data is large: both are in the units of a field."""
    return any(weight.rms < _NOTHING < weight.rms * (weight.input_rms or 0.0) for _, weight in seen)


def _is_large(seen: Seen, facts: RunFacts) -> bool:
    """Whether the weight is far too large in all recorded steps, and its own size matters."""
    loaded = any(
        facts.tensors[key].loaded for _, weight in seen for key in weight.keys if key in facts.tensors
    )
    return (
        len(seen) >= 2
        and not loaded
        and all(
            not weight.exempt
            and (weight.scale > _LARGEST if (weight.fan_in or 0) >= _FEWEST_TERMS else weight.scale > _ABSURD)
            for _, weight in seen
        )
    )


RULE = Rule("HC601", "weight-scale", Severity.WARNING, "over steps", check, __doc__)
