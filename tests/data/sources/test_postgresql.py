"""A real PostgreSQL: every type, one snapshot, its own words for what is wrong, and no secret in them."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from tests.servers import PASSWORD, Postgres

from pomona.app import App
from pomona.core.errors import Invalid, PomonaError, Refused, TooLarge, Unavailable
from pomona.data.sources.kinds import sql
from pomona.data.sources.records import NewFeed, NewSource, Question
from pomona.jobs.records import Job

pytestmark = pytest.mark.postgres
TYPES = """CREATE TABLE t AS SELECT 1::int2 AS s, 2::int4 AS i, 3::int8 AS l, 1.5::float4 AS f,
 2.5::float8 AS d,
 12.34::numeric(10,2) AS amount, 1.5::numeric AS loose, 'x'::text AS word, 'y'::varchar(9) AS v, true AS flag,
 '2026-01-02'::date AS day, '2026-01-02 03:04:05.678901'::timestamp AS naive,
 '2026-01-02 03:04:05.678901+02'::timestamptz AS at, '03:04'::time AS tm, '1 day'::interval AS span,
 '{"a": 1}'::jsonb AS doc, ARRAY[1,2] AS many, '\\x01'::bytea AS raw, '127.0.0.1'::inet AS ip,
 '123e4567-e89b-12d3-a456-426614174000'::uuid AS u, NULL::text AS nothing"""


@pytest.fixture
def shop(app: App, postgres: Postgres) -> Postgres:
    app.sources.add(
        NewSource(name="shop", kind="postgresql", location=postgres.url, credentials="env:SHOP_PASSWORD")
    )
    return postgres


def test_every_type_arrives(app: App, shop: Postgres) -> None:
    shop.run(TYPES)
    found = app.sources.sample("shop", Question(table="t"))
    kinds = {column.name: column.type for column in found.columns}
    assert kinds["amount"] == "decimal128(10, 2)"
    assert kinds["at"] == "timestamp[us, tz=UTC]"
    assert (kinds["loose"], kinds["many"]) == ("double", "list<item: int32>")
    [row] = found.rows
    assert row["u"] == "123e4567-e89b-12d3-a456-426614174000"
    assert (row["ip"], row["span"], row["doc"]) == ("127.0.0.1/32", "1 day", '{"a": 1}')
    assert row["at"] == "2026-01-02T01:04:05.678901+00:00"


def test_a_first_look_ends_in_time(app: App, shop: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "LOOK_S", 0.3)
    with pytest.raises(TooLarge, match="longer than"):
        app.sources.sample("shop", Question(query="SELECT pg_sleep(600)::text AS x"))


def test_a_table_becomes_a_version_with_its_origin(
    app: App, shop: Postgres, extract: Callable[..., Job]
) -> None:
    shop.run(
        "CREATE TABLE orders (id bigint PRIMARY KEY, at timestamptz, amount numeric(10, 2))",
        "INSERT INTO orders SELECT i, '2026-01-01'::timestamptz + i * interval '1 min', i "
        "FROM generate_series(1, 1000) i",
    )
    tested = app.sources.test("shop")
    assert tested.answer.startswith("PostgreSQL ")
    assert [(table.name, len(table.columns)) for table in tested.tables] == [("orders", 3)]
    app.sources.put_feed(
        "shop",
        NewFeed(
            dataset="orders",
            query="SELECT id, at, amount FROM orders WHERE amount > :least -- not the free ones",
            parameters={"least": 10},
            key=("id",),
            time_column="at",
        ),
    )
    job = extract("shop")
    assert (job.state, job.result[0]["rows"]) == ("done", 990)
    version = app.data.resolve("orders")
    origin = version.origin
    assert origin is not None
    assert "WHERE amount > :least" in origin.query
    assert (origin.parameters, origin.rows, origin.job) == ({"least": 10}, 990, job.id)
    assert origin.snapshot_at == version.as_of
    assert abs(origin.snapshot_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert app.data.read("orders").column("amount").to_pylist()[0] == Decimal("11.00")
    again = extract("shop")
    assert again.result[0]["created"] is False


def test_late_rows_are_found_by_the_overlap(app: App, shop: Postgres, extract: Callable[..., Job]) -> None:
    shop.run(
        "CREATE TABLE orders (id int, changed timestamptz, state text)",
        "INSERT INTO orders SELECT i, '2026-01-01'::timestamptz + i * interval '1 min', 'new' "
        "FROM generate_series(1, 100) i",
    )
    feed = NewFeed(
        dataset="orders",
        table="orders",
        mode="delta",
        cursor="changed",
        overlap=3600,
        key=("id",),
        time_column="changed",
    )
    app.sources.put_feed("shop", feed)
    extract("shop")
    shop.run(
        "INSERT INTO orders VALUES (1000, '2026-01-01 01:00Z', 'late')",  # not an hour behind
        "UPDATE orders SET state = 'paid', changed = '2026-01-01 02:00Z' WHERE id = 7",
        "INSERT INTO orders VALUES (1001, '2026-01-01 02:01Z', 'new')",
    )
    job = extract("shop")
    assert job.result[0]["rows"] < 70
    version = app.data.resolve("orders")
    assert (version.rows, version.rows_added, version.rows_changed) == (102, 2, 1)
    rows = {row["id"]: row["state"] for row in app.data.read("orders").to_pylist()}
    assert (rows[7], rows[1000], rows[1001]) == ("paid", "late", "new")
    shop.run("DELETE FROM orders WHERE id = 1")
    assert extract("shop").result[0]["created"] is False  # a delta cannot see what was deleted
    assert extract("shop", full=True).state == "done"
    assert app.data.resolve("orders").rows == 101


def test_all_rows_are_of_one_moment(app: App, shop: Postgres, extract: Callable[..., Job]) -> None:
    shop.run("CREATE TABLE t AS SELECT i AS id, 0 AS n FROM generate_series(1, 400000) i")
    app.sources.put_feed("shop", NewFeed(dataset="t", table="t", key=("id",)))
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            shop.run("UPDATE t SET n = n + 1 WHERE id IN (1, 400000)")

    writer = threading.Thread(target=change)
    writer.start()
    try:
        assert extract("shop").state == "done"
    finally:
        stop.set()
        writer.join()
    rows = {row["id"]: row["n"] for row in app.data.read("t").to_pylist() if row["id"] in (1, 400_000)}
    assert rows[1] == rows[400_000]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nix FROM t", 'column "nix" does not exist'),
        ("SELECT * FROM nix", 'relation "nix" does not exist'),
        ("SELEC 1", "syntax error"),
        ("DELETE FROM t RETURNING *", "syntax error"),
        ("SELECT 1/0 AS x", "division by zero"),
        ("SELECT * FROM t WHERE a = :nope", "parameter :nope"),
        ("SELECT pg_terminate_backend(pg_backend_pid())", "terminating"),
    ],
)
def test_what_is_wrong_with_a_query_is_said_by_the_database(
    app: App, shop: Postgres, query: str, said: str
) -> None:
    shop.run("CREATE TABLE t AS SELECT 1 AS a")
    with pytest.raises(PomonaError, match=said) as caught:
        app.sources.sample("shop", Question(query=query))
    assert caught.value.hint
    if "nix" in query:
        assert "LINE 1: SELECT" in caught.value.detail
        assert "^" in caught.value.detail
    assert app.sources.sample("shop", Question(table="t")).rows == [{"a": 1}]


def test_wrong_credentials_and_hosts_are_said_without_the_secret(
    app: App, shop: Postgres, monkeypatch: pytest.MonkeyPatch, extract: Callable[..., Job]
) -> None:
    shop.run("CREATE TABLE t AS SELECT 1 AS a")
    app.sources.put_feed("shop", NewFeed(dataset="t", table="t"))
    monkeypatch.setenv("SHOP_PASSWORD", "wr0ng-Wort")
    with pytest.raises(Refused) as caught:
        app.sources.test("shop")
    assert "wr0ng" not in str(caught.value)
    job = extract("shop")
    assert (job.state, "log in" in str(job.error)) == ("failed", True)
    monkeypatch.delenv("SHOP_PASSWORD")
    with pytest.raises(Invalid, match="SHOP_PASSWORD"):
        app.sources.test("shop")
    for host in ("nohost.invalid", "127.0.0.1:1"):
        source = NewSource(name="far", kind="postgresql", location=f"postgresql://me@{host}/x")
        app.sources.add(source) if host.startswith("no") else app.sources.change("far", source)
        with pytest.raises(Unavailable) as away:
            app.sources.test("far")
        assert away.value.hint


def test_no_secret_is_kept_anywhere(app: App, shop: Postgres, extract: Callable[..., Job]) -> None:
    shop.run("CREATE TABLE t AS SELECT 1 AS a")
    app.sources.put_feed("shop", NewFeed(dataset="t", table="t"))
    extract("shop")
    with pytest.raises(PomonaError):
        app.sources.sample("shop", Question(table="nix"))
    app.close()
    kept = b"".join(path.read_bytes() for path in app.home.rglob("*") if path.is_file())
    assert b"reader@127.0.0.1" in kept
    assert PASSWORD.encode() not in kept
    assert b"geh3im" not in kept


def test_a_source_that_goes_away_leaves_the_version_and_is_tried_again(
    app: App, shop: Postgres, extract: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.run("CREATE TABLE t AS SELECT i AS id, repeat('x', 200) AS w FROM generate_series(1, 300000) i")
    app.sources.put_feed("shop", NewFeed(dataset="t", query="SELECT * FROM t WHERE id <= 10"))
    extract("shop")
    slow = "SELECT id, w || pg_sleep(0.00001)::text AS w FROM t"
    app.sources.put_feed("shop", NewFeed(dataset="t", query=slow))
    killer = threading.Thread(
        target=lambda: (
            time.sleep(1.5),
            shop.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pomona'"
            ),
        )
    )
    killer.start()
    job = extract("shop")
    killer.join()
    assert job.state == "queued"  # it is tried again by itself
    assert "not any more" in str(job.error)
    assert "newest version stays" in str(job.hint)
    assert app.data.resolve("t").rows == 10
