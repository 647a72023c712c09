# ruff: noqa: E501 - an SQL text reads best in one line
"""The engine: limits that hold, mistakes with their place, results in types that can be kept."""

import threading
import time
from typing import Any

import pyarrow as pa
import pytest

from pomona.core.errors import Conflict, Invalid, TooLarge
from pomona.data.marts.engine import SqlEngine
from pomona.data.marts.rules.reading import read_statement

TABLE = pa.table({"id": [1, 2, 3], "x": [1.0, None, 3.0], "name": ["a", "é", None]})


def run(
    engine: SqlEngine, sql: str, table: Any = TABLE, *, timeout_s: float = 20.0, **options: Any
) -> pa.Table:
    statement = read_statement(sql)
    tables = dict.fromkeys(statement.tables, table)
    with engine.session(statement, tables, timeout_s=timeout_s, **options) as reader:
        return reader.read_all()


def test_names_as_everywhere_else_work_in_quotes(engine: SqlEngine) -> None:
    sql = 'select a.id from "credit/loans@v3" a join "credit/loans" b using (id) join LOANS c using (id)'
    assert run(engine, sql).column("id").to_pylist() == [1, 2, 3]


def test_a_sum_of_integers_stays_an_integer(engine: SqlEngine) -> None:
    found = run(engine, "select sum(id) s, count(*) n, avg(id) a from loans")
    assert found.to_pylist() == [{"s": 6, "n": 3, "a": 2.0}]
    assert found.schema.field("s").type == pa.int64()
    with pytest.raises(Invalid, match="64 bits"):
        run(engine, "select sum(9223372036854775807::bigint) s from loans")


def test_a_source_that_can_only_stream_is_read_once_and_named_often(engine: SqlEngine) -> None:
    class Stream:
        opened = 0

        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            Stream.opened += 1
            return TABLE.to_reader(max_chunksize=1).__arrow_c_stream__(requested_schema)

        def __arrow_c_schema__(self) -> Any:
            return TABLE.schema.__arrow_c_schema__()

    sql = "with t as (from loans) select count(*) n from loans a join t b using (id) where id in (select id from loans)"
    assert run(engine, sql, Stream()).to_pylist() == [{"n": 3}]
    assert Stream.opened == 1


def test_a_query_that_takes_too_long_is_stopped(engine: SqlEngine) -> None:
    began = time.monotonic()
    with pytest.raises(TooLarge, match=r"longer than 0\.5 s"):
        run(engine, "select count(*) from range(100000000000) r(i), loans", timeout_s=0.5)
    assert time.monotonic() - began < 5.0


def test_time_is_counted_while_rows_are_read(engine: SqlEngine) -> None:
    statement = read_statement("select i, hash(i) h from range(100000000000) r(i)")
    with (
        pytest.raises(TooLarge, match="longer than"),
        engine.session(statement, {}, timeout_s=0.7) as reader,
    ):
        for _ in reader:
            pass


def test_a_query_that_needs_too_much_memory_is_stopped(engine: SqlEngine) -> None:
    with pytest.raises(TooLarge, match="256 MB"):
        run(engine, "select list(i) from range(200000000) r(i)")


def test_what_does_not_fit_into_memory_is_sorted_on_disk_and_cleared_away(
    tmp_path: Any,
) -> None:
    small = SqlEngine(tmp_path / "spill", memory_mb=48)
    sql = "select i, repeat('x', 40) || hash(i) as h from range(700000) r(i) order by h"
    assert run(small, sql, timeout_s=60).num_rows == 700_000
    assert not [path for path in (tmp_path / "spill").iterdir() if path.stat().st_size]


def test_whoever_waits_can_call_it_off(engine: SqlEngine) -> None:
    wanted = threading.Event()

    def may_go_on() -> None:
        if wanted.is_set():
            raise Conflict("cancelled")

    threading.Timer(0.5, wanted.set).start()
    with pytest.raises(Conflict, match="cancelled"):
        run(engine, "select count(*) from range(100000000000) r(i)", may_go_on=may_go_on)


@pytest.mark.parametrize(
    ("sql", "line", "column", "says"),
    [
        ("select 'é' as k,\n   nope\nfrom loans", 2, 4, "nope"),
        ("select id,\n\n  name::int as n\nfrom loans where id = 1", 3, 7, "Could not convert"),
        ("select id from loans\nwhere nosuch(id)", 2, 7, "nosuch"),
        ("select sum(id), x from loans", 1, 17, "GROUP BY"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    engine: SqlEngine, sql: str, line: int, column: int, says: str
) -> None:
    with pytest.raises(Invalid, match=says) as caught:
        run(engine, sql)
    assert (caught.value.extra["line"], caught.value.extra["column"]) == (line, column)
    assert caught.value.detail.startswith(f"line {line}, column {column}: ")
    assert caught.value.hint


def test_time_is_utc_whatever_the_machine_says(engine: SqlEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    found = run(
        engine,
        "select '2026-01-01 00:00:00'::timestamptz::date::text d, current_setting_free from (select 1 current_setting_free)",
    )
    assert found.column("d").to_pylist() == ["2026-01-01"]


def test_python_s_own_variables_are_no_tables(engine: SqlEngine) -> None:
    secret = TABLE  # noqa: F841 - DuckDB would find it by its name
    statement = read_statement("select * from secret")
    with pytest.raises(Invalid, match="secret"), engine.session(statement, {}, timeout_s=5):
        pass
