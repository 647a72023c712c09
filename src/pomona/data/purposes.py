"""What a dataset may serve, and which of its rows: purposes and consent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from pomona.core.errors import Invalid, Refused
from pomona.data.records import Dataset, TimeWindow
from pomona.data.tables.files import FileReader


def refusal(dataset: Dataset, purpose: str | None) -> Refused | None:
    """Why a dataset's rows may not be read for a purpose; None if they may.

    A dataset without purposes serves all; read for no purpose (looking at it) only consent counts.
    """
    if purpose is None:
        if dataset.consent_column is None:
            return None
        return Refused(
            f"{dataset.name} holds rows by consent ({dataset.consent_column}), and no purpose was named",
            hint="name one, e.g. version.select(purpose='training')",
            extra={"dataset": dataset.name, "purposes": list(dataset.purposes)},
        )
    if not dataset.purposes or purpose in dataset.purposes:
        return None
    return Refused(
        f"{dataset.name} may not serve {purpose!r}: it was collected for {', '.join(dataset.purposes)}",
        hint="name one of these purposes if it is the right one; else ask the owner of the data",
        extra={"dataset": dataset.name, "purpose": purpose, "purposes": list(dataset.purposes)},
    )


def check_consent_column(schema: pa.Schema, column: str | None) -> None:
    """Refuse a consent column that says neither yes or no nor which purposes.

    Raises:
        Invalid: Naming its type.
    """
    if column is None or column not in schema.names:
        return
    kind = schema.field(column).type
    types = pa.types
    words = types.is_large_list(kind) and types.is_large_string(kind.value_type)
    if not (types.is_boolean(kind) or types.is_large_string(kind) or types.is_null(kind) or words):
        raise Invalid(
            f"the consent column {column!r} holds {str(kind).replace('large_', '')}",
            hint="yes/no, a list of purposes, or purposes as text with commas between them",
            extra={"column": column, "type": str(kind)},
        )


def consents(column: pa.ChunkedArray, purpose: str) -> pa.ChunkedArray:
    """Where a row's consent covers a purpose; one without a word on it does not."""
    kind = column.type
    if pa.types.is_null(kind):
        return pa.chunked_array([pa.array([False] * len(column))])
    if pa.types.is_boolean(kind):
        return pc.fill_null(column, False)  # noqa: FBT003
    if pa.types.is_large_string(kind):
        lists = pc.split_pattern(column, ",").to_pylist()
    else:
        lists = column.to_pylist()
    return pa.chunked_array([pa.array([_names(words, purpose) for words in lists], pa.bool_())])


def _names(words: list[str | None] | None, purpose: str) -> bool:
    return any(word is not None and word.strip() == purpose for word in words or ())


@dataclass(frozen=True)
class ConsentReader:
    """Reads the rows of a version whose consent covers a purpose, as ``FileReader`` reads all."""

    reader: FileReader
    column: str
    purpose: str

    def batches(
        self, columns: Sequence[str] | None = None, window: TimeWindow | None = None
    ) -> Iterator[pa.Table]:
        """The rows that may be read, in their order."""
        names = list(columns) if columns is not None else self.reader.schema_of().names
        asked = names if self.column in names else [*names, self.column]
        for table in self.reader.batches(asked, window):
            allowed = table.filter(consents(table.column(self.column), self.purpose))
            if allowed.num_rows:
                yield allowed.select(names)

    def read(self, columns: Sequence[str] | None = None, window: TimeWindow | None = None) -> pa.Table:
        """The same rows at once."""
        schema = self.reader.schema_of(columns)
        parts = list(self.batches(columns, window))
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def count(self, window: TimeWindow | None = None) -> tuple[int, int]:
        """How many rows may be read, and how many are left out."""
        yes = rows = 0
        for table in self.reader.batches([self.column], window):
            yes += pc.sum(consents(table.column(self.column), self.purpose)).as_py() or 0
            rows += table.num_rows
        return yes, rows - yes
