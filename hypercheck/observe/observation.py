"""All recorded steps of one run, brought together: the facts that the rules judge."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from fnmatch import fnmatch
from typing import Any, NamedTuple

import torch
from torch import Tensor

from hypercheck.facts import OptimizerFact, RunFacts, StepFacts, TensorFact
from hypercheck.findings import Flow, Link, Location, OptimizerInfo, Roles, StepNumbers
from hypercheck.observe import frames, names, torch_compat
from hypercheck.observe.collector import collector_paused
from hypercheck.observe.digest import Digest
from hypercheck.observe.flows import autograd_flow, op_flow
from hypercheck.observe.handwork import Handwork, find_handwork
from hypercheck.observe.naming import Naming
from hypercheck.observe.reach import Edge
from hypercheck.observe.records import OptimizerRecord, Step
from hypercheck.observe.session import Session
from hypercheck.observe.story import Cuts, module_flow

_LOOKUPS = frozenset("embedding __getitem__ index_select unbind expand select".split())


class _Past(NamedTuple):
    """What became of tensor objects, over the whole run."""

    loaded: set[int]
    """Those that `load_state_dict` wrote into before they were first used."""
    thawed: set[int]
    """Those of which the program asked for gradients, after a time without."""
    registered: set[int]
    """Those that were a parameter of some module at some time."""
    modules: frozenset[str]
    """The names of all modules."""
    handwork: Handwork


class Observation:
    """Watches a program from `start` to `stop`, then tells its facts.

    `roots` are named objects (models, optimizers) to begin the search for names with; `hypernet`, `main` and
    `embeddings` are dotted names or globs that override the roles that were found.
    """

    def __init__(
        self,
        *,
        steps: int = 5,
        every: int | None = None,
        roots: Mapping[str, Any] | None = None,
        user_roots: tuple[str, ...] = (),
        hypernet: tuple[str, ...] = (),
        main: tuple[str, ...] = (),
        embeddings: tuple[str, ...] = (),
        on_step: Callable[[Observation], None] | None = None,
    ) -> None:
        self._told = (hypernet, main, embeddings)
        self._on_step = on_step
        self.session = Session(
            self._take, steps=steps, every=every, roots=roots, user_roots=user_roots, on_step=self._stepped
        )
        self.steps: list[StepFacts] = []
        self._firsts: list[tuple[int, int]] = []
        self._flows: tuple[Flow, ...] = ()
        self._flows_cut: bool | None = None
        self._to_draw: tuple[Digest, StepFacts] | None = None
        self._upstream: set[int] = set()
        self._filled_at: dict[int, Location | None] = {}
        """Leaves to the backward that first gave them a gradient."""
        self._used_since: dict[int, int] = {}
        """Leaves to where the tape stood when a backward first came to them."""
        self._embeddings: set[int] = set()
        self._main: set[int] = set()

    def start(self) -> None:
        """Begin to watch."""
        self.session.start()

    def stop(self) -> None:
        """Finish the step in progress and leave no trace."""
        self.session.stop()

    def _stepped(self, session: Session) -> None:
        if self._on_step is not None:
            self._on_step(self)

    def _take(self, session: Session, step: Step) -> None:
        with collector_paused():
            self._judge(session, step)

    def _judge(self, session: Session, step: Step) -> None:
        self._firsts.append((step.first_op, step.number))
        for backward in step.backwards:
            place = frames.location(backward.site)
            self._filled_at.update(dict.fromkeys(backward.filled - self._filled_at.keys(), place))
            self._used_since.update(dict.fromkeys(backward.reached - self._used_since.keys(), backward.op))
        digest = Digest(session, step, self._firsts)
        facts = digest.facts()
        facts = replace(facts, numbers=_completed(facts))
        self.steps.append(facts)
        # The first step may start from zeros and the second is soon there; each picture costs some time.
        cut, before = bool(facts.cuts), self._flows_cut
        if before is None or cut > before or (cut == before and len(self.steps) in (2, 5)):
            self._flows_cut = cut
            self._to_draw = (digest, facts)
        upstream = digest.upstream_of_slots
        self._upstream |= upstream
        for slot in digest.flow.slots:
            module = session.tape.ops[slot.op].module
            if module >= 0:
                self._main.add(module)
        self._embeddings |= self._inputs_of_generators(digest, upstream, facts)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The pictures of the step that tells most, drawn when they are asked for."""
        if self._to_draw is not None:
            digest, facts = self._to_draw
            self._to_draw = None
            try:
                with torch._C.DisableTorchFunction(), torch_compat.unheard(), collector_paused():
                    cuts = Cuts(digest, facts.cuts, facts.dead_functions)
                    modules = module_flow(digest, cuts, facts.usages, facts.dead_ends)
                    self._flows = modules, op_flow(digest, cuts)
            except Exception as fault:
                self.session._fault(fault)
        return self._flows

    def _inputs_of_generators(self, digest: Digest, upstream: set[int], facts: StepFacts) -> set[int]:
        """Trainable tensors that enter the generator as its input and not as a weight of it."""
        values, ops, new = digest.tape.values, digest.tape.ops, upstream - self._embeddings
        readers: set[Edge] = set()
        for source, edges in digest.flow.children.items():
            if not values[source].leaf or values[source].object not in new:
                continue
            for edge in edges:
                op = ops[edge.op]
                first = op.name in ("linear", "conv1d", "conv2d") and op.inputs[0] == source
                # A view that is taken under no_grad is there to be initialised, and not to be looked up.
                if first or (op.name in _LOOKUPS and values[edge.target].requires_grad):
                    readers.add(edge)
        if readers:
            readers.intersection_update(Cuts(digest, facts.cuts).on_the_way[1])
        return {values[edge.source].object for edge in readers}

    # -- the facts ------------------------------------------------------------------------------

    def facts(self) -> RunFacts:
        """Everything that was observed, as plain data; a fault of ours leaves only word of itself."""
        try:
            with collector_paused():
                return self._facts()
        except Exception as fault:
            self.session._fault(fault)
            return RunFacts(steps_seen=self.session.steps_seen, instruments=self._instruments())

    def _instruments(self) -> dict[str, str]:
        return {"recorder": self.session.faults[0]} if self.session.faults else {}

    def _facts(self) -> RunFacts:
        session = self.session
        naming = Naming(session)
        keys = self._keys()
        past = self._past()
        tensors = {number: self._tensor_fact(number, naming, past) for number in keys}
        stepped = {n for record in session.optimizers if record.steps for n in record.objects}
        never, given = {}, session.tape.gradients.given
        # One that a variable holds by itself was chosen, rather than one of several in a dict.
        for record in sorted(session.optimizers, key=lambda item: naming.optimizer(item).isidentifier()):
            others = len(stepped.intersection(record.objects))  # most of it: another choice of optimizer
            if record.steps == 0 and record.objects and 2 * others <= len(record.objects):
                for number in record.objects:
                    if (
                        (number in session.filled_ever or number in given)
                        and number not in stepped
                        and number not in session.manual | past.handwork.moved
                    ):
                        never[number] = naming.optimizer(record)
                        tensors.setdefault(number, self._tensor_fact(number, naming, past))
        return RunFacts(
            tensors=tensors,
            steps=tuple(self.steps),
            steps_seen=session.steps_seen,
            optimizers=tuple(self._optimizer_facts(naming, tensors)),
            roles=self._roles(naming),
            flows=(*self.flows, self._autograd(naming)),
            backwards_without_step=session.waits.since_step,
            never_stepped=never,
            filled_at={number: place for number in never if (place := self._given_at(number))},
            skipped_steps=session.waits.skipped_steps,
            skipped_at=frames.location(session.waits.skipped_at),
            unused_backwards=session.waits.unused,
            stepped_at=frames.location(session.waits.stepped_at),
            not_observed={**session.not_observed, **self._opaque()},
            instruments=self._instruments(),
        )

    def _opaque(self) -> dict[str, str]:
        """The transforms and scripted modules of a program in which no generated weight was seen."""
        if any(step.links for step in self.steps):
            return {}
        names = {op.name for op in self.session.tape.ops if op.name.startswith(("func.", "scripted"))}
        return {"opaque": ", ".join(sorted(names))} if names else {}

    def _autograd(self, naming: Naming) -> Flow:
        node_names, leaf_of, edges, leaves = self.session.autograd
        updates = {update.key: update for update in self.steps[-1].updates} if self.steps else {}
        found = {index: updates[number] for index, number in enumerate(leaves) if number in updates}
        return autograd_flow(node_names, leaf_of, edges, [naming.object(number) for number in leaves], found)

    def _keys(self) -> set[int]:
        keys: set[int] = set(self._upstream)
        for step in self.steps:
            keys.update(update.key for update in step.updates)
            for cut in step.cuts:
                keys.update(cut.victims)
                keys.update(cut.victim_rows)
            for dead in step.dead_ends:
                keys.update(dead.victims)
            for stale in step.stale:
                keys.update(stale.victims)
            keys.update(item.key for item in step.lost)
            keys.update(step.unheld)
            keys.update(step.fresh)
        for record in self.session.optimizers:
            keys.update(record.objects)
        return {key for key in keys if key >= 0}

    def _given_at(self, number: int) -> Location | None:
        """Where the tensor first got a gradient."""
        return self._filled_at.get(number) or frames.location(self.session.tape.gradients.given.get(number))

    def _tensor_fact(self, number: int, naming: Naming, past: _Past) -> TensorFact:
        session = self.session
        known = session.tape.objects[number]
        first = session.tape.first_values.get(number)
        value = session.tape.values[first] if first is not None else None
        tensor = session.tape.tensor(number)
        holders = session.variables.holders.get(number)
        holder = names.best(holders) if holders else None
        kind = holder.kind if holder else "unknown"
        if holder is not None and number in session.variables.hidden_in:
            kind = "container"
        owner = session.variables.owners.get(number)
        made_at = frames.location(known.made_at) or (
            frames.location(session.tape.ops[value.op].site) if value is not None and value.op >= 0 else None
        )
        return TensorFact(
            key=number,
            name=naming.object(number),
            aliases=naming.aliases(number),
            shape=tuple(tensor.shape) if tensor is not None else (value.shape if value else ()),
            holder=kind,
            is_parameter=known.is_parameter,
            dtype=str(tensor.dtype) if tensor is not None else known.dtype,
            requires_grad=tensor.requires_grad if tensor is not None else bool(value and value.requires_grad),
            leaf=tensor.is_leaf if tensor is not None else bool(value and value.leaf),
            module=naming.module_of(number),
            model=_outermost(naming.module_of(number), past.modules),
            training=session.variables.module_training.get(owner, True) if owner is not None else True,
            made_at=made_at,
            held_at=frames.location(session.variables.hidden.get(number))
            if session.variables.hidden.get(number)
            else naming.held_at(number),
            generates=number in self._upstream,
            optimizers=tuple(
                naming.optimizer(session.optimizers[item])
                for item in sorted(session.ever_stepped.get(number, ()))
            ),
            loaded=number in past.loaded,
            late=self._is_late(number),
            thawed=number in past.thawed,
            moved=number in past.handwork.moved,
            kept=number in past.handwork.movers,
            cast_off=kind in ("variable", "object") and number in past.registered,
        )

    def _is_late(self, number: int) -> bool:
        """Whether the tensor was made after every optimizer that steps."""
        stepping = [record.made_at_op for record in self.session.optimizers if record.steps]
        first = self.session.tape.first_values.get(number)
        if not stepping or first is None:
            return False
        return self.session.tape.values[first].op >= max(stepping) > 0

    def _past(self) -> _Past:
        tape = self.session.tape
        values, loaded = tape.values, set()
        for index, op in enumerate(tape.ops):
            if "load_state_dict" in op.tags:
                written = {values[value].object for value in op.outputs}
                # What is loaded in the middle of the training are averages, or the best values.
                loaded |= {number for number in written if index < self._used_since.get(number, index + 1)}
        flagged = [values[tape.ops[index].outputs[0]] for index in tape.flag_ops]
        return _Past(
            loaded,
            {value.object for value in flagged if value.requires_grad},
            self.session.variables.registered | {item.object for item in tape.assignments},
            frozenset(self.session.variables.module_names.values()),
            find_handwork(tape, [first for first, _ in self._firsts]),
        )

    def _optimizer_facts(self, naming: Naming, tensors: dict[int, TensorFact]) -> list[OptimizerFact]:
        session = self.session
        found = []
        for record in session.optimizers:
            found.append(
                OptimizerFact(
                    name=naming.optimizer(record),
                    kind=record.kind,
                    location=frames.location(record.site),
                    keys=record.objects,
                    empty_groups=record.empty_groups,
                    orphans=tuple(record.orphans),
                    orphan_bytes=sum(record.orphans.values()),
                    steps=record.steps,
                    late_zeros=tuple(
                        (objects, record.steps - before)
                        for before, objects in record.zero_since.values()
                        if before and record.scheduled_at is not None
                    ),
                    rate_set_at=self._rate_set_at(record),
                    added_at={
                        key: place
                        for key, site in record.added_at.items()
                        if (place := frames.location(site)) is not None
                    },
                )
            )
        return found

    def _rate_set_at(self, record: OptimizerRecord) -> Location | None:
        """The statement that set the rates after the optimizer was built: a scheduler, or an assignment."""
        if record.starts_at_zero or record.site is None:
            return None
        if record.scheduled_at is not None:
            return frames.location(record.scheduled_at)
        return frames.rate_assignment(record.site)

    # -- roles ----------------------------------------------------------------------------------

    def _roles(self, naming: Naming) -> Roles:
        session = self.session
        hypernet, main, embeddings = self._told
        trunk = [number for number in sorted(self._upstream) if number not in self._embeddings]
        held = {number for record in session.optimizers for number in record.objects}
        kept = held.union(session.variables.holders)
        trunk = [number for number in trunk if number in kept] or trunk
        owners = [naming.module_of(number) or naming.object(number) for number in trunk]
        paths = _tops([path for path in owners if path])
        named = session.variables.module_names
        mains = _tops([named[item] for item in sorted(self._main) if item in named])
        names_of_embeddings = [naming.object(number) for number in sorted(self._embeddings)]
        everything = list(named.values())
        links: dict[tuple[object, ...], Link] = {}
        for step in self.steps:
            for link in step.links:
                links[(link.slot, link.source, link.ranges, link.location)] = link
        reasons = dict.fromkeys(paths, "generates weights that the main network uses")
        reasons.update(dict.fromkeys(mains, "uses generated weights"))
        reasons.update(dict.fromkeys(names_of_embeddings, "a trainable input of the generator"))
        return Roles(
            hypernet=_chosen(hypernet, everything, paths),
            main=_chosen(main, everything, mains),
            embeddings=_chosen(
                embeddings, [naming.object(n) for n in sorted(self._upstream)], names_of_embeddings
            ),
            optimizers=tuple(
                OptimizerInfo(naming.optimizer(record), record.kind, len(record.objects), record.steps)
                for record in session.optimizers
            ),
            generated=tuple(links.values()),
            reasons=reasons,
        )


def _completed(facts: StepFacts) -> StepNumbers | None:
    """The step's numbers with what other facts add: the size of the weights, the share that nothing used."""
    if facts.numbers is None:
        return None
    total = sum(usage.total for usage in facts.usages)
    return replace(
        facts.numbers,
        grad_norms={**dict.fromkeys(facts.numbers.update_ratios, 0.0), **facts.numbers.grad_norms},
        weight_scales=_scales(facts),
        unused_share=1 - sum(usage.used for usage in facts.usages) / total if total else None,
    )


def _scales(facts: StepFacts) -> dict[str, float]:
    """Generated weight, as the links name it, to its scale; what has no fan-in has no scale either."""
    found: dict[str, float] = {}
    links = list(facts.links)
    for weight in facts.health.weights:
        same = (item for item in links if (item.source, item.shape) == (weight.source, weight.shape))
        link = next(same, None)
        if link is not None:
            links.remove(link)
        if not weight.fan_in or not math.isfinite(weight.rms):
            continue
        name = f"{link.name if link else weight.source} {'x'.join(map(str, weight.shape))}"
        if name in found and link is not None and link.ranges:
            name += f" [{link.ranges[0][0]}:{link.ranges[-1][1]}]"
        found.setdefault(name, weight.scale)
    return found


def _tops(paths: list[str]) -> tuple[str, ...]:
    """The module paths, each group of siblings under its common parent where that is not the root."""
    unique = list(dict.fromkeys(paths))
    if len(unique) <= 1:
        return tuple(unique)
    groups: dict[str, list[str]] = {}
    for path in unique:
        parts = path.split(".")
        groups.setdefault(".".join(parts[:2]) if len(parts) > 2 else path, []).append(path)
    return tuple(groups)[:12]


def _outermost(path: str, modules: frozenset[str]) -> str:
    """The shortest beginning of a module's path that is a module too."""
    ends = [index for index, letter in enumerate(path) if letter == "."]
    return next((path[:end] for end in ends if path[:end] in modules), path)


def _chosen(told: tuple[str, ...], everything: list[str], found: Any) -> tuple[str, ...]:
    if not told:
        return tuple(found)
    return tuple(
        path
        for path in everything
        if any(fnmatch(path, glob) or re.sub(r"^[^.]+\.", "", path) == glob for glob in told)
    )


def live_tensors(observation: Observation) -> list[Tensor]:
    """The tensors of the record that are still alive: none of them because of the record."""
    return [tensor for fact in observation.session.tape.objects if (tensor := fact.ref()) is not None]
