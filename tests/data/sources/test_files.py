"""Files as sources: types that the whole file has, several files as one, nothing outside the folders."""

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pomona.app import App
from pomona.core.errors import Invalid, NotFound, Refused
from pomona.data.sources.guard import LocalGuard
from pomona.data.sources.kinds.formats import as_one, opened
from pomona.data.sources.records import NewFeed, NewSource, Question
from pomona.jobs.records import Job


def read(path: Path, **options: str) -> pa.Table:
    from pomona.data.sources.door import Ask

    table = as_one([(path.name, opened(path, path.name, options))])
    return pa.Table.from_batches(table.batches(Ask()), table.schema)


def test_a_value_at_the_very_end_widens_its_column(tmp_path: Path) -> None:
    rows = 1_200_000  # more than one block
    path = tmp_path / "late.csv"
    path.write_text(
        "whole,number,day,word\n" + "1,1,2026-01-01,2\n" * rows + '2,1.5,2026-01-02 10:00:00,"n/a"\n'
    )
    table = read(path)
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds == {"whole": "int64", "number": "double", "day": "timestamp[us]", "word": "string"}
    assert table.num_rows == rows + 1
    assert table.slice(rows).to_pylist()[0]["word"] == "n/a"


def test_packed_and_tab_separated_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "t.tsv.gz"
    path.write_bytes(gzip.compress(b'a\tb\n1\t"x\ny"\n'))
    assert read(path).to_pylist() == [{"a": 1, "b": "x\ny"}]


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("t.csv.gz", b"no gzip at all", "cannot be read"),
        ("t.csv", "id,word\n1,caf\u00e9\n".encode("latin-1"), "'word' holds text that is not UTF-8"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    tmp_path: Path, name: str, body: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(Invalid, match=says) as caught:
        read(tmp_path / name)
    assert caught.value.hint


def test_json_lines_may_differ_from_line_to_line(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n{"a": 2.5, "b": {"c": "x"}}\n\n{"b": null, "d": null}')
    table = read(path)
    assert table.to_pylist() == [
        {"a": 1.0, "b": None, "d": None},
        {"a": 2.5, "b": {"c": "x"}, "d": None},
        {"a": None, "b": None, "d": None},
    ]


def test_excel_sheets_are_read(tmp_path: Path) -> None:
    import polars as pl

    day = datetime.fromisoformat("2026-01-01")
    frame = pl.DataFrame({"id": [1, 2], "at": [day, day], "w": ["x", None]})
    frame.write_excel(tmp_path / "t.xlsx", worksheet="orders")
    table = read(tmp_path / "t.xlsx", sheet="orders")
    assert table.column("w").to_pylist() == ["x", None]
    assert table.column("at").to_pylist() == [day, day]
    with pytest.raises(Invalid, match="cannot be read"):
        read(tmp_path / "t.xlsx", sheet="nix")


def test_files_that_differ_become_one_table(app: App, folder: Path, extract: Callable[..., Job]) -> None:
    pq.write_table(pa.table({"id": pa.array([1], pa.int32()), "x": [1]}), folder / "p1.parquet")
    pq.write_table(pa.table({"id": pa.array([2], pa.int64()), "y": ["b"]}), folder / "p2.parquet")
    app.sources.add(NewSource(name="exports", kind="files", location="p*.parquet"))
    app.sources.put_feed("exports", NewFeed(dataset="t", key=("id",)))
    assert extract("exports").state == "done"
    assert app.data.read("t").to_pylist() == [{"id": 1, "x": 1, "y": None}, {"id": 2, "x": None, "y": "b"}]
    origin = app.data.resolve("t").origin
    assert origin is not None
    assert origin.query.splitlines() == [str(folder / "p1.parquet"), str(folder / "p2.parquet")]
    assert origin.snapshot_at == app.data.resolve("t").as_of
    pq.write_table(pa.table({"id": pa.array(["three"])}), folder / "p3.parquet")
    failed = extract("exports")
    assert failed.state == "failed"
    assert "do not fit together" in str(failed.error)
    assert app.data.resolve("t").number == 1


def test_a_cursor_takes_only_new_rows_of_files(app: App, folder: Path, extract: Callable[..., Job]) -> None:
    (folder / "a.csv").write_text("id,at,x\n1,2026-01-01T00:00:00Z,1\n2,2026-01-02T00:00:00Z,2\n")
    app.sources.add(NewSource(name="days", kind="files", location="*.csv"))
    feed = NewFeed(dataset="days", mode="append", cursor="id", key=("id",), time_column="at")
    app.sources.put_feed("days", feed)
    extract("days")
    (folder / "b.csv").write_text("id,at,x\n3,2026-01-03T00:00:00Z,3\n")
    extract("days")
    assert [(v.number, v.rows, v.rows_added) for v in app.data.versions("days")] == [(2, 3, 1), (1, 2, 2)]
    assert app.data.resolve("days").until == datetime(2026, 1, 3, tzinfo=UTC)


def test_nothing_outside_the_folders_is_read(app: App, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text("a\n1\n")
    (folder / "link.csv").symlink_to(tmp_path / "outside.csv")
    (folder / "inside").mkdir()
    (folder / "inside" / "up").symlink_to(tmp_path)
    for location in (
        "link.csv",
        "../outside.csv",
        str(tmp_path / "*.csv"),
        "inside/up/outside.csv",
        "/etc/passwd",
    ):
        app.sources.add(NewSource(name=f"s{len(app.sources.page().items)}", kind="files", location=location))
    for state in app.sources.page().items:
        with pytest.raises(Refused, match="outside the folders") as caught:
            app.sources.test(state.source.name)
        assert "POMONA_SOURCES_ROOTS" in str(caught.value.hint)


def test_pomona_s_own_folder_is_no_source(app: App, folder: Path) -> None:
    (folder / ".pomona" / "token").write_text("secret")
    app.sources.add(NewSource(name="own", kind="files", location=".pomona/*", options={"format": "csv"}))
    app.sources.add(NewSource(name="db", kind="sqlite", location=".pomona/pomona.db"))
    for name in ("own", "db"):
        with pytest.raises(Refused):
            app.sources.test(name)


def test_more_folders_can_be_allowed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.csv").write_text("")
    guard = LocalGuard(tmp_path / "home", [tmp_path / "a", tmp_path / "b"])
    assert guard.files(str(tmp_path / "b" / "*.csv")) == [tmp_path / "b" / "x.csv"]
    with pytest.raises(NotFound):
        guard.files("nix.csv")


def test_broken_files_are_told_by_name(app: App, folder: Path) -> None:
    (folder / "bad.parquet").write_bytes(b"no parquet at all")
    (folder / "bad.csv").write_text("a,b\n1\n")
    (folder / "bad.jsonl").write_text('{"a": 1}\n{nonsense\n')
    (folder / "empty.csv").write_text("")
    (folder / "what").write_text("a\n1\n")
    for name in ("bad.parquet", "bad.csv", "bad.jsonl", "empty.csv", "what"):
        app.sources.add(NewSource(name=name, kind="files", location=name))
        with pytest.raises(Invalid) as caught:
            app.sources.sample(name, Question())
        assert name in caught.value.detail
        assert caught.value.hint
