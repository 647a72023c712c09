"""Exports hold what the version holds, in every format, and are whole or not there."""

import csv
import io
import json
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import deltalake
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from tests.data.drawn import plain, tables

from pomona.core.errors import Conflict, Invalid, Unavailable
from pomona.data.export import service as exporting
from pomona.data.export.encoding import encoded, groups
from pomona.data.export.service import ExportService
from pomona.data.records import NewDataset
from pomona.data.service import DataService
from pomona.data.shelf import Part, Shelf
from pomona.data.tables import files
from pomona.data.tables.canonical import canonical
from pomona.sdk.exporting import save
from pomona.storage.delta.tables import delta_tables
from pomona.storage.files import FileBlobs

START = datetime(2026, 1, 1, tzinfo=UTC)


def rows(ids: list[int], *, naive: bool = False) -> pa.Table:
    columns = {
        "id": pa.array(ids, pa.int64()),
        "at": pa.array([START + timedelta(hours=n) for n in ids], pa.timestamp("us", "UTC")),
        "money": pa.array([Decimal(n) / 4 for n in ids], pa.decimal128(12, 2)),
        "long": pa.array([timedelta(seconds=n) for n in ids], pa.duration("s")),
        "tags": pa.array([[n, None] for n in ids], pa.list_(pa.int32())),
        "place": pa.array([{"lat": n / 2, "raw": b"\x00"} for n in ids]),
        "x": pa.array([float("nan") if n % 2 else n / 4 for n in ids]),
        "big": pa.array([2**63 + n for n in ids], pa.uint64()),
        "word": pa.array([None if n % 3 else 'a "b", c' for n in ids], pa.string()),
        "never": pa.nulls(len(ids)),
    }
    if naive:
        columns["local"] = pa.array([datetime(2026, 1, 1)] * len(ids), pa.timestamp("us"))  # noqa: DTZ001
    return pa.table(columns)


@pytest.fixture
def exports(data: DataService, tmp_path: Path) -> ExportService:
    stored = delta_tables(tmp_path / "tables")
    return ExportService(Shelf(data, FileBlobs(tmp_path / "blobs"), stored), stored.log)


@pytest.fixture
def ref(data: DataService, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(files, "FILE_ROWS", 64)
    data.create(NewDataset(name="d", key=("id",), time_column="at"))
    data.commit("d", rows(list(range(150))))
    return data.commit("d", rows([n for n in range(160) if n % 10])).version.id


def unpacked(pieces: Iterator[bytes], folder: Path) -> str:
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
        archive.extractall(folder, filter="data")
    return str(folder)


def test_parquet_holds_every_type(data: DataService, exports: ExportService, ref: str) -> None:
    body = b"".join(exports.export(ref, "parquet"))
    assert plain(pq.read_table(io.BytesIO(body))) == plain(data.read(ref))
    assert body == b"".join(exports.export(ref, "parquet"))


def test_a_csv_is_read_by_anyone(data: DataService, exports: ExportService, ref: str) -> None:
    found = list(csv.DictReader(io.StringIO(b"".join(exports.export(ref, "csv")).decode())))
    assert len(found) == 144
    first = found[2]
    assert (first["id"], first["word"], first["never"], first["tags"]) == ("3", 'a "b", c', "", "[3,null]")
    assert (first["money"], first["long"], first["big"]) == ("0.75", "PT3S", str(2**63 + 3))
    assert json.loads(first["place"]) == {"lat": 1.5, "raw": "AA=="}


def test_json_lines_are_read_by_anyone(exports: ExportService, ref: str) -> None:
    lines = b"".join(exports.export(ref, "jsonl", Part(limit=3))).splitlines()
    assert [json.loads(line) for line in lines][2] == {
        "id": 3,
        "at": "2026-01-01T03:00:00.000000+00:00",
        "money": "0.75",
        "long": "PT3S",
        "tags": [3, None],
        "place": {"lat": 1.5, "raw": "AA=="},
        "x": None,
        "big": 2**63 + 3,
        "word": 'a "b", c',
        "never": None,
    }


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(tables())
def test_any_table_has_a_text_form(table: pa.Table) -> None:
    kept = canonical(table)
    lines = b"".join(encoded(kept.to_reader(max_chunksize=5), "jsonl")).splitlines()
    assert [json.loads(line)["id"] for line in lines] == kept.column("id").to_pylist()
    text = b"".join(encoded(kept.to_reader(max_chunksize=5), "csv")).decode()
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == kept.num_rows + 1


@pytest.mark.parametrize("naive", [False, True])
def test_a_plain_delta_table_asks_little_of_its_readers(
    data: DataService, exports: ExportService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, naive: bool
) -> None:
    monkeypatch.setattr(exporting, "FILE_ROWS", 50)
    data.create(NewDataset(name="d", key=("id",)))
    data.commit("d", rows(list(range(150)), naive=naive))
    version = data.commit("d", rows([n for n in range(160) if n % 10], naive=naive)).version
    folder = unpacked(exports.export(version.id, "delta-plain"), tmp_path / "plain")
    table = deltalake.DeltaTable(folder)
    assert table.protocol().min_reader_version == (3 if naive else 1)
    assert len(table.file_uris()) == 3
    own = data.read(version.id).select(["id", "money", "tags", "word"])
    assert plain(table.to_pyarrow_table().select(own.column_names).sort_by("id")) == plain(own)
    assert pl.read_delta(folder).sort("id")["money"].to_list() == own.column("money").to_pylist()
    assert pl.scan_delta(folder).select(pl.len()).collect().item() == version.rows


def test_the_same_rows_twice_are_two_files(
    data: DataService, exports: ExportService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "FILE_ROWS", 2)
    data.create(NewDataset(name="d"))
    data.commit("d", pa.table({"x": [1, 2, 1, 2, 1, 2]}))
    folder = unpacked(exports.export("d", "delta-plain"), tmp_path / "plain")
    assert deltalake.DeltaTable(folder).to_pyarrow_table().num_rows == 6


def test_a_part_of_a_version(exports: ExportService, ref: str) -> None:
    until = START + timedelta(hours=5)
    body = b"".join(exports.export(ref, "csv", Part(columns=["id"], until=until)))
    assert body.decode().split() == ['"id"', "1", "2", "3", "4"]
    with pytest.raises(Invalid, match="no column"):
        exports.export(ref, "csv", Part(columns=["nothing"]))


def test_an_empty_version_has_its_columns(data: DataService, exports: ExportService, tmp_path: Path) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    data.commit("d", rows([1]))
    data.commit("d", rows([]), allow_empty=True)
    assert pq.read_table(io.BytesIO(b"".join(exports.export("d", "parquet")))).num_columns == 10
    assert b"".join(exports.export("d", "csv")).startswith(b'"id","at"')
    folder = unpacked(exports.export("d", "delta-plain"), tmp_path / "plain")
    assert deltalake.DeltaTable(folder).to_pyarrow_table().num_rows == 0


def test_groups_have_the_rows_asked_for() -> None:
    table = pa.table({"x": range(10)})
    assert [part.num_rows for part in groups(table.to_reader(max_chunksize=3), 4)] == [4, 4, 2]


def test_a_broken_export_leaves_what_was_there(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise Unavailable("the answer broke off")

    path = tmp_path / "t.csv"
    path.write_bytes(b"before")
    with pytest.raises(Unavailable):
        save(broken(), path, "csv", None)
    assert path.read_bytes() == b"before"
    assert [each.name for each in tmp_path.iterdir()] == ["t.csv"]
    with pytest.raises(Conflict):
        save(iter([b""]), tmp_path, "delta-plain", None)


def test_a_description_names_columns_key_and_digest(
    data: DataService, exports: ExportService, ref: str
) -> None:
    found = exports.describe(ref, url="d.parquet")
    required = {"@context", "@type", "name", "description", "conformsTo", "url", "distribution", "recordSet"}
    assert required <= found.keys()
    assert found["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    (file,), (record,) = found["distribution"], found["recordSet"]
    body = b"".join(exports.export(ref, "parquet"))
    assert file["contentSize"] == f"{len(body)} B"
    kinds = {field["source"]["extract"]["column"]: field["dataType"] for field in record["field"]}
    assert list(kinds) == data.read(ref).column_names
    assert (kinds["id"], kinds["at"], kinds["word"]) == ("sc:Integer", "sc:DateTime", "sc:Text")
    assert record["key"] == [{"@id": "rows/id"}]
