"""A dataset without a subject's rows: its files written anew, in every version that has them.

Rows leave a file for good; what other rows a version hides there is told again by their new places. Keys
stay unique and in order, and every version keeps its other rows in their order.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pomona.core.errors import NotFound, Tampered
from pomona.core.ports import Tables
from pomona.core.tables import DataFile
from pomona.data.keeping.subjects import Subject
from pomona.data.records import Dataset, DataVersion
from pomona.data.tables.changes import Changes, compare, compare_multisets, row_hashes
from pomona.data.tables.files import FileReader, encode
from pomona.data.tables.frames import time_range
from pomona.data.tables.leaves import holds_text
from pomona.data.tables.replaced import notes_of

Places = NDArray[np.uint64]


@dataclass(frozen=True)
class Cut:
    """A file and what it becomes; ``after`` is None if no row is left."""

    before: DataFile
    after: DataFile | None
    gone: Places  # of the rows that go, in the file as it is


class Cutter:
    """Finds a subject's rows in the files of one dataset, and takes them out."""

    def __init__(self, tables: Tables, dataset: Dataset, subject: Subject) -> None:
        self._tables = tables
        self._dataset = dataset
        self._subject = subject

    def find(self, versions: Sequence[DataVersion]) -> dict[str, Places]:
        """The places of the subject's rows, by the digest of their file; hidden rows, too."""
        found = {}
        for file in _different(versions):
            places = self._places(file.digest)
            if len(places):
                found[file.digest] = places
        return found

    def holds(self, digest: str) -> bool:
        """Whether a file that no version names holds such rows; one that cannot be read may.

        One of replaced rows may, too: not every row there names whom it is about.
        """
        try:
            with pq.ParquetFile(self._tables.files.open(self._dataset.id, digest)) as parquet:
                replaced = notes_of(parquet) is not None
            return replaced or bool(len(self._places(digest)))
        except NotFound:
            return False  # vectors, and what is being written just now
        except (Tampered, pa.ArrowInvalid):
            return True

    def _places(self, digest: str) -> Places:
        places, start = [], 0
        with pq.ParquetFile(self._tables.files.open(self._dataset.id, digest)) as parquet:
            names = self._names(parquet.schema_arrow)
            if not names:
                return np.empty(0, np.uint64)
            for group in range(parquet.num_row_groups):
                rows = parquet.read_row_group(group, columns=names)
                places.append(np.flatnonzero(self._of_subject(rows)).astype(np.uint64) + np.uint64(start))
                start += rows.num_rows
        return np.concatenate(places) if places else np.empty(0, np.uint64)

    def _names(self, schema: pa.Schema) -> list[str]:
        """The columns that may name the subject; any text, where rows are about subjects."""
        wanted = {self._subject.column, *self._dataset.subject_columns}
        if self._dataset.subject_columns and self._subject.is_distinct:
            wanted |= {field.name for field in schema if holds_text(field.type)}
        return [name for name in schema.names if name in wanted]

    def _of_subject(self, rows: pa.Table) -> NDArray[np.bool_]:
        """Which rows are the subject's."""
        found = np.zeros(rows.num_rows, bool)
        for name in self._names(rows.schema):
            column = rows.column(name)
            matches = self._subject.matches(column) if name == self._subject.column else None
            if matches is not None:
                found |= matches.to_numpy()
            if self._dataset.subject_columns and holds_text(column.type):
                found |= self._subject.named_in(column).to_numpy()
        return found

    def cut(self, versions: Sequence[DataVersion], found: Mapping[str, Places]) -> dict[str, Cut]:
        """Write the files that hold such rows anew; what they become, by the digest they had."""
        taken = {file.digest for file in _different(versions)}
        cuts = {}
        for file in _different(versions):
            if file.digest in found:
                cuts[file.digest] = self._cut(file, found[file.digest], taken)
        return cuts

    def _cut(self, file: DataFile, gone: Places, taken: set[str]) -> Cut:
        with pq.ParquetFile(self._tables.files.open(self._dataset.id, file.digest)) as parquet:
            rows = parquet.read()
        kept = np.ones(rows.num_rows, bool)
        kept[gone.astype(np.int64)] = False
        rows = rows.filter(pa.array(kept))
        if rows.num_rows == 0:
            return Cut(file, None, gone)
        body, copy = encode(rows), 1
        digest = self._tables.files.put(self._dataset.id, body)
        while digest in taken:  # a Delta table cannot name a file twice
            body = encode(rows.replace_schema_metadata({"pomona.cut": f"{file.digest[:12]} {copy}"}))
            digest, copy = self._tables.files.put(self._dataset.id, body), copy + 1
        taken.add(digest)
        time_column = self._dataset.time_column
        since, until = time_range(rows, time_column if time_column in rows.column_names else None)
        after = DataFile(digest=digest, size=len(body), rows=rows.num_rows, since=since, until=until)
        return Cut(file, after, gone)

    def files_after(self, version: DataVersion, cuts: Mapping[str, Cut]) -> tuple[DataFile, ...]:
        """A version's files after the cut, each with what the version hides of it."""
        reader = FileReader(self._tables, self._dataset.id, version.files, pa.schema([]), None)
        files: list[DataFile | int] = []
        plain: list[DataFile] = []
        hidden: list[Places] = []
        for file in version.files:
            cut = cuts.get(file.digest)
            if cut is None:
                files.append(file)
                continue
            if cut.after is None:
                continue
            places = _moved(reader.hidden(file), cut.gone, file.rows)
            if len(places) == cut.after.rows:
                continue  # nothing of it is left in this version
            if len(places) == 0:
                files.append(cut.after)
                continue
            files.append(len(plain))
            plain.append(cut.after)
            hidden.append(places)
        vectors = self._tables.vectors.put(self._dataset.id, hidden)
        return tuple(
            msgspec.structs.replace(plain[one], vector=vectors[one]) if isinstance(one, int) else one
            for one in files
        )

    # --- counts ------------------------------------------------------------------------------

    def changes_after(
        self,
        version: DataVersion,
        parent: DataVersion | None,
        schema: pa.Schema,
        found: Mapping[str, Places],
    ) -> Changes:
        """What the version changed against its parent, not counting the subject's rows.

        A row that belonged to the subject in one of the two only is one added, or one removed.
        """
        told = Changes(added=version.rows_added, removed=version.rows_removed, changed=version.rows_changed)
        around = self._with_same_keys([version, *([parent] if parent else [])], schema, found)
        new = self._rows(version, schema, around)
        old = self._rows(parent, schema, around) if parent is not None else new.slice(0, 0)
        before, after = self._compare(old, new), self._compare(self._others(old), self._others(new))
        return Changes(
            added=told.added - before.added + after.added,
            removed=told.removed - before.removed + after.removed,
            changed=told.changed - before.changed + after.changed,
        )

    def _with_same_keys(
        self, versions: Sequence[DataVersion], schema: pa.Schema, found: Mapping[str, Places]
    ) -> Mapping[str, Places]:
        """The places of the subject's rows, and of rows with their keys that are not its in one version."""
        key = list(self._dataset.key)
        if not key or (self._subject.column in key and not self._dataset.subject_columns):
            return found
        keys = [self._rows(version, schema, found).select(key) for version in versions]
        wanted = pa.concat_tables(keys).group_by(key).aggregate([])
        around = {}
        for file in _different(versions):
            reader = FileReader(self._tables, self._dataset.id, [file], schema, None)
            plain = reader.with_files([msgspec.structs.replace(file, vector=None)])
            places, start = [], 0
            for rows in plain.batches(key):
                numbered = rows.append_column("__place", pa.array(range(start, start + rows.num_rows)))
                same = numbered.join(wanted, key, join_type="left semi")
                places.append(same.column("__place").to_numpy().astype(np.uint64))
                start += rows.num_rows
            if places and (some := np.sort(np.concatenate(places))).size:
                around[file.digest] = some
        return around

    def _rows(self, version: DataVersion, schema: pa.Schema, places: Mapping[str, Places]) -> pa.Table:
        """The rows at these places that the version has."""
        reader = FileReader(self._tables, self._dataset.id, version.files, schema, None)
        parts = list(self._parts(reader, places))
        return pa.concat_tables(parts) if parts else schema.empty_table()

    def _parts(self, reader: FileReader, places: Mapping[str, Places]) -> Iterator[pa.Table]:
        for number, file in enumerate(reader.files):
            if file.digest in places:
                live = np.setdiff1d(places[file.digest], reader.hidden(file))
                if len(live):
                    yield from reader.at(number, live)

    def _others(self, rows: pa.Table) -> pa.Table:
        return rows.filter(pa.array(~self._of_subject(rows)))

    def _compare(self, old: pa.Table, new: pa.Table) -> Changes:
        if self._dataset.key:
            return compare(old, new, self._dataset.key).counts
        added, removed = compare_multisets(row_hashes(old), row_hashes(new))
        return Changes(added=len(added), removed=len(removed))


def _different(versions: Sequence[DataVersion]) -> list[DataFile]:
    """Every file that these versions name, once, without a vector."""
    files = (msgspec.structs.replace(file, vector=None) for version in versions for file in version.files)
    return list({file.digest: file for file in files}.values())


def _moved(hidden: Places, gone: Places, rows: int) -> Places:
    """Where hidden rows are once others are gone; those that are gone themselves are not hidden any more.

    >>> _moved(np.array([1, 4], np.uint64), np.array([0, 4], np.uint64), 6)
    array([0], dtype=uint64)
    """
    kept = np.ones(rows, bool)
    kept[gone.astype(np.int64)] = False
    places = np.cumsum(kept) - 1
    still = hidden[kept[hidden.astype(np.int64)]]
    return places[still.astype(np.int64)].astype(np.uint64)
