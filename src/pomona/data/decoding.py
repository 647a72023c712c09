"""Tables as they come in: Arrow, Parquet or CSV bytes."""

from collections.abc import Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet as pq

from pomona.core.errors import Invalid
from pomona.data.records import Field

ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
CSV = "text/csv"
_TEXT = ("string", "binary")


def decode(body: BinaryIO, content_type: str, known: Sequence[Field] = ()) -> pa.Table:
    """The table in ``body``.

    Args:
        content_type: One of ``ARROW``, ``PARQUET``, ``CSV``.
        known: Columns of the version before: a CSV says nothing of types, so text stays text there.

    Raises:
        Invalid: If the bytes are not of that type.
    """
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == ARROW:
            return pa.ipc.open_stream(body).read_all()
        if kind == PARQUET:
            return pq.read_table(body)
        if kind == CSV:
            return _csv(body, known)
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:
        raise Invalid(
            f"the body is no readable {_word(kind)}: {error}",
            hint="is the file whole, and of the type its name says?",
        ) from error
    raise Invalid(
        f"a table cannot come as {content_type or 'nothing'!r}", hint=f"send {ARROW}, {PARQUET} or {CSV}"
    )


def _csv(body: BinaryIO, known: Sequence[Field]) -> pa.Table:
    text = {field.name: pa.string() for field in known if field.type in _TEXT}
    options = pyarrow.csv.ConvertOptions(
        column_types=text, strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return pyarrow.csv.read_csv(body, convert_options=options)


def _word(kind: str) -> str:
    return {ARROW: "Arrow stream", PARQUET: "Parquet file", CSV: "CSV file"}[kind]
