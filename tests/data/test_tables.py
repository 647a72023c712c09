"""The canonical form: what goes in comes out, and the same content has the same digest."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.data.changes import Changes, compare
from pomona.data.records import TimeWindow
from pomona.data.tables import canonical, fields_of, read_files, to_parquet, version_digest

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001
TYPES: dict[pa.DataType, st.SearchStrategy[object]] = {
    pa.bool_(): st.booleans(),
    pa.int8(): st.integers(-128, 127),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.string(): st.text(max_size=8),
    pa.binary(): st.binary(max_size=8),
    pa.date32(): st.dates(),
    pa.time64("us"): st.times(),
    pa.timestamp("us"): MOMENTS,
    pa.timestamp("s"): MOMENTS.map(lambda moment: moment.replace(microsecond=0)),
    pa.time32("s"): st.times().map(lambda clock: clock.replace(microsecond=0)),
    pa.duration("s"): st.integers(0, 999).map(lambda seconds: timedelta(seconds=seconds)),
    pa.large_string(): st.text(max_size=3),
    pa.timestamp("ns", "UTC"): MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
    pa.timestamp("us", "Europe/Berlin"): MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
    pa.duration("us"): st.timedeltas(timedelta(-1000), timedelta(1000)),
    pa.decimal128(12, 3): st.decimals(-999_999, 999_999, places=3),
    pa.dictionary(pa.int32(), pa.string()): st.sampled_from(["pear", "apple", ""]),
    pa.list_(pa.int64()): st.lists(st.integers(-5, 5), max_size=3),
    pa.struct([("x", pa.int64()), ("y", pa.string())]): st.fixed_dictionaries(
        {"x": st.integers(0, 9), "y": st.text(max_size=3)}
    ),
    pa.null(): st.none(),
}


@st.composite
def tables(draw: st.DrawFn, *, min_rows: int = 0) -> pa.Table:
    """A table with an integer key and a few columns of any type, with nulls, NaN and odd names."""
    rows = draw(st.integers(min_rows, 12))
    names = draw(
        st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=4).filter(lambda n: "id" not in n)
    )
    keys = draw(st.lists(st.integers(-50, 50), min_size=rows, max_size=rows, unique=True))
    columns: dict[str, pa.Array] = {"id": pa.array(keys, pa.int64())}
    for name in names:
        kind, values = draw(st.sampled_from(sorted(TYPES.items(), key=str)))
        drawn = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        plain = kind.value_type if pa.types.is_dictionary(kind) else kind
        array = pa.array(drawn, plain)
        columns[name] = array.dictionary_encode() if plain is not kind else array
    return pa.table(columns)


def plain(table: pa.Table) -> list[str]:
    """Rows as text: NaN equals NaN there."""
    return [repr(row) for row in table.to_pylist()]


def stored(table: pa.Table, *order: str, parent: pa.Schema | None = None) -> tuple[pa.Table, str]:
    kept = canonical(table, parent, order=order)
    body, file = to_parquet(kept, None)
    read = read_files([file], lambda _: body)
    assert read.schema == kept.schema
    return read, version_digest(fields_of(kept.schema), [file])


@settings(max_examples=150)
@given(tables())
def test_what_is_stored_is_read_back(table: pa.Table) -> None:
    assert plain(stored(table)[0]) == plain(table)


@settings(max_examples=80)
@given(tables(min_rows=1), st.randoms(use_true_random=False), st.integers(1, 12))
def test_rows_chunks_columns_and_encodings_do_not_change_the_digest(
    table: pa.Table, random: Random, cut: int
) -> None:
    rows = list(range(table.num_rows))
    random.shuffle(rows)
    other = table.take(rows)
    other = pa.concat_tables([other.slice(0, cut), other.slice(cut)])
    for name in other.column_names:
        if pa.types.is_string(other.schema.field(name).type):
            at = other.column_names.index(name)
            other = other.set_column(at, name, other.column(name).dictionary_encode())
    first, digest = stored(table, "id")
    assert stored(other, "id", parent=first.schema)[1] == digest


@settings(max_examples=80)
@given(tables(min_rows=1))
def test_another_value_is_another_digest(table: pa.Table) -> None:
    more = table.append_column("extra", pa.array(range(table.num_rows), pa.int64()))
    changed = table.append_column("extra", pa.array(range(1, table.num_rows + 1), pa.int64()))
    assert len({stored(each, "id")[1] for each in (table, more, changed)}) == 3


@settings(max_examples=80)
@given(tables(), st.sets(st.integers(-50, 50)), st.sets(st.integers(-50, 50)))
def test_changes_are_the_truth(table: pa.Table, gone: set[int], touched: set[int]) -> None:
    table = canonical(table.append_column("n", pa.array([0.0] * table.num_rows)), None, order=["id"])
    rows = [row for row in table.to_pylist() if row["id"] not in gone]
    for row in rows:
        row["n"] = float("nan") if row["id"] in touched else row["n"]
    new = canonical(pa.Table.from_pylist([*rows], schema=table.schema), table.schema, order=["id"])
    ids = set(table.column("id").to_pylist())
    found = compare(table, new, ["id"])
    assert found == Changes(added=0, removed=len(ids & gone), changed=len((ids - gone) & touched))
    back = compare(new, table, ["id"])
    assert (back.added, back.removed, back.changed) == (found.removed, found.added, found.changed)
    unkeyed = compare(table, new, [])
    assert unkeyed.added == found.changed
    assert unkeyed.removed == found.removed + found.changed


def test_changes_see_single_bits() -> None:
    old = pa.table({"k": [1, 2, 3, 4], "x": [0.0, float("nan"), 1.0, None]})
    new = pa.table({"k": [1, 2, 3, 4], "x": [-0.0, float("nan"), 1.0, 0.0]})
    assert compare(old, new, ["k"]) == Changes(added=0, removed=0, changed=2)
    assert compare(old, old, ["k"]).none


def test_every_nan_is_the_same() -> None:
    zero = pl.Series([0.0])
    odd = pa.table({"x": (zero / zero).to_arrow()})
    even = pa.table({"x": [float("nan")]})
    assert stored(odd)[1] == stored(even)[1]


def test_pandas_polars_and_arrow_give_the_same_digest() -> None:
    rows = {"id": [1, 2], "name": ["a", None], "x": [1.5, None], "at": [datetime(2026, 1, 1), None]}  # noqa: DTZ001
    arrow = pa.table(rows)
    frames = [
        pl.DataFrame(rows).to_arrow(),
        pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False),
        pa.table({**rows, "name": pa.array(rows["name"]).dictionary_encode()}),
    ]
    expected, digest = stored(arrow)
    for frame in frames:
        assert stored(frame, parent=expected.schema)[1] == digest


@pytest.mark.parametrize(
    "kind",
    [
        pa.map_(pa.string(), pa.int64()),
        pa.month_day_nano_interval(),
        pa.list_(pa.map_(pa.string(), pa.int8())),
    ],
)
def test_a_type_that_cannot_be_kept_is_refused(kind: pa.DataType) -> None:
    with pytest.raises(Invalid, match="'odd'"):
        canonical(pa.table({"odd": pa.nulls(1, kind)}), None)


def test_a_number_that_would_lose_a_digit_keeps_its_own_type() -> None:
    parent = pa.schema([("n", pa.int64())])
    assert canonical(pa.table({"n": [1.0, 2.0]}), parent).schema == parent
    assert canonical(pa.table({"n": [1.5]}), parent).schema.field("n").type == pa.float64()
    money = pa.schema([("n", pa.decimal128(12, 3))])
    assert canonical(pa.table({"n": pa.array([Decimal("3.00")])}), money).schema == money


@given(
    st.lists(MOMENTS, min_size=1, max_size=9), MOMENTS, st.timedeltas(timedelta(seconds=1), timedelta(10_000))
)
def test_a_time_range_is_exact_in_every_kind_of_time(
    times: list[datetime], start: datetime, long: timedelta
) -> None:
    since, until = start.replace(tzinfo=UTC), (start + long).replace(tzinfo=UTC)
    utc = [moment.replace(tzinfo=UTC) for moment in times]
    columns = {
        "aware": pa.array(utc, pa.timestamp("us", "Europe/Berlin")),
        "naive": pa.array(times, pa.timestamp("us")),
        "nanos": pa.array(times, pa.timestamp("ns")),
        "day": pa.array([moment.date() for moment in times], pa.date32()),
    }
    table = canonical(pa.table(columns).append_column("n", pa.array(range(len(times)))), None)
    for name in columns:
        body, file = to_parquet(table, name)
        load = {file.digest: body}.__getitem__
        window = TimeWindow(since=since, until=until)
        found = (
            read_files([file], load, columns=["n"], window=window, time_column=name).column("n").to_pylist()
        )
        real = [
            moment.replace(hour=0, minute=0, second=0, microsecond=0) if name == "day" else moment
            for moment in utc
        ]
        assert found == [n for n, moment in enumerate(real) if since <= moment < until], name
