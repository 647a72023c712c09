"""What a dataset may serve, and which of its rows: read for training, exported, looked at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pomona.core.errors import Invalid, Refused
from pomona.data.purposes import consents
from pomona.data.records import Consent, Dataset
from pomona.sdk.client import Client, connect

WORDS = pa.array([["training"], ["export", "training"], [], None, ["export"]])


@pytest.fixture
def client(tmp_path: Path, records_address: str | None) -> Iterator[Client]:
    with connect(home=tmp_path / "home") as opened:
        yield opened


def customers(consent: pa.Array) -> pa.Table:
    return pa.table({"id": range(len(consent)), "agreed": consent})


@pytest.mark.parametrize(
    ("consent", "training", "export"),
    [
        (pa.array([True, False, None]), [0], [0]),
        (WORDS.cast(pa.large_list(pa.large_string())), [0, 1], [1, 4]),
        (pa.array(["training, export", "export", "", None], pa.large_string()), [0], [0, 1]),
        (pa.nulls(2), [], []),
    ],
)
def test_where_consent_covers_a_purpose(consent: Any, training: list[int], export: list[int]) -> None:
    column = pa.chunked_array([consent])
    for purpose, rows in (("training", training), ("export", export)):
        assert [row for row, yes in enumerate(consents(column, purpose).to_pylist()) if yes] == rows


def told(client: Client, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in client.circle.events(types=kind)]


def test_without_purposes_all_is_as_before(client: Client, tmp_path: Path) -> None:
    client.data.create("d", key=["id"])
    version = client.data.commit("d", customers(pa.array([True, False])))
    assert version.to_arrow().num_rows == version.select(purpose="training").to_arrow().num_rows == 2
    assert client.data.consent("d", "anything") == Consent(purpose="anything", rows=2, left_out=0)


def test_a_purpose_that_is_not_covered_is_refused_and_told(client: Client, tmp_path: Path) -> None:
    client.data.create("d", key=["id"], purposes=["billing", "training"])
    version = client.data.commit("d", customers(pa.array([True, False])))
    assert version.select(purpose="billing").to_arrow().num_rows == 2
    assert version.to_arrow().num_rows == 2  # a look
    with pytest.raises(Refused, match="may not serve 'marketing': it was collected for billing"):
        version.select(purpose="marketing").to_arrow()
    with pytest.raises(Refused, match="may not serve 'export'"):
        version.export(tmp_path / "d.parquet")
    assert not (tmp_path / "d.parquet").exists()
    refused = told(client, "data.purpose_refused")
    assert sorted(entry["purpose"] for entry in refused) == ["export", "marketing"]
    assert "billing" in refused[0]["reason"]


def test_rows_without_consent_are_left_out_and_counted(client: Client) -> None:
    client.data.create("d", key=["id"], purposes=["training", "export"], consent_column="agreed")
    version = client.data.commit("d", customers(WORDS))
    assert version.select(purpose="training").to_arrow()["id"].to_pylist() == [0, 1]
    assert version.select(["id"], purpose="export").to_arrow().to_pydict() == {"id": [1, 4]}
    assert client.data.consent("d", "training") == Consent(purpose="training", rows=2, left_out=3)
    counted = told(client, "data.consent_applied")
    assert sorted((one["purpose"], one["rows"], one["left_out"]) for one in counted) == [
        ("export", 2, 3),
        ("training", 2, 3),
    ]
    with pytest.raises(Refused, match="no purpose was named"):
        version.to_arrow()
    assert client.data.consent("d", "spam").refused


def test_a_diff_hands_out_no_frame_of_rows_read_by_consent(client: Client) -> None:
    client.data.create("d", key=["id"], consent_column="agreed")
    client.data.commit("d", customers(pa.array([True, False])).slice(0, 1))
    client.data.commit("d", customers(pa.array([True, False])))
    found = client.data.diff("d@v1", "d@v2")
    assert found.summary.added == 1  # a look is a look
    with pytest.raises(Refused, match="no purpose was named"):
        found.added().to_arrow()
    assert told(client, "data.purpose_refused")[0]["dataset"] == "d"


def test_consent_is_declared_later(client: Client) -> None:
    client.data.create("d", key=["id"])
    version = client.data.commit("d", customers(pa.array([True, False, None])))
    declared = client.data.declare_purposes("d", ["training"], consent_column="agreed")
    assert (declared.purposes, declared.consent_column) == (("training",), "agreed")
    assert version.select(purpose="training").to_arrow()["id"].to_pylist() == [0]
    client.data.declare_purposes("d", ["training"], consent_column="gone")
    with pytest.raises(Refused, match="no column 'gone'"):
        version.select(purpose="training").to_arrow()
    assert isinstance(client.data.declare_purposes("d", []), Dataset)
    assert version.to_arrow().num_rows == 3


def test_a_consent_column_of_numbers_is_refused_at_the_commit(client: Client) -> None:
    client.data.create("d", key=["id"], consent_column="agreed")
    with pytest.raises(Invalid, match="consent column 'agreed' holds int64"):
        client.data.commit("d", customers(pa.array([1, 0])))


def test_a_training_is_refused_before_it_begins(client: Client, tmp_path: Path) -> None:
    client.data.create("d", key=["id"], purposes=["billing"])
    client.data.commit("d", customers(pa.array([True, False])))
    script = tmp_path / "train.py"
    script.write_text("import pomona\nprint(pomona.training_data().to_arrow().num_rows)\n")
    client.training.store("e", script=script, data="d")
    with pytest.raises(Refused, match="may not serve 'training'"):
        client.training.run("e")
    client.training.store("e", script=script, data="d", purpose="billing")
    assert client.training.run("e").data_version
    assert told(client, "data.purpose_refused")[0]["purpose"] == "training"
