"""Any life of an endpoint: what the append tables hold, joined, is what SQL holds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.serving.archive.world import NAMES, World, opened, rows

from pomona.core.errors import NotFound
from pomona.data.service import DataService
from pomona.serving.asking import PredictionFilter

VALUES = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.sampled_from(["a", "1", ""])
RECORDS = st.dictionaries(st.sampled_from(["hour", "carrier", "at", "unit", "Hour"]), VALUES, max_size=4)
STEPS = st.one_of(
    st.tuples(st.just("answer"), st.lists(st.tuples(st.integers(0, 20), RECORDS), min_size=1, max_size=5)),
    st.tuples(
        st.just("tell"),
        st.lists(st.tuples(st.integers(0, 25), st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=4),
    ),
    st.tuples(st.sampled_from(["write", "die before", "die after", "wait", "gc", "rebase"]), st.none()),
)


class Killed(Exception):
    """The process ends here."""


def dies(act: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """Something that is killed, perhaps after it was done."""

    def run(*args: Any, **options: Any) -> None:
        if act is not None:
            act(*args, **options)
        raise Killed

    return run


def take(world: World, step: str, what: Any) -> None:
    if step == "answer":
        world.answer([msgspec.structs.replace(rows(number)[0], input=record) for number, record in what])
    elif step == "tell":
        for number, seq, value in what:
            world.tell([number], value, seq=seq)
    elif step == "write":
        assert world.write().state == "done"
    elif step == "wait":
        world.clock.advance(seconds=700)
        world.housekeeper.settle()
    elif step in ("gc", "rebase"):
        keep_files(world, step)
    else:
        act = DataService.commit
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DataService, "commit", dies(act if step == "die after" else None))
            for kind in ("predictions", "outcomes"):
                batch = world.archive._plan("late", kind, world.archive._book("late", kind).given)
                if batch is not None:
                    with pytest.raises(Killed):
                        world.archive._write(batch)


def keep_files(world: World, step: str) -> None:
    from pomona.data.keeping.records import DropRequest, Keep

    for name in NAMES.values():
        try:
            world.app.data.resolve(name)
        except NotFound:
            continue
        if step == "rebase":
            world.app.keeping.rebaser.rebase(name, 0.0)
        else:
            wanted = DropRequest(dataset=name, keep=Keep(keep_last=1), act="drop", spare_h=0)
            world.app.keeping.sweeper.collect(wanted)


def in_sql(world: World) -> tuple[dict[str, Any], dict[tuple[str, str, int], float]]:
    found, wanted = [], PredictionFilter(endpoint="late")
    page = world.serving.predictions(wanted, limit=1000)
    while True:
        found += page.items
        if page.next_cursor is None:
            break
        page = world.serving.predictions(wanted, limit=1000, cursor=page.next_cursor)
    inputs = {one.id: {name: v for name, v in one.input.items() if v is not None} for one in found}
    return inputs, {(o.prediction_id, o.name, o.seq): o.value for one in found for o in one.outcomes}


def in_tables(world: World) -> tuple[dict[str, Any], dict[tuple[str, str, int], float]]:
    predictions, outcomes = (
        world.read(what).iter_rows(named=True) if known(world, what) else [] for what in NAMES
    )
    inputs, seen = {}, 0
    for row in predictions:
        own = {"at": "input_at", "unit": "input_unit"}
        own |= {name: name for name in ("hour", "carrier", "temp", "Hour")}
        told = {name: row[column] for name, column in own.items() if row.get(column) is not None}
        inputs[row["prediction_id"]] = told | json.loads(row["input_rest"] or "{}")
        seen += 1
    assert seen == len(inputs)
    pairs = [((row["prediction_id"], row["name"], row["seq"]), row["value"]) for row in outcomes]
    assert len(pairs) == len(dict(pairs))
    return inputs, dict(pairs)


def known(world: World, what: str) -> bool:
    try:
        world.app.data.resolve(NAMES[what])
    except NotFound:
        return False
    return True


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=9))
def test_the_tables_joined_are_what_sql_holds(tmp_path_factory: Any, steps: list[tuple[str, Any]]) -> None:
    with opened(tmp_path_factory.mktemp("life")) as world:
        for step, what in steps:
            take(world, step, what)
        world.write()
        assert in_tables(world) == in_sql(world)
        for name in NAMES.values():
            for version in world.app.data.versions(name) if known(world, name_of(name)) else []:
                if version.dropped_at is None:
                    world.app.data.verify(version.id)


def name_of(dataset: str) -> str:
    return next(what for what, name in NAMES.items() if name == dataset)


def test_what_was_read_by_a_batch_at_work_goes_nowhere_after_an_erasure(tmp_path: Path) -> None:
    """A batch was read, then its subject erased, then the batch commits: it finds its offset taken."""
    from pomona.data.keeping.subjects import Subject
    from pomona.serving.forgetting import PredictionHolder

    with opened(tmp_path) as world:
        world.answer(
            [msgspec.structs.replace(row, unit=f"person-{n}") for n, row in enumerate(rows(0, 1, 2))]
        )
        batch = world.archive._plan("late", "predictions", 3)
        assert batch is not None
        read = world.archive._rows(batch, None)
        assert read is not None
        assert read.column("unit")[1].as_py() == "person-1"
        holder = PredictionHolder(world.app.database, world.journal, world.archive.settle)
        assert holder.forget(Subject("customer", "person-1")).count == 1
        made = world.app.data.commit(
            "late-predictions", read, mode="append", producer="predictions of late", offset=batch.planned
        )
        assert not made.created
        assert sorted(world.read("predictions")["unit"]) == ["erased", "person-0", "person-2"]


def test_an_erasure_takes_a_subject_out_of_sql_and_of_the_tables(tmp_path: Path) -> None:
    from pomona.data.keeping.records import ErasureRequest

    who = "ann@example.org"
    with opened(tmp_path) as world:
        about = [
            {"unit": who},
            {"key": f"order of {who}"},
            {"input": {"email": who, "hour": 1}},
            {"input": {"mail": {"of": who}}},  # fits no column: it stands in input_rest
            {"output": {"greeting": f"dear {who}"}},
        ]
        first = [
            msgspec.structs.replace(row, **change) for row, change in zip(rows(*range(5)), about, strict=True)
        ]
        world.answer([*first, *rows(5, 6)])
        world.tell([0, 5])
        world.write()
        world.answer([msgspec.structs.replace(rows(7)[0], unit=who), *rows(8)])  # waits in SQL
        wanted = ErasureRequest(column="email", value=who, reason="asked for it", confirm=f"email={who}")
        plan = world.app.keeping.eraser.plan(wanted)
        assert (plan.datasets, plan.rows) == (("late-predictions",), 5)
        world.app.keeping.eraser.start(wanted)
        world.housekeeper.settle()
        (done,) = world.app.keeping.eraser.erasures()
        assert (done.state, done.left) == ("done", ())
        world.write()
        found = world.read("predictions")
        assert set(found["prediction_id"]) == {f"prd_{n:08}" for n in (5, 6, 7, 8)}
        assert found.filter(pl.col("prediction_id") == "prd_00000007")["unit"].to_list() == ["erased"]
        assert world.read("outcomes").height == 2  # they name nobody
        assert world.app.keeping.eraser.plan(wanted).nothing
