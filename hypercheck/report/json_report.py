"""The report as JSON, schema `hypercheck/1`, and back.

The layout is described by `hypercheck/hypercheck.schema.json`. Keys may be added within one schema number, so
a reader passes over those that it does not know. Numbers that JSON has no word for are the strings "NaN",
"Infinity" and "-Infinity".
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any

from hypercheck.errors import HypercheckError
from hypercheck.findings import SCHEMA, ReportData, Severity
from hypercheck.report.folding import fold

MOST_BOXES = 400
_HINT = "make one with 'hypercheck run --format json'"


def render(data: ReportData) -> str:
    """The whole report as JSON text, ASCII only, ending in a newline."""
    return json.dumps(as_dict(data), indent=2, allow_nan=False) + "\n"


def as_dict(data: ReportData) -> dict[str, Any]:
    """The report as plain dicts, lists, strings and finite numbers, in the order of the contract.

    Its diagrams are folded as they are drawn, since a graph of 100,000 nodes would be all of the file.
    """
    data = dataclasses.replace(data, flows=tuple(fold(flow, MOST_BOXES).flow for flow in data.flows))
    return {
        "schema": SCHEMA,
        "version": data.version,
        "torch": data.torch,
        "target": _encoded(data.target),
        "verdict": data.verdict,
        "script_exit": data.script_exit,
        "steps": {"seen": data.steps_seen, "recorded": data.steps_recorded},
        "summary": {severity.value: data.count(severity) for severity in Severity},
        "roles": _encoded(data.roles),
        "findings": _encoded(data.findings),
        **{
            name.name: _encoded(getattr(data, name.name))
            for name in dataclasses.fields(data)
            if name.name not in _TOLD_ABOVE
        },
    }


_TOLD_ABOVE = ("version torch target verdict script_exit steps_seen steps_recorded roles findings").split()


def load(text: str) -> ReportData:
    """The report that `render` wrote; a HypercheckError tells what is wrong with any other text."""
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HypercheckError(f"this is not a JSON report: {error}", hint=_HINT) from None
    if not isinstance(tree, dict) or "schema" not in tree:
        raise HypercheckError("this JSON is not a report of hypercheck", hint=_HINT)
    if tree["schema"] != SCHEMA:
        raise HypercheckError(
            f"this report has schema {tree['schema']!r}, and this version reads {SCHEMA!r}",
            hint="write it again with this version of hypercheck",
        )
    steps = tree.get("steps")
    if isinstance(steps, dict):
        tree = {**tree, "steps_seen": steps.get("seen", 0), "steps_recorded": steps.get("recorded", 0)}
    report: ReportData = _decoded(ReportData, tree, "report")
    return report


def _encoded(value: Any) -> Any:
    """The value in JSON's own types. Facts nest a few levels deep, so recursion is safe."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _spelled(value)
    if dataclasses.is_dataclass(value):
        return {field.name: _encoded(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _encoded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encoded(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(_encoded(item) for item in value)
    return str(value)


def _spelled(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


@cache
def _field_types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decoded(kind: Any, value: Any, path: str) -> Any:
    """`value` as the type `kind` of a field; `path` names it in errors."""
    if kind is Any:
        return value
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        inner = next(argument for argument in arguments if argument is not type(None))
        return None if value is None else _decoded(inner, value, path)
    if origin is tuple:
        return _decoded_tuple(arguments, value, path)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        _expect(isinstance(value, dict), path, "an object")
        return {key: _decoded(arguments[1], item, f"{path}.{key}") for key, item in value.items()}
    if dataclasses.is_dataclass(kind):
        return _decoded_record(kind, value, path)
    return _decoded_scalar(kind, value, path)


def _decoded_tuple(arguments: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...]:
    _expect(isinstance(value, list), path, "a list")
    if arguments[-1] is Ellipsis:
        return tuple(_decoded(arguments[0], item, f"{path}[{i}]") for i, item in enumerate(value))
    _expect(len(value) == len(arguments), path, f"a list of {len(arguments)}")
    pairs = zip(arguments, value, strict=True)
    return tuple(_decoded(argument, item, f"{path}[{i}]") for i, (argument, item) in enumerate(pairs))


def _decoded_record(kind: Any, value: Any, path: str) -> Any:
    _expect(isinstance(value, dict), path, "an object")
    known = _field_types(kind)
    given = {}
    for field in dataclasses.fields(kind):
        if field.name in value:
            given[field.name] = _decoded(known[field.name], value[field.name], f"{path}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise HypercheckError(f"this report lacks {path}.{field.name}", hint=_HINT)
    return kind(**given)


def _decoded_scalar(kind: type, value: Any, path: str) -> Any:
    if kind is float:
        _expect(
            isinstance(value, (int, float)) or value in ("NaN", "Infinity", "-Infinity"), path, "a number"
        )
        return float(value)
    if kind is bool or kind is int:
        _expect(
            isinstance(value, kind) and (kind is bool or not isinstance(value, bool)),
            path,
            f"a {kind.__name__}",
        )
        return value
    _expect(isinstance(value, str), path, "a string")
    if issubclass(kind, Enum):
        _expect(value in [member.value for member in kind], path, "one of its known values")
    return kind(value)


def _expect(holds: bool, path: str, wanted: str) -> None:
    if not holds:
        raise HypercheckError(f"in this report, {path} is not {wanted}", hint=_HINT)
