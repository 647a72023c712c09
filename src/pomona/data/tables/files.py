"""The Parquet files of versions: written in parallel, read back by row groups, hidden rows left out."""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pomona.core.errors import Invalid
from pomona.core.ports import Tables
from pomona.core.tables import DataFile
from pomona.data.records import TimeWindow
from pomona.data.tables.canonical import convert, stored_schema
from pomona.data.tables.dictionaries import repeating
from pomona.data.tables.frames import series, time_range
from pomona.data.tables.numbers import arrow, no_rows

FILE, ROW = "__pomona_file", "__pomona_row"
FILE_ROWS = 524_288
_FILE_BYTES = 256 << 20  # of a file's rows in memory, at most about
_GROUP_ROWS = 131_072  # small enough for a day's window to skip most, large enough to scan fast
_SAMPLE_ROWS = 32_768  # that tell whether a column's values repeat
_WORKERS = 2


class FileWriter:
    """Tables in, data files out; files are encoded and written by threads while more rows come.

    Args:
        taken: Digests of files that the version has already. A Delta table cannot name a file twice, so
            rows that are there once more get a file that differs from the first by a mark.
    """

    def __init__(
        self,
        tables: Tables,
        table: str,
        schema: pa.Schema,
        time_column: str | None,
        taken: Collection[str] = (),
    ) -> None:
        self._tables = tables
        self._table = table
        self._schema = stored_schema(schema)
        self._time_column = time_column
        self._taken = set(taken)
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="data-files")
        self._files: list[Future[DataFile]] = []
        if not self._schema.names:
            raise Invalid("every column is null throughout", hint="commit a table with at least one value")

    def add(self, rows: pa.Table) -> None:
        """Take in rows; whole files are written on the way."""
        if rows.num_rows:
            self._waiting.append(rows)
            self._rows += rows.num_rows
        if self._rows >= FILE_ROWS:
            self.cut()

    def cut(self) -> None:
        """End the file: rows that come later stand in another one."""
        if not self._waiting:
            return
        whole, self._waiting, self._rows = pa.concat_tables(self._waiting), [], 0
        if len(self._files) > _WORKERS:
            self._files[-_WORKERS].result()  # hold no more than a few files in memory
        self._files.append(self._pool.submit(self._write, whole))

    def close(self) -> list[DataFile]:
        """Finish; the files in the order of their rows."""
        try:
            self.cut()
            return [self._alone(file.result()) for file in self._files]
        finally:
            self._pool.shutdown(cancel_futures=True)

    def _alone(self, file: DataFile) -> DataFile:
        """The file, or one with the same rows under another digest if that one is taken."""
        digest, size, copy = file.digest, file.size, 1
        while digest in self._taken:
            with pq.ParquetFile(self._tables.files.open(self._table, file.digest)) as parquet:
                rows = convert(parquet.read(), self._schema)
            body = encode(rows.replace_schema_metadata({"pomona.copy": str(copy)}))
            digest, size, copy = self._tables.files.put(self._table, body), len(body), copy + 1
        self._taken.add(digest)
        return msgspec.structs.replace(file, digest=digest, size=size)

    def _write(self, rows: pa.Table) -> DataFile:
        body = encode(convert(rows, self._schema))
        since, until = time_range(rows, self._time_column)
        digest = self._tables.files.put(self._table, body)
        return DataFile(digest=digest, size=len(body), rows=rows.num_rows, since=since, until=until)


class FileReader:
    """Rows of a version's files, in canonical types.

    Args:
        schema: The version's canonical schema; a column that an older file lacks is null there.
    """

    def __init__(
        self,
        tables: Tables,
        table: str,
        files: Sequence[DataFile],
        schema: pa.Schema,
        time_column: str | None,
    ) -> None:
        self.files = files
        self._tables = tables
        self._table = table
        self._schema = schema
        self._time_column = time_column

    def read(self, columns: Sequence[str] | None = None, window: TimeWindow | None = None) -> pa.Table:
        """All rows at once, file after file."""
        schema = self._target(columns)
        wanted = [file for file in self.files if _reaches(file, window)]

        def load(file: DataFile) -> pa.Table:
            parts = list(self._parts(file, schema, window, whole=True))
            return pa.concat_tables(parts) if parts else no_rows(schema)

        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="data-read") as pool:
            parts = list(pool.map(load, wanted))
        return pa.concat_tables(parts) if parts else no_rows(schema)

    def batches(
        self, columns: Sequence[str] | None = None, window: TimeWindow | None = None
    ) -> Iterator[pa.Table]:
        """The same rows in the same order, a row group at a time."""
        schema = self._target(columns)
        for file in self.files:
            if _reaches(file, window):
                yield from self._parts(file, schema, window)

    def schema_of(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """The schema of what ``read`` and ``batches`` give."""
        return self._target(columns)

    def as_schema(self, schema: pa.Schema) -> "FileReader":
        """The same files, read in other types."""
        return FileReader(self._tables, self._table, self.files, schema, self._time_column)

    def with_files(self, files: Sequence[DataFile]) -> "FileReader":
        """Other files of the same table."""
        return FileReader(self._tables, self._table, files, self._schema, self._time_column)

    def located(self, number: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows of one file, with two more columns: the file's number and each row's place in it."""
        schema = self._target(columns)
        for table, start, live in self._groups(self.files[number], schema, None):
            count = table.num_rows if live is None else len(live)
            places = np.arange(start, start + count, dtype=np.uint64)
            rows = arrow(places if live is None else places[live])
            where = arrow(np.full(table.num_rows, number, np.uint32))
            yield table.append_column(FILE, where).append_column(ROW, rows)

    def at(
        self, number: int, places: NDArray[np.uint64], columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        """The rows at these places (sorted) of one file, hidden ones too; other row groups are not read."""
        schema = self._target(columns)
        with self._opened(self.files[number]) as parquet:
            own = parquet.schema_arrow.names
            have = [name for name in schema.names if name in own] or own[:1]
            for groups, start, rows in _spans(parquet, None, None, whole=False):
                low, high = np.searchsorted(places, [start, start + rows])
                if low < high:
                    wanted = arrow((places[low:high] - np.uint64(start)).astype(np.int64))
                    yield convert(parquet.read_row_groups(groups, columns=have).take(wanted), schema)

    def hidden(self, file: DataFile) -> NDArray[np.uint64]:
        """Places of a file's rows that the version does not have, sorted."""
        if file.vector is None:
            return np.empty(0, np.uint64)
        return self._tables.vectors.get(self._table, file.vector)

    def first(self, number: int, key: Sequence[str]) -> pa.Table:
        """The key of the first row of a file (hidden or not)."""
        names = list(key)
        with pq.ParquetFile(self._tables.files.open(self._table, self.files[number].digest)) as parquet:
            batch = next(parquet.iter_batches(batch_size=1, row_groups=[0], columns=names))
        return convert(pa.Table.from_batches([batch]), self._target(names))

    def span(self, number: int, key: Sequence[str]) -> tuple[pa.Table, pa.Table]:
        """The keys of the first and the last row of a sorted file (hidden or not)."""
        names = list(key)
        with pq.ParquetFile(self._tables.files.open(self._table, self.files[number].digest)) as parquet:
            first = parquet.read_row_group(0, columns=names).slice(0, 1)
            last = parquet.read_row_group(parquet.num_row_groups - 1, columns=names)
        target = self._target(names)
        return convert(first, target), convert(last.slice(last.num_rows - 1), target)

    def _target(self, columns: Sequence[str] | None) -> pa.Schema:
        if columns is None:
            return self._schema
        unknown = [name for name in columns if name not in self._schema.names]
        if not columns:
            raise Invalid("no columns were asked for", hint="leave `columns` out to read all")
        if unknown:
            raise Invalid(
                f"no column {unknown[0]!r} in this version",
                hint=f"it has: {', '.join(self._schema.names[:30])}",
            )
        return pa.schema([self._schema.field(name) for name in columns])

    def _parts(
        self, file: DataFile, schema: pa.Schema, window: TimeWindow | None, *, whole: bool = False
    ) -> Iterator[pa.Table]:
        filtered = window is not None and (window.since or window.until) and self._time_column is not None
        extra = filtered and self._time_column not in schema.names
        target = schema.append(self._schema.field(self._time_column)) if extra else schema
        for table, *_ in self._groups(file, target, window if filtered else None, whole=whole):
            found = table
            if filtered and window is not None and self._time_column is not None:
                found = found.filter(_inside(self._schema.field(self._time_column), window))
            if found.num_rows:
                yield found.select(schema.names) if extra else found

    def _opened(self, file: DataFile) -> pq.ParquetFile:
        """Words that repeat come in dictionaries, as they are stored; ``convert`` spells out what stays."""
        body = self._tables.files.open(self._table, file.digest)
        metadata = pq.read_metadata(body)
        return pq.ParquetFile(body, metadata=metadata, read_dictionary=repeating(metadata))

    def _groups(
        self, file: DataFile, schema: pa.Schema, window: TimeWindow | None, *, whole: bool = False
    ) -> Iterator[tuple[pa.Table, int, NDArray[np.bool_] | None]]:
        """Live rows, a row group at a time or all groups together; the first one's place, hidden ones
        counted; and which of the rows are live, if not all are.
        """
        hidden = self.hidden(file)
        with self._opened(file) as parquet:
            own = parquet.schema_arrow.names
            have = [name for name in schema.names if name in own] or own[:1]
            for groups, start, rows in _spans(parquet, self._time_column, window, whole=whole):
                table = parquet.read_row_groups(groups, columns=have)
                live = None
                inside = hidden[np.searchsorted(hidden, start) : np.searchsorted(hidden, start + rows)]
                if len(inside):
                    live = np.ones(rows, bool)
                    live[(inside - np.uint64(start)).astype(np.int64)] = False
                    table = table.filter(arrow(live))
                if table.num_rows:
                    yield convert(table, schema), start, live


def encode(table: pa.Table) -> memoryview:
    """The Parquet bytes of a stored table."""
    out = pa.BufferOutputStream()
    table = _filled(table)
    repeating = [field.name for field in table.schema if _repeats(table, field)]
    whole = [field.name for field in table.schema if _is_whole(field.type) and field.name not in repeating]
    pq.write_table(
        table,
        out,
        row_group_size=_GROUP_ROWS,
        compression="zstd",
        compression_level=1,
        use_dictionary=repeating,
        column_encoding=dict.fromkeys(whole, "DELTA_BINARY_PACKED"),
    )
    return memoryview(out.getvalue())


def _filled(table: pa.Table) -> pa.Table:
    """The same table; a column without nulls says so and is read a third faster: none are looked for."""
    fields = [f.with_nullable(table.column(n).null_count > 0) for n, f in enumerate(table.schema)]
    return pa.table(table.columns, schema=pa.schema(fields, table.schema.metadata))


def _is_whole(kind: pa.DataType) -> bool:
    """Whether differences say less than the values: keys in order take a twentieth, a fifth of the time."""
    types = pa.types
    return bool(types.is_integer(kind) or types.is_date32(kind) or types.is_timestamp(kind))


def _repeats(table: pa.Table, field: pa.Field) -> bool:
    """Whether a column's values come again and again: a dictionary then makes it smaller, and faster to
    write and to read; of other numbers and times it costs eight times the writing and saves nothing.
    """
    types = pa.types
    if types.is_large_string(field.type):
        return True
    kinds = (types.is_integer, types.is_floating, types.is_decimal, types.is_temporal)
    if not any(is_of(field.type) for is_of in kinds):
        return False
    sample = series(table, field.name).gather_every(max(1, table.num_rows // _SAMPLE_ROWS))
    return 2 * sample.n_unique() < len(sample)


def rows_a_file(width: float) -> int:
    """Rows of ``width`` bytes that stand together in one file."""
    return max(1024, min(FILE_ROWS, int(_FILE_BYTES / width)))


def _spans(
    parquet: pq.ParquetFile, time_column: str | None, window: TimeWindow | None, *, whole: bool
) -> Iterator[tuple[list[int], int, int]]:
    """Row groups to read together: their numbers, the first row's place, how many rows."""
    groups: list[tuple[list[int], int, int]] = []
    start = 0
    for number in range(parquet.num_row_groups):
        meta = parquet.metadata.row_group(number)
        if window is None or _group_reaches(meta, time_column, window):
            last = groups[-1] if groups else None
            if whole and last is not None and last[1] + last[2] == start:
                groups[-1] = ([*last[0], number], last[1], last[2] + meta.num_rows)
            else:
                groups.append(([number], start, meta.num_rows))
        start += meta.num_rows
    return iter(groups)


def _group_reaches(meta: Any, time_column: str | None, window: TimeWindow) -> bool:
    for index in range(meta.num_columns):
        column = meta.column(index)
        if column.path_in_schema == time_column:
            stats = column.statistics
            if stats is None or not stats.has_min_max:
                return True
            return _overlaps(_moment(stats.min), _moment(stats.max), window)
    return True


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(0), UTC)


def _reaches(file: DataFile, window: TimeWindow | None) -> bool:
    if window is None or (window.since is None and window.until is None):
        return True
    if file.since is None or file.until is None:
        return False
    return _overlaps(file.since, file.until, window)


def _overlaps(low: datetime, high: datetime, window: TimeWindow) -> bool:
    early = window.until is not None and low >= window.until
    late = window.since is not None and high < window.since
    return not (early or late)


def _inside(field: pa.Field, window: TimeWindow) -> pc.Expression:
    column = pc.field(field.name)
    found = column.is_valid()
    if window.since is not None:
        found &= column >= _bound(field, window.since)
    if window.until is not None:
        found &= column < _bound(field, window.until)
    return found


def _bound(field: pa.Field, end: datetime) -> pa.Scalar:
    moment = end.astimezone(UTC)
    if pa.types.is_date(field.type):
        midnight = moment.time() == time(0)
        day: date = moment.date() if midnight else moment.date() + timedelta(days=1)
        return pa.scalar(day, pa.date32())
    tz = field.type.tz
    return pa.scalar(moment if tz else moment.replace(tzinfo=None), pa.timestamp("us", "UTC" if tz else None))
