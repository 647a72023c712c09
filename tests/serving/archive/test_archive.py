"""Append tables hold what SQL holds, once, whatever happens between."""

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from tests.databases import records_address  # noqa: F401
from tests.serving.archive.world import NAMES, SMALL, World, opened, rows
from tests.serving.planned import START

from pomona.core.errors import Conflict, NotFound
from pomona.data.records import NewDataset, Upkeep
from pomona.data.service import DataService
from pomona.registry.records import ModelColumn
from pomona.serving.archive.service import Archive
from pomona.serving.asking import PredictionFilter


@pytest.fixture
def world(tmp_path: Path, records_address: str | None) -> Iterator[World]:  # noqa: F811
    with opened(tmp_path) as made:
        yield made


def test_predictions_are_rows_with_their_inputs_as_columns(world: World) -> None:
    world.answer(rows(*range(10)))
    done = world.write()
    assert done.state == "done", done.error
    assert done.result == {
        "endpoint": "late", "predictions": 10, "outcomes": 0, "versions": ["late-predictions@v1"]
    }  # fmt: skip
    found = world.read("predictions").row(7, named=True)
    kept = world.serving.prediction("prd_00000007")
    assert (found["prediction_id"], found["at"], found["unit"]) == (kept.id, kept.at, kept.unit)
    assert (found["output"], found["decision"], found["arm"]) == (kept.output, kept.decision, "candidate")
    assert (found["model"], found["model_number"], found["model_version"]) == ("delays", 2, "mv_2")
    assert (found["propensity"], json.loads(found["probabilities"])) == (0.5, kept.probabilities)
    assert {name: found[name] for name in ("carrier", "hour", "temp")} == kept.input
    assert found["input_rest"] is None


def test_outcomes_join_their_predictions_to_a_training_set(world: World) -> None:
    world.answer(rows(*range(10)))
    world.tell(range(4), 1.0)
    world.tell([2], 0.0, seq=1)
    world.tell([3], 12.5, name="minutes")
    world.tell([99])  # nobody knows that prediction yet
    world.write()
    outcomes = world.read("outcomes")
    assert outcomes.height == 6
    truth = outcomes.filter(pl.col("name") == "actual").sort("seq").unique("prediction_id", keep="last")
    joined = world.read("predictions").join(truth.select("prediction_id", "value"), on="prediction_id")
    assert dict(joined.select("prediction_id", "value").iter_rows()) == {
        f"prd_{n:08}": 0.0 if n == 2 else 1.0 for n in range(4)
    }
    assert outcomes["predicted_at"].min() == START


def test_an_outcome_that_waited_comes_when_its_prediction_does(world: World) -> None:
    world.tell([0])
    world.answer(rows(1))
    assert world.write().result["outcomes"] == 0
    world.answer(rows(0))
    assert world.write().result["outcomes"] == 1
    assert world.read("outcomes")["prediction_id"].to_list() == ["prd_00000000"]


def test_a_batch_is_due_by_size_or_by_age_and_only_then(world: World) -> None:
    world.answer(rows(*range(49)))
    assert world.archive.enqueue_due() == 0
    world.answer(rows(49))
    assert world.archive.enqueue_due() == 1
    assert world.archive.enqueue_due() == 0  # it is queued already
    world.housekeeper.settle()
    assert [len(world.versions("predictions")), world.read("predictions").height] == [2, 50]  # 40 and 10
    world.answer(rows(60))
    world.clock.advance(seconds=SMALL.age_s - 1)
    assert world.archive.enqueue_due() == 0
    world.clock.advance(seconds=1)
    world.housekeeper.settle()
    assert world.read("predictions").height == 51
    assert world.archive.enqueue_due() == 0


def test_long_inputs_come_in_smaller_batches(tmp_path: Path) -> None:
    with opened(tmp_path, msgspec.structs.replace(SMALL, most_chars=5_000)) as world:
        world.answer([inputs(number, text="x" * 2_000) for number in range(5)])
        world.answer([inputs(5, text="x" * 9_000), inputs(6, text="x")])
        world.write()
        assert [version.rows for version in world.versions("predictions")] == [7, 6, 5, 4, 2]


def test_writing_again_makes_no_version(world: World) -> None:
    world.answer(rows(*range(5)))
    world.write()
    assert world.write().result["versions"] == []
    assert len(world.versions("predictions")) == 1


def test_tables_say_what_is_written_and_what_waits(world: World) -> None:
    shown = {table.what: table for table in world.archive.tables("late")}
    assert (shown["predictions"].dataset, shown["predictions"].rows) == ("late-predictions", 0)
    assert world.archive.tables() == []
    world.answer(rows(*range(5)))
    (table,) = world.archive.tables()
    assert (table.waiting, table.version, table.due_at) == (5, None, START + timedelta(seconds=SMALL.age_s))
    world.clock.advance(seconds=5)
    world.write()
    (table,) = world.archive.tables()
    assert (table.rows, table.waiting, table.version) == (5, 0, "late-predictions@v1")
    assert (table.written_at, table.due_at) == (START + timedelta(seconds=5), None)
    with pytest.raises(NotFound):
        world.archive.tables("nobody")
    with pytest.raises(NotFound):
        world.archive.start("nobody")


def inputs(number: int, **record: Any) -> Any:
    return msgspec.structs.replace(rows(number)[0], input=record)


def test_inputs_may_change_and_nothing_stops_or_is_lost(world: World) -> None:
    world.planned.inputs = (ModelColumn(name="hour", type="long"),)
    batches = [
        [inputs(0, hour=3, carrier="AA"), inputs(1, hour=4.0, carrier="UA")],
        [inputs(2, hour=5, carrier="AA", wind=3)],  # a new column
        [inputs(3, hour="17h", carrier=7, wind=2.5)],  # other types
        [inputs(4, hour=6), inputs(5, hour=None, deep={"a": [1]}, AT="x", at="y", **{"": 1})],  # gone; odd
        [inputs(6, vector=[1, 2.5], Hour=9)],
    ]
    for batch in batches:
        world.answer(batch)
        done = world.write()
        assert done.state == "done", done.error
    found = world.read("predictions").sort("prediction_id")
    assert found.schema["hour"] == pl.Int64
    assert found.schema["wind"] == pl.Float64
    for row, answered in zip(
        found.iter_rows(named=True), itertools.chain.from_iterable(batches), strict=True
    ):
        told = {name: row[name] for name in ("hour", "carrier", "wind", "vector") if row[name] is not None}
        told |= {"AT": row["input_AT"]} if row["input_AT"] is not None else {}
        told |= json.loads(row["input_rest"] or "{}")
        assert told == {name: value for name, value in answered.input.items() if value is not None}


def test_any_tool_reads_them(world: World) -> None:
    world.answer(rows(*range(30)))
    world.write()
    world.tell(range(20))
    world.answer(rows(*range(30, 35)))
    world.write()
    paths = [world.app.data.location(NAMES[what])[0] for what in ("predictions", "outcomes")]
    assert pl.scan_delta(paths[0]).select("prediction_id").collect().height == 35
    assert pl.scan_delta(paths[1]).collect().height == 20
    found = world.app.sql.preview(
        'select count(*) as n, sum(p.output) as s from "late-predictions" p join "late-outcomes" o'
        " using (prediction_id)"
    )
    assert found.rows[0]["n"] == 20


def test_a_name_that_others_took_is_left_to_them(world: World) -> None:
    world.app.data.create(NewDataset(name="late-predictions", key=("id",)))
    world.answer(rows(0))
    assert world.write().result["versions"] == ["late-predictions-2@v1"]
    assert world.app.data.versions("late-predictions") == []


def test_a_dataset_that_was_declared_before_a_crash_is_found_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    def dies(*_: object, **__: object) -> None:
        raise Killed

    world.answer(rows(*range(3)))
    with monkeypatch.context() as patch:
        patch.setattr(DataService, "commit", dies)
        with pytest.raises(Killed):
            world.archive._write(world.archive._plan("late", "predictions", 3))
    world.write()
    assert world.archive.tables("late")[0].dataset == "late-predictions"
    assert world.read("predictions").height == 3


def test_a_batch_that_was_committed_before_a_crash_is_not_committed_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.answer(rows(*range(10)))
    batch = world.archive._plan("late", "predictions", 10)
    assert batch is not None
    world.archive._commit(batch)  # killed before the book says so
    world.answer(rows(*range(10, 20)))
    world.write()
    assert world.read("predictions")["prediction_id"].n_unique() == 20
    assert [version.rows for version in world.versions("predictions")] == [20, 10]


def test_two_writers_at_once_write_each_row_once(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    world.answer(rows(*range(200)))

    def write(_: int) -> None:
        while (batch := world.archive._plan("late", "predictions", 200)) is not None:
            world.archive._write(batch)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    assert world.read("predictions")["prediction_id"].n_unique() == 200
    assert [version.rows for version in world.versions("predictions")] == [200, 160, 120, 80, 40]


def test_a_batch_that_cannot_be_written_says_why_and_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise Conflict("the disk is full", hint="free some space")

    world.answer(rows(*range(50)))
    with monkeypatch.context() as patch:
        patch.setattr(DataService, "commit", refuses)
        world.archive.enqueue_due()
        world.housekeeper.settle()
        (table,) = world.archive.tables()
        assert table.problem == "the disk is full. free some space"
        (finding,) = [one for one in world.app.doctor.examine() if one.what == "append tables"]
        assert (finding.state, "50 predictions of late wait" in finding.detail) == ("warn", True)
        assert world.archive.enqueue_due() == 0  # not five times a second
    world.clock.advance(seconds=SMALL.age_s)
    world.housekeeper.settle()
    (table,) = world.archive.tables()
    assert (table.problem, table.rows, table.waiting) == (None, 50, 0)


def test_small_files_are_merged_by_number_and_by_age(world: World) -> None:
    for number in range(4):
        world.answer(rows(number))
        world.write()
    assert len(world.versions("predictions")[0].files) == 4
    world.clock.advance(seconds=SMALL.compact_s)
    world.answer(rows(4))
    world.write()
    newest = world.versions("predictions")[0]
    assert (newest.mode, len(newest.files), newest.rows) == ("rebase", 1, 5)
    world.answer(rows(5))
    world.write()
    assert world.versions("predictions")[0].mode == "append"
    world.app.keeping.rebaser.declare_upkeep("late-predictions", Upkeep(small_files=4))
    for number in range(6, 12):
        world.answer(rows(number))
        world.write()
    world.housekeeper.settle()  # the dataset's own upkeep, whatever the age
    assert len(world.versions("predictions")[0].files) <= 4
    assert world.read("predictions").height == 12


def test_they_may_serve_what_the_training_data_may(world: World) -> None:
    import pyarrow as pa

    world.app.data.create(
        NewDataset(name="people", key=("id",), purposes=("training",), consent_column="agreed")
    )
    version = world.app.data.commit("people", pa.table({"id": [1], "agreed": [True]})).version
    world.planned.trained_on = version.id
    world.answer([inputs(0, agreed=True, hour=1), inputs(1, agreed=False, hour=2)])
    world.tell([0])
    world.write()
    kept = world.app.data.dataset("late-predictions")
    assert (kept.purposes, kept.consent_column) == (("training",), "agreed")
    assert world.app.data.dataset("late-outcomes").purposes == ("training",)
    assert world.app.data.read("late-predictions", purpose="training").num_rows == 1


def test_the_newest_append_table_equals_sql_after_a_garbage_collection(world: World) -> None:
    from pomona.data.keeping.records import DropRequest, Keep

    for number in range(6):
        world.answer(rows(*range(10 * number, 10 * number + 10)))
        world.write()
    wanted = DropRequest(dataset="late-predictions", keep=Keep(keep_last=1), act="drop", spare_h=0)
    assert len(world.app.keeping.sweeper.collect(wanted).versions) == 5
    world.answer(rows(70))
    world.write()
    kept = {one.id for one in world.serving.predictions(PredictionFilter(endpoint="late"), limit=1000).items}
    assert set(world.read("predictions")["prediction_id"]) == kept


def test_an_archive_of_another_process_goes_on_where_this_one_stopped(world: World) -> None:
    world.answer(rows(*range(5)))
    world.write()
    own = vars(world.archive)
    other = Archive(
        own["_database"], own["_clock"], own["_jobs"], data=own["_data"], shelf=own["_shelf"],
        endpoints=world.planned, models=world.planned, compact=own["_compact"], policy=SMALL,
    )  # fmt: skip
    world.answer(rows(*range(5, 9)))
    other.settle()  # nothing is at work
    assert world.versions("predictions")[0].rows == 5
    batch = other._plan("late", "predictions", 9)
    assert batch is not None
    other.settle()
    assert world.versions("predictions")[0].rows == 9
