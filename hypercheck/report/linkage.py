"""How each generated weight hangs on what generates it: linked, in part, cut, or values only on purpose.

That no gradient goes back from a weight is a fact. It is a cut where a finding tells of the harm; a teacher,
a target network or a frozen part takes values only, and the diagram draws it so as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from hypercheck.findings import Finding, Link, Severity
from hypercheck.report import words

_REPLACING = ("HC101", "HC102", "HC103", "HC107", "HC108", "HC109")


class Linkage(str, Enum):
    """What a table says of a generated weight."""

    CUT = "CUT"
    PART = "in part"
    VALUES = "values only"
    LINKED = "yes"

    @property
    def rank(self) -> int:
        """What one looks for stands first."""
        return list(Linkage).index(self)


def linkage(link: Link, findings: Iterable[Finding]) -> Linkage:
    """The state of one link, in view of what the report finds.

    >>> linkage(Link("w", (2,), "main.0", "hyper", linked=False), ())
    <Linkage.VALUES: 'values only'>
    """
    harmful = [finding for finding in findings if finding.severity is not Severity.NOTE]
    if link.linked:
        # A leaf that took a generated weight's place is reached by the loss, and leads nowhere.
        cut = any(
            finding.code in _REPLACING and finding.evidence.get("target") in (link.name, link.slot)
            for finding in harmful
        )
        if cut:
            return Linkage.CUT
        # A gradient comes back to some of its makers, and a cut keeps it from others.
        part = any(finding.code.startswith("HC1") and _concerns(finding, link) for finding in harmful)
        return Linkage.PART if part else Linkage.LINKED
    return Linkage.CUT if any(_concerns(finding, link) for finding in harmful) else Linkage.VALUES


def in_order(links: Sequence[Link], findings: Sequence[Finding]) -> list[tuple[Link, Linkage]]:
    """The links with their states: the cut ones first, and the healthy ones last."""
    told = [(link, linkage(link, findings)) for link in links]
    return sorted(told, key=lambda item: (item[1].rank, item[0].equal is not False))


def gradient(link: Link, state: Linkage) -> str:
    """The norm of what comes back to the generator; a dash where nothing is due or nothing was measured."""
    if link.grad_norm is None and state is not Linkage.CUT:
        return "-"
    return words.number(link.grad_norm)


def _concerns(finding: Finding, link: Link) -> bool:
    """Whether the finding's victims are among the tensors that the weight was computed from."""
    if finding.subject in (link.name, link.slot, link.source):
        return True
    makers = {link.source, *link.reason.removeprefix("computed from ").split(", ")}
    return any(
        not makers.isdisjoint((victim, victim.split("[")[0])) or victim.startswith(f"{link.source}.")
        for victim in finding.victims
    )
