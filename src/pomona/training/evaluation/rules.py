"""What an evaluation dataset may hold, and how a row that comes again is merged."""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from pomona.core.errors import Invalid
from pomona.training.evaluation.records import EvaluationRow, NewRow
from pomona.training.rules.filters import Grammar
from pomona.training.rules.limits import check_length

USER_TAG = "mlflow.user"
MAX_NAME = 255
DATASETS = Grammar(
    entities=("attribute", "tag"),
    numbers=("created_time", "last_update_time"),
    texts=("name", "created_by", "last_updated_by"),
    lists=("name",),
)
ORDER = Grammar(entities=("attribute",), numbers=("created_time", "last_update_time"), texts=("name",))
_PARTS = ("inputs", "outputs", "expectations")
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "float"),
    (str, "string"),
    (list, "array"),
    (dict, "object"),
)


def check_name(name: str) -> None:
    """Refuse names that are empty or overlong."""
    if not name.strip():
        raise Invalid("Missing value for required parameter 'name'.")
    check_length("name", name, MAX_NAME)


def tags_from(text: str | None) -> dict[str, str]:
    """Tags from the JSON object that the protocol packs them in; those that are null are left out.

    Raises:
        Invalid: If it is none, or a key is too long.
    """
    found = packed(text, "tags")
    if not isinstance(found, dict):
        raise Invalid("Invalid value for parameter 'tags': not a JSON object")
    for key in found:
        check_length("tag key", key, 250)
    return {
        key: value if isinstance(value, str) else str(value)
        for key, value in found.items()
        if value is not None
    }


def packed(text: str | None, name: str) -> Any:
    """A value that the protocol packs in a text.

    Raises:
        Invalid: If it is no JSON.
    """
    try:
        return msgspec.json.decode(text or "null")
    except (msgspec.DecodeError, RecursionError):
        raise Invalid(f"Invalid value for parameter '{name}': not JSON") from None


def rows_from(text: str | None) -> list[NewRow]:
    """Rows from the JSON list that the protocol packs them in.

    Raises:
        Invalid: Naming the first that is none.
    """
    sent = packed(text, "records")
    if not isinstance(sent, list):
        raise Invalid("Invalid value for parameter 'records': not a JSON list")
    found: list[NewRow] = []
    for index, item in enumerate(sent):
        try:
            row = msgspec.convert(item, NewRow)
        except msgspec.ValidationError as error:
            raise Invalid(f"Invalid value for parameter 'records[{index}]': {error}") from None
        found.append(msgspec.structs.replace(row, has_outputs="outputs" in item))
    return found


def input_key(inputs: Mapping[str, Any]) -> str:
    """What makes two rows the same: the SHA-256 of their inputs, whatever the order of their fields."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def digest_of(name: str, updated_ms: int) -> str:
    """A short text that changes with every change."""
    return hashlib.sha256(f"{name}:{updated_ms}".encode()).hexdigest()[:8]


def merged(before: EvaluationRow, new: NewRow, *, at_ms: int) -> EvaluationRow:
    """The row with what came again: outputs are replaced, expectations and tags added to."""
    tags = new.tags or {}
    return msgspec.structs.replace(
        before,
        outputs=new.outputs if new.has_outputs else before.outputs,
        expectations={**(before.expectations or {}), **new.expectations}
        if new.expectations
        else before.expectations,
        tags=before.tags | tags,
        updated_ms=at_ms,
        updated_by=tags.get(USER_TAG, before.updated_by),
    )


def schema_with(schema: Mapping[str, Any] | None, rows: Iterable[NewRow]) -> dict[str, Any] | None:
    """The fields seen so far, and their types; a field keeps the type it was first seen with.

    >>> schema_with(None, [NewRow(inputs={"q": "why"})])["inputs"]
    {'q': 'string'}
    """
    found: dict[str, Any] = {part: {} for part in _PARTS} | {"version": "1.0"} | dict(schema or {})
    seen = schema is not None
    for row in rows:
        seen = True
        for part in _PARTS:
            value = getattr(row, part)
            if isinstance(value, dict) and isinstance(found[part], dict):
                found[part] = {key: type_of(item) for key, item in value.items()} | found[part]
            elif value is not None and not found[part]:
                found[part] = type_of(value)
    return found if seen else None


def type_of(value: Any) -> str:
    """The type of a JSON value, in the protocol's words."""
    if value is None:
        return "null"
    return next(name for kind, name in _TYPES if isinstance(value, kind))


def cursor_from(token: str | None) -> tuple[int, str] | None:
    """After which row a page begins: its time and id; None for the first page.

    Raises:
        Invalid: If it is not a token of ours.
    """
    if not token:
        return None
    try:
        at, _, row = base64.b64decode(token, validate=True).decode().partition(":")
        return int(at), row
    except (binascii.Error, ValueError):
        raise Invalid("Invalid page token, could not base64-decode") from None


def cursor_for(row: EvaluationRow) -> str:
    """The token of the page that begins after a row."""
    return base64.b64encode(f"{row.created_ms}:{row.id}".encode()).decode()
