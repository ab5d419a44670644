"""The generated pages: one for each rule, their index, and the table of rules in README.md.

`--write` writes them; `--check` names the stale ones, and exits with 1 if there are any.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hypercheck.rules import CATALOGUE, page  # noqa: E402  (the source tree, installed or not)
from hypercheck.rules.rule import Rule  # noqa: E402

RULES = ROOT / "docs" / "rules"
README = ROOT / "README.md"
BEGIN, END = "<!-- rules:begin -->", "<!-- rules:end -->"
MADE = "<!-- made by tools/rule_docs.py from hypercheck/rules: edit the rule, then write again -->"
FAMILIES = {
    "1": "The gradient is cut between the hypernetwork and its weights",
    "2": "The weights are not the ones that were generated",
    "3": "Trainable tensors are not known as such",
    "4": "The gradients are wrong",
    "5": "The update does nothing",
    "6": "The network is poorly conditioned",
    "9": "What could not be seen",
}


def file_name(rule: Rule) -> str:
    """`HC102-data-assign.md`"""
    return f"{rule.code}-{rule.name}.md"


def rule_page(rule: Rule) -> str:
    """The rule's page, with the note that it is generated."""
    return f"{MADE}\n\n{page(rule)}"


def table(folder: str) -> str:
    """All rules as Markdown tables, one for each family; links go to `folder`."""
    lines: list[str] = []
    for digit, rules in groupby(CATALOGUE, lambda rule: rule.code[2]):
        lines += [f"**HC{digit}xx: {FAMILIES[digit]}**", "", "| Rule | Severity | Finds |", "|---|---|---|"]
        for rule in rules:
            summary = " ".join(rule.info.summary.split()).replace("|", "\\|")
            link = f"[{rule.code} {rule.name}]({folder}{file_name(rule)})"
            lines.append(f"| {link} | {rule.severity.value} | {summary} |")
        lines.append("")
    return "\n".join(lines)


def index() -> str:
    """The page that lists all rules."""
    return (
        f"{MADE}\n\n# Rules\n\n{len(CATALOGUE)} rules. `hypercheck explain HC102` shows the same pages in a "
        f"terminal.\n\n{table('')}"
    )


def readme(text: str) -> str:
    """README.md with a fresh table between its markers. Exits where the markers are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"README.md lacks the markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table('docs/rules/')}\n{END}{after}"


def wanted() -> Iterator[tuple[Path, str]]:
    """Each generated file and what it should hold."""
    for rule in CATALOGUE:
        yield RULES / file_name(rule), rule_page(rule)
    yield RULES / "README.md", index()
    if README.exists():
        yield README, readme(README.read_text(encoding="utf-8"))


def stale() -> list[tuple[Path, str | None]]:
    """The files that differ, with what they should hold; None for one that belongs to no rule."""
    files = dict(wanted())
    changed: list[tuple[Path, str | None]] = [
        (path, text)
        for path, text in files.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    return changed + [(path, None) for path in sorted(RULES.glob("*.md")) if path not in files]


def main() -> int:
    """Write or check; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--write", action="store_true", help="write what is stale")
    chosen.add_argument("--check", action="store_true", help="exit with 1 if a page is stale")
    options = parser.parse_args()
    found = stale()
    for path, text in found:
        state = "stale" if options.check else "removed" if text is None else "wrote"
        print(f"{state}: {path.relative_to(ROOT)}")
        if options.check:
            continue
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if found and options.check:
        print("mend it by: .venv/bin/python tools/rule_docs.py --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
