"""The module-level diagram: embeddings and inputs, hypernetwork, generated weights, main network, loss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from hypercheck.facts import CutFact, DeadEnd, DeadFunction, UsageFact
from hypercheck.findings import Flow, FlowEdge, FlowNode, Location
from hypercheck.observe import frames, mechanisms
from hypercheck.observe.digest import Digest
from hypercheck.observe.reach import Edge
from hypercheck.observe.slots import Slot

_LOOKUPS = frozenset("embedding __getitem__ index_select unbind select".split())
_MOST_OPS = 3
_RANKS = ("data", "linked")


def module_flow(
    digest: Digest,
    cuts: Cuts,
    usages: Iterable[UsageFact] = (),
    dead_ends: Iterable[DeadEnd] = (),
) -> Flow:
    """The story of one step, from left to right.

    A module that makes weights and one that uses them are two boxes, also where one forward does both, and
    the numbers that a generator made in vain are a stub behind it.
    """
    story = _Story(digest, cuts)
    for value in sorted(story.drawn):
        story.place(value)
    for edge in sorted(story.drawn_edges, key=lambda edge: edge.target):
        story.join(edge)
    story.end()
    story.unused(usages)
    story.never_used(dead_ends)
    return story.told()


class Cuts:
    """The cuts of a step, found again at the edges where they happen."""

    def __init__(
        self, digest: Digest, cuts: Iterable[CutFact], dead_functions: Iterable[DeadFunction] = ()
    ) -> None:
        cuts = tuple(cuts)
        self._digest = digest
        self._cuts = {(cut.mechanism, _spot(cut.location)): cut for cut in cuts}
        self._by_place = {_spot(cut.location): cut for cut in cuts if cut.location}
        self._dead = [dead for dead in dead_functions if dead.kind in _DEAD_KINDS]

    @cached_property
    def on_the_way(self) -> tuple[set[int], list[Edge]]:
        """The values and edges to draw."""
        return on_the_way(self._digest, self)

    @property
    def any(self) -> bool:
        """Whether the step has a cut at all."""
        return bool(self._cuts)

    def kind(self, edge: Edge) -> tuple[str, str, str]:
        """Kind of the arrow, and the rule and the place of the cut where it is one."""
        flow, tape = self._digest.flow, self._digest.tape
        if not flow.broken(edge):
            dead = self._dead_at(edge) if self._dead else None
            if dead is not None:
                return "cut", _DEAD_KINDS[dead.kind], _place(dead.location)
            return ("linked" if edge.source in flow.live and edge.target in flow.live else "data"), "", ""
        if not self._cuts or edge.source in flow.live:
            return "data", "", ""
        here = frames.location(tape.ops[edge.op].site)
        cut = self._by_place.get((here.file, here.line)) if here else None
        if cut is None:
            verdict = mechanisms.judge(flow, edge)
            cut = self._cuts.get((verdict.mechanism, _spot(verdict.location)))
        return ("cut", cut.mechanism, _place(cut.location)) if cut is not None else ("data", "", "")

    def _dead_at(self, edge: Edge) -> DeadFunction | None:
        """The operation of zero derivative, or the custom function, that this edge enters."""
        op = self._digest.tape.ops[edge.op]
        for dead in self._dead:
            if op.name.removeprefix("function:") != dead.name:
                continue
            above = self._digest.flow.ancestry.objects(edge.source)
            if set(above) & set(dead.victims):
                return dead
        return None


_DEAD_KINDS = {"custom": "custom-function-none", "zero-derivative": "nondifferentiable-op"}


def _spot(place: Location | None) -> tuple[str, int]:
    return (place.file, place.line) if place else ("", 0)


def _place(place: Location | None) -> str:
    return f"{place.file}:{place.line}" if place else ""


def on_the_way(digest: Digest, cuts: Cuts) -> tuple[set[int], list[Edge]]:
    """The values and edges to draw: all behind the losses but how data were prepared and parameters began."""
    tape, ancestry = digest.tape, digest.flow.ancestry
    stack = [value for value in digest.flow.losses if value >= 0]
    drawn, edges = set(stack), list[Edge]()
    while stack:
        value = stack.pop()
        fact = tape.values[value]
        if fact.op < 0 or not ancestry.trainable(value):
            continue
        for source in dict.fromkeys(tape.ops[fact.op].inputs):
            edge = Edge(source, value, fact.op)
            if source < 0 or (fact.leaf and not _enters(digest, edge, cuts)):
                continue
            edges.append(edge)
            if source not in drawn:
                drawn.add(source)
                stack.append(source)
    return drawn, edges


def _enters(digest: Digest, edge: Edge, cuts: Cuts) -> bool:
    """Whether numbers of the step came into a leaf here, or into an earlier version of it."""
    values = digest.tape.values
    if values[edge.source].leaf and values[edge.source].object == values[edge.target].object:
        return True
    if cuts.kind(edge)[0] == "cut":
        return True
    # Under no_grad the cut may lie further up, at a view of what is copied here.
    computed = not values[edge.source].leaf and bool(digest.flow.ancestry.objects(edge.source))
    return cuts.any and computed and edge.op >= digest.step.first_op


@dataclass
class _Box:
    """One box while it is being gathered."""

    kind: str
    label: str
    details: tuple[str, ...] = ()
    squares: float = 0.0
    measured: bool = False
    starved: bool = False
    group: str = ""
    objects: set[int] = field(default_factory=set)
    ops: dict[str, None] = field(default_factory=dict)

    def node(self, key: str) -> FlowNode:
        """The box as a fact."""
        ops = [name for name in self.ops if not name.startswith("_") and name != "flags"]
        told = ", ".join(ops[:_MOST_OPS]) + (" …" if len(ops) > _MOST_OPS else "")
        norm = self.squares**0.5 if self.measured else None
        details = (*self.details, told) if told else self.details
        return FlowNode(key, self.kind, self.label, details, norm, self.starved, group=self.group)


class _Story:
    def __init__(self, digest: Digest, cuts: Cuts) -> None:
        self._digest = digest
        self._cuts = cuts
        self._boxes: dict[str, _Box] = {}
        self._edges: dict[tuple[str, str, bool], FlowEdge] = {}
        self._home: dict[int, str] = {}
        self._weights = self._weight_boxes(digest.flow.slots)
        self._main: set[int] = set()
        """Values that descend from a generated weight."""
        self._sides: dict[int, str] = {}
        self._cut_inside: dict[int, tuple[str, str]] = {}
        """Value behind a cut in its own box to that cut."""
        self._loops: dict[tuple[str, str, str], None] = {}
        self.drawn, self.drawn_edges = cuts.on_the_way
        names = digest.session.variables.module_names
        parents = {path.rpartition(".")[0] for path in names.values()}
        self._containers = {number for number, path in names.items() if path in parents}

    # -- boxes ----------------------------------------------------------------------------------

    def _weight_boxes(self, slots: Iterable[Slot]) -> dict[int, str]:
        """Value of each weight to its box. The same use in every unrolled step is one."""
        digest, keys, found = self._digest, dict[tuple[object, ...], str](), dict[int, str]()
        for slot in slots:
            op = digest.tape.ops[slot.op]
            shape = digest.tape.values[slot.value].shape
            use = (op.module, slot.argument, op.site, shape, digest.flow.root(slot.value))
            if slot.value in found:
                continue
            if use not in keys:
                keys[use] = self._weight_box(slot)
            found[slot.value] = keys[use]
        return found

    def _weight_box(self, slot: Slot) -> str:
        link = self._digest.usage.link(slot)
        ranges = ", ".join(f"[{first}:{last}]" for first, last in link.ranges[:2])
        if len(link.ranges) > 2:
            ranges += " …"
        details = [f"shape {'x'.join(map(str, link.shape)) or 'scalar'}"]
        if ranges and link.elements_used < link.elements_total:
            details.append(f"{ranges} of {link.elements_total:,}")
        slot_name = "" if link.slot.rpartition(":")[2].isdigit() else link.slot
        named = link.name.replace(".", "_").replace("[", "_").replace("]", "").isidentifier()
        if named and slot_name not in ("", link.name):
            details.append(f"as {slot_name}")
        label = link.name if named or not slot_name else slot_name
        key = f"w{slot.value}"
        self._boxes[key] = _Box("generated", label, tuple(details))
        return key

    def place(self, value: int) -> None:
        """Find the box of a value; values come oldest first, so those that made it have theirs."""
        fact = self._digest.tape.values[value]
        if fact.op >= 0 and self._from_weight(value):
            self._main.add(value)
        if value in self._weights:
            self._main.add(value)
            self._home[value] = self._weights[value]
        elif fact.op < 0 or fact.leaf or not self._digest.flow.ancestry.trainable(value):
            self._home[value] = self._source_box(value)
        else:
            self._home[value] = self._op_box(value)

    def _from_weight(self, value: int) -> bool:
        fact = self._digest.tape.values[value]
        return any(source in self._main for source in self._digest.tape.ops[fact.op].inputs)

    def _source_box(self, value: int) -> str:
        digest = self._digest
        fact = digest.tape.values[value]
        owner = digest.naming.module_of(fact.object)
        trainable = fact.leaf or fact.object in digest.updates
        if owner and not (trainable and (self._of_container(fact.object) or self._is_input(value))):
            side = "h" if self._makes_weights(value) else "m"
            return self._add(f"m{owner}@{side}", _Box("module", owner, group=owner), fact.object)
        shape = f"shape {'x'.join(map(str, fact.shape)) or 'scalar'}"
        if trainable:
            box = _Box("embedding", digest.naming.object(fact.object), (shape,))
        elif not fact.shape:
            return ""
        else:
            kind = "condition" if self._makes_weights(value) else "input"
            name = self._begun_by(value) or digest.naming.value(value)
            return self._add(f"i{name}", _Box(kind, name, (shape,)), fact.object)
        return self._add(f"t{fact.object}", box, fact.object)

    def _of_container(self, number: int) -> bool:
        """Whether a tensor belongs to a module of modules: it is none of the layers that are drawn."""
        return self._digest.session.variables.owners.get(number) in self._containers

    def _begun_by(self, value: int) -> str:
        """What a module started from of its own accord, such as the zeros of a recurrent state."""
        fact = self._digest.tape.values[value]
        op = self._digest.tape.ops[fact.op] if fact.op >= 0 else None
        variables = self._digest.session.variables
        if op is None or op.inputs or op.module < 0 or variables.holders.get(fact.object):
            return ""
        return f"{op.name} of {variables.module_names.get(op.module, 'a module')}"

    def _makes_weights(self, value: int) -> bool:
        return value in self._digest.flow.into_slots

    def _is_input(self, value: int) -> bool:
        """Whether a trainable tensor enters the generator as its input, and not as a weight of it."""
        for edge in self._digest.flow.children.get(value, ()):
            op = self._digest.tape.ops[edge.op]
            if edge.target not in self.drawn:
                continue
            if op.name in _LOOKUPS or (
                isinstance(op.arguments, tuple) and any(item == ("input", value) for item in op.arguments)
            ):
                return True
        return False

    def _add(self, key: str, box: _Box, number: int) -> str:
        box = self._boxes.setdefault(key, box)
        update = self._digest.updates.get(number)
        if update is not None and number not in box.objects:
            box.objects.add(number)
            box.measured = True
            box.squares += update.size.norm**2 if update.size.state == "ok" else 0.0
            box.starved = box.starved or update.size.state in ("none", "zero")
        return key

    def _op_box(self, value: int) -> str:
        digest = self._digest
        op = digest.tape.ops[digest.tape.values[value].op]
        above = [self._home[source] for source in op.inputs if self._home.get(source)]
        plain = op.module < 0 or op.module in self._containers
        if plain and len(set(above)) == 1 and not self._apart(above[0], value):
            return above[0]
        side = self._side(op.module, value, plain)
        name = digest.session.variables.module_names.get(op.module, "")
        if name:
            key, label = f"m{name}@{side}", name
        else:
            place = frames.location(op.site)
            function = place.function if place else ""
            label = f"{function}()" if function.isidentifier() else "main program"
            key = f"f{label}@{side}"
        box = self._boxes.setdefault(key, _Box("module", label, group=name))
        box.ops.setdefault(op.name)
        return key

    def _apart(self, home: str, value: int) -> bool:
        """Whether what is computed from this one box must not be drawn in it."""
        box = self._boxes[home]
        return box.kind != "module" or (home.endswith("@h") and value in self._main)

    def _side(self, module: int, value: int, plain: bool) -> str:
        """`h` for what makes weights, `m` for what uses them; a leaf module stays on its first side."""
        side = "h" if self._makes_weights(value) and value not in self._main else "m"
        return side if plain else self._sides.setdefault(module, side)

    # -- arrows ---------------------------------------------------------------------------------

    def join(self, edge: Edge) -> None:
        """Draw the arrow of one data-flow edge; edges come with the oldest target first.

        A cut inside of a box is drawn where its values leave the box.
        """
        source, target = self._home[edge.source], self._home[edge.target]
        if not source or not target:
            return
        kind, code, place = self._cuts.kind(edge)
        inside = self._cut_inside.get(edge.source)
        if kind != "cut" and inside is not None:
            if kind == "linked" and source != target:
                # Another way into the same box carries a gradient: both are true.
                self._arrow(FlowEdge(source, target, kind))
            kind, code, place = "cut", *inside
        if source != target:
            self._arrow(FlowEdge(source, target, kind, code, place))
        elif kind == "cut":
            self._cut_inside[edge.target] = code, place
            self._loops.setdefault((source, code, place))

    def _arrow(self, edge: FlowEdge) -> None:
        key = (edge.source, edge.target, edge.kind == "cut")
        old = self._edges.get(key)
        if old is None or (edge.kind != "cut" and _RANKS.index(edge.kind) > _RANKS.index(old.kind)):
            self._edges[key] = edge

    def end(self) -> None:
        """The loss, behind what computed it."""
        digest = self._digest
        shown = {(edge.code, edge.place) for edge in self._edges.values() if edge.kind == "cut"}
        for box, code, place in self._loops:
            if (code, place) not in shown:
                self._arrow(FlowEdge(box, box, "cut", code, place))
        self._boxes["loss"] = _Box("loss", "loss")
        for loss in sorted(digest.flow.losses):
            home = self._home.get(loss)
            if home:
                kind = "linked" if digest.tape.values[loss].requires_grad else "data"
                self._arrow(FlowEdge(home, "loss", kind))

    def unused(self, usages: Iterable[UsageFact]) -> None:
        """A dangling stub behind each generator of which a part is never used."""
        digest = self._digest
        facts = {(usage.source, usage.total): usage for usage in usages if usage.used < usage.total}
        if not facts:
            return
        for root in dict.fromkeys(digest.flow.root(slot.value) for slot in digest.flow.slots):
            size = 1
            for length in digest.tape.values[root].shape:
                size *= length
            usage = facts.pop((digest.naming.value(root), size), None)
            home = self._home.get(root, "")
            if usage is None or not home:
                continue
            lost = usage.total - usage.used
            told = (f"{lost:,} of {usage.total:,}", f"{lost / usage.total:.1%} of what is generated")
            self._boxes[f"u{root}"] = _Box("unused", "never used", told)
            self._arrow(FlowEdge(home, f"u{root}", "data"))

    def never_used(self, dead_ends: Iterable[DeadEnd]) -> None:
        """Generators whose output goes nowhere: they stand before a stub, without a way to the loss."""
        digest = self._digest
        for number, end in enumerate(dead_ends):
            stub = f"d{number}"
            told = tuple(f"shape {'x'.join(map(str, shape))}" for shape in end.shapes[:2])
            self._boxes[stub] = _Box("unused", end.source or "never used", (*told, "never reaches the loss"))
            for victim in end.victims:
                owner = digest.naming.module_of(victim)
                if owner:
                    box = _Box("module", owner, group=owner)
                    home = self._add(f"m{owner}@h", box, victim)
                else:
                    home = self._add(f"t{victim}", _Box("embedding", digest.naming.object(victim)), victim)
                self._arrow(FlowEdge(home, stub, "data"))

    def told(self) -> Flow:
        """The finished flow, without boxes that nothing leads to or from."""
        joined = {end for edge in self._edges.values() for end in (edge.source, edge.target)}
        nodes = [box.node(key) for key, box in self._boxes.items() if key in joined or key == "loss"]
        twice = {node.label for node in nodes if node.key.endswith("@h") and node.kind == "module"}
        told = tuple(
            replace(node, details=("uses the weights", *node.details))
            if node.label in twice and node.key.endswith("@m")
            else node
            for node in nodes
        )
        return Flow("module", told, tuple(self._edges.values()))
