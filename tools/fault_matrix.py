"""The fault matrix in README.md: every reference model with every way of delivering its weights.

`--write` trains all cases under the checker (minutes) and writes the table. `--check` trains nothing: it
exits with 1 where the table lacks a model or a way, has one too many, or is wrong about which ones apply.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hypercheck import matrix, models  # noqa: E402  (the source tree, installed or not)
from hypercheck.models.handover import HANDOVERS, handover, ways, why_not  # noqa: E402

README = ROOT / "README.md"
BEGIN, END = "<!-- matrix:begin -->", "<!-- matrix:end -->"
COMMAND = "python tools/fault_matrix.py --write"


def section(found: list[matrix.Cell]) -> str:
    """What stands between the markers."""
    wrong = {cell.way for cell in found if cell.state not in matrix.RIGHT}
    count = sum(cell.state != matrix.NOT_APPLICABLE for cell in found)
    right = count - sum(cell.state not in matrix.RIGHT for cell in found)
    legend = ", ".join(f"{way.code} {way.name}" for way in HANDOVERS.values() if way.code)
    left = f" Wrong cells are left in: {', '.join(sorted(wrong))}." if wrong else ""
    return (
        f"{right} of {count} cells are right.{left}\n\n"
        "<details>\n<summary>The matrix</summary>\n\n"
        f"{matrix.render(found, markdown=True)}\n\n"
        f"✓ found at its line · – does not apply · missed: not found · line: found, at another line.\n"
        f"The columns: {legend}.\n\n</details>\n"
    )


def table(text: str) -> dict[tuple[str, str], str]:
    """The cells of the table in a README: (model, code) to what stands there."""
    inside = text.partition(BEGIN)[2].partition(END)[0]
    rows = [
        [part.strip() for part in line.strip("|").split("|")]
        for line in inside.splitlines()
        if line.startswith("| ")
    ]
    return {(row[0], code): mark for row in rows[1:] for code, mark in zip(rows[0][1:], row[1:])}


def complaints(text: str) -> Iterator[str]:
    """What the table in a README lacks, and what it has too many."""
    if BEGIN not in text or END not in text:
        yield f"README.md lacks the markers {BEGIN} and {END}"
        return
    shown = table(text)
    wrong = [handover(way) for way in ways(healthy=False)]
    wanted = {
        (name, code) for name in models.names() for code in (matrix.RIGHT_WAYS, *(w.code for w in wrong))
    }
    for name, code in sorted(wanted - shown.keys()):
        yield f"{name}, {code}: missing"
    for name, code in sorted(shown.keys() - wanted):
        yield f"{name}, {code}: there is no such case"
    for name in models.names():
        model = models.build(name)
        for way in wrong:
            mark, applies = shown.get((name, way.code)), not why_not(model, way)
            if mark is not None and (mark == matrix.SYMBOLS[matrix.NOT_APPLICABLE]) == applies:
                yield f"{name}, {way.code}: {'applies' if applies else 'does not apply'}, and shows {mark!r}"


def main() -> int:
    """Write or check; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--write", action="store_true", help="train all cases and write the table")
    chosen.add_argument("--check", action="store_true", help="exit with 1 if the table lacks a case")
    options = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    if options.write:
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not (begin and end):
            sys.exit(f"README.md lacks the markers {BEGIN} and {END}")
        warnings.simplefilter("ignore")
        found = matrix.cells(models.names(), ways())
        README.write_text(f"{before}{BEGIN}\n\n{section(found)}\n{END}{after}", encoding="utf-8")
        return 0
    wrong = list(complaints(text))
    for complaint in wrong:
        print(complaint, file=sys.stderr)
    if wrong:
        print(f"mend it by: {os.path.join('.venv', 'bin', COMMAND)}", file=sys.stderr)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
