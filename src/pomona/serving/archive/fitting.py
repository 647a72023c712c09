"""Values of JSON inputs as typed columns; what fits no column is kept aside, as it was."""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import pyarrow as pa

_NONE = type(None)
TEXT, WHOLE, NUMBER, YES_NO = pa.large_string(), pa.int64(), pa.float64(), pa.bool_()
NUMBERS = pa.large_list(pa.field("item", NUMBER))
_ALLOWED: dict[pa.DataType, frozenset[type]] = {
    TEXT: frozenset({str}),
    WHOLE: frozenset({int}),
    NUMBER: frozenset({int, float}),
    YES_NO: frozenset({bool}),
    NUMBERS: frozenset({list}),
}
_DECLARED = {
    "boolean": YES_NO,
    "integer": WHOLE,
    "long": WHOLE,
    "float": NUMBER,
    "double": NUMBER,
    "string": TEXT,
    "binary": TEXT,
    "datetime": TEXT,
}
_EXACT = 1 << 53


def declared_type(word: str) -> pa.DataType | None:
    """The type of a column that a model's signature declares; None if it is none of the plain ones."""
    return _DECLARED.get(word)


def seen_type(values: Sequence[Any]) -> pa.DataType | None:
    """The type that most of these values fit; None if there is none that fits any.

    JSON has but one kind of number: where nothing is declared, whole ones may have parts tomorrow.

    >>> seen_type([1, 2.5, None, "x"]), seen_type([{"a": 1}])
    (DataType(double), None)
    """
    kinds = list(map(type, values))
    votes = {
        TEXT: kinds.count(str),
        NUMBER: kinds.count(int) + kinds.count(float),
        YES_NO: kinds.count(bool),
        NUMBERS: sum(_fits(value, NUMBERS) for value in values) if list in kinds else 0,
    }
    best = max(votes, key=lambda kind: votes[kind])
    return best if votes[best] else None


def column_of(values: Sequence[Any], kind: pa.DataType) -> tuple[pa.Array, list[int]]:
    """The values in a column of this type, and the places of those that do not fit: there it is null.

    >>> column_of([1, "two", None], WHOLE)[1]
    [1]
    """
    kinds = set(map(type, values)) - {_NONE}
    if kinds <= _ALLOWED.get(kind, frozenset()) and kind != NUMBERS:
        try:
            return pa.array(values, kind), []
        except (pa.ArrowInvalid, OverflowError):
            pass  # a whole number that is too large
    unfit = [place for place, value in enumerate(values) if value is not None and not _fits(value, kind)]
    if unfit:
        gone = set(unfit)
        values = [None if place in gone else value for place, value in enumerate(values)]
    if kind == WHOLE:
        values = [value if value is None else int(value) for value in values]
    return pa.array(values, kind), unfit


def flattened(
    inputs: Sequence[Mapping[str, Any]], places: Mapping[str, str], types: Mapping[str, pa.DataType]
) -> tuple[dict[str, pa.Array], list[dict[str, Any] | None]]:
    """Input records as columns, and what of each record is in none.

    Args:
        places: The column of each input; one without a column, or without a type, is kept aside.
        types: Of each column.
    """
    aside: list[dict[str, Any]] = [{} for _ in inputs]
    columns: dict[str, pa.Array] = {}
    for name, values in _transposed(inputs).items():
        column = places.get(name)
        if column is None or column not in types:
            unfit = [place for place, value in enumerate(values) if value is not None]
        else:
            columns[column], unfit = column_of(values, types[column])
        for place in unfit:
            aside[place][name] = values[place]
    return columns, [rest or None for rest in aside]


def names_of(inputs: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every name that a record has, in the order in which they come."""
    shapes = dict.fromkeys(map(tuple, inputs))
    return list(dict.fromkeys(name for shape in shapes for name in shape))


def _transposed(inputs: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]]:
    names = names_of(inputs)
    if len(names) > 1:
        try:
            return dict(zip(names, zip(*map(itemgetter(*names), inputs), strict=True), strict=True))
        except KeyError:
            pass  # not every record has all of them
    return {name: [record.get(name) for record in inputs] for name in names}


def _fits(value: Any, kind: pa.DataType) -> bool:
    if kind == WHOLE:
        whole = type(value) is int or (type(value) is float and value.is_integer())
        return whole and -(1 << 63) <= value < 1 << 63
    if kind == NUMBER:
        return type(value) is float or (type(value) is int and -_EXACT <= value <= _EXACT)
    if kind == NUMBERS:
        return type(value) is list and all(_fits(one, NUMBER) for one in value)
    return type(value) in _ALLOWED.get(kind, frozenset())
