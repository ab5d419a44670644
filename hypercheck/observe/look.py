"""The samples of one step together with its flow, and the questions about batches that are asked of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hypercheck.observe.samples import Sample
from hypercheck.observe.slots import Slot

if TYPE_CHECKING:
    from hypercheck.observe.digest import Digest

MIXERS = frozenset("batch_norm mean sum std var softmax log_softmax amax logsumexp var_mean std_mean".split())
"""Operations that may combine the samples of a batch."""

_MOST_WEIGHTS = 120
_PRODUCTS = frozenset("bmm einsum matmul __matmul__ baddbmm vmap conv1d conv2d conv3d".split())


class Look:
    """What was looked at of the values of one step, and what they came from."""

    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        self.tape = digest.tape
        self.flow = digest.flow
        self.details = digest.tape.samples.details
        self.of = digest.tape.samples.between(digest.step.first_op, digest.end())
        self.slots = [slot for slot in digest.own_slots if slot.value in self.flow.live][:_MOST_WEIGHTS]

    def output(self, value: int, root: int) -> Sample | None:
        """What was looked at of the generator's output, as near to the output as there is, row for row."""
        rows = self.tape.values[root].shape[:1]
        found = None
        for _ in range(64):
            if value in self.of and self.tape.values[value].shape[:1] == rows:
                found = self.of[value]
            parents = self.flow.elements.parents(value)
            if not parents:
                break
            value = parents[0]
        return found

    def has_data(self, value: int) -> bool:
        return self.flow.ancestry.data(value) != 0

    def above(self, value: int) -> list[int]:
        """The values that this one was made of in this step, without what lies behind data and leaves."""
        tape = self.tape
        seen, stack = {value}, [value]
        while stack and len(seen) < 5000:
            item = stack.pop()
            fact = tape.values[item]
            if fact.op < self.digest.step.first_op or fact.leaf or not fact.requires_grad:
                continue
            for source in tape.ops[fact.op].inputs:
                if source >= 0 and source not in seen:
                    seen.add(source)
                    stack.append(source)
        return sorted(seen)

    def data_of(self, above: Iterable[int]) -> list[int]:
        """The sampled inputs among them: values that come from nothing trainable."""
        return [
            value
            for value in above
            if value in self.of
            and not self.tape.values[value].requires_grad
            and not any(self.digest.asks(number) for number in self.flow.ancestry.objects(value))
            and not self.tape.objects[self.tape.values[value].object].is_parameter
        ]

    def mark(self, values: Iterable[int]) -> str:
        return joined(self.of[value].mark() for value in values if value in self.of)

    def one_network_each(self, slot: Slot, root: int) -> bool:
        """Whether the weights are a batch of whole matrices, one for each sample of the data."""
        values = self.tape.values
        made, used = values[root].shape, values[slot.value].shape
        op = self.tape.ops[slot.op]
        if (
            len(made) < 2
            or made[0] < 2
            or len(used) < 2
            or op.name not in _PRODUCTS
            or slot.argument != "weight"
        ):
            return False
        if op.name.startswith("conv"):
            return self.details.get(slot.op) == made[0] and used[0] % made[0] == 0
        return used[0] == made[0] and (len(used) >= 3 or op.name == "vmap")

    def batches(self, value: int, batch: int) -> list[int]:
        """The floating point data of one row for each sample that a value descends from."""
        return [
            item
            for item in self.data_of(self.above(value))
            if self.tape.values[item].shape[:1] == (batch,) and self.of[item].picked.is_floating_point()
        ]


def joined(marks: Iterable[str]) -> str:
    """One mark for several."""
    text = "".join(marks)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest() if text else ""
