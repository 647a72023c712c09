"""SQLite, DuckDB, MariaDB, and whatever else SQLAlchemy opens."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.servers import PASSWORD, Postgres

from pomona.app import App
from pomona.core.errors import Invalid, NotFound, PomonaError, Refused, TooLarge
from pomona.data.sources.kinds import sql
from pomona.data.sources.records import NewFeed, NewSource, Question, Trial
from pomona.jobs.records import Job


@pytest.fixture
def shop(app: App, folder: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "shop.db", isolation_level=None)
    connection.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, at TEXT, amount NUMERIC, photo BLOB, gone TEXT)"
    )
    rows = [(i, f"2026-01-{i:02d} 00:00:00", i if i < 10 else i + 0.5, b"\x00") for i in range(1, 21)]
    connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, NULL)", rows)
    app.sources.add(NewSource(name="shop", kind="sqlite", location="shop.db", owner="ann", purpose="orders"))
    return connection


def test_sqlite_columns_have_the_types_of_their_values(app: App, shop: sqlite3.Connection) -> None:
    found = app.sources.sample("shop", Question(table="orders", rows=12))
    kinds = {column.name: column.type for column in found.columns}
    assert kinds == {"id": "int64", "at": "string", "amount": "double", "photo": "binary", "gone": "null"}
    assert len(found.rows) == 12
    shop.execute("UPDATE orders SET amount = 'much' WHERE id = 20")
    with pytest.raises(Invalid, match="'amount' mixes"):
        app.sources.sample("shop", Question(table="orders"))
    shop.close()


def test_sqlite_extracts_by_cursor(app: App, shop: sqlite3.Connection, extract: Callable[..., Job]) -> None:
    feed = NewFeed(
        dataset="orders", table="orders", mode="append", cursor="id", key=("id",), time_column="at"
    )
    app.sources.put_feed("shop", feed)
    assert extract("shop").state == "done"
    assert extract("shop").result[0]["note"] == "nothing new"
    shop.execute("INSERT INTO orders VALUES (21, '2026-01-21 00:00:00', 1, NULL, NULL)")
    extract("shop")
    assert [(v.number, v.rows) for v in app.data.versions("orders")] == [(2, 21), (1, 20)]
    cursor = app.data.resolve("orders").origin
    assert cursor is not None
    assert cursor.cursor is not None
    assert (cursor.cursor.column, cursor.cursor.value, cursor.rows) == ("id", "21", 1)
    assert cursor.parameters == {"pomona_since": "20"}
    shop.close()


def test_sqlite_reads_its_own_file_only(app: App, shop: sqlite3.Connection, folder: Path) -> None:
    for query in (
        f"SELECT * FROM pragma_database_list; ATTACH '{folder}/x.db' AS x",
        "ATTACH 'y.db' AS y",
        "DROP TABLE orders",
    ):
        with pytest.raises(PomonaError):
            app.sources.sample("shop", Question(query=query))
    assert not (folder / "y.db").exists()
    assert app.sources.sample("shop", Question(query="SELECT count(*) AS n FROM orders;")).rows == [{"n": 20}]
    with pytest.raises(Invalid, match="no such column: nix"):
        app.sources.sample("shop", Question(query="SELECT nix FROM orders"))
    (folder / "bad.db").write_bytes(b"no database at all, but long enough to be looked at" * 50)
    app.sources.add(NewSource(name="bad", kind="sqlite", location="bad.db"))
    with pytest.raises(Invalid, match="no whole SQLite database"):
        app.sources.test("bad")
    app.sources.add(NewSource(name="none", kind="sqlite", location="none.db"))
    with pytest.raises(NotFound):
        app.sources.test("none")
    shop.close()


def test_duckdb_is_read_and_nothing_beside_it(app: App, folder: Path, extract: Callable[..., Job]) -> None:
    (folder / "secret.csv").write_text("a\n1\n")
    with duckdb.connect(str(folder / "shop.duckdb")) as made:
        made.execute("CREATE TABLE orders AS SELECT range AS id, {'a': range} AS s FROM range(1000)")
    app.sources.add(NewSource(name="duck", kind="duckdb", location="shop.duckdb"))
    tested = app.sources.test("duck")
    assert tested.answer.startswith("DuckDB v")
    assert [(t.name, [c.type for c in t.columns]) for t in tested.tables] == [
        ("orders", ["BIGINT", "STRUCT(a BIGINT)"])
    ]
    app.sources.put_feed(
        "duck",
        NewFeed(dataset="d", query="FROM orders WHERE id < :most", parameters={"most": 10}, key=("id",)),
    )
    job = extract("duck")
    assert (job.state, job.result[0]["rows"]) == ("done", 10)
    for query in (
        "FROM 'secret.csv'",
        f"ATTACH '{folder}/x.duckdb'",
        "FROM orders WHERE nix = 1",
        "DELETE FROM orders",
    ):
        with pytest.raises(Invalid):
            app.sources.sample("duck", Question(query=query))


def test_mariadb_gives_exact_types_and_one_snapshot(
    app: App, mariadb: Any, extract: Callable[..., Job]
) -> None:
    mariadb.execute(
        "CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, n INT, amount DECIMAL(10,2), f DOUBLE, "
        "word VARCHAR(20), doc JSON, raw BLOB, day DATE, at DATETIME(6), moment TIMESTAMP(6) NULL, "
        "kind ENUM('a','b'), span TIME)"
    )
    mariadb.execute(
        "INSERT INTO t VALUES (18446744073709551615, -1, 12.34, 1.5, 'ü 100%', '{\"a\": 1}', x'01', "
        "'2026-01-02', '2026-01-02 03:04:05.678901', '2026-01-02 03:04:05', 'b', '01:02:03')"
    )
    app.sources.add(NewSource(name="my", kind="mysql", location=mariadb.url, credentials="env:SHOP_PASSWORD"))
    tested = app.sources.test("my")
    assert tested.answer.startswith("MariaDB ")
    assert [table.name for table in tested.tables] == ["t"]
    found = app.sources.sample(
        "my", Question(query="SELECT * FROM t WHERE word LIKE '%100%%' AND n = :n", parameters={"n": -1})
    )
    kinds = {column.name: column.type for column in found.columns}
    assert kinds["id"] == "uint64"
    assert kinds["amount"] == "decimal128(10, 2)"
    assert (kinds["raw"], kinds["kind"]) == ("binary", "string")
    assert (kinds["at"], kinds["moment"]) == ("timestamp[us]", "timestamp[us, tz=UTC]")
    [row] = found.rows
    assert (row["id"], row["word"], row["amount"]) == (2**64 - 1, "ü 100%", "12.34")


def test_mariadb_extracts_by_cursor_and_says_what_is_wrong(
    app: App, mariadb: Any, extract: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    mariadb.execute("CREATE TABLE orders (id INT PRIMARY KEY, at DATETIME)")
    mariadb.execute("INSERT INTO orders SELECT seq, '2026-01-01' + INTERVAL seq MINUTE FROM seq_1_to_100000")
    app.sources.add(NewSource(name="my", kind="mysql", location=mariadb.url, credentials="env:SHOP_PASSWORD"))
    app.sources.put_feed(
        "my", NewFeed(dataset="orders", table="orders", mode="append", cursor="at", key=("id",))
    )
    assert extract("my").result[0]["rows"] == 100_000
    mariadb.execute("INSERT INTO orders VALUES (200000, '2027-01-01')")
    assert extract("my").result[0]["rows"] == 1
    for query, said in (
        ("SELECT nix FROM orders", "nix"),
        ("SELEC 1", "syntax"),
        ("SELECT * FROM nope", "nope"),
    ):
        with pytest.raises(Invalid, match=said):
            app.sources.sample("my", Question(query=query))
    assert len(app.sources.sample("my", Question(table="orders", rows=3)).rows) == 3
    with pytest.raises(PomonaError):
        app.sources.sample("my", Question(query="DELETE FROM orders"))
    with monkeypatch.context() as patch:
        patch.setattr(sql, "LOOK_S", 0.3)
        with pytest.raises(TooLarge, match="longer than"):
            app.sources.sample("my", Question(query="SELECT count(*) AS n FROM orders a, orders b, orders c"))
    monkeypatch.setenv("SHOP_PASSWORD", "wr0ng-Wort")
    with pytest.raises(Refused) as caught:
        app.sources.test("my")
    assert "wr0ng" not in str(caught.value)


@pytest.mark.postgres
def test_any_other_database_through_sqlalchemy(
    app: App, postgres: Postgres, extract: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.run(
        "CREATE TABLE t AS SELECT i AS id, i * 1.5::numeric(8,2) AS amount, now() AS at, "
        "NULL::text AS nothing, 'w' || i AS word FROM generate_series(1, 30000) i"
    )
    url = postgres.url.replace("postgresql:", "postgresql+psycopg:")
    app.sources.add(NewSource(name="any", kind="sqlalchemy", location=url, credentials="env:SHOP_PASSWORD"))
    assert app.sources.test("any").answer.startswith("postgresql 1")
    assert "t" in {table.name for table in app.sources.tables("any")}
    app.sources.put_feed("any", NewFeed(dataset="t", table="t", mode="append", cursor="id", key=("id",)))
    assert extract("any").result[0]["rows"] == 30_000
    postgres.run("INSERT INTO t VALUES (30001, 1, now(), 'x', 'y')")
    assert extract("any").result[0]["rows"] == 1
    with pytest.raises(Invalid, match="nix"):
        app.sources.sample("any", Question(query="SELECT nix FROM t"))
    with pytest.raises(Invalid, match="nope"):
        app.sources.sample("any", Question(table="nope"))
    with pytest.raises(Invalid, match="DELETE"):
        app.sources.sample("any", Question(query="DELETE FROM t RETURNING id", rows=2))
    assert app.sources.sample("any", Question(query="SELECT count(*) AS n FROM t")).rows == [{"n": 30_001}]
    monkeypatch.setenv("SHOP_PASSWORD", "wr0ng-Wort")
    with pytest.raises(Refused) as caught:
        app.sources.test("any")
    assert PASSWORD not in str(caught.value)


def test_a_first_look_at_a_file_ends_in_time(
    app: App, shop: sqlite3.Connection, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duckdb.connect(str(folder / "shop.duckdb")).close()
    app.sources.add(NewSource(name="duck", kind="duckdb", location="shop.duckdb"))
    monkeypatch.setattr(sql, "LOOK_S", 0.2)
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) AS x FROM c"
    with pytest.raises(TooLarge, match="longer than"):
        app.sources.sample("shop", Question(query=endless))
    pairs = "SELECT max(a.range * b.range) AS x FROM range(10000000) a, range(10000000) b"
    with pytest.raises(TooLarge, match="longer than"):
        app.sources.sample("duck", Question(query=pairs))
    assert not list(folder.glob("*.tmp"))  # what a query spills does not lie beside the source
    shop.close()


@pytest.mark.parametrize(
    "setting", ["local_infile=1", "read_default_file=/etc/my.cnf", "Allow_Local_Infile=1"]
)
def test_no_setting_of_a_driver_opens_this_machine_s_files(app: App, setting: str) -> None:
    location = f"mysql+pymysql://me@127.0.0.1:9/shop?{setting}"
    with pytest.raises(Refused, match="files of this machine"):
        app.sources.add(NewSource(name="x", kind="sqlalchemy", location=location))


def test_sqlalchemy_is_no_way_round_the_guard(app: App) -> None:
    for location in ("sqlite:////etc/passwd", "duckdb:///x", "no url", "nosuch://h/db"):
        with pytest.raises(Invalid):
            app.sources.try_out(Trial(source=NewSource(name="x", kind="sqlalchemy", location=location)))
