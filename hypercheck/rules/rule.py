"""What a rule is: a code, a name, a page, and one pure function from facts to findings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hypercheck.facts import RunFacts
from hypercheck.findings import Finding, RuleInfo, Severity

Check = Callable[[RunFacts], Iterable[Finding]]

HEADINGS = ("Finds", "Why it matters", "Fix", "Not found")


@dataclass(frozen=True)
class Rule:
    """One rule. `doc` is its module's docstring: a summary line, then the text under `HEADINGS`.

    `needs` names the instruments (attributes of `RunFacts.instruments`) that it cannot judge without;
    `explains` the codes of the symptoms that a finding of this rule accounts for.
    """

    code: str
    name: str
    severity: Severity
    stage: str
    check: Check
    doc: str
    needs: tuple[str, ...] = ()
    explains: tuple[str, ...] = ()

    def finding(
        self,
        steps: tuple[int, ...],
        subject: str,
        message: str,
        why: str,
        fix: str,
        *,
        severity: Severity | None = None,
        **more: Any,
    ) -> Finding:
        """A finding of this rule, of its own severity unless told otherwise; `more` are the other fields."""
        grade = self.severity if severity is None else severity
        return Finding(self.code, self.name, grade, self.stage, steps, subject, message, why, fix, **more)

    @cached_property
    def info(self) -> RuleInfo:
        """The rule's page as plain text, with its two examples."""
        summary, sections = _sections(self.doc)
        folder = Path(inspect.getfile(self.check)).parent
        return RuleInfo(
            code=self.code,
            name=self.name,
            severity=self.severity,
            stage=self.stage,
            summary=summary,
            finds=sections["Finds"],
            why_it_matters=sections["Why it matters"],
            fix=sections["Fix"],
            not_found=sections["Not found"],
            bad_example=_source(folder / "bad.py"),
            good_example=_source(folder / "good.py"),
        )


def _sections(doc: str) -> tuple[str, dict[str, str]]:
    text = inspect.cleandoc(doc)
    pattern = "|".join(re.escape(heading) for heading in HEADINGS)
    pieces = re.split(rf"^({pattern}):[ ]*\n?", text, flags=re.MULTILINE)
    sections = {name: inspect.cleandoc(body).strip() for name, body in zip(pieces[1::2], pieces[2::2])}
    missing = [heading for heading in HEADINGS if not sections.get(heading)]
    if missing:
        raise ValueError(f"rule page without {', '.join(missing)}: {text.splitlines()[0]}")
    return pieces[0].strip(), sections


def _source(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
