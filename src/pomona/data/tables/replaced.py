"""The rows that a commit replaced or took away, in a small file beside it: a diff needs them.

They stand in the parent's files, too, but spread: to read one row in a hundred, all are decoded. So this
file says nothing new. No version's digest speaks of it, it may be lost, and an erasure takes it away.

Of a row that changed only those columns are kept in which some row did; in the others it was what it is
now, and where that stands in the commit's own files is kept instead.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pomona.core.errors import NotFound
from pomona.core.ports import Tables
from pomona.core.tables import DataFile
from pomona.data.tables.canonical import convert, stored_schema
from pomona.data.tables.changes import Rows, identical
from pomona.data.tables.files import FILE, ROW, FileReader
from pomona.data.tables.frames import series
from pomona.data.tables.numbers import arrow

NOW = "__pomona_now"  # the row's number in the commit's own files; null: it is gone
MARK = b"pomona.replaced"
_SHARE = 0.05  # of the parent's rows; where more changes, whole files are no detour
_LEAST_ROWS = 10_000
_MOST_BYTES = 64 << 20
_LEVEL = 6

Places = NDArray[np.uint64]


class _Notes(msgspec.Struct):
    """What the columns of such a file mean."""

    old: list[str]  # files, by the number in ``FILE``
    new: list[tuple[str, int]]  # the commit's own files, and how many rows each has
    kept: list[str]  # columns that are there of changed rows, too


class Replaced:
    """Collects what one commit replaces and takes away.

    Args:
        schema: Of the version to come; the old rows come in it.
        old: The parent's files.
    """

    def __init__(self, schema: pa.Schema, old: Sequence[DataFile]) -> None:
        self._schema = schema
        self._old = old
        self._most = max(_LEAST_ROWS, int(_SHARE * sum(file.live for file in old)))
        self._parts: list[pa.Table] = []
        self._kept = {field.name for field in schema if pa.types.is_nested(field.type)}
        self._rows = self._bytes = 0

    def add(self, gone: pa.Table, come: pa.Table, now: Rows) -> None:
        """Old rows that go, with their places; the first of them changed, into the rows that ``come``.

        Args:
            now: The numbers of those in the commit's own files.
        """
        self._rows += gone.num_rows
        self._bytes += gone.nbytes
        if self._too_many:
            self._parts = []
            return
        for name in self._schema.names:
            if name not in self._kept and not identical(
                gone.column(name).slice(0, len(now)), come.column(name)
            ):
                self._kept.add(name)
        nothing = pa.nulls(gone.num_rows - len(now), pa.int64())
        self._parts.append(gone.append_column(NOW, pa.chunked_array([arrow(now), nothing])))

    def body(self, new: Sequence[DataFile]) -> memoryview | None:
        """The file; None if there is nothing to keep, or too much.

        Args:
            new: The commit's own files.
        """
        if not self._parts or self._too_many:
            return None
        rows = pa.concat_tables(self._parts)
        files, places = series(rows, FILE).to_numpy(), series(rows, ROW).to_numpy()
        rows = rows.take(arrow(np.lexsort((places, files)))).combine_chunks()
        named, files = np.unique(series(rows, FILE).to_numpy(), return_inverse=True)
        notes = _Notes(
            old=[self._old[number].digest for number in named],
            new=[(file.digest, file.rows) for file in new],
            kept=[name for name in self._schema.names if name in self._kept],
        )
        removed = pc.is_null(rows.column(NOW))
        stored = stored_schema(self._schema)
        columns = {FILE: arrow(files.astype(np.uint32)), ROW: rows.column(ROW), NOW: rows.column(NOW)}
        for field in stored:
            column = convert(rows.select([field.name]), pa.schema([field])).column(0)
            if field.name not in self._kept:
                column = pc.if_else(removed, column, pa.nulls(len(column), field.type))
            columns[field.name] = column
        return _encoded(pa.table(columns), notes)

    @property
    def _too_many(self) -> bool:
        return self._rows > self._most or self._bytes > _MOST_BYTES


class ReplacedReader:
    """Finds rows in such files.

    Args:
        digests: Of the files; one that is not there is left out.
    """

    def __init__(self, tables: Tables, table: str, digests: Sequence[str]) -> None:
        self._tables = tables
        self._table = table
        self._digests = digests

    def rows(self, wanted: Mapping[str, Places], schema: pa.Schema) -> dict[str, pa.Table]:
        """The rows at these places (sorted) of these data files, for files of which all are known.

        Raises:
            Tampered: If a file changed.
        """
        found: dict[str, list[tuple[Places, pa.Table]]] = defaultdict(list)
        for digest in self._digests:
            try:
                for file, places, rows in self._of(digest, wanted, schema):
                    found[file].append((places, rows))
            except NotFound:  # swept away, or the commit's own files were
                continue
        whole = {}
        for file, parts in found.items():
            places = np.concatenate([part[0] for part in parts])
            rows = pa.concat_tables([part[1] for part in parts])
            if len(parts) > 1:
                places, first = np.unique(places, return_index=True)
                rows = rows.take(arrow(first))
            if np.array_equal(places, wanted[file]):
                whole[file] = rows
        return whole

    def _of(
        self, digest: str, wanted: Mapping[str, Places], schema: pa.Schema
    ) -> Iterator[tuple[str, Places, pa.Table]]:
        with pq.ParquetFile(self._tables.files.open(self._table, digest)) as parquet:
            notes = notes_of(parquet)
            if notes is None or not wanted.keys() & set(notes.old):
                return
            there = set(parquet.schema_arrow.names)
            names = [f.name for f in schema if f.name in there and not pa.types.is_null(f.type)]
            rows = parquet.read([FILE, ROW, NOW, *names])
        files, places = series(rows, FILE).to_numpy(), series(rows, ROW).to_numpy()
        mine = np.zeros(rows.num_rows, bool)
        for number, file in enumerate(notes.old):
            low, high = np.searchsorted(files, [number, number + 1])
            if file in wanted:
                mine[low:high] = is_among(places[low:high], wanted[file])
        if not mine.all():
            files, places, rows = files[mine], places[mine], rows.filter(arrow(mine))
        whole = self._completed(rows, names, notes, schema)
        for number in np.unique(files):
            low, high = np.searchsorted(files, [number, number + 1])
            yield notes.old[number], places[low:high], whole.slice(low, high - low)

    def _completed(self, rows: pa.Table, names: Sequence[str], notes: _Notes, schema: pa.Schema) -> pa.Table:
        """The rows with what the changed ones have in common with those that came for them."""
        target = pa.schema([schema.field(name) for name in names])
        own = convert(rows, target)
        same = [name for name in names if name not in notes.kept]
        changed = series(rows, NOW).is_not_null().to_numpy()
        if same and changed.any():
            numbers, places = np.unique(series(rows, NOW).drop_nulls().to_numpy(), return_inverse=True)
            now = self._now(notes, numbers, pa.schema([schema.field(name) for name in same]))
            where = np.arange(rows.num_rows)
            where[changed] = rows.num_rows + places
            both = pa.concat_tables([own.select(same), now]).take(arrow(where))
            for name in same:
                own = own.set_column(own.column_names.index(name), target.field(name), both.column(name))
        return convert(own, schema)

    def _now(self, notes: _Notes, numbers: Rows, schema: pa.Schema) -> pa.Table:
        """Rows of the commit's own files by their numbers, which are sorted."""
        files = [DataFile(digest=digest, size=0, rows=rows) for digest, rows in notes.new]
        reader = FileReader(self._tables, self._table, files, schema, None)
        parts: list[pa.Table] = []
        start = 0
        for number, file in enumerate(files):
            low, high = np.searchsorted(numbers, [start, start + file.rows])
            if low < high:
                parts += reader.at(number, (numbers[low:high] - start).astype(np.uint64))
            start += file.rows
        return pa.concat_tables(parts)


def is_among(places: Places, others: Places) -> NDArray[np.bool_]:
    """Which of these are among the others; both are sorted.

    >>> is_among(np.array([1, 4, 9], np.uint64), np.array([4, 5], np.uint64)).tolist()
    [False, True, False]
    """
    if not len(others):
        return np.zeros(len(places), bool)
    found: NDArray[np.bool_] = others[np.searchsorted(others, places).clip(max=len(others) - 1)] == places
    return found


def notes_of(parquet: pq.ParquetFile) -> _Notes | None:
    """What the columns of such a file mean; None if it is of another kind."""
    found = (parquet.schema_arrow.metadata or {}).get(MARK)
    return msgspec.json.decode(found, type=_Notes) if found is not None else None


def _encoded(table: pa.Table, notes: _Notes) -> memoryview:
    out = pa.BufferOutputStream()
    numbers = dict.fromkeys((FILE, ROW, NOW), "DELTA_BINARY_PACKED")
    pq.write_table(
        table.replace_schema_metadata({MARK: msgspec.json.encode(notes)}),
        out,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=[name for name in table.column_names if name not in numbers],
        column_encoding=numbers,
    )
    return memoryview(out.getvalue())
