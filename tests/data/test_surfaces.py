"""The data stage from the SDK (over the whole app, in process) and from the command line."""

import errno
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pomona.cli.main import app as cli
from pomona.core.errors import Invalid, NotFound, PomonaError, StorageFull
from pomona.data.records import Check
from pomona.sdk.client import Client, connect

ROWS = {
    "id": [1, 2, 3],
    "at": [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)],
    "x": [1.5, None, 3.0],
    "carrier": ["UA", "AA", None],
}


@pytest.fixture
def client(tmp_path: Path, records_address: str | None) -> Iterator[Client]:
    with connect(home=tmp_path / "home") as opened:
        opened.data.create("nyc/flights", key=["id"], time_column="at", purposes=["demo"])
        yield opened


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("POMONA_HOME", str(tmp_path / "home"))

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(cli, list(words))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def as_pandas(_: Path) -> object:
    return pd.DataFrame(ROWS)


def as_indexed_pandas(_: Path) -> object:
    return pd.DataFrame(ROWS).set_index("id")


def as_lazy_polars(_: Path) -> object:
    return pl.DataFrame(ROWS).lazy()


def as_parquet(folder: Path) -> object:
    pq.write_table(pa.table(ROWS), folder / "t.parquet", row_group_size=1)
    return folder / "t.parquet"


@pytest.mark.parametrize("shape", [as_pandas, as_indexed_pandas, as_lazy_polars, as_parquet])
def test_any_library_s_table_becomes_the_same_version(client: Client, tmp_path: Path, shape: Any) -> None:
    first = client.data.commit("nyc/flights", pa.table(ROWS))
    again = client.data.commit("nyc/flights", shape(tmp_path))
    assert (first.created, again.created, again.id) == (True, False, first.id)


def test_rows_come_back_to_any_library(client: Client) -> None:
    client.data.commit("nyc/flights", pl.DataFrame(ROWS))
    version = client.data.version("nyc/flights")
    assert version.to_polars().to_dict(as_series=False) == ROWS
    assert version.to_arrow().to_pylist() == pa.table(ROWS).to_pylist()
    assert list(version.to_pandas()["id"]) == ROWS["id"]
    part = version.select(["x"], since=datetime(2026, 1, 2, tzinfo=UTC))
    assert part.to_arrow().to_pydict() == {"x": [None, 3.0]}
    assert part.profile().rows == 2
    assert client.data.read("nyc/flights", ["id"], until=datetime(2026, 1, 2, tzinfo=UTC)).num_rows == 1


def test_checks_are_declared_and_run(client: Client) -> None:
    client.data.commit("nyc/flights", pa.table(ROWS))
    client.data.declare_checks("nyc/flights", [Check(kind="not_null", column="x", fail=0.5)])
    assert client.data.recheck("nyc/flights@v1").quality == "warn"
    [result] = client.data.version("nyc/flights@1").quality().results
    assert (result.failing, result.examples[0]["id"]) == (1, 2)


def test_an_mlflow_dataset_names_its_version(client: Client) -> None:
    version = client.data.commit("nyc/flights", pa.table(ROWS))
    logged = version.to_mlflow().to_dict()
    assert (logged["source_type"], logged["name"]) == ("pomona", "nyc/flights")
    assert json.loads(logged["source"])["version"] == version.id
    assert version.record.digest.startswith(logged["digest"])


def test_bad_input_over_the_api_is_the_same_error_as_inside(client: Client, tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    cases: list[tuple[object, type[PomonaError]]] = [
        (pa.table({"x": [1]}), Invalid),
        (tmp_path / "bad.parquet", Invalid),
        (tmp_path / "none.csv", NotFound),
        (tmp_path / "home", Invalid),
        (object(), Invalid),
        (pd.DataFrame([[1, 2]]), Invalid),
    ]
    for table, kind in cases:
        with pytest.raises(kind) as caught:
            client.data.commit("nyc/flights", table)
        assert caught.value.hint
    assert client.data.versions("nyc/flights") == []
    with pytest.raises(NotFound):
        client.data.commit("other", pa.table(ROWS))


def test_a_full_disk_while_a_table_comes_in_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDisk(BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pomona.server.routes.data.tempfile.TemporaryFile", lambda **_: FullDisk())
    monkeypatch.setattr("pomona.sdk.tables.tempfile.SpooledTemporaryFile", lambda **_: BytesIO())
    with pytest.raises(StorageFull):
        client.data.commit("nyc/flights", pa.table(ROWS))
    assert client.data.versions("nyc/flights") == []


def test_the_stage_from_the_command_line(run: Any, tmp_path: Path) -> None:
    checks = tmp_path / "checks.yaml"
    checks.write_text("- {kind: not_null, column: x, fail: 0.5}\n")
    table = tmp_path / "t.csv"
    pd.DataFrame(ROWS).to_csv(table, index=False)
    assert "dataset nyc/flights" in run(
        "data", "create", "nyc/flights", "--key", "id", "--time", "at", "--checks", str(checks)
    )
    assert "3 rows" in run("data", "commit", "nyc/flights", str(table))
    assert "already" in run("data", "commit", "nyc/flights", str(table))
    assert json.loads(run("data", "ls", "--json"))["name"] == "nyc/flights"
    assert json.loads(run("data", "versions", "nyc/flights", "--json"))["quality"] == "warn"
    assert json.loads(run("data", "show", "nyc/flights@v1", "--json"))["rows"] == 3
    assert "UA" in run("data", "read", "nyc/flights", "--since", "2026-01-01", "--column", "carrier")
    assert "3 rows" in run("data", "read", "nyc/flights", "--to", str(tmp_path / "out.parquet"))
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 3
    assert "carrier" in run("data", "profile", "nyc/flights")
    assert "not_null x" in run("data", "check", "nyc/flights", "--run")


def test_a_file_that_holds_no_checks_is_refused(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "checks.json"
    path.write_text('[{"kind": "nonsense"}]')
    with pytest.raises(Invalid, match="nonsense"):
        run("data", "create", "flights", "--checks", str(path))
