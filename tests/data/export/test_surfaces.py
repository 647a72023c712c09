"""Streaming, deltas, diffs and exports from the SDK (in process and over a socket) and the command line."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pomona.cli.main import app as cli
from pomona.core.errors import Invalid, NotFound, Tampered, Unavailable
from pomona.data.tables import files
from pomona.sdk.client import Client, connect
from pomona.sdk.http import HttpTransport
from pomona.server.embedded import listening

START = datetime(2026, 1, 1, tzinfo=UTC)


def rows(ids: list[int], *, salt: float = 0.0, **more: Any) -> pa.Table:
    columns = {
        "id": pa.array(ids, pa.int64()),
        "at": pa.array([START + timedelta(hours=n) for n in ids], pa.timestamp("us", "Europe/Berlin")),
        "x": pa.array([n / 2 + salt for n in ids]),
        "small": pa.array([n % 200 for n in ids], pa.uint8()),
        "long": pa.array([timedelta(seconds=n) for n in ids], pa.duration("ms")),
        "clock": pa.array([(START + timedelta(minutes=n)).time() for n in ids], pa.time64("us")),
        "never": pa.nulls(len(ids)),
    }
    return pa.table(columns | more)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "_GROUP_ROWS", 64)
    return tmp_path / "home"


ways = pytest.mark.parametrize("client", ["in process", "over a socket"], indirect=True)


@pytest.fixture
def client(request: pytest.FixtureRequest, home: Path, records_address: str | None) -> Iterator[Client]:
    with connect(home=home) as opened:
        opened.data.create("loans", key=["id"], time_column="at")
        if getattr(request, "param", "in process") == "in process":
            yield opened
        else:
            with listening(opened.session.transport._embedded._app) as place:  # type: ignore[attr-defined]
                yield Client(HttpTransport(place.url, token=place.token))


@ways
def test_a_version_is_streamed(client: Client) -> None:
    version = client.data.commit("loans", rows(list(range(150))))
    reader = version.batches()
    assert isinstance(reader, pa.RecordBatchReader)
    assert [batch.num_rows for batch in reader] == [64, 64, 22]
    assert version.batches(limit=3).read_all().num_rows == 3
    assert version.schema == version.to_arrow().schema
    unread = version.batches()
    unread.read_next_batch()
    unread.close()
    assert version.to_duckdb().aggregate("sum(id)").fetchone() == (sum(range(150)),)
    with duckdb.connect() as own:
        assert version.to_duckdb(own).filter("id < 5").count("*").fetchone() == (5,)


def test_errors_are_told_before_a_stream_begins(client: Client) -> None:
    version = client.data.commit("loans", rows([1]))
    with pytest.raises(Invalid, match="no column"):
        version.select(["nothing"]).to_arrow()
    with pytest.raises(NotFound):
        client.data.diff("loans@v1", "loans@v9")


@ways
def test_a_stream_that_breaks_off_is_not_taken_for_the_whole(client: Client, home: Path) -> None:
    client.data.commit("loans", rows(list(range(150))))
    version = client.data.commit("loans", rows([500, 501]), mode="append")
    last = home / "tables" / version.record.dataset_id / f"{version.record.files[-1].digest}.parquet"
    last.chmod(0o644)
    last.write_bytes(b"changed")
    with pytest.raises((Unavailable, Tampered)):
        version.to_arrow()
    first = last.with_name(f"{version.record.files[0].digest}.parquet")
    first.chmod(0o644)
    first.write_bytes(b"changed")
    with pytest.raises(Tampered):
        version.to_arrow()


def test_a_scan_is_what_the_version_is(client: Client) -> None:
    client.data.commit("loans", rows(list(range(150))))
    version = client.data.commit("loans", rows([n for n in range(160) if n % 7]))
    place = version.location
    assert pl.scan_delta(place.path, version=place.version).select(pl.len()).collect().item() == version.rows
    found = version.scan().collect()
    assert found.sort("id").equals(version.to_polars().sort("id"))
    part = version.select(["x", "clock"], since=START + timedelta(hours=3), until=START + timedelta(hours=9))
    assert part.scan().collect().sort("x").equals(part.to_polars().sort("x"))


@ways
def test_streams_and_queries_are_committed_without_holding_them(client: Client, tmp_path: Path) -> None:
    whole = rows(list(range(150))).drop_columns(["never"])
    pq.write_table(whole, tmp_path / "t.parquet")
    first = client.data.commit("loans", whole.to_reader(max_chunksize=7))
    assert first.rows == 150
    again = [
        pl.scan_parquet(tmp_path / "t.parquet"),
        pl.DataFrame(whole),
        tmp_path / "t.parquet",
    ]
    told: list[tuple[int, int]] = []
    for table in again:
        done = client.data.commit("loans", table, progress=lambda sent, size: told.append((sent, size)))
        assert not done.created
    assert told[-1][0] == told[-1][1] > 0
    client.data.create("few", key=["id"])
    assert client.data.commit("few", duckdb.sql("select range as id from range(9)")).rows == 9


def test_a_delta_changes_adds_and_removes(client: Client) -> None:
    client.data.commit("loans", rows([1, 2, 3]))
    gone = pa.array([False, True, False])
    version = client.data.commit("loans", rows([1, 2, 4], salt=9.0, _deleted=gone), mode="delta")
    assert version.to_polars().sort("id")["id"].to_list() == [1, 3, 4]
    assert (version.record.rows_added, version.record.rows_changed, version.record.rows_removed) == (1, 1, 1)
    with pytest.raises(Invalid):
        client.data.commit("loans", rows([1]), mode="rebase")  # type: ignore[arg-type]


def test_a_new_shape_is_said(client: Client) -> None:
    client.data.commit("loans", rows([1, 2]))
    narrow = rows([1, 2]).drop_columns(["x"])
    with pytest.raises(Invalid, match="new_base"):
        client.data.commit("loans", narrow)
    assert "x" not in client.data.commit("loans", narrow, new_base=True).to_arrow().column_names


def test_a_diff_gives_counts_and_rows(client: Client) -> None:
    client.data.commit("loans", rows(list(range(100))))
    changed = rows([n for n in range(102) if n != 5], salt=0.0)
    x = changed.column("x").to_pylist()
    x[0], x[7] = -1.0, None
    client.data.commit("loans", changed.set_column(2, "x", pa.array(x)))
    diff = client.data.diff("loans@v1", "loans@v2")
    found = diff.summary
    assert (found.added, found.removed, found.changed, found.rows_read) == (2, 1, 2, 3 + 4)
    assert {column.name: column.changed for column in found.columns if column.changed} == {"x": 2}
    assert diff.added().to_polars()["id"].to_list() == [100, 101]
    assert diff.removed().to_arrow().column("id").to_pylist() == [5]
    frame = diff.changed().to_polars()
    assert frame.select("id", "x_before", "x_after").rows() == [(0, 0.0, -1.0), (8, 4.0, None)]
    assert frame["_changed"].to_list() == [["x"], ["x"]]
    assert sorted(diff.all().to_pandas()["_change"]) == ["added", "added", "changed", "changed", "removed"]
    [row] = diff.page("changed", offset=1).rows
    assert (row.columns, row.before and row.before["x"], row.after and row.after["x"]) == (("x",), 4.0, None)
    assert client.data.diff("loans").summary == found
    with pytest.raises(Invalid, match="no version before"):
        client.data.diff("loans@v1")
    with pytest.raises(Invalid):
        diff.page("changed", limit=5000)
    client.data.create("other", key=["x"])
    client.data.commit("other", pa.table({"x": [1.0]}))
    with pytest.raises(Invalid, match="different keys"):
        client.data.diff("loans", "other")


@ways
def test_an_export_is_whole(client: Client, tmp_path: Path) -> None:
    version = client.data.commit("loans", rows(list(range(150))))
    told: list[int] = []
    path = version.export(tmp_path / "out" / "loans.parquet", progress=told.append)
    assert pq.read_table(path).num_rows == 150
    assert told[-1] == path.stat().st_size
    folder = version.select(["id", "x"]).export(tmp_path / "plain", "delta-plain")
    assert pl.read_delta(str(folder)).shape == (150, 2)
    assert version.describe(url="loans.parquet")["name"] == "loans@v1"
    with pytest.raises(Invalid, match="format"):
        version.export(tmp_path / "loans")


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("POMONA_HOME", str(home))

    def invoke(*words: object) -> str:
        result = CliRunner().invoke(cli, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def test_the_way_of_a_version_on_the_command_line(run: Any, tmp_path: Path) -> None:
    first, second, delta = (tmp_path / name for name in ("a.parquet", "b.parquet", "delta.parquet"))
    pq.write_table(rows(list(range(100))), first)
    pq.write_table(rows(list(range(1, 101))).append_column("more", pa.array(["[red]"] * 100)), second)
    gone = pa.array([True, False])
    pq.write_table(rows([1, 2], salt=5.0, more=pa.array(["a", "b"]), _deleted=gone), delta)
    run("data", "create", "loans", "--key", "id", "--time", "at")
    assert "100 rows" in run("data", "commit", "loans", first)
    run("data", "commit", "loans", second)
    assert "1 changed" in run("data", "commit", "loans", delta, "--delta")
    told = run("data", "diff", "loans@v1", "loans@v2")
    assert "+1 added" in told
    assert "~99 changed" in told
    assert "and 94 more" in told
    assert "'[red]'" in told
    found = json.loads(run("data", "diff", "loans", "--json"))
    assert (found["before"], found["added"], found["removed"], found["changed"]) == ("loans@v2", 0, 1, 1)
    assert "more" in run("data", "diff", "loans", "--kind", "changed", "--rows", "1")
    assert "the same rows" in run("data", "diff", "loans@v1", "loans@v1")
    assert "2 rows" in run("data", "diff", "loans", "--out", tmp_path / "d.csv")
    assert (tmp_path / "d.csv").read_text().startswith('"_change","id"')
    run(
        "data", "export", "loans@v1", "--out", tmp_path / "l.jsonl", "--column", "id", "--until", "2026-01-02"
    )
    assert (tmp_path / "l.jsonl").read_text().count("\n") == 24
    run("data", "export", "loans@v1", "--as", "delta-plain", "--out", tmp_path / "plain")
    assert (tmp_path / "plain" / "_delta_log").is_dir()
    assert json.loads(run("data", "describe", "loans@v1"))["@type"] == "sc:Dataset"
    run("data", "describe", "loans@v1", "--out", tmp_path / "c.json")
    assert "the first 2 of 99" in run("data", "read", "loans", "--limit", "2")
    narrow = tmp_path / "n.parquet"
    pq.write_table(rows([1]), narrow)
    run("data", "commit", "loans", narrow, "--new-base")
    for words in (("diff", "loans", "--kind", "odd"), ("commit", "loans", narrow, "--append", "--delta")):
        with pytest.raises(Invalid):
            run("data", *words)
