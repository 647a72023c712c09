"""What holds an erased value still: bytes of files, rows of tables, records. Looked for, not changed."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import JSON, ColumnElement, String, Table, Text, cast, func, or_, select

from pomona.core.errors import NotFound, PomonaError
from pomona.core.ports import BlobRemoval, Blobs, Database, Tables, Transaction
from pomona.core.records import from_json
from pomona.data import store as versions
from pomona.data.keeping import store
from pomona.data.keeping.holders import holding_files
from pomona.data.keeping.rules import files_of
from pomona.data.keeping.subjects import Subject
from pomona.data.records import Dataset
from pomona.data.tables.leaves import leaves
from pomona.sql import metadata
from pomona.stats.records import TableProfile


class Leftovers:
    """Looks through the store, as an erasure's last step.

    Args:
        removal: Takes profiles away that no version names.
        home: The folder whose bytes are looked through.
    """

    def __init__(
        self, database: Database, blobs: Blobs, removal: BlobRemoval, tables: Tables, home: Path
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._removal = removal
        self._tables = tables
        self._home = home

    def find(self, subject: Subject) -> list[str]:
        """Files and tables of records that hold a distinct value; empty for one that is not.

        Table files are read, as packed pages would hide it from a look at the bytes. Profiles of commits
        that failed are taken away first.
        """
        if not subject.is_distinct:
            return []
        found = holding_files(self._home, subject, spare=("pomona.db",))
        named = {one.profile for one in self._database.read(versions.versions.all)}
        stray = {path for path in found if self._is_stray_profile(path, named)}
        self._removal.remove({_digest_in(path) for path in stray})
        plain = dict.fromkeys(path for path in found if path not in stray)
        return list(plain | dict.fromkeys([*self._in_tables(subject), *self._in_records(subject)]))

    def _is_stray_profile(self, path: str, named: set[str]) -> bool:
        digest = _digest_in(path)
        if not path.startswith("blobs/") or digest in named:
            return False
        try:
            from_json(self._blobs.get(digest), TableProfile)
        except (PomonaError, msgspec.MsgspecError):
            return False
        return True

    def _in_tables(self, subject: Subject) -> Iterator[str]:
        for dataset in self._database.read(versions.datasets.all):
            for digest in sorted(self._files(dataset)):
                if self._holds(dataset, digest, subject):
                    yield f"tables/{dataset.id}/{digest}.parquet"

    def _files(self, dataset: Dataset) -> set[str]:
        c = versions.versions.c
        there = self._database.read(lambda tx: versions.versions.all(tx, c.dataset_id == dataset.id))
        return files_of([version for version in there if version.dropped_at is None])

    def _holds(self, dataset: Dataset, digest: str, subject: Subject) -> bool:
        try:
            with pq.ParquetFile(self._tables.files.open(dataset.id, digest)) as parquet:
                groups = (parquet.read_row_group(group) for group in range(parquet.num_row_groups))
                return any(_speaks(rows, subject) for rows in groups)
        except (PomonaError, pa.ArrowInvalid) as error:  # a vector, or gone; a broken file may hold it
            return not isinstance(error, NotFound)

    def _in_records(self, subject: Subject) -> Iterator[str]:
        for table in metadata.sorted_tables:
            wanted = [_is_in(column, subject) for column in table.c if _is_text(column)]
            if table is not store.subjects and wanted:
                count = self._database.read(lambda tx, of=table, fits=wanted: _count(tx, of, fits))  # type: ignore[misc]
                if count:
                    yield f"{count:,} records of {table.name}"


def _speaks(rows: pa.Table, subject: Subject) -> bool:
    return any(
        pc.any(pc.match_substring(leaf, subject.value)).as_py()
        for column in rows.columns
        for chunk in column.chunks
        for leaf in leaves(chunk)
    )


def _is_text(column: ColumnElement[object]) -> bool:
    return isinstance(column.type, String | JSON)


def _is_in(column: ColumnElement[object], subject: Subject) -> ColumnElement[bool]:
    text = cast(column, Text)
    return or_(*(func.replace(text, piece, "") != text for piece in subject.spellings))


def _count(tx: Transaction, table: Table, fits: list[ColumnElement[bool]]) -> int:
    return int(tx.execute(select(func.count()).select_from(table).where(or_(*fits))).scalar() or 0)


def _digest_in(path: str) -> str:
    return "".join(path.split("/")[1:])
