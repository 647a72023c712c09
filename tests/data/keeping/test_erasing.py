"""Erasure: no copy of a subject's values is left in any file of the store, and all else is what it was."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text
from tests.data.keeping.world import World, table

from pomona.core.errors import Conflict, Invalid, NotFound, Refused
from pomona.data.committing import Committer
from pomona.data.keeping import erasing
from pomona.data.keeping.records import Erasure, ErasureRequest, NewPin, NewTag
from pomona.data.keeping.subjects import Subject
from pomona.data.records import Check, NewDataset, Origin
from pomona.data.tables import files
from pomona.serving.forgetting import PredictionHolder, blank_frame
from pomona.serving.journal import MAGIC, JournalRow, frame_of, payloads, read_rows
from pomona.serving.store import insert_new, predictions
from pomona.worker import Housekeeper

WHO = "anna.karenina@example.org"
CITY = "Yasnaya-Polyana-17"


def people(count: int, *, salt: float = 0.0, key: str = "id") -> pa.Table:
    emails = [WHO if n == 7 else f"person{n}@example.org" for n in range(count)]
    return pa.table(
        {
            key: pa.array(range(count), pa.int64()),
            "email": emails,
            "city": [CITY if n == 7 else f"city {n % 5}" for n in range(count)],
            "x": pa.array([float(n) + salt * (n % 3) for n in range(count)]),
        }
    )


def request(value: str = WHO, column: str = "email", **more: Any) -> ErasureRequest:
    fields = {"reason": "asked for it", "confirm": f"{column}={value}"} | more
    return ErasureRequest(column=column, value=value, **fields)


def erase(world: World, wanted: ErasureRequest | None = None) -> Erasure:
    job = world.app.keeping.eraser.start(wanted or request())
    Housekeeper(world.app).settle()
    ended = world.app.jobs.get(job.id)
    assert ended.state == "done", ended.error
    return world.app.keeping.eraser.erasures()[0]


def places_of(home: Path, *values: str) -> list[str]:
    """Files that hold one of these values: in their bytes, or decoded as Parquet."""
    found = []
    for path in home.rglob("*"):
        if not path.is_file():
            continue
        texts = path.read_bytes()
        if path.suffix == ".parquet":
            texts += repr(pq.read_table(path).to_pydict()).encode()
        found += [str(path.relative_to(home)) for value in values if value.encode() in texts]
    return found


def test_no_file_of_the_store_holds_the_value_afterwards(world: World) -> None:
    data, app = world.app.data, world.app
    checks = (
        Check(kind="pattern", column="email", pattern="^person", fail=0.9, warn=0.0),
        Check(kind="range", column="x", max=5.0, fail=0.99, warn=0.0),
    )
    data.create(NewDataset(name="people", key=("id",), checks=checks))
    versions = [data.commit("people", people(40)).version]
    versions.append(data.commit("people", people(40, salt=1.0), note=f"without {WHO}?").version)
    small = people(41, salt=1.0).filter(pa.array([n != 7 for n in range(41)]))
    versions.append(data.commit("people", small).version)  # it is gone from the newest already
    data.create(NewDataset(name="letters"))
    data.commit(
        "letters", pa.table({"email": [WHO, "b@example.org", WHO], "text": ["Vronsky", "tea", "train"]})
    )
    with pytest.raises(Invalid):
        data.commit("people", pa.concat_tables([people(9), people(9)]))
    assert places_of(world.home, WHO)
    plan = app.keeping.eraser.plan(request())
    assert set(plan.datasets) == {"people", "letters"}
    assert {(one.ref, one.rows) for one in plan.versions} == {
        ("people@v1", 1),
        ("people@v2", 1),
        ("letters@v1", 2),
    }
    done = erase(world)
    assert places_of(world.home, WHO, CITY, "Vronsky") == []
    assert (done.state, done.left) == ("done", ())
    assert app.keeping.eraser.is_signed(done)
    assert {one.ref: one.rows for one in done.versions} == {
        "people@v1": 1,
        "people@v2": 1,
        "people@v3": 0,  # hides the row in a file it shares
        "letters@v1": 2,
    }
    for before in versions:
        after = data.resolve(before.id)
        data.verify(before.id)
        assert after.number == before.number
        assert data.read(before.id).num_rows == after.rows == before.rows - after.rows_erased
        assert "person7@" not in str(data.profile(before.id))
    assert data.resolve("people@v1").digest != versions[0].digest
    assert data.read("letters")["text"].to_pylist() == ["tea"]
    expected = people(40).filter(pa.array([n != 7 for n in range(40)]))
    assert data.read("people@v1").to_pylist() == expected.to_pylist()
    for ref in ("people@v1", "people@v2", "people@v3", "letters"):
        path, number = data.location(ref)
        found = pl.scan_delta(path, version=number).collect()
        assert found.height == data.resolve(ref).rows
    assert app.ledger.verify() > 0
    (told,) = app.ledger.entries(types=["data.erased"])
    rows = sum(file.rows for file in done.files)
    assert (told.data["column"], told.data["rows"], told.data["reason"]) == ("email", rows, "asked for it")


def test_an_erasure_from_some_datasets_leaves_the_others_alone(world: World) -> None:
    data = world.app.data
    for name in ("people", "others"):
        data.create(NewDataset(name=name, key=("id",), subject_columns=("email",)))
        data.commit(name, people(20))
    before = data.resolve("others")
    shown = world.app.keeping.eraser.plan(request(datasets=("people",)))
    done = erase(world, request(datasets=("people",)))
    assert shown.datasets == ("people",)
    assert {file.dataset for file in done.files} == {"people"}
    assert data.read("people").num_rows == 19
    assert data.resolve("others") == before
    assert [path for path in done.left if path.startswith("tables/")]  # it is said that it stands there


def test_texts_in_lists_and_structs_of_rows_about_subjects_are_looked_at(world: World) -> None:
    data = world.app.data
    data.create(NewDataset(name="d", key=("id",), subject_columns=("email",)))
    rows = {
        "id": [1, 2, 3, 4, 5],
        "email": [None, "a", "b", "c", WHO],
        "meta": [{"by": WHO, "all": ["x"]}, {"by": "q", "all": []}, None, {"by": "z", "all": ["k"]}, None],
        "deep": [None, [{"names": [f"see {WHO}"]}], [], [{"names": None}], None],
    }
    data.commit("d", pa.table(rows))
    done = erase(world)
    assert done.left == ()
    assert data.read("d")["id"].to_pylist() == [3, 4]
    assert places_of(world.home, WHO) == []


def test_what_holds_the_value_still_is_named_also_in_packed_pages_and_records(world: World) -> None:
    data = world.app.data
    data.create(NewDataset(name="people", key=("id",)))
    data.commit("people", people(20))
    data.create(NewDataset(name="plain", description=f"of {WHO}"))
    filler = [f"{n % 7} of no interest, repeated until it is worth packing" for n in range(20_000)]
    plain = data.commit("plain", pa.table({"words": [*filler, f"{filler[0]} {WHO}"]})).version
    path = f"tables/{plain.dataset_id}/{plain.files[0].digest}.parquet"
    done = erase(world)
    assert path in done.left
    assert "1 records of datasets" in done.left


def test_the_reason_of_a_pin_is_masked(world: World) -> None:
    data = world.app.data
    data.create(NewDataset(name="people", key=("id",)))
    data.commit("people", people(20))
    world.app.keeping.tagger.pin("people@v1", NewPin(reason=f"for {WHO}"))
    erase(world)
    [pin] = [one for one in world.app.keeping.tagger.pins("people@v1") if one.kind == "pin"]
    assert pin.reason == "for [erased]"


def test_what_changed_is_told_without_the_subject(world: World) -> None:
    world.app.data.create(NewDataset(name="d", key=("id",)))
    data = world.app.data

    def rows(**emails: str) -> pa.Table:
        return pa.table({"id": [int(name[1:]) for name in emails], "email": list(emails.values())})

    data.commit("d", rows(a1="a", a2=WHO, a3=WHO, a4="d"))
    data.commit("d", rows(a1="a", a2="b", a3=WHO, a4=WHO, a5=WHO, a6="f"))
    data.commit("d", rows(a1="a2", a2="b", a3="c"))
    erase(world)
    counts = [(v.rows, v.rows_added, v.rows_removed, v.rows_changed) for v in reversed(data.versions("d"))]
    assert counts == [(2, 2, 0, 0), (3, 2, 1, 0), (3, 1, 1, 1)]
    contents = [dict(zip(*data.read(f"d@v{n}").to_pydict().values(), strict=True)) for n in (1, 2, 3)]
    for number in (1, 2):
        old, new = contents[number - 1], contents[number]
        version = data.resolve(f"d@v{number + 1}")
        assert version.rows_added == len(new.keys() - old.keys())
        assert version.rows_removed == len(old.keys() - new.keys())
        assert version.rows_changed == sum(old[k] != new[k] for k in old.keys() & new.keys())


def test_hidden_rows_keep_their_places(world: World) -> None:
    random = np.random.default_rng(1)
    world.create()
    rows: dict[int, float | None] = {n: float(n % 10) for n in range(300)}
    contents = []
    for _ in range(6):
        contents.append(dict(rows))
        world.commit(rows)
        for n in random.choice(list(rows), 40, replace=False):
            rows[int(n)] = float(random.integers(0, 10))
        for n in random.choice(list(rows), 10, replace=False):
            del rows[int(n)]
    erase(world, request("3", "x"))
    for number, content in enumerate(contents, start=1):
        expected = {key: value for key, value in content.items() if value != 3.0}
        assert world.read(f"d@v{number}") == expected
        world.app.data.verify(f"d@v{number}")
        path, entry = world.app.data.location(f"d@v{number}")
        found = pl.scan_delta(path, version=entry).collect()
        assert dict(found.select("id", "x").iter_rows()) == expected
    done = world.app.data.commit("d", table(rows))
    assert done.created
    assert world.read("d") == rows


def test_all_rows_of_a_version_may_be_the_subjects(world: World) -> None:
    world.create()
    world.commit({1: 1.0, 2: 1.0})
    world.commit({1: 1.0, 3: 2.0})
    done = erase(world, request("1.0", "x"))
    assert (world.read("d@v1"), world.read("d@v2")) == ({}, {3: 2.0})
    assert None in {file.after for file in done.files if file.what == "rows"}
    world.commit({5: 5.0})
    assert world.read("d") == {5: 5.0}


def test_files_of_dropped_versions_go_too(world: World) -> None:
    data = world.app.data
    data.create(NewDataset(name="people", key=("id",)))
    for salt in range(3):
        data.commit("people", people(20, salt=salt))
    dropped = world.gc("people", keep_last=1, spare_h=1000)
    assert (len(dropped.versions), dropped.files) == (2, 0)
    erase(world)
    assert places_of(world.home, WHO, CITY) == []
    assert data.resolve("people@v1").dropped_at is not None
    path, _ = data.location("people")
    assert pl.scan_delta(path).collect().height == 19


def test_a_version_is_still_what_its_tag_and_its_runs_name(world: World) -> None:
    data, app = world.app.data, world.app
    data.create(NewDataset(name="people", key=("id",)))
    version = data.commit("people", people(20)).version
    app.keeping.tagger.tag("people", NewTag(name="golden"))
    run = "b" * 32
    app.database.write(lambda tx: tx.link(run, "trained_on", version.id))
    app.database.write(lambda tx: tx.link(run, "produced", "mv_1"))
    assert app.keeping.eraser.plan(request()).models == (run, "mv_1")
    done = erase(world)
    assert data.resolve("people@golden").id == version.id
    assert done.plan.models == (run, "mv_1")
    (erased,) = done.versions
    assert (erased.before, erased.after) == (version.digest, data.resolve("people").digest)


def journal_row(number: int, unit: str, **row: Any) -> JournalRow:
    return JournalRow(
        id=f"prd_{number}",
        key=f"k-{unit}",
        request="req",
        endpoint="e",
        release="r",
        revision="v",
        model_version="m",
        arm="champion",
        probabilities={"champion": 1.0},
        unit=unit,
        input=row,
        output=0.5,
        decision=True,
        at_us=number,
        answered_us=number,
    )


def test_predictions_are_blanked_in_sql_and_in_the_journal(world: World, tmp_path: Path) -> None:
    database = world.app.database
    rows = [
        journal_row(1, WHO, email=WHO, age=3),
        journal_row(2, "someone", email="other@example.org", age=4),
        journal_row(3, "u", email=WHO, age=None),
    ]
    database.write(lambda tx: insert_new(tx, rows, datetime(2026, 1, 1, tzinfo=UTC)))
    journal = world.home / "gateway" / "journal"
    journal.mkdir(parents=True)
    segment = journal / "00000000000001-aa.journal"
    segment.write_bytes(MAGIC + b"".join(frame_of(row) for row in rows))
    size = segment.stat().st_size
    holder = PredictionHolder(database, journal)
    subject = Subject("email", WHO)
    assert holder.holds(subject).count == 2
    assert holder.forget(subject).count == 2
    assert holder.forget(subject).count == 0
    found = database.read(lambda tx: {row.id: row for row in tx.execute(predictions.select())})
    assert (found["prd_1"].unit, json.loads(found["prd_1"].input)) == ("erased", {"email": None, "age": None})
    assert json.loads(found["prd_2"].input) == {"email": "other@example.org", "age": 4}
    assert segment.stat().st_size == size
    assert WHO.encode() not in segment.read_bytes()
    kept, _ = read_rows(segment, 0, limit=10)
    assert [(row.id, row.output, row.decision) for row in kept] == [
        (f"prd_{n}", 0.5, True) for n in (1, 2, 3)
    ]
    assert kept[1] == rows[1]
    database.scrub()
    assert places_of(world.home, WHO) == []


@pytest.mark.parametrize("filling", [*range(80), *range(250, 260), 65_530, 65_536, 65_540])
def test_a_blank_row_has_the_length_of_the_one_it_replaces(filling: int) -> None:
    row = journal_row(1, "u" * filling, name="n")
    old = frame_of(row)
    new = blank_frame(row, len(old) - 8)
    assert len(new) == len(old)
    segment = MAGIC + new + frame_of(journal_row(2, "next"))
    assert len(list(payloads(segment, len(MAGIC)))) == 2


@pytest.mark.parametrize("step", ["rewritten", "swapped", "cleaned", "forgotten", "scrubbed", "finished"])
def test_killed_at_any_step_the_next_worker_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    data, eraser = world.app.data, world.app.keeping.eraser
    data.create(NewDataset(name="people", key=("id",)))
    data.create(NewDataset(name="more", key=("id",)))
    for salt in range(2):
        data.commit("people", people(20, salt=salt))
        data.commit("more", people(20, salt=salt))
    eraser.start(request())
    record = eraser.erasures()[0]

    class Killed(Exception):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Killed

    broken = {
        "rewritten": (erasing.Eraser, "_swap"),
        "swapped": (erasing.Eraser, "_clean"),
        "cleaned": (PredictionHolder, "forget"),
        "forgotten": (type(world.app.database), "scrub"),
        "scrubbed": (erasing.Eraser, "_finish"),
    }
    with monkeypatch.context() as patch:
        if step == "finished":
            scrub = type(world.app.database).scrub
            calls: list[int] = []

            def second(self: Any) -> None:
                calls.append(1)
                if len(calls) == 2:
                    raise Killed
                scrub(self)

            patch.setattr(type(world.app.database), "scrub", second)
        else:
            patch.setattr(*broken[step], dies)
        with pytest.raises(Killed):
            eraser.erase(record.id)
    for name in ("people", "more"):
        for version in data.versions(name):
            data.verify(version.id)
    eraser.erase(record.id)
    done = eraser.erasure(record.id)
    assert (done.state, eraser.is_signed(done)) == ("done", True)
    assert places_of(world.home, WHO, CITY) == []
    assert len(done.versions) == 4
    for name in ("people", "more"):
        assert data.read(name).num_rows == 19
        data.verify(name)
    eraser.erase(record.id)  # once more changes nothing
    assert eraser.erasure(record.id) == done


def test_a_commit_that_comes_meanwhile_is_kept_and_erased_from(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = world.app.data
    data.create(NewDataset(name="people", key=("id",)))
    data.commit("people", people(20))
    swap = erasing.Eraser._swap
    late: list[int] = []

    def slow(self: erasing.Eraser, *args: Any) -> bool:
        if not late:
            late.append(1)
            return False  # as if a version had come
        return swap(self, *args)

    monkeypatch.setattr(erasing.Eraser, "_swap", slow)
    erase(world)
    assert data.read("people").num_rows == 19


def test_a_commit_on_what_was_erased_meanwhile_is_made_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = world.app.data
    data.create(NewDataset(name="people", key=("id",)))
    data.commit("people", people(20))
    write = Committer._write
    done: list[int] = []

    def slow(self: Committer, *args: Any) -> Any:
        if not done:
            done.append(1)
            job = world.app.keeping.eraser.start(request())
            world.app.keeping.eraser.erase(str(job.payload["erasure"]))
        return write(self, *args)

    monkeypatch.setattr(Committer, "_write", slow)
    more = people(30).filter(pa.array([n != 7 for n in range(30)]))
    version = data.commit("people", more).version
    data.verify(version.id)
    assert (version.rows, version.rows_added, version.rows_removed) == (29, 10, 0)
    assert data.read("people").num_rows == 29


def test_what_is_not_confirmed_is_refused(world: World) -> None:
    data, eraser = world.app.data, world.app.keeping.eraser
    data.create(NewDataset(name="people", key=("id",)))
    data.commit("people", people(20))
    with pytest.raises(Refused, match="not confirmed"):
        eraser.start(request(confirm="email"))
    with pytest.raises(Refused, match="reason"):
        eraser.start(request(reason=" "))
    with pytest.raises(Invalid, match="names the subject"):
        eraser.start(request(reason=f"{WHO} asked"))
    with pytest.raises(Conflict, match="no row"):
        eraser.start(request("nobody@example.org"))
    with pytest.raises(NotFound):
        eraser.start(request(datasets=("nothing",)))
    with pytest.raises(Invalid):
        eraser.plan(ErasureRequest(column="", value=""))
    assert eraser.erasures() == []
    assert data.read("people").num_rows == 20


def test_a_changed_record_is_not_signed(world: World) -> None:
    data, eraser = world.app.data, world.app.keeping.eraser
    data.create(NewDataset(name="people", key=("id",)))
    data.commit("people", people(20))
    done = erase(world)
    assert eraser.is_signed(done)
    assert not eraser.is_signed(msgspec.structs.replace(done, reason="another"))
    assert (world.home / "erasure.key").stat().st_mode & 0o777 == 0o600
    count = text("select count(*) from data_erasure_subjects")
    assert world.app.database.read(lambda tx: tx.execute(count).scalar_one()) == 0


def test_words_that_name_the_subject_are_masked(world: World) -> None:
    data = world.app.data
    data.create(NewDataset(name="people", key=("id",)))
    origin = Origin(
        source="src_1",
        source_name="crm",
        feed="fed_1",
        query=f"select * from people where email = '{WHO}'",
        parameters={"who": WHO, "n": 3},
        rows=20,
        seconds=1.0,
    )
    data.commit("people", people(20), origin=lambda: origin, as_of=datetime(2026, 1, 1, tzinfo=UTC))
    erase(world)
    found = data.resolve("people").origin
    assert found is not None
    assert found.query == "select * from people where email = '[erased]'"
    assert found.parameters == {"who": "[erased]", "n": 3}


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        ("row {'customer': 42, 'x': 1}", True),
        ('{"customer":42}', True),
        ('{\\"customer\\": \\"42\\"}', True),
        ("where customer = 42", True),
        ("{'customer': 421}", False),
        ("{'customer': 42.5}", False),
        ("{'x': 42}", False),
        ("42 rows", False),
    ],
)
def test_a_short_value_is_found_beside_its_column_only(text: str, speaks: bool) -> None:
    subject = Subject("customer", "42")
    assert subject.in_text(text) is speaks
    assert subject.in_text(subject.masked(text)) is False
    assert (subject.masked(text) == text) is not speaks


def test_files_that_no_version_names_go_and_a_commit_under_way_writes_them_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = world.app.data
    data.create(NewDataset(name="people", key=("id",)))
    data.commit("people", people(20))
    write = Committer._write
    done: list[int] = []

    def slow(self: Committer, *args: Any) -> Any:
        if not done:  # its files are there, no version names them yet
            done.append(1)
            job = world.app.keeping.eraser.start(request())
            world.app.keeping.eraser.erase(str(job.payload["erasure"]))
        return write(self, *args)

    monkeypatch.setattr(Committer, "_write", slow)
    version = data.commit("people", people(30, salt=1.0)).version
    data.verify(version.id)
    assert version.rows == 30  # the source brought it again
    erase(world)
    assert places_of(world.home, WHO, CITY) == []


def test_what_a_failed_commit_left_goes_too(world: World) -> None:
    data = world.app.data
    data.create(NewDataset(name="people", key=("id",)))
    data.commit("people", people(20))
    world.app.tables.files.put(data.dataset("people").id, bytes(files.encode(people(9))))
    erase(world)
    assert places_of(world.home, WHO, CITY) == []
