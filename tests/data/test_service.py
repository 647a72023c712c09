"""What a dataset promises: versions that stay what they are, bad tables refused, failed ones marked."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pomona.business.records import NewHypothesis
from pomona.core.errors import Conflict, Invalid, NotFound, PomonaError, Refused, StorageFull, Tampered
from pomona.core.ports import Database
from pomona.data.records import Check, NewDataset
from pomona.data.service import DataService
from pomona.storage.ledger import SqlLedger
from pomona.testing.clock import FakeClock


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, number, hour, tzinfo=UTC)


def flights(ids: list[int], *, late: list[float | None] | None = None) -> pa.Table:
    return pa.table(
        {
            "id": ids,
            "at": pa.array([day(i % 28 + 1) for i in ids], pa.timestamp("us", "UTC")),
            "carrier": [["UA", "AA", "DL"][i % 3] for i in ids],
            "late": late or [float(i) for i in ids],
        }
    )


@pytest.fixture
def dataset(data: DataService) -> str:
    return data.create(NewDataset(name="nyc/flights", key=("id",), time_column="at")).name


def test_a_version_is_read_back_as_it_was_committed(data: DataService, dataset: str) -> None:
    done = data.commit(dataset, flights([1, 2, 3]))
    assert done.created
    assert (done.version.number, done.version.rows, done.version.rows_added) == (1, 3, 3)
    assert data.read(f"{dataset}@v1").to_pylist() == flights([1, 2, 3]).to_pylist()
    assert done.version.since == day(2)
    assert done.version.until == day(4)


def test_the_same_content_again_makes_no_version(data: DataService, dataset: str) -> None:
    first = data.commit(dataset, flights([1, 2, 3]))
    again = data.commit(dataset, flights([3, 1, 2]).select(["late", "carrier", "at", "id"]))
    assert not again.created
    assert again.version == first.version
    assert len(data.versions(dataset)) == 1


def test_a_full_export_tells_what_changed(data: DataService, dataset: str) -> None:
    data.commit(dataset, flights([1, 2, 3, 4]))
    done = data.commit(dataset, flights([2, 3, 4, 5, 6], late=[2.0, None, 4.5, 5.0, 6.0])).version
    assert (done.rows_added, done.rows_removed, done.rows_changed) == (2, 1, 2)
    assert done.number == 2


def test_content_that_comes_back_is_a_new_version_with_the_old_digest(
    data: DataService, dataset: str
) -> None:
    first = data.commit(dataset, flights([1, 2])).version
    data.commit(dataset, flights([1, 2, 3]))
    third = data.commit(dataset, flights([1, 2])).version
    assert (third.number, third.digest) == (3, first.digest)
    assert data.resolve(f"{dataset}@{first.digest[:12]}").number == 3


def test_append_keeps_the_files_of_the_parent(data: DataService, dataset: str) -> None:
    first = data.commit(dataset, flights([1, 2])).version
    second = data.commit(dataset, flights([3]), mode="append").version
    assert second.files[:1] == first.files
    assert (second.rows, second.rows_added) == (3, 1)
    assert data.read(dataset).column("id").to_pylist() == [1, 2, 3]
    assert data.read(first.id).column("id").to_pylist() == [1, 2]


def test_an_append_sent_twice_is_stored_once(data: DataService, dataset: str) -> None:
    data.commit(dataset, flights([1, 2]))
    first = data.commit(dataset, flights([3]), mode="append")
    again = data.commit(dataset, flights([3]), mode="append")
    assert (first.created, again.created, again.version) == (True, False, first.version)


def test_an_append_with_keys_that_are_there_is_refused(data: DataService, dataset: str) -> None:
    data.commit(dataset, flights([1, 2]))
    with pytest.raises(Conflict, match="1 rows have a key") as caught:
        data.commit(dataset, flights([2, 3]), mode="append")
    assert caught.value.extra["examples"] == [{"id": 2}]


def test_columns_and_time_range_are_pushed_down(data: DataService, dataset: str) -> None:
    data.commit(dataset, flights([1, 2, 3]))
    data.commit(dataset, flights([9, 10]), mode="append")
    found = data.read(dataset, columns=["id"], since=day(3), until=day(11))
    assert found.to_pydict() == {"id": [2, 3, 9]}
    for columns in ([], ["nothing"]):
        with pytest.raises(Invalid, match="column"):
            data.read(dataset, columns=columns)


def test_an_added_column_is_null_in_older_rows(data: DataService, dataset: str) -> None:
    data.commit(dataset, flights([1, 2]))
    wider = flights([3]).append_column("gate", pa.array(["A1"]))
    assert data.commit(dataset, wider, mode="append").created
    assert data.read(dataset, columns=["gate"]).column("gate").to_pylist() == [None, None, "A1"]
    assert data.read(dataset, columns=["gate"], until=day(3)).column("gate").to_pylist() == [None]


BAD: list[tuple[str, Any, str]] = [
    ("no key", flights([1]).drop_columns(["id"]), "lacks its key column 'id'"),
    ("no time", flights([1]).drop_columns(["at"]), "lacks its time column 'at'"),
    ("duplicate keys", flights([1, 1, 2]), "2 rows share their key"),
    ("null in key", flights([1, 2]).set_column(0, "id", pa.array([1, None])), "null in 1 rows"),
    ("empty", flights([]), "no rows"),
    ("retyped", flights([1]).set_column(3, "late", pa.array(["x"])), "was double and is string"),
    ("removed", flights([1]).drop_columns(["carrier"]), "'carrier' is gone"),
    ("capitals", flights([1]).append_column("Carrier", pa.array(["x"])), "differ only in capital letters"),
    ("zero byte", flights([1]).append_column("a\0b", pa.array([1])), "zero byte in its name"),
    ("time of words", flights([1]).set_column(1, "at", pa.array(["x"])), "not times"),
]


@pytest.mark.parametrize(("table", "says"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_table_is_refused_with_a_hint_and_stores_nothing(
    data: DataService, dataset: str, table: pa.Table, says: str, tmp_path: Path
) -> None:
    data.commit(dataset, flights([1, 2]))
    blobs = sorted((tmp_path / "blobs").rglob("*"))
    with pytest.raises(Invalid, match=says) as caught:
        data.commit(dataset, table)
    assert caught.value.hint
    assert [version.number for version in data.versions(dataset)] == [1]
    assert sorted((tmp_path / "blobs").rglob("*")) == blobs


def test_numbers_are_cast_to_the_type_before_when_nothing_is_lost(data: DataService, dataset: str) -> None:
    data.commit(dataset, flights([1, 2]))
    whole = flights([1, 2]).set_column(3, "late", pa.array([1, 2], pa.int32()))
    assert not data.commit(dataset, whole).created


def test_an_empty_table_can_be_meant(data: DataService, dataset: str) -> None:
    done = data.commit(dataset, flights([1, 2]).slice(0, 0), allow_empty=True).version
    assert (done.rows, data.read(done.id).num_rows) == (0, 0)


CHECKS = (Check(kind="range", column="late", min=0, max=100, warn=0.0, fail=0.3, critical=0.9),)


@pytest.fixture
def checked(data: DataService) -> str:
    return data.create(NewDataset(name="checked", key=("id",), time_column="at", checks=CHECKS)).name


def test_a_version_that_fails_its_checks_is_marked_and_a_critical_one_not_latest(
    data: DataService, checked: str
) -> None:
    good = data.commit(checked, flights([1, 2])).version
    bad = data.commit(checked, flights([1, 2], late=[-1.0, 2.0]))
    worse = data.commit(checked, flights([1, 2], late=[-1.0, -2.0])).version
    assert (good.quality, bad.version.quality, bad.created) == ("green", "fail", True)
    assert worse.quality == "critical"
    assert data.resolve(f"{checked}@passed") == good
    assert data.resolve(checked) == data.resolve(f"{checked}@latest") == bad.version
    assert data.resolve(f"{checked}@newest") == worse
    [result] = data.report(bad.version.id).results
    assert (result.failing, result.share) == (1, 0.5)
    assert result.examples[0]["id"] == 1


def test_a_failed_version_is_trained_on_only_with_a_reason(
    data: DataService, checked: str, database: Database
) -> None:
    bad = data.commit(checked, flights([1, 2], late=[-1.0, 2.0])).version
    with pytest.raises(Refused, match="range late"):
        data.usable_for_training(bad.id)
    with pytest.raises(Refused):
        data.usable_for_training(bad.id, "  ")
    assert data.usable_for_training(bad.id, "the sensor is known to be off") == bad
    [entry] = SqlLedger(database).entries(types=["data.failed_version_used"])
    assert (entry.subject, entry.data["reason"]) == (bad.id, "the sensor is known to be off")


def test_a_warning_does_not_stop_training(data: DataService, checked: str) -> None:
    version = data.commit(checked, flights([1, 2, 3, 4], late=[-1.0, 2.0, 3.0, 4.0])).version
    assert version.quality == "warn"
    assert data.usable_for_training(checked) == version


def test_a_corrected_export_follows_a_quarantined_one(data: DataService, checked: str) -> None:
    good = data.commit(checked, flights([1])).version
    data.commit(checked, flights([1, 2], late=[-1.0, -1.0]))
    fixed = data.commit(checked, flights([2]), mode="append").version
    assert (fixed.number, fixed.parent, fixed.rows) == (3, good.id, 2)


def test_appending_to_quarantined_versions_only_needs_a_parent(data: DataService, checked: str) -> None:
    bad = data.commit(checked, flights([1], late=[-1.0])).version
    with pytest.raises(Conflict, match="none to build on"):
        data.commit(checked, flights([2]), mode="append")
    assert data.commit(checked, flights([2]), mode="append", onto=bad.id).version.rows == 2


def test_checks_declared_later_are_run_by_recheck(data: DataService, dataset: str) -> None:
    version = data.commit(dataset, flights([1, 2])).version
    data.declare_checks(dataset, [Check(kind="allowed", column="carrier", values=("UA",))])
    assert data.recheck(version.id).quality == "fail"
    assert data.resolve(f"{dataset}@v1").quality == "fail"
    assert data.resolve(dataset).id == version.id
    with pytest.raises(NotFound, match="no version passed"):
        data.resolve(f"{dataset}@passed")


def test_the_profile_of_a_version_and_of_a_part_of_it(data: DataService, dataset: str) -> None:
    data.commit(dataset, flights([1, 2, 3]))
    profile = data.profile(dataset)
    assert (profile.rows, set(profile.columns)) == (3, {"id", "at", "carrier", "late"})
    assert data.profile(dataset, since=day(3)).rows == 2


def test_a_changed_file_is_noticed_when_read(data: DataService, dataset: str, tmp_path: Path) -> None:
    version = data.commit(dataset, flights([1, 2])).version
    path = tmp_path / "tables" / version.dataset_id / f"{version.files[0].digest}.parquet"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Tampered):
        data.read(dataset)


def test_a_full_disk_is_said_and_nothing_is_stored(
    data: DataService, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise StorageFull("the disk takes no more data", hint="free some space")

    monkeypatch.setattr("pomona.storage.files.FileBlobs.put", full)
    with pytest.raises(StorageFull):
        data.commit(dataset, flights([1]))
    assert data.versions(dataset) == []


@pytest.mark.parametrize(
    "ref", ["nyc/flights@v7", "nyc/flights@abcdef", "other", "ver_x", "nyc/flights@latest"]
)
def test_a_reference_to_nothing_says_what_there_is(data: DataService, dataset: str, ref: str) -> None:
    with pytest.raises(NotFound) as caught:
        data.resolve(ref)
    assert caught.value.hint


@pytest.mark.parametrize("ref", ["", "Flights", "flights@x y", "a/b/c", "flights@abc"])
def test_what_is_no_reference_is_refused(data: DataService, ref: str) -> None:
    with pytest.raises(PomonaError):
        data.resolve(ref)


def test_datasets_name_an_existing_hypothesis(data: DataService, database: Database) -> None:
    with pytest.raises(NotFound):
        data.create(NewDataset(name="flights", hypothesis="nothing"))
    data.create(NewDataset(name="flights"))
    with pytest.raises(Conflict):
        data.create(NewDataset(name="flights"))


def test_lineage_is_linked(data: DataService, dataset: str, database: Database) -> None:
    first = data.commit(dataset, flights([1])).version
    second = data.commit(dataset, flights([2]), mode="append").version
    links = {(link.source, link.relation, link.target) for link in SqlLedger(database).links([second.id])}
    assert links == {(second.id, "belongs_to", first.dataset_id), (second.id, "derived_from", first.id)}


def test_freshness_counts_from_the_moment_of_the_export(data: DataService, clock: FakeClock) -> None:
    data.create(NewDataset(name="fresh", time_column="at", checks=(Check(kind="freshness", max_age_h=24.0),)))
    stale = data.commit("fresh", flights([1]))
    assert stale.version.quality == "green"  # the clock stands before the rows
    clock.advance(seconds=86_400 * 10)
    assert data.commit("fresh", flights([2])).version.quality == "fail"
    assert data.commit("fresh", flights([3]), as_of=day(4, 12)).version.quality == "green"


def test_hypothesis_is_linked(data: DataService, database: Database) -> None:
    business = data._business
    hypothesis = business.create(
        NewHypothesis(
            name="flight-delay", statement="warn of late flights", metric="roc_auc", baseline=0.5, target=0.7
        )
    )
    assert data.create(NewDataset(name="flights", hypothesis="flight-delay")).hypothesis == hypothesis.id
