"""Which rules are asked: from the command line, setup.cfg (`[hypercheck]`) or pyproject.toml."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypercheck.errors import UsageError

_KEYS = ("select", "ignore", "fail_on", "steps")


@dataclass(frozen=True)
class Settings:
    """Codes, prefixes of codes (`HC1`) or rule names to select and to ignore; empty `select` means all."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "error"
    steps: int = 5

    def selects(self, code: str, name: str) -> bool:
        """Whether a rule is asked."""
        chosen = not self.select or _matches(self.select, code, name)
        return chosen and not _matches(self.ignore, code, name)


def _matches(patterns: tuple[str, ...], code: str, name: str) -> bool:
    return any(code.startswith(item.upper()) or item.lower() == name for item in patterns)


def load(folder: Path) -> Settings:
    """The settings of the nearest project file at or above the folder; the defaults where there is none.

    Raises UsageError for a key that does not exist.
    """
    for place in (folder, *folder.parents):
        for path, found in ((place / "pyproject.toml", _toml), (place / "setup.cfg", _ini)):
            if path.is_file():
                table = found(path)
                if table is not None:
                    return _checked(table, path)
    return Settings()


def _checked(table: Mapping[str, Any], path: Path) -> Settings:
    plain = {key.replace("-", "_"): value for key, value in table.items()}
    unknown = sorted(set(plain) - set(_KEYS))
    if unknown:
        raise UsageError(f"{path}: hypercheck has no setting {unknown[0]!r}", f"known are {', '.join(_KEYS)}")
    settings = Settings()
    if "select" in plain:
        settings = replace(settings, select=_codes(plain["select"]))
    if "ignore" in plain:
        settings = replace(settings, ignore=_codes(plain["ignore"]))
    if "fail_on" in plain:
        settings = replace(settings, fail_on=str(plain["fail_on"]))
    if "steps" in plain:
        settings = replace(settings, steps=int(plain["steps"]))
    return settings


def _codes(value: Any) -> tuple[str, ...]:
    items = value.replace("\n", ",").split(",") if isinstance(value, str) else value
    return tuple(str(item).strip() for item in items if str(item).strip())


def _toml(path: Path) -> Mapping[str, Any] | None:
    if sys.version_info < (3, 11):
        return None  # the standard library reads TOML from 3.11 on: use setup.cfg before
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found = table.get("tool", {}).get("hypercheck")
    return found if isinstance(found, dict) else None


def _ini(path: Path) -> Mapping[str, Any] | None:
    parser = configparser.ConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (OSError, configparser.Error):
        return None
    return dict(parser["hypercheck"]) if parser.has_section("hypercheck") else None
