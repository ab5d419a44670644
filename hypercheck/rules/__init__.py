"""The catalogue of rules: facts in, findings out, no torch."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from hypercheck.rules.rule import Rule

CATALOGUE: tuple[Rule, ...] = tuple(
    import_module(f"hypercheck.rules.{folder.name}").RULE
    for folder in sorted(Path(__file__).parent.glob("hc[0-9]*"))
    if (folder / "__init__.py").exists()
)
"""All rules, by code."""


def rule(code: str) -> Rule | None:
    """The rule with this code or name."""
    wanted = code.strip().upper()
    return next((item for item in CATALOGUE if wanted in (item.code, item.name.upper())), None)


def page(item: Rule) -> str:
    """The rule's page in Markdown, with its examples."""
    info = item.info
    parts = [f"# {info.code} {info.name}", f"{info.summary} ({info.severity.value}, {info.stage})"]
    sections = ("Finds", info.finds), ("Why it matters", info.why_it_matters), ("Fix", info.fix)
    parts += [f"## {title}\n\n{text}" for title, text in (*sections, ("Not found", info.not_found))]
    for title, source in (("Broken", info.bad_example), ("Repaired", info.good_example)):
        if source:
            parts.append(f"## {title}\n\n```python\n{source.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"
