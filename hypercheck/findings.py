"""What is judged and told: findings, the outcome of each rule, and the report that carries them.

Plain frozen data. Nothing in this file holds a tensor, prints, or opens a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

SCHEMA = "hypercheck/1"


class Severity(str, Enum):
    """How much a finding matters: training is broken, very likely not meant, or worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for a note, 1 for a warning, 2 for an error."""
        return ("note", "warning", "error").index(self.value)


@dataclass(frozen=True, slots=True)
class Location:
    """A place in the user's program: lines are 1-based, columns 0-based and half-open."""

    file: str
    line: int
    end_line: int
    function: str = ""
    source: str = ""
    """The source of `line`, without its newline and with its indentation."""
    column: int | None = None
    end_column: int | None = None
    label: str = ""
    """What happens here, in a few words, where the place is one of several."""

    def labelled(self, label: str) -> Location:
        """The same place with another label."""
        return replace(self, label=label)


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """The page of a rule: what `hypercheck explain CODE` prints and SARIF carries as help."""

    code: str
    name: str
    severity: Severity
    stage: str
    summary: str
    finds: str
    why_it_matters: str
    fix: str
    not_found: str
    bad_example: str = ""
    good_example: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, told completely: what, where, why and how to mend it."""

    code: str
    rule: str
    severity: Severity
    stage: str
    steps: tuple[int, ...]
    subject: str
    """The tensor that is broken, in the user's names."""
    message: str
    why: str
    fix: str
    victims: tuple[str, ...] = ()
    """Trainable tensors that do not learn because of it, or learn the wrong thing."""
    location: Location | None = None
    related: tuple[Location, ...] = ()
    seen: tuple[str, ...] = ()
    """The facts that were observed, one short sentence each."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """The same facts as numbers and names, for machines."""
    folded: tuple[str, ...] = ()
    """Codes of the symptoms that this cause explains."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one rule ended: `passed`, `failed` or `not checked`, with the reason for the last."""

    code: str
    state: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One generated weight, as the main network used it.

    Element ranges are half-open index ranges into the source's flat output.
    """

    name: str
    """The generated tensor in the user's names."""
    shape: tuple[int, ...]
    slot: str
    """Where the main network used it: a module path, or the functional call's file:line."""
    source: str
    """Who generated it: a module path or an expression."""
    ranges: tuple[tuple[int, int], ...] = ()
    linked: bool = False
    equal: bool | None = None
    """Do the values used equal the values generated? None where that could not be compared."""
    elements_used: int = 0
    elements_total: int = 0
    grad_norm: float | None = None
    updated: bool | None = None
    location: Location | None = None
    reason: str = ""
    """Why it is taken for a generated weight."""


@dataclass(frozen=True, slots=True)
class OptimizerInfo:
    """One optimizer of the program."""

    name: str
    kind: str
    parameters: int
    steps: int


@dataclass(frozen=True, slots=True)
class Roles:
    """Who is who in the program."""

    hypernet: tuple[str, ...] = ()
    main: tuple[str, ...] = ()
    embeddings: tuple[str, ...] = ()
    optimizers: tuple[OptimizerInfo, ...] = ()
    generated: tuple[Link, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Name to the reason for its role."""


@dataclass(frozen=True, slots=True)
class FlowNode:
    """A box of the gradient-flow diagram.

    `kind`: embedding, condition, input, parameter, module, generated, slot, op, autograd, loss or unused.
    """

    key: str
    kind: str
    label: str
    details: tuple[str, ...] = ()
    grad_norm: float | None = None
    starved: bool = False
    count: int = 1
    """How many repeated units this box stands for."""
    group: str = ""
    """The module path that it belongs to, for folding."""
    marks: tuple[str, ...] = ()
    """Codes and names of the rules that found something here."""


@dataclass(frozen=True, slots=True)
class FlowEdge:
    """An arrow of the diagram, in the direction of the values.

    `kind`: linked (values and gradient), data (values that carry no gradient by nature) or cut.
    """

    source: str
    target: str
    kind: str
    code: str = ""
    place: str = ""
    """file:line of the cut."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The diagram's facts at one level: module, op or autograd."""

    level: str
    nodes: tuple[FlowNode, ...] = ()
    edges: tuple[FlowEdge, ...] = ()


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """What the charts show of one recorded step."""

    step: int
    grad_norms: Mapping[str, float] = field(default_factory=dict)
    """Group (hypernet, main, embeddings) to the norm of its gradient."""
    update_ratios: Mapping[str, float] = field(default_factory=dict)
    """Group to norm of the update / norm of the parameter."""
    weight_scales: Mapping[str, float] = field(default_factory=dict)
    """Generated weight to rms(W) * sqrt(fan_in)."""
    unused_share: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What was checked: a script, a module, a model file, or code wrapped by the API."""

    kind: str
    path: str
    argv: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportData:
    """Everything that one check found out. Survives a round trip through JSON."""

    target: Target
    version: str
    torch: str
    verdict: str
    """ok, findings or incomplete."""
    steps_seen: int = 0
    steps_recorded: int = 0
    script_exit: int | None = None
    findings: tuple[Finding, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    roles: Roles = field(default_factory=Roles)
    flows: tuple[Flow, ...] = ()
    history: tuple[StepNumbers, ...] = ()
    rules: Mapping[str, RuleInfo] = field(default_factory=dict)
    internal_errors: tuple[str, ...] = ()
    """Faults of hypercheck's own, one sentence each: with any of them the verdict is incomplete."""

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def at_least(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings at or above this severity."""
        return tuple(finding for finding in self.findings if finding.severity.rank >= severity.rank)
