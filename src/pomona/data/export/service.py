"""Use case: a version leaves the store, as one file or as a plain Delta table."""

import hashlib
import tarfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pyarrow as pa
from blake3 import blake3

from pomona.core.ports import TableLog
from pomona.core.tables import DataFile, TableState
from pomona.data.export.croissant import SharedFile, croissant
from pomona.data.export.encoding import encoded, groups
from pomona.data.export.records import ExportFormat
from pomona.data.rules import EXPORT
from pomona.data.shelf import Part, Shelf
from pomona.data.tables.canonical import convert, stored_schema
from pomona.data.tables.files import FILE_ROWS, encode


class ExportService:
    """Writes versions for others to read.

    Args:
        log: Writes the history of a plain Delta table.
    """

    def __init__(self, shelf: Shelf, log: TableLog) -> None:
        self._shelf = shelf
        self._log = log

    def export(self, ref: str, form: ExportFormat, part: Part | None = None) -> Iterator[bytes]:
        """The bytes of a file; of ``delta-plain`` those of a tar archive with the table's folder.

        The same rows give the same bytes. Memory: a few row groups.

        Raises:
            NotFound: If there is no such version.
            Invalid: If a column is unknown, or the dataset has no time column to filter by.
        """
        version = self._shelf.open(ref).version
        rows = self._shelf.stream(version.id, part)
        if form == "delta-plain":
            return self._plain(version.dataset_id, rows, version.created_at)
        return encoded(rows, form)

    def describe(self, ref: str, *, url: str) -> dict[str, Any]:
        """A version in Croissant; its ``parquet`` export is written once to know its digest.

        Args:
            url: Where that export is to be had.

        Raises:
            NotFound: If there is no such version.
        """
        book = self._shelf.open(ref)
        digest, size = hashlib.sha256(), 0
        for piece in self.export(book.version.id, "parquet", Part(purpose=EXPORT)):
            digest.update(piece)
            size += len(piece)
        file = SharedFile(url=url, size=size, sha256=digest.hexdigest())
        return croissant(book.dataset, book.version, book.schema, file)

    def _plain(self, table: str, rows: pa.RecordBatchReader, at: datetime) -> Iterator[bytes]:
        schema = stored_schema(rows.schema)
        files: list[DataFile] = []
        for piece in groups(rows, FILE_ROWS):
            body = bytes(encode(convert(piece, schema)))
            file = DataFile(digest=str(blake3(body).hexdigest()), size=len(body), rows=piece.num_rows)
            if file.digest in {known.digest for known in files}:  # a table names each file once
                body, file = _apart(piece, schema, len(files))
            files.append(file)
            yield from _packed(f"{file.digest}.parquet", body, at)
        state = TableState(
            files=tuple(files), schema=schema.serialize().to_pybytes(), at=at, operation="export"
        )
        name, body = self._log.plain(table, state)
        yield from _packed(name, body, at)
        yield bytes(2 * tarfile.BLOCKSIZE)


def _apart(piece: pa.Table, schema: pa.Schema, number: int) -> tuple[bytes, DataFile]:
    """The same rows in a file of other bytes."""
    marked = schema.with_metadata({"part": str(number)})
    body = bytes(encode(convert(piece, schema).cast(marked)))
    return body, DataFile(digest=str(blake3(body).hexdigest()), size=len(body), rows=piece.num_rows)


def _packed(name: str, body: bytes, at: datetime) -> Iterator[bytes]:
    """A file of a tar archive."""
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(body), int(at.timestamp()), 0o644
    yield info.tobuf(tarfile.USTAR_FORMAT)
    yield body
    yield bytes(-len(body) % tarfile.BLOCKSIZE)
