"""The texts inside a column, however deep in lists and structs they stand."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa


def holds_text(kind: pa.DataType) -> bool:
    """Whether a column of this type has texts in it.

    >>> holds_text(pa.list_(pa.struct([("a", pa.string())]))), holds_text(pa.list_(pa.int64()))
    (True, False)
    """
    if _is_list(kind):
        return holds_text(kind.value_type)
    if pa.types.is_struct(kind):
        return any(holds_text(field.type) for field in kind.fields)
    return _is_text(kind)


def leaves(array: pa.Array) -> Iterator[pa.Array]:
    """Every array of texts or bytes inside of one, without the rows they stand in."""
    if _is_list(array.type):
        yield from leaves(array.flatten())
    elif pa.types.is_struct(array.type):
        for child in array.flatten():
            yield from leaves(child)
    elif _is_text(array.type) or pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        yield array


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a plain value.

    >>> list(texts_in({"a": ["x", None, {"b": "y"}], "c": 1}))
    ['x', 'y']
    """
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts_in(inner)


def _is_list(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
