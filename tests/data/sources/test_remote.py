"""Files behind URLs and in an object store; and what must never be reached from here."""

import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from obstore.store import S3Store
from tests.servers import Web

from pomona.app import App
from pomona.core.errors import Invalid, NotFound, Refused, Unavailable
from pomona.data.memories import MEMORIES
from pomona.data.sources.guard import LocalGuard
from pomona.data.sources.records import NewFeed, NewSource, Question
from pomona.jobs.records import Job


def test_a_file_behind_a_url_becomes_a_version(
    app: App, web: Web, tmp_path: Path, extract: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web" / "t.csv").write_text("id,x\n1,a\n2,b\n")
    monkeypatch.setenv("FILES_TOKEN", "t0ken-Wort")
    app.sources.add(
        NewSource(name="web", kind="http", location=f"{web.url}/t.csv", credentials="env:FILES_TOKEN")
    )
    assert app.sources.test("web").answer == "text/csv, 13 bytes"
    app.sources.put_feed("web", NewFeed(dataset="t", key=("id",)))
    assert extract("web").state == "done"
    version = app.data.resolve("t")
    assert version.origin is not None
    assert version.origin.query == f"{web.url}/t.csv"
    assert version.as_of <= datetime.now(UTC)
    assert {authorization for _, authorization in web.seen} == {"Bearer t0ken-Wort"}


def test_a_token_stays_with_the_server_it_is_for(
    app: App, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Web(tmp_path / "web")
    (tmp_path / "web" / "t.csv").write_text("id\n1\n")
    web.answers["/elsewhere"] = (302, {"location": f"{other.url}/t.csv"}, b"")
    web.answers["/here"] = (302, {"location": "/t.csv"}, b"")
    monkeypatch.setenv("FILES_TOKEN", "user:t0ken-Wort")
    for path in ("elsewhere", "here"):
        source = NewSource(
            name=path, kind="http", location=f"{web.url}/{path}", credentials="env:FILES_TOKEN"
        )
        app.sources.add(source)
        assert app.sources.sample(path, Question()).rows == [{"id": 1}]
    assert [authorization for _, authorization in other.seen] == [None]
    assert all(
        authorization is not None and authorization.startswith("Basic ") for _, authorization in web.seen
    )
    other.close()


def test_a_token_does_not_go_where_a_table_points(
    app: App, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Web(tmp_path / "web")
    (tmp_path / "web" / "t.csv").write_text("id\n1\n")
    monkeypatch.setenv("FILES_TOKEN", "t0ken-Wort")
    app.sources.add(
        NewSource(name="web", kind="http", location=f"{web.url}/x.csv", credentials="env:FILES_TOKEN")
    )
    assert app.sources.sample("web", Question(table=f"{other.url}/t.csv")).rows == [{"id": 1}]
    assert app.sources.sample("web", Question(table="t.csv")).rows == [{"id": 1}]
    assert [authorization for _, authorization in other.seen] == [None]
    assert [authorization for _, authorization in web.seen] == ["Bearer t0ken-Wort"]
    other.close()


def test_a_redirect_to_a_signed_address_is_followed_and_not_kept(
    app: App, web: Web, tmp_path: Path, extract: Callable[..., Job]
) -> None:
    (tmp_path / "web" / "t.csv").write_text("id\n1\n")
    web.answers["/release.csv"] = (302, {"location": "/t.csv?X-Amz-Signature=hunter2"}, b"")
    web.answers["/t.csv?X-Amz-Signature=hunter2"] = (200, {}, b"id\n1\n")
    app.sources.add(NewSource(name="web", kind="http", location=f"{web.url}/release.csv"))
    app.sources.put_feed("web", NewFeed(dataset="t", key=("id",)))
    assert extract("web").state == "done"
    origin = app.data.resolve("t").origin
    assert origin is not None
    assert origin.query == f"{web.url}/release.csv"


def test_answers_that_are_no_file_are_said(app: App, web: Web) -> None:
    web.answers |= {
        "/401.csv": (401, {}, b""),
        "/404.csv": (404, {}, b""),
        "/500.csv": (500, {}, b""),
        "/206.csv": (206, {}, b""),
        "/loop.csv": (302, {"location": "/loop.csv"}, b""),
        "/file.csv": (302, {"location": "file:///etc/passwd"}, b""),
        "/short.csv": (200, {"content-length": "1000"}, b"id\n1\n"),
        "/html.csv": (200, {"content-type": "text/html"}, b"<html>"),
    }
    kinds = {
        "401": Refused,
        "404": NotFound,
        "500": Unavailable,
        "206": Invalid,
        "loop": Refused,
        "file": Refused,
        "short": Unavailable,
    }
    for name, kind in kinds.items():
        app.sources.add(NewSource(name=name, kind="http", location=f"{web.url}/{name}.csv"))
        with pytest.raises(kind) as caught:
            app.sources.sample(name, Question())
        assert caught.value.hint


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "0xa9fea9fe",
        "2852039166",
        "[fd00:ec2::254]",
    ],
)
def test_no_cloud_s_metadata_is_reached_however_it_is_written(app: App, web: Web, host: str) -> None:
    app.sources.add(NewSource(name="direct", kind="http", location=f"http://{host}/latest/meta-data/x.csv"))
    web.answers["/hop.csv"] = (302, {"location": f"http://{host}/latest/x.csv"}, b"")
    app.sources.add(NewSource(name="hop", kind="http", location=f"{web.url}/hop.csv"))
    store = NewSource(
        name="store", kind="s3", location="s3://b/x.csv", options={"endpoint": f"http://{host}"}
    )
    app.sources.add(store)
    for name in ("direct", "hop", "store"):
        with pytest.raises(Refused, match="metadata"):
            app.sources.test(name)


def test_a_server_that_is_open_to_others_reaches_no_private_network(
    app: App, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers["/t.csv"] = (200, {}, b"id\n1\n")
    app.sources.add(NewSource(name="web", kind="http", location=f"{web.url}/t.csv"))
    assert app.sources.sample("web", Question()).rows == [{"id": 1}]
    monkeypatch.setenv("POMONA_BIND", "0.0.0.0")
    with pytest.raises(Refused, match="private network") as caught:
        app.sources.test("web")
    assert "POMONA_SOURCES_ALLOW" in str(caught.value.hint)
    monkeypatch.setenv("POMONA_SOURCES_ALLOW", "127.0.0.0/8")
    assert app.sources.sample("web", Question()).rows == [{"id": 1}]


def test_every_address_of_a_name_is_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(2, 1, 6, "", (address, 80)) for address in ("93.184.216.34", "169.254.169.254")]
    monkeypatch.setattr("pomona.data.sources.guard.socket.getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Refused):
        LocalGuard(tmp_path / "home", [tmp_path]).address("files.example", 80)


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    monkeypatch.setenv("STORE_KEYS", "AKIAPOMONA:s3cr3t-Wort")
    urllib.request.urlopen(urllib.request.Request(f"{s3_server}/shop", method="PUT")).close()
    keys = {"endpoint": s3_server, "region": "us-east-1", "access_key_id": "a", "secret_access_key": "b"}
    store = S3Store("shop", config=keys, client_options={"allow_http": True})  # type: ignore[arg-type]
    for one in obstore.list(store).collect():
        obstore.delete(store, one["path"])
    return store


@pytest.mark.s3
def test_objects_of_a_bucket_become_one_version(
    app: App, bucket: S3Store, s3_server: str, extract: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (1, 2):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({"id": [day], "day": [f"2026-01-0{day}"]}), sink)
        obstore.put(bucket, f"orders/2026-01-0{day}.parquet", bytes(sink.getvalue()))
    obstore.put(bucket, "orders/readme.txt", b"no rows")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "this machine's own")
    source = NewSource(
        name="store",
        kind="s3",
        location="s3://shop/orders/2026-*.parquet",
        credentials="env:STORE_KEYS",
        options={"endpoint": s3_server},
    )
    app.sources.add(source)
    tested = app.sources.test("store")
    assert tested.answer.startswith("2 objects")
    assert [table.name for table in tested.tables] == [
        "orders/2026-01-01.parquet",
        "orders/2026-01-02.parquet",
    ]
    app.sources.put_feed("store", NewFeed(dataset="t", key=("id",)))
    assert extract("store").state == "done"
    version = app.data.resolve("t")
    assert version.rows == 2
    assert version.origin is not None
    assert version.origin.query.startswith("s3://shop/orders/2026-01-01.parquet (")
    assert [path.name for path in (app.home / "incoming").iterdir()] == [MEMORIES]  # nothing spooled


@pytest.mark.s3
def test_what_is_wrong_with_a_bucket_is_said(app: App, bucket: S3Store, s3_server: str) -> None:
    cases: list[tuple[str, dict[str, str], type[Exception]]] = [
        ("s3://shop/none.csv", {"endpoint": s3_server}, NotFound),
        ("s3://no-such-bucket/x.csv", {"endpoint": s3_server}, NotFound),
        ("s3://shop/x.csv", {"endpoint": "http://127.0.0.1:1"}, Unavailable),
    ]
    for number, (location, options, kind) in enumerate(cases):
        app.sources.add(
            NewSource(
                name=f"s{number}", kind="s3", location=location, credentials="env:STORE_KEYS", options=options
            )
        )
        with pytest.raises(kind) as caught:
            app.sources.test(f"s{number}")
        assert "s3cr3t" not in str(caught.value)
