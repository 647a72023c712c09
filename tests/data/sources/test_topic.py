"""A NATS stream into an append dataset: every message once, whatever happens in between."""

import asyncio
import json
import subprocess
from collections.abc import Callable

import nats
import pytest
from tests.servers import PASSWORD, stop

from pomona.app import App
from pomona.core.errors import NotFound, Refused, Unavailable
from pomona.data.sources.records import NewFeed, NewSource, Question
from pomona.jobs.records import Job

Server = tuple[str, "subprocess.Popen[bytes]"]


def publish(url: str, *messages: bytes, fresh: bool = False) -> None:
    async def send() -> None:
        client = await nats.connect(url, user="reader", password=PASSWORD)
        script = client.jetstream()
        if fresh:
            await script.delete_stream("ORDERS")
        await script.add_stream(name="ORDERS", subjects=["orders.>"])
        for message in messages:
            await script.publish("orders.new", message)
        await client.close()

    asyncio.run(send())


@pytest.fixture
def topic(app: App, nats_server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NATS_LOGIN", f"reader:{PASSWORD}")
    url, _ = nats_server
    app.sources.add(NewSource(name="broker", kind="nats", location=url, credentials="env:NATS_LOGIN"))
    return url


def orders(first: int, last: int) -> list[bytes]:
    return [json.dumps({"id": n, "w": f"w{n}"}).encode() for n in range(first, last + 1)]


def test_every_message_arrives_once(app: App, topic: str, extract: Callable[..., Job]) -> None:
    publish(topic, *orders(1, 2500))
    tested = app.sources.test("broker")
    assert tested.answer.startswith("NATS ")
    assert [(table.name, table.rows) for table in tested.tables] == [("ORDERS", 2500)]
    assert len(app.sources.sample("broker", Question(table="ORDERS", rows=3)).rows) == 3
    app.sources.put_feed("broker", NewFeed(dataset="orders", table="ORDERS", mode="append"))
    dataset = app.data.dataset("orders")
    assert (dataset.key, dataset.time_column) == (("_offset",), "_published_at")
    assert extract("broker").state == "done"
    assert extract("broker").result[0]["note"] == "nothing new"
    publish(topic, *orders(2501, 2600))
    assert extract("broker").result[0]["rows"] == 100
    version = app.data.resolve("orders")
    assert version.origin is not None
    assert version.origin.cursor is not None
    assert (version.rows, version.origin.cursor.value, version.origin.query) == (
        2600,
        "2600",
        "ORDERS, offsets 2501 to 2600",
    )
    rows = app.data.read("orders")
    assert rows.column("id").to_pylist() == list(range(1, 2601))
    assert rows.column("_offset").to_pylist() == list(range(1, 2601))


def test_what_is_no_object_is_kept_as_text(app: App, topic: str, extract: Callable[..., Job]) -> None:
    publish(topic, b'{"id": 1, "_offset": 99}', b"no json", b"[1]", b"\xff", b'{"id": 2.5, "more": {"a": 1}}')
    app.sources.put_feed("broker", NewFeed(dataset="orders", table="ORDERS/orders.new", mode="append"))
    assert extract("broker").state == "done"
    rows = app.data.read("orders").to_pylist()
    assert [row["_offset"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["_unreadable"] for row in rows] == [None, "no json", "[1]", "\ufffd", None]
    assert [row["id"] for row in rows] == [1, None, None, None, 2.5]


def test_a_broker_that_lost_messages_says_so(app: App, topic: str, extract: Callable[..., Job]) -> None:
    publish(topic, *orders(1, 10))
    app.sources.put_feed("broker", NewFeed(dataset="orders", table="ORDERS", mode="append"))
    extract("broker")
    publish(topic, *orders(1, 3), fresh=True)
    job = extract("broker")
    assert (job.state, "began again" in str(job.error)) == ("failed", True)
    assert "--full" in str(job.hint)
    assert extract("broker", full=True).state == "done"
    assert app.data.resolve("orders").rows == 3


def test_wrong_logins_streams_and_a_broker_that_is_gone(
    app: App, topic: str, nats_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(topic)
    with pytest.raises(NotFound, match="NOPE"):
        app.sources.sample("broker", Question(table="NOPE"))
    monkeypatch.setenv("NATS_LOGIN", "reader:wr0ng-Wort")
    with pytest.raises(Refused) as caught:
        app.sources.test("broker")
    assert "wr0ng" not in str(caught.value)
    stop(nats_server[1])
    with pytest.raises(Unavailable):
        app.sources.test("broker")
