"""Arrow types in the words of the Delta protocol."""

import json
from typing import Any

import pyarrow as pa

from pomona.core.errors import Invalid

_PRIMITIVE = {
    pa.int8(): "byte",
    pa.int16(): "short",
    pa.int32(): "integer",
    pa.int64(): "long",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.string(): "string",
    pa.large_string(): "string",
    pa.binary(): "binary",
    pa.large_binary(): "binary",
}


def schema_text(schema: pa.Schema) -> str:
    """The ``schemaString`` of a table's metadata.

    Raises:
        Invalid: If Delta has no such type.
    """
    return json.dumps(_struct(schema))


def _struct(fields: Any) -> dict[str, Any]:
    return {
        "type": "struct",
        "fields": [
            {"name": field.name, "type": _type(field.type), "nullable": True, "metadata": {}}
            for field in fields
        ],
    }


def _type(kind: pa.DataType) -> Any:
    types = pa.types
    if kind in _PRIMITIVE:
        return _PRIMITIVE[kind]
    if types.is_timestamp(kind) and kind.unit == "us":
        return "timestamp" if kind.tz else "timestamp_ntz"
    if types.is_decimal128(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if types.is_list(kind) or types.is_large_list(kind):
        return {"type": "array", "elementType": _type(kind.value_type), "containsNull": True}
    if types.is_struct(kind):
        return _struct(kind.fields)
    raise Invalid(f"a Delta table has no type {kind}", hint="convert the column first")
