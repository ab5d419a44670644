"""Observe, judge, report: the only room that knows both the facts and the rules."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from hypercheck.errors import HOW_TO_REPORT
from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, Outcome, ReportData, Severity, Target
from hypercheck.report.marks import marked
from hypercheck.rules import CATALOGUE
from hypercheck.rules.rule import Rule
from hypercheck.rules.starvation import listed
from hypercheck.settings import Settings

_IGNORE = re.compile(r"#\s*hypercheck:\s*ignore(?:\[([A-Za-z0-9_,\s-]+)\])?")


def judge(
    facts: RunFacts, settings: Settings, rules: Sequence[Rule] = CATALOGUE
) -> tuple[list[Finding], list[Outcome], list[str]]:
    """The findings of all selected rules (causes first, symptoms folded), each rule's outcome, own faults."""
    findings: list[Finding] = []
    outcomes: list[Outcome] = []
    faults: list[str] = []
    blind = blindness(facts)
    for rule in rules:
        if not settings.selects(rule.code, rule.name):
            continue
        try:
            found = list(rule.check(facts))
        except Exception as fault:
            faults.append(f"rule {rule.code} failed: {type(fault).__name__}: {fault}")
            outcomes.append(Outcome(rule.code, "not checked", "the rule itself failed"))
            continue
        findings.extend(found)
        if found:
            outcomes.append(Outcome(rule.code, "failed"))
        elif blind:
            outcomes.append(Outcome(rule.code, "not checked", blind))
        else:
            outcomes.append(Outcome(rule.code, "passed"))
    kept = [finding for finding in findings if not _silenced(finding)]
    return fold(together(kept), rules), outcomes, faults


def blindness(facts: RunFacts) -> str:
    """Why the rules had nothing to judge, or ''."""
    if not facts.steps:
        return "no training step was recorded"
    if facts.instruments:
        return f"the {next(iter(facts.instruments))} failed"
    return ""


def together(findings: Iterable[Finding]) -> list[Finding]:
    """What one statement does to several tensors is told once, with all the tensors as victims."""
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        place = finding.location
        key = (finding.code, finding.severity, finding.why, place.file, place.line) if place else number
        groups.setdefault(key, []).append(finding)
    return [group[0] if len(group) == 1 else _as_one(group) for group in groups.values()]


def _as_one(group: Sequence[Finding]) -> Finding:
    first = group[0]
    others = dict.fromkeys(item.subject for item in group if item.subject != first.subject)
    same = (f"the same of {listed(tuple(others))}",) if others else ()
    victims = dict.fromkeys(name for item in group for name in item.victims)
    steps = sorted({step for item in group for step in item.steps})
    return replace(first, victims=tuple(victims), steps=tuple(steps), seen=(*first.seen, *same))


def fold(findings: Iterable[Finding], rules: Sequence[Rule]) -> list[Finding]:
    """Findings with their symptoms folded under the cause that shares a victim with them."""
    explains = {rule.code: rule.explains for rule in rules}
    ordered = sorted(
        findings,
        key=lambda item: (-item.severity.rank, item.code, item.location.line if item.location else 0),
    )
    folded: dict[int, list[str]] = {}
    gone: set[int] = set()
    for index, cause in enumerate(ordered):
        for other, symptom in enumerate(ordered):
            if other == index or other in gone or symptom.code not in explains.get(cause.code, ()):
                continue
            if _shares(cause, symptom):
                gone.add(other)
                folded.setdefault(index, []).append(symptom.code)
    return [
        replace(finding, folded=tuple(dict.fromkeys(folded.get(index, ()))))
        for index, finding in enumerate(ordered)
        if index not in gone
    ]


def _shares(cause: Finding, symptom: Finding) -> bool:
    """Whether the symptom's victims are the cause's, or stand where those of the cause should stand."""
    instead = set(cause.evidence.get("held_instead", ()))
    common = set(_stems(cause.victims)) & set(_stems(symptom.victims))
    return bool(common) or instead.issuperset(symptom.victims)


def _stems(names: Iterable[str]) -> list[str]:
    return [name.split("[")[0] for name in names]


def _silenced(finding: Finding) -> bool:
    """Whether the blamed line carries `# hypercheck: ignore[CODE]`."""
    place = finding.location
    if place is None:
        return False
    source = place.source or linecache.getline(place.file, place.line)
    match = _IGNORE.search(source)
    if match is None:
        return False
    codes = match.group(1)
    wanted = {code.strip().upper() for code in codes.split(",")} if codes else set()
    return not wanted or finding.code in wanted or finding.rule.upper() in wanted


def report(
    facts: RunFacts,
    target: Target,
    settings: Settings,
    *,
    version: str,
    torch_version: str,
    script_exit: int | None = None,
    rules: Sequence[Rule] = CATALOGUE,
) -> ReportData:
    """The report on one run."""
    findings, outcomes, faults = judge(facts, settings, rules)
    faults = [f"{fault}; {HOW_TO_REPORT}" for fault in (*facts.instruments.values(), *faults)]
    recorded = sum(bool(step.backwards or step.updates) for step in facts.steps)
    if faults or not recorded:
        verdict = "incomplete"
    elif any(finding.severity is not Severity.NOTE for finding in findings):
        verdict = "findings"
    else:
        verdict = "ok"
    return ReportData(
        target=target,
        version=version,
        torch=torch_version,
        verdict=verdict,
        steps_seen=max(facts.steps_seen, recorded),
        steps_recorded=recorded,
        script_exit=script_exit,
        findings=tuple(findings),
        outcomes=tuple(outcomes),
        roles=facts.roles,
        flows=marked(facts.flows, findings, {rule.name: rule.code for rule in rules}),
        history=tuple(step.numbers for step in facts.steps if step.numbers is not None),
        rules={rule.code: rule.info for rule in rules},
        internal_errors=tuple(faults),
    )
