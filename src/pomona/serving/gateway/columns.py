"""A request's rows checked against the model's signature, before anything is predicted or stored."""

from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from pomona.core.errors import Invalid

Columns = dict[str, list[Any]]
"""The values of each column, in the order of the model's signature."""


class ColumnSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One input column as the MLmodel file declares it."""

    name: str
    type: str  # boolean, integer, long, float, double, string, binary, datetime, or anything else
    required: bool = True


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """A model's inputs: named columns; or one tensor of ``width`` values a row; or undeclared."""

    columns: tuple[ColumnSpec, ...] = ()
    width: int | None = None
    tensor_type: str = "float64"

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


_ALLOWED: dict[str, frozenset[type]] = {
    "boolean": frozenset({bool}),
    "integer": frozenset({int, float}),
    "long": frozenset({int, float}),
    "float": frozenset({int, float}),
    "double": frozenset({int, float}),
    "string": frozenset({str}),
    "binary": frozenset({str}),
    "datetime": frozenset({str}),
}
_LIMITS = {"integer": 1 << 31, "long": 1 << 63}
_NONE = type(None)
_MOST_DEPTH = 32
_HINT = "GET /v2/models/{endpoint} lists the model's columns and types; nothing was stored"


def columns_of_rows(rows: Sequence[dict[str, Any]]) -> Columns:
    """Rows as named columns. A name that only some rows have is null in the others.

    Raises:
        Invalid: If there are no rows.
    """
    if not rows:
        raise Invalid("the request has no rows", hint="send at least one row")
    first = rows[0].keys()
    if all(row.keys() == first for row in rows):
        return {name: [row[name] for row in rows] for name in first}
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def check_columns(signature: Signature, given: Columns) -> Columns:
    """The values in signature order, each of the declared type.

    Raises:
        Invalid: Naming every missing, unexpected or wrongly filled column.
    """
    if signature.width is not None:
        return _check_tensor(signature, given)
    specs = signature.columns
    if not specs:
        for name, column in given.items():
            _check_loose(name, column)
        return given
    known = {spec.name for spec in specs}
    missing = [spec.name for spec in specs if spec.required and spec.name not in given]
    unexpected = [name for name in given if name not in known]
    if missing or unexpected:
        raise _wrong_names(missing, unexpected)
    rows = len(next(iter(given.values()), []))
    checked, problems = {}, []
    for spec in specs:
        values = given.get(spec.name)
        try:
            checked[spec.name] = [None] * rows if values is None else check_column(spec, values)
        except Invalid as error:
            problems.append(error)
    if problems:
        raise Invalid(
            "; ".join(error.detail for error in problems),
            hint=_HINT,
            extra={"columns": [column for error in problems for column in error.extra["columns"]]},
        )
    return checked


def _check_tensor(signature: Signature, given: Columns) -> Columns:
    """One column of vectors, or as many columns of numbers as the tensor is wide."""
    width, values = signature.width, list(given.values())
    number = ColumnSpec(name="", type="double")
    if len(values) == 1 and isinstance(values[0][0], list):
        if any(not isinstance(row, list) or (width != -1 and len(row) != width) for row in values[0]):
            raise Invalid(f"the model takes rows of {width} numbers", hint=_HINT, extra={"width": width})
        for row in values[0]:
            check_column(number, row)
        return given
    if width not in (-1, len(values)):
        raise Invalid(
            f"{len(values)} columns, and the model takes {width}", hint=_HINT, extra={"width": width}
        )
    for name, column in given.items():
        check_column(ColumnSpec(name=name, type="double"), column)
    return given


def check_column(spec: ColumnSpec, values: list[Any]) -> list[Any]:
    """The values of one column, integers widened where the model wants floats.

    Raises:
        Invalid: If a value is of another type, or null where the model needs a value.
    """
    allowed = _ALLOWED.get(spec.type)
    if allowed is None:
        _check_loose(spec.name, values)
        return values
    seen = set(map(type, values))
    if _NONE in seen:
        if spec.required:
            raise _bad(spec, values, lambda value: value is None, "is null, and the model needs a value")
        seen.discard(_NONE)
    if not seen <= allowed:
        raise _bad(
            spec,
            values,
            lambda value: value is not None and type(value) not in allowed,
            f"is not of type {spec.type}",
        )
    return _normal(spec, values, seen)


def _check_loose(name: str, values: list[Any]) -> None:
    """Refuse undeclared values that the journal could not give back: too deep, or beyond 64 bits."""
    level: list[Any] = values
    for _ in range(_MOST_DEPTH):
        if any(type(value) is int and not -(1 << 63) <= value < 1 << 64 for value in level):
            raise _bad_column(name, "a number does not fit 64 bits")
        nested = [value for value in level if isinstance(value, (list, dict))]
        if not nested:
            return
        level = [item for value in nested for item in (value.values() if isinstance(value, dict) else value)]
    raise _bad_column(name, f"nested deeper than {_MOST_DEPTH} levels")


def _bad_column(name: str, what: str) -> Invalid:
    extra = {"columns": [{"name": name, "expected": "any"}]}
    return Invalid(f"column {name!r}: {what}", hint=_HINT, extra=extra)


def _normal(spec: ColumnSpec, values: list[Any], seen: set[type]) -> list[Any]:
    if spec.type in ("double", "float"):
        if int in seen:
            return [value if value is None else float(value) for value in values]
        return values
    if limit := _LIMITS.get(spec.type):
        if any(value is not None and value != int(value) for value in values):
            raise _bad(spec, values, lambda value: value is not None and value != int(value), "is not whole")
        if any(value is not None and not -limit <= value < limit for value in values):
            raise _bad(
                spec,
                values,
                lambda value: value is not None and not -limit <= value < limit,
                f"does not fit type {spec.type}",
            )
        return [value if value is None else int(value) for value in values] if float in seen else values
    if spec.type in ("datetime", "binary"):
        reads = datetime.fromisoformat if spec.type == "datetime" else _read_base64
        unreadable = [value for value in values if value is not None and not _reads(reads, value)]
        if unreadable:
            raise _bad(spec, values, lambda value: value == unreadable[0], f"is not a {spec.type}")
    return values


def _read_base64(text: str) -> bytes:
    return b64decode(text, validate=True)


def _reads(reader: Any, text: str) -> bool:
    try:
        reader(text)
    except ValueError:
        return False
    return True


def _bad(spec: ColumnSpec, values: list[Any], wrong: Any, what: str) -> Invalid:
    row = next(index for index, value in enumerate(values) if wrong(value))
    shown = repr(values[row])[:60]
    return Invalid(
        f"column {spec.name!r}, row {row}: {shown} {what}",
        hint=_HINT,
        extra={"columns": [{"name": spec.name, "row": row, "expected": spec.type}]},
    )


def _wrong_names(missing: list[str], unexpected: list[str]) -> Invalid:
    parts = [f"missing {', '.join(missing)}"] if missing else []
    parts += [f"unexpected {', '.join(unexpected[:20])}"] if unexpected else []
    return Invalid(
        f"the columns do not fit the model: {'; '.join(parts)}",
        hint=_HINT,
        extra={"missing": missing, "unexpected": unexpected},
    )
