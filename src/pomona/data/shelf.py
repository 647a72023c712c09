"""Versions opened for reading: record, dataset, schema, files and place in one hand."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

import pyarrow as pa

from pomona.core.errors import NotFound
from pomona.core.ports import Blobs, Tables
from pomona.data import rules
from pomona.data.committing import schema_of
from pomona.data.export.records import Location
from pomona.data.records import Consent, Dataset, DataVersion, TimeWindow
from pomona.data.service import DataService
from pomona.data.tables.files import FileReader
from pomona.data.tables.replaced import ReplacedReader

_MOST_BETWEEN = 100  # versions


@dataclass(frozen=True)
class Book:
    """One version and how to read it."""

    version: DataVersion
    dataset: Dataset
    schema: pa.Schema  # canonical
    reader: FileReader

    @property
    def ref(self) -> str:
        """Dataset and number, e.g. ``loans@v3``."""
        return f"{self.version.dataset}@v{self.version.number}"


@dataclass(frozen=True)
class Part:
    """Which rows are meant: these columns, ``since <= time < until``, one file's, the first so many."""

    columns: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
    file: int | None = None
    purpose: str | None = None  # None: to look at them


class Shelf:
    """Opens versions.

    Args:
        blobs: Where schemas are kept.
        tables: Where the rows are kept.
    """

    def __init__(self, data: DataService, blobs: Blobs, tables: Tables) -> None:
        self._data = data
        self._blobs = blobs
        self._tables = tables

    def open(self, ref: str) -> Book:
        """The version with this reference.

        Raises:
            NotFound: If there is none, or its rows were dropped.
        """
        version = self._data.resolve(ref)
        rules.check_not_dropped(version)
        dataset = self._data.dataset(version.dataset_id)
        schema = schema_of(self._blobs, version)
        reader = FileReader(self._tables, dataset.id, version.files, schema, dataset.time_column)
        return Book(version, dataset, schema, reader)

    def stream(self, ref: str, part: Part | None = None) -> pa.RecordBatchReader:
        """A version's rows, or a part of them, in the memory of a few row groups.

        Raises:
            NotFound: If there is no such version, or no such file of it.
            Invalid: If a column is unknown, or the dataset has no time column to filter by.
            Refused: If the rows may not be read for that purpose.
            Tampered: While reading, if a stored file changed.
        """
        book, part = self.open(ref), part or Part()
        window = TimeWindow(since=part.since, until=part.until)
        rules.check_window(window, book.dataset.time_column)
        reader = book.reader
        if part.file is not None:
            if not 0 <= part.file < len(book.version.files):
                raise NotFound(
                    f"{book.ref} has no file {part.file}", hint=f"it has {len(book.version.files)} files"
                )
            reader = reader.with_files([book.version.files[part.file]])
        schema = reader.schema_of(part.columns)
        allowed = self._data.permits.reader(book.dataset, book.version, reader, part.purpose, window)
        tables = allowed.batches(part.columns, window)
        batches = chain.from_iterable(table.to_batches() for table in first_rows(tables, part.limit))
        return pa.RecordBatchReader.from_batches(schema, batches)

    def replaced(self, one: Book, other: Book) -> ReplacedReader | None:
        """The rows that went between two versions of a dataset, as far as commits have kept them."""
        if one.dataset.id != other.dataset.id:
            return None
        pair, digests = (one.version, other.version), []
        for _ in range(_MOST_BETWEEN):
            older, newer = sorted(pair, key=lambda version: version.number)
            if older.id == newer.id or newer.parent is None:
                break
            digests += [newer.replaced] if newer.replaced else []
            pair = (older, self._data.resolve(newer.parent))
        return ReplacedReader(self._tables, one.dataset.id, digests)

    def consent(self, ref: str, purpose: str) -> Consent:
        """How many rows of a version may be read for a purpose."""
        book = self.open(ref)
        return self._data.permits.consent(book.dataset, book.version, book.reader, purpose)

    def check_unasked(self, book: Book) -> None:
        """May all of a version's rows be handed out to who names no purpose?

        Raises:
            Refused: If rows are read by consent; that is in the ledger then.
        """
        self._data.permits.check(book.dataset, book.version, None)

    def location(self, ref: str) -> Location:
        """Where other engines find a version.

        Raises:
            Refused: If rows are read by consent: other engines would not ask.
        """
        self.check_unasked(self.open(ref))
        path, number = self._data.location(ref)
        return Location(path=path, version=number)


def first_rows(tables: Iterable[pa.Table], limit: int | None) -> Iterator[pa.Table]:
    """The tables, cut off after ``limit`` rows; no more of them are asked for than that takes."""
    left = limit
    for table in tables if left is None or left > 0 else ():
        part = table if left is None else table.slice(0, left)
        yield part
        if left is not None:
            left -= part.num_rows
            if left <= 0:
                return
