"""Whose rows are erased: a column and a value, found in tables, in JSON and in texts."""

import re
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pomona.core.errors import Invalid
from pomona.data.keeping.records import DISTINCT
from pomona.data.tables.leaves import leaves, texts_in

MASK = "[erased]"


@dataclass(frozen=True)
class Subject:
    """Rows in which ``column`` holds ``value``."""

    column: str
    value: str  # as text

    def matches(self, column: pa.ChunkedArray) -> pa.ChunkedArray | None:
        """Where a column holds the value; None if it cannot hold it."""
        if pa.types.is_nested(column.type) or pa.types.is_null(column.type):
            return None
        try:
            wanted = pa.scalar(self.value, pa.large_string()).cast(column.type)
            return pc.fill_null(pc.equal(column, wanted), False)  # noqa: FBT003
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None

    def named_in(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        """Where a column with texts, whatever it is called, is the value or speaks of the subject.

        The texts may stand in lists and structs.
        """
        found = np.concatenate([np.empty(0, bool), *(self._near(chunk) for chunk in column.chunks)])
        for place in np.flatnonzero(found):
            texts = texts_in(column[int(place)].as_py())
            found[place] = any(text == self.value or self.in_text(text) for text in texts)
        return pa.chunked_array([pa.array(found)])

    def _near(self, chunk: pa.Array) -> NDArray[np.bool_]:
        """Rows that may hold the value; for nested ones it is only asked whether any does."""
        if pa.types.is_nested(chunk.type):
            matches = (self._matching(leaf) for leaf in leaves(chunk))
            return np.full(len(chunk), any(match.any() for match in matches))
        return self._matching(chunk)

    def _matching(self, texts: pa.Array) -> NDArray[np.bool_]:
        found = np.zeros(len(texts), bool)
        for piece in self.spellings:
            found |= np.array(pc.fill_null(pc.match_substring(texts, piece), False), bool)  # noqa: FBT003
        return found

    @property
    def spellings(self) -> tuple[str, ...]:
        """The value as it stands, and as it stands in JSON where that is another."""
        return tuple(dict.fromkeys((self.value, _escaped(self.value))))

    def is_value(self, value: Any) -> bool:
        """Whether a plain value is the subject's."""
        if value is None or isinstance(value, bool | dict | list):
            return isinstance(value, bool) and self.value.lower() == str(value).lower()
        if isinstance(value, int | float):
            try:
                return float(value) == float(self.value)
            except ValueError:
                return False
        return str(value) == self.value

    def in_row(self, row: dict[str, Any]) -> bool:
        """Whether a row of plain values is the subject's; so is one that holds a distinct value anywhere."""
        if self.is_value(row.get(self.column)):
            return True
        return self.is_distinct and any(self.is_value(value) for value in row.values())

    @property
    def is_distinct(self) -> bool:
        """Whether the value can be searched for in texts."""
        return len(self.value) >= DISTINCT

    def in_text(self, text: str) -> bool:
        """Whether a text (of an error, a note, JSON) speaks of the subject."""
        if self.is_distinct and (self.value in text or _escaped(self.value) in text):
            return True
        return bool(self._named().search(text))

    def masked(self, text: str) -> str:
        """The text without the value."""
        if self.is_distinct:
            text = text.replace(self.value, MASK).replace(_escaped(self.value), MASK)
        return self._named().sub(lambda found: f"{found[1]}{MASK}", text)

    def _named(self) -> re.Pattern[str]:
        """The column, then its value: in JSON, in Python's words, or in a condition."""
        column, value = re.escape(self.column), re.escape(self.value)
        return re.compile(rf"""(\b{column}\\?["']?\s*(?::|=|==)\s*\\?["']?){value}(?![\w.-])""")


def subject_of(column: str, value: str) -> Subject:
    """A subject.

    Raises:
        Invalid: If either is empty.
    """
    if not column.strip() or value == "":
        raise Invalid("no subject was named", hint="write column=value, e.g. customer_id=42")
    return Subject(column.strip(), value)


def _escaped(value: str) -> str:
    return msgspec.json.encode(value).decode()[1:-1]
