"""Every version is read by other engines as it is by us: Polars, DuckDB and delta-rs."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources
from pathlib import Path
from random import Random
from typing import Any

import deltalake
import duckdb
import polars as pl
import pyarrow as pa
import pytest

from pomona.data.records import Check, DataVersion, NewDataset
from pomona.data.service import DataService
from pomona.data.tables import files

START = datetime(2026, 1, 1, tzinfo=UTC)


def rows(ids: list[int], *, salt: int = 0, **more: Any) -> pa.Table:
    """Columns of many types, whose values follow from id and salt."""
    columns = {
        "id": pa.array(ids, pa.int64()),
        "at": pa.array([START + timedelta(hours=n) for n in ids], pa.timestamp("us", "Europe/Berlin")),
        "local": pa.array([datetime(2026, 1, 1) + timedelta(hours=n) for n in ids], pa.timestamp("ms")),  # noqa: DTZ001
        "x": pa.array([None if n % 7 == 0 else n * 1.5 + salt for n in ids], pa.float64()),
        "name": pa.array([f"pear {n % 5} {salt}" for n in ids]).dictionary_encode(),
        "money": pa.array([Decimal(n) / 4 for n in ids], pa.decimal128(12, 2)),
        "big": pa.array([2**63 + n for n in ids], pa.uint64()),
        "long": pa.array([timedelta(seconds=n) for n in ids], pa.duration("s")),
        "tags": pa.array([[n, None] for n in ids], pa.list_(pa.int32())),
        "place": pa.array(
            [{"lat": n / 2, "city": None} for n in ids],
            pa.struct([("lat", pa.float32()), ("city", pa.string())]),
        ),
        "yes": pa.array([n % 2 == 0 for n in ids]),
        "never": pa.nulls(len(ids)),
    }
    return pa.table(columns | more)


def polars_sees(path: str, version: int) -> pl.DataFrame:
    return pl.scan_delta(path, version=version).collect()


def deltalake_sees(path: str, version: int) -> pl.DataFrame:
    return pl.DataFrame(pa.table(deltalake.DeltaTable(path, version=version).scan()))


def duckdb_sees(path: str, version: int) -> pl.DataFrame:
    folder = resources.files("duckdb_extension_delta") / "extensions"
    (extension,) = Path(str(folder)).glob("*/delta.duckdb_extension")
    with duckdb.connect() as engine:
        engine.execute(f"INSTALL '{extension}'; LOAD delta")
        return engine.execute(f"from delta_scan('{path}', version={version})").pl()


def same(data: DataService, version: DataVersion) -> None:
    """Three engines and ours agree on counts, sums and rows."""
    path, number = data.location(version.id)
    own = data.read(version.id)
    expected = pl.DataFrame(pl.from_arrow(own.select(["id", "x", "name", "yes", "money", "tags", "place"])))
    expected = expected.with_columns(
        at=pl.from_arrow(own).select(pl.col("at").dt.convert_time_zone("UTC")).to_series()
    )  # type: ignore[union-attr]
    for sees in (polars_sees, duckdb_sees, deltalake_sees):
        found = sees(path, number)
        assert found.height == version.rows, sees
        assert found["id"].sum() == expected["id"].sum(), sees
        assert "never" not in found.columns or found["never"].null_count() == found.height
        common = found.select(expected.columns).with_columns(
            pl.col("at").dt.replace_time_zone("UTC")
            if found.schema["at"].time_zone is None
            else pl.col("at").dt.convert_time_zone("UTC")  # type: ignore[union-attr]
        )
        assert common.sort("id").equals(expected.sort("id").cast(dict(common.schema))), sees


def test_a_history_of_every_kind_of_commit(data: DataService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILE_ROWS", 64)
    random = Random(7)
    check = Check(kind="row_count", min=1, name="some")
    data.create(NewDataset(name="d", key=("id",), time_column="at", checks=(check,)))
    ids = list(range(300))
    versions = [data.commit("d", rows(ids)).version]
    for salt in range(1, 4):
        ids = [n for n in ids if random.random() > 0.02] + list(range(1000 * salt, 1000 * salt + 5))
        table = rows(ids)
        few = random.sample(range(len(ids)), 9)
        x = [
            value if at not in few else -1.0 * salt for at, value in enumerate(table.column("x").to_pylist())
        ]
        table = table.set_column(table.column_names.index("x"), "x", pa.array(x, pa.float64()))
        versions.append(data.commit("d", table).version)
    versions.append(data.commit("d", rows([5000, 5001]), mode="append").version)
    gone = pa.array([True, False, False])
    versions.append(data.commit("d", rows([5000, 1, 6000], salt=9, _deleted=gone), mode="delta").version)
    wide = data.read("d").append_column(
        "extra", pa.array([n % 100 for n in range(versions[-1].rows)], pa.int8())
    )
    versions.append(data.commit("d", wide).version)
    more = data.read("d").set_column(12, "extra", pa.array(range(versions[-1].rows), pa.int32()))
    versions.append(data.commit("d", more).version)
    dropped = data.read("d").drop_columns(["extra"])
    versions.append(data.commit("d", dropped, new_base=True).version)
    for salt in range(4):  # past a checkpoint
        versions.append(data.commit("d", rows([7000 + salt]), mode="append").version)
    assert [version.number for version in versions] == list(range(1, len(versions) + 1))
    for version in versions:
        same(data, version)


def test_rows_without_a_key(data: DataService) -> None:
    data.create(NewDataset(name="d"))
    first = data.commit("d", rows([1, 1, 2, 3])).version
    second = data.commit("d", rows([3, 1, 4, 4])).version
    assert (second.rows_added, second.rows_removed) == (2, 2)
    for version in (first, second):
        same(data, version)


def test_who_reads_the_newest_never_sees_a_quarantined_version(data: DataService) -> None:
    check = Check(kind="row_count", min=2, name="some", warn=None, fail=None, critical=0.0)
    data.create(NewDataset(name="d", key=("id",), checks=(check,)))
    good = data.commit("d", rows([1, 2, 3])).version
    bad = data.commit("d", rows([1])).version
    assert bad.quality == "critical"
    path, number = data.location(bad.id)
    assert polars_sees(path, number).height == 1
    assert pl.scan_delta(path).collect().height == good.rows
    assert data.resolve("d").id == good.id


def test_an_empty_version(data: DataService) -> None:
    data.create(NewDataset(name="d", key=("id",)))
    data.commit("d", rows([1, 2]))
    empty = data.commit("d", rows([]), allow_empty=True).version
    assert empty.rows == 0
    same(data, empty)
    again = data.commit("d", rows([2, 3])).version
    same(data, again)
