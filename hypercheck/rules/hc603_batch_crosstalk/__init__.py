"""The weights generated for one sample depend on the other samples of the batch.

Finds:
An operation that mixes the batch, between per-sample conditions and per-sample weights: a batch norm in
the hypernetwork's trunk, or a mean or softmax over the batch axis. A reshape that moves samples into each
other: in the weights, or in the data that a grouped convolution, one group for each sample, takes or gives.

Why it matters:
Each sample should get its own network from its own condition. If statistics of the batch enter, the
weights of sample i change with whoever stands beside it: predictions depend on the batch, evaluation with
running statistics gives other weights than training did, and a batch of one raises or degenerates.

Fix:
Normalise within the sample:

    self.norm = nn.LayerNorm(10)                         # not nn.BatchNorm1d(10)

and keep the batch axis in front until the product: `torch.bmm(x.unsqueeze(1), weights)`.

Not found:
Silent where mixing is the purpose: support sets, attention between samples, contrastive losses, batch
norm in the *main* network. Silent as well for a batch norm over the rows of a learned embedding table,
which is no batch of data. Mixing in an encoder of images or sequences is not looked for; nor is FiLM.

Where it is meant, write `# hypercheck: ignore[HC603]` on the line that mixes.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypercheck.facts import BatchMix, RunFacts
from hypercheck.findings import Finding, Severity
from hypercheck.rules.generated import place, shape
from hypercheck.rules.rule import Rule

_FEWEST = 2
_VIEWS = {
    "view": (
        "a reshape over the axis of the batch fills the weights of one sample from the rows of others",
        "view the axis of the batch first, as in w.view(batch, out, inp), and then move axes",
        "the first sample's weights hold numbers of other rows",
    ),
    "packing": (
        "a reshape over the axis of the batch gives the weights of one sample the data of others",
        "keep a sample's channels together: x.reshape(1, batch * channels, ...) before the grouped "
        "convolution, y.view(batch, channels, ...) behind it",
        "the first group's channels are not those of the first sample",
    ),
    "pairing": (
        "the places of a sample lie side by side, and the weights were repeated batch after batch: each "
        "place meets the weights of another sample",
        "repeat each sample's weights for its own places: w.repeat_interleave(places, 0), or keep the axis: "
        "x.view(batch, places, inp) @ w",
        "rows of one sample's data meet the weights of several samples",
    ),
    "places": (
        "a reshape of a map of weights in its own order fills the weights of one place from several",
        "move the channels behind the places first: w.permute(0, 2, 3, 1).reshape(-1, channels)",
        "the first group's weights hold numbers that were made at several places",
    ),
}
"""What mixes samples without computing anything: why it does, how to mend it, and what was seen."""


def check(facts: RunFacts) -> Iterator[Finding]:
    """Generated weights that depend on the rest of the batch."""
    found: dict[object, list[tuple[int, BatchMix]]] = {}
    for step in facts.steps:
        here = {(mix.kind, mix.name, place(mix.location)): mix for mix in step.health.mixes}
        for key, mix in here.items():
            found.setdefault(key, []).append((step.step, mix))
    for seen in found.values():
        if len(seen) < _FEWEST:
            continue
        mix = seen[-1][1]
        norm = mix.kind == "batch_norm"
        torn = mix.kind in _VIEWS
        what = f"the batch norm {mix.name}" if norm else f"{mix.name}, a {mix.kind} over the batch,"
        if torn:
            what = f"the {'order' if mix.kind == 'pairing' else 'reshape'} of {mix.name}"
        yield RULE.finding(
            tuple(step for step, _ in seen),
            mix.source,
            f"{what} mixes the {mix.batch} samples whose weights {mix.source} generates",
            _VIEWS[mix.kind][0]
            if torn
            else (
                "statistics of the batch enter the weights of each sample, so a sample's network depends on "
                "the samples that stand beside it"
            ),
            (
                "normalise within the sample: nn.LayerNorm in place of nn.BatchNorm1d"
                if norm
                else _VIEWS[mix.kind][1]
                if torn
                else "reduce over the sample's own axes, and keep the axis of the batch"
            ),
            victims=tuple(facts.name(key) for key in mix.keys),
            location=mix.location,
            seen=(
                f"{mix.source} generates {shape(mix.shape)}: a row, and a network, for each sample",
                _VIEWS[mix.kind][2]
                if torn
                else f"all conditions pass the {mix.kind.replace('_', ' ')} over the {mix.batch} samples",
            ),
            evidence={"operation": mix.kind, "name": mix.name, "batch": mix.batch, "steps": len(seen)},
        )


RULE = Rule("HC603", "batch-crosstalk", Severity.WARNING, "over steps", check, __doc__)
