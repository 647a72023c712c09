"""Canonical and stored form: what goes in comes out, and the same content has the same digest."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.drawn import MOMENTS, plain, tables

from pomona.core.errors import Invalid
from pomona.core.tables import DataFile
from pomona.data.records import TimeWindow
from pomona.data.rules import version_digest
from pomona.data.tables.canonical import Widened, canonical, canonical_schema, fields_of, fitted, is_wider
from pomona.data.tables.files import FileReader, FileWriter, encode
from pomona.data.tables.runs import sort
from pomona.storage.delta.tables import delta_tables


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


def stored(root: Path, table: pa.Table, *order: str, time_column: str | None = None) -> FileReader:
    """Written and opened again."""
    doors, rows = delta_tables(root), sort(canonical(table), order)
    writer = FileWriter(doors, "t", rows.schema, time_column)
    writer.add(rows)
    return FileReader(doors, "t", writer.close(), rows.schema, time_column)


def digest(reader: FileReader) -> str:
    return version_digest(fields_of(reader.schema_of()), reader.files)


@settings(max_examples=150)
@given(tables(min_rows=1))
def test_what_is_stored_is_read_back(root: Path, table: pa.Table) -> None:
    if any(not pa.types.is_null(field.type) for field in table.schema):
        found = stored(root, table).read()
        assert plain(found) == plain(table)
        assert found.schema == canonical_schema(table.schema)


@settings(max_examples=80)
@given(tables(min_rows=1), st.randoms(use_true_random=False), st.integers(1, 12))
def test_rows_chunks_and_encodings_do_not_change_the_digest(
    root: Path, table: pa.Table, random: Random, cut: int
) -> None:
    rows = list(range(table.num_rows))
    random.shuffle(rows)
    other = table.take(rows)
    other = pa.concat_tables([other.slice(0, cut), other.slice(cut)])
    for name in other.column_names:
        if pa.types.is_string(other.schema.field(name).type):
            at = other.column_names.index(name)
            other = other.set_column(at, name, other.column(name).dictionary_encode())
    assert digest(stored(root, other, "id")) == digest(stored(root, table, "id"))


@settings(max_examples=60)
@given(tables(min_rows=1))
def test_another_value_is_another_digest(root: Path, table: pa.Table) -> None:
    more = table.append_column("extra", pa.array(range(table.num_rows), pa.int64()))
    changed = table.append_column("extra", pa.array(range(1, table.num_rows + 1), pa.int64()))
    assert len({digest(stored(root, each, "id")) for each in (table, more, changed)}) == 3


def test_every_nan_is_the_same(root: Path) -> None:
    zero = pl.Series([0.0])
    odd = pa.table({"x": (zero / zero).to_arrow()})
    assert digest(stored(root, odd)) == digest(stored(root, pa.table({"x": [float("nan")]})))


def test_pandas_polars_and_arrow_give_the_same_digest(root: Path) -> None:
    rows = {"id": [1, 2], "name": ["a", None], "x": [1.5, None], "at": [datetime(2026, 1, 1), None]}  # noqa: DTZ001
    frames = [
        pl.DataFrame(rows).to_arrow(),
        pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False),
        pa.table({**rows, "name": pa.array(rows["name"]).dictionary_encode()}),
    ]
    assert {digest(stored(root, frame)) for frame in frames} == {digest(stored(root, pa.table(rows)))}


@pytest.mark.parametrize(
    "kind",
    [
        pa.map_(pa.string(), pa.int64()),
        pa.month_day_nano_interval(),
        pa.list_(pa.map_(pa.string(), pa.int8())),
        pa.decimal256(60, 2),
        pa.struct([]),
    ],
)
def test_a_type_that_cannot_be_kept_is_refused(kind: pa.DataType) -> None:
    with pytest.raises(Invalid, match="'odd'"):
        canonical(pa.table({"odd": pa.nulls(1, kind)}))


def test_nanoseconds_that_are_whole_microseconds_are_kept_as_those(root: Path) -> None:
    found = stored(root, pa.table({"at": pa.array([5_000], pa.timestamp("ns", "UTC"))})).read()
    assert found.column("at").type == pa.timestamp("us", "UTC")
    assert found.column("at")[0].value == 5


def test_times_finer_than_a_microsecond_are_refused_with_the_way_out() -> None:
    fine = pa.table({"at": pa.array([1], pa.timestamp("ns"))})
    with pytest.raises(Invalid, match="finer than a microsecond") as caught:
        canonical(fine)
    assert "round" in (caught.value.hint or "")


def test_a_value_fits_its_column_exactly_or_widens_it() -> None:
    whole = pa.schema([("n", pa.int64())])
    assert fitted(pa.table({"n": [1.0, 2.0]}), whole).schema == whole
    with pytest.raises(Widened):
        fitted(pa.table({"n": [1.5]}), whole)
    money = pa.schema([("n", pa.decimal128(12, 3))])
    assert fitted(pa.table({"n": pa.array([Decimal("3.00")])}), money).schema == money


@pytest.mark.parametrize(
    ("now", "was", "wider"),
    [
        (pa.int64(), pa.int32(), True),
        (pa.int32(), pa.int64(), False),
        (pa.int32(), pa.uint16(), True),
        (pa.uint64(), pa.int32(), False),
        (pa.float64(), pa.float32(), True),
        (pa.float64(), pa.int32(), True),
        (pa.float64(), pa.int64(), False),
        (pa.decimal128(14, 4), pa.decimal128(12, 3), True),
        (pa.decimal128(12, 4), pa.decimal128(12, 3), False),
        (pa.timestamp("us"), pa.timestamp("ms"), True),
    ],
)
def test_wider_means_that_every_old_value_survives(now: pa.DataType, was: pa.DataType, wider: bool) -> None:
    assert is_wider(now, was) is wider


@given(
    st.lists(MOMENTS, min_size=1, max_size=9), MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(10_000))
)
def test_a_time_range_is_exact_in_every_kind_of_time(
    root: Path, times: list[datetime], start: datetime, long: timedelta
) -> None:
    window = TimeWindow(since=start.replace(tzinfo=UTC), until=(start + long).replace(tzinfo=UTC))
    utc = [moment.replace(tzinfo=UTC) for moment in times]
    columns = {
        "aware": pa.array(utc, pa.timestamp("us", "Europe/Berlin")),
        "naive": pa.array(times, pa.timestamp("us")),
        "day": pa.array([moment.date() for moment in times], pa.date32()),
    }
    table = pa.table(columns).append_column("n", pa.array(range(len(times))))
    for name in columns:
        found = stored(root, table, time_column=name).read(["n"], window).column("n").to_pylist()
        midnight = {"hour": 0, "minute": 0, "second": 0, "microsecond": 0}
        real = [moment.replace(**midnight) if name == "day" else moment for moment in utc]
        wanted = [n for n, moment in enumerate(real) if window.since <= moment < window.until]  # type: ignore[operator]
        assert found == wanted, name


def test_values_that_repeat_are_kept_once_and_others_plainly() -> None:
    many = list(range(40_000))
    columns = {
        "few": [n % 900 / 3 for n in many],
        "days": pa.array([n % 300 for n in many], pa.int32()).cast(pa.date32()),
        "own": many,
        "word": [str(n % 7) for n in many],
    }
    meta = pq.ParquetFile(pa.BufferReader(encode(canonical(pa.table(columns))))).metadata
    coded = {
        meta.row_group(0).column(n).path_in_schema: "RLE_DICTIONARY" in meta.row_group(0).column(n).encodings
        for n in range(4)
    }
    assert coded == {"few": True, "days": True, "own": False, "word": True}


def test_a_word_and_a_field_of_one_path_are_told_apart(root: Path) -> None:
    table = pa.table(
        {
            "s.y": pa.array(["a", "b", None]),
            "s": pa.array([{"y": "c"}, None, {"y": "d"}], pa.struct([("y", pa.string())])),
            "few": pa.array([["e", "e"], [], None], pa.list_(pa.string())),
            "word": pa.array(["w", None, "w"]),
        }
    )
    assert plain(stored(root, table).read()) == plain(table)


def test_a_column_without_nulls_says_so_and_older_files_are_read_beside_it(root: Path) -> None:
    rows = canonical(pa.table({"id": [1, 2], "x": [1.5, None], "word": ["a", "b"], "all": [["a"], [None]]}))
    doors = delta_tables(root)
    writer = FileWriter(doors, "t", rows.schema, None)
    writer.add(rows)
    (new,) = writer.close()
    with pq.ParquetFile(doors.files.open("t", new.digest)) as parquet:
        assert [field.nullable for field in parquet.schema_arrow] == [False, True, False, False]
    out = pa.BufferOutputStream()  # as files were written before
    pq.write_table(rows, out)
    body = memoryview(out.getvalue())
    old = DataFile(digest=doors.files.put("t", body), size=len(body), rows=2)
    reader = FileReader(doors, "t", [old, new, old], rows.schema, None)
    assert reader.read().to_pylist() == rows.to_pylist() * 3
    assert reader.read().schema == rows.schema
    assert [field.nullable for field in reader.schema_of()] == [True] * 4
