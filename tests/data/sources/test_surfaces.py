"""Sources from Python, from the command line, by times, in a trace."""

import errno
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pomona.app import open_app
from pomona.cli.main import app as cli
from pomona.core.errors import Conflict, Invalid, NotFound, PomonaError, Unavailable
from pomona.data.sources.records import NewSource, Question
from pomona.plugins import UnknownPlugin, load, names
from pomona.sdk.client import Client, connect


@pytest.fixture
def shop(folder: Path) -> Path:
    with sqlite3.connect(folder / "shop.db") as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, at TEXT, amount REAL)")
        connection.executemany(
            "INSERT INTO orders VALUES (?, ?, ?)",
            [(n, f"2026-01-{n:02d} 00:00:00", n * 1.5) for n in range(1, 21)],
        )
    connection.close()
    return folder / "shop.db"


@pytest.fixture
def client(folder: Path, records_address: str | None) -> Iterator[Client]:
    with connect(home=folder / ".pomona") as opened:
        yield opened


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("POMONA_HOME", str(folder / ".pomona"))

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(cli, list(words))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    return invoke


def test_a_source_from_python(client: Client, shop: Path) -> None:
    client.sources.add("shop", "sqlite", "shop.db", owner="ann")
    assert client.sources.test("shop").answer.startswith("SQLite ")
    assert [table.name for table in client.sources.tables("shop")] == ["orders"]
    feed = client.sources.feed("shop", "orders", table="orders", key=["id"], time_column="at")
    assert feed.mode == "full"
    assert len(client.sources.sample("shop", rows=3).rows) == 3  # the only feed is what is meant
    seen: list[str] = []
    job = client.sources.extract("shop", on_progress=lambda job: seen.append(job.state))
    assert job.result[0]["rows"] == 20
    assert seen
    detail = client.sources.get("shop")
    assert [(v.dataset, v.number, v.origin.rows) for v in detail.versions] == [("orders", 1, 20)]
    assert [one.id for one in detail.jobs] == [job.id]
    [state] = client.sources.list()
    assert state.last is not None
    assert (state.last.state, state.cron) == ("done", None)
    changed = client.sources.change("shop", NewSource(name="store", kind="sqlite", location="shop.db"))
    assert (changed.name, changed.id) == ("store", detail.state.source.id)
    assert {"sqlite", "postgresql", "s3"} <= {kind.name for kind in client.sources.kinds()}


def test_a_trial_keeps_nothing(client: Client, shop: Path) -> None:
    source = NewSource(name="x", kind="sqlite", location="shop.db")
    found = client.sources.try_out(source, Question(query="SELECT sum(amount) AS s FROM orders"))
    assert found.sample is not None
    assert found.sample.rows == [{"s": 315.0}]
    assert list(client.sources.list()) == []


def test_times_start_an_extraction(client: Client, shop: Path) -> None:
    client.sources.add("shop", "sqlite", "shop.db")
    state = client.sources.schedule("shop", "0 3 * * *")
    assert state.next_at is not None
    with pytest.raises(Invalid):
        client.sources.schedule("shop", "every night")
    assert client.sources.schedule("shop", None).next_at is None
    client.sources.schedule("shop", "0 3 * * *")
    client.sources.remove("shop")
    assert client.session.get("/api/v1/schedules", list[dict[str, Any]]) == []  # type: ignore[misc]
    with pytest.raises(NotFound):
        client.sources.get("shop")


def test_a_trace_shows_the_question_behind_a_version(client: Client, shop: Path) -> None:
    client.sources.add("shop", "sqlite", "shop.db", owner="ann")
    client.sources.feed(
        "shop", "orders", query="SELECT id, amount FROM orders WHERE amount > :m", parameters={"m": 5}
    )
    client.sources.extract("shop")
    trace = client.trace(client.data.version("orders").id)
    facts = {fact.label: fact.value for node in trace.nodes for fact in node.facts}
    assert "WHERE amount > :m" in facts["source query"]
    assert facts["with"] == ":m = 5"
    assert "shop (sqlite)" in {node.title for node in trace.nodes}
    client.sources.remove("shop")
    assert client.trace(client.data.version("orders").id).nodes  # a trace outlives the source


def test_bad_requests_are_refused_with_a_hint_and_keep_nothing(client: Client, shop: Path) -> None:
    client.sources.add("shop", "sqlite", "shop.db")
    refused: list[tuple[Any, type[PomonaError]]] = [
        (lambda: client.sources.add("shop", "sqlite", "shop.db"), Conflict),
        (lambda: client.sources.add("x", "nosuch", "shop.db"), NotFound),
        (lambda: client.sources.add("x y", "sqlite", "shop.db"), Invalid),
        (lambda: client.sources.add("x", "postgresql", "postgresql://a:pw@h/d"), Invalid),
        (lambda: client.sources.add("x", "sqlite", "shop.db", credentials="hunter2"), Invalid),
        (lambda: client.sources.start("shop"), Conflict),
        (lambda: client.sources.feed("shop", "o", table="orders", mode="delta"), Invalid),
        (lambda: client.sources.feed("shop", "o"), Invalid),
        (lambda: client.sources.sample("shop", "orders", rows=0), Invalid),
        (lambda: client.sources.drop_feed("shop", "o"), Conflict),
    ]
    for call, kind in refused:
        with pytest.raises(kind) as caught:
            call()
        assert caught.value.hint
        assert "hunter2" not in str(caught.value)
    assert [state.source.name for state in client.sources.list()] == ["shop"]
    assert list(client.data.list()) == []
    client.sources.feed("shop", "o", table="nope")
    with pytest.raises(Unavailable, match="no such table: nope"):
        client.sources.extract("shop")


def test_one_bad_feed_does_not_starve_the_others(client: Client, shop: Path) -> None:
    client.sources.add("shop", "sqlite", "shop.db")
    client.sources.feed("shop", "a", table="nope")
    client.sources.feed("shop", "b", table="orders")
    with pytest.raises(Unavailable, match="a: SQLite"):
        client.sources.extract("shop")
    assert client.data.version("b").rows == 20


def test_sources_from_the_command_line(run: Any, shop: Path, folder: Path) -> None:
    assert "it answers: SQLite" in run("sources", "add", "shop", "shop.db", "--owner", "ann")
    assert "amount REAL" in run("sources", "tables", "shop", "--columns")
    assert "28.5" in run(
        "sources", "sample", "shop", "-q", "SELECT * FROM orders WHERE id = :n", "--param", "n=19"
    )
    (folder / "q.sql").write_text("SELECT id, at FROM orders -- all")
    done = run(
        "sources", "extract", "shop", "-q", f"@{folder}/q.sql", "--into", "o", "--key", "id", "--time", "at"
    )
    assert "o@v1: 20 rows" in done
    assert "content is there already" in run("sources", "extract", "shop")
    assert "next at" in run("sources", "schedule", "shop", "0 3 * * *")
    assert json.loads(run("sources", "ls", "--json"))["cron"] == "0 3 * * *"
    shown = run("sources", "show", "shop")
    assert "SELECT id, at FROM orders" in shown
    assert "o@v1" in shown
    assert "nothing more is taken" in run("sources", "rm", "shop", "--into", "o")
    assert "is forgotten" in run("sources", "rm", "shop")
    added = run("sources", "add", "gone", "none.db")
    assert "source gone" in added


def test_kinds_come_in_by_the_plugins_door() -> None:
    assert {"duckdb", "files", "http", "mysql", "nats", "postgresql", "s3", "sqlalchemy", "sqlite"} <= set(
        names("sources")
    )
    for name in names("sources"):
        assert load("sources", name).info.name == name
    with pytest.raises(UnknownPlugin, match="no plugin 'nosuch'") as caught:
        load("sources", "nosuch")
    assert "sqlite" in str(caught.value.hint)


def test_a_changed_question_takes_everything_again(folder: Path, shop: Path) -> None:
    from pomona.data.sources.records import ExtractRequest, NewFeed
    from pomona.worker import Housekeeper

    app = open_app(folder / ".pomona")
    app.sources.add(NewSource(name="shop", kind="sqlite", location="shop.db"))
    feed = NewFeed(
        dataset="o", query="SELECT * FROM orders WHERE id > 5", mode="append", cursor="id", key=("id",)
    )
    app.sources.put_feed("shop", feed)
    worker = Housekeeper(app)
    app.sources.extract("shop", ExtractRequest())
    worker.run_one()
    assert app.data.resolve("o").rows == 15
    wider = NewFeed(dataset="o", query="SELECT * FROM orders", mode="append", cursor="id")
    app.sources.put_feed("shop", wider)
    app.sources.extract("shop", ExtractRequest())
    worker.run_one()
    assert app.data.resolve("o").rows == 20
    app.close()


def test_a_full_disk_leaves_the_version_and_says_so(
    client: Client, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.sources.add("shop", "sqlite", "shop.db")
    client.sources.feed("shop", "o", table="orders")
    client.sources.extract("shop")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pomona.data.service.DataService.commit", full)
    job = client.sources.start("shop")
    found = client.jobs.get(job.id)
    assert (found.state, "disk takes no more data" in str(found.error)) == ("queued", True)  # tried again
    assert "free some space" in str(found.hint)
    assert client.data.version("o").record.number == 1
