"""Files whose rows come in key order are walked where they are, others sorted first; the result is one."""

import io
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.data import committing
from pomona.data.records import NewDataset
from pomona.data.service import DataService
from pomona.data.tables import ordered
from pomona.data.tables.ahead import ahead
from pomona.data.tables.canonical import canonical
from pomona.data.tables.incoming import PARQUET, decode
from pomona.data.tables.ordered import in_order
from pomona.data.tables.runs import Cursor, Runs, sort

KEYS: dict[str, st.SearchStrategy[Any]] = {
    "whole": st.integers(-9, 9),
    "float": st.floats(-2, 2, width=16),
    "text": st.text("aZé\U0001f600", max_size=3),
    "moment": st.datetimes(datetime(2000, 1, 1), datetime(2001, 1, 1)),  # noqa: DTZ001
    "yes": st.booleans(),
    "missing": st.none() | st.integers(0, 3) | st.just(float("nan")),
}


def body(table: pa.Table, group: int = 3) -> io.BytesIO:
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=group)
    out.seek(0)
    return out


@st.composite
def keyed(draw: st.DrawFn) -> tuple[pa.Table, list[str]]:
    """Rows that are in order quite often."""
    names = draw(st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=2, unique=True))
    rows = draw(st.lists(st.tuples(*(KEYS[name] for name in names)), min_size=1, max_size=12))
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    if "missing" in columns:
        columns["missing"] = [None if value is None else float(value) for value in columns["missing"]]
    table = pa.table({**columns, "n": list(range(len(rows)))})
    if draw(st.booleans()):
        table = sort(canonical(table), names)
    if draw(st.booleans()):
        table = pa.Table.from_pylist(list({repr(r): r for r in table.to_pylist()}.values()), table.schema)
    return table, names


@settings(max_examples=300)
@given(keyed(), st.integers(1, 5))
def test_rows_are_in_order_if_sorting_leaves_them_and_no_key_comes_twice(
    drawn: tuple[pa.Table, list[str]], group: int
) -> None:
    table, key = drawn
    again = decode(body(table, group), PARQUET).again
    assert again is not None
    found = in_order(again, key)
    keys = [tuple(row.values()) for row in table.select(key).to_pylist()]
    there = all(value is not None and value == value for one in keys for value in one)
    assert (found is not None) == (there and all(one < other for one, other in pairwise(keys)))


@given(st.sets(st.integers(0, 500), min_size=1), st.integers(1, 40), st.integers(1, 60))
def test_walked_range_by_range_all_rows_come_as_from_sorted_runs(
    numbers: set[int], group: int, rows_a_range: int
) -> None:
    table = pa.table({"id": sorted(numbers), "x": [str(n) for n in sorted(numbers)]})
    again = decode(body(table, group), PARQUET).again
    assert again is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordered, "_EVERY", 4)
        found = in_order(again, ["id"])
        assert found is not None
        runs = Runs(["id"], Path())
        runs.add(canonical(table))
        assert found.rows == runs.rows
        assert found.span == runs.span
        cuts = found.cuts(rows_a_range)
    assert cuts == sorted(set(cuts))
    (walk,) = found.tables()
    for _ in range(2):  # as often as they are wanted
        cursor = Cursor(walk(), ["id"])
        parts = [pa.concat_tables(cursor.take_before(cut) or [table.slice(0, 0)]) for cut in (*cuts, None)]
        assert [row for part in parts for row in part["id"].to_pylist()] == sorted(numbers)


def test_an_export_in_order_is_not_spooled_and_becomes_the_same_version(
    data: DataService, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [
        pa.table({"id": list(range(60)), "x": [1.0] * 60}),
        pa.table({"id": list(range(5, 70)), "x": [1.0] * 30 + [2.0] * 35}),
    ]
    for name in ("spooled", "walked"):
        data.create(NewDataset(name=name, key=("id",)))
    for day in days:
        one = data.commit("spooled", day.take(list(reversed(range(day.num_rows)))))
        with monkeypatch.context() as patch:
            patch.setattr(committing, "_spooled", lambda *_: pytest.fail("it was in order"))
            other = data.commit_bytes("walked", body(day, 20), PARQUET)
        was, now = one.version, other.version
        assert now.digest == was.digest
        assert (now.rows_added, now.rows_removed, now.rows_changed) == (
            was.rows_added,
            was.rows_removed,
            was.rows_changed,
        )
        assert data.profile(now.id) == data.profile(was.id)
    assert data.read("walked").equals(data.read("spooled"))


def test_an_export_out_of_order_with_a_key_twice_is_refused(data: DataService) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    with pytest.raises(Invalid, match="share their key"):
        data.commit_bytes("d", body(pa.table({"id": [1, 2, 2]})), PARQUET)


def test_a_file_that_breaks_off_in_the_middle_says_so(data: DataService) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    rows = pa.table({"id": list(range(5000)), "at": [datetime(2026, 1, 1, tzinfo=UTC)] * 5000})
    whole = bytearray(body(rows, 5000).getvalue())
    whole[600:9000] = b"\xff" * 8400
    with pytest.raises(Invalid, match="Parquet"):
        data.commit_bytes("d", io.BytesIO(bytes(whole)), PARQUET)
    assert data.versions("d") == []


def test_what_is_made_ahead_comes_in_order_and_its_error_where_it_happened() -> None:
    def items() -> Any:
        yield from range(5)
        raise ValueError("over")

    seen: list[int] = []
    with pytest.raises(ValueError, match="over"):
        seen.extend(ahead(items()))
    assert seen == list(range(5))
