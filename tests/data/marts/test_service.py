"""Marts in a whole app: declared, built, rebuilt, refused, and what is left when a build fails."""

from typing import Any

import pyarrow as pa
import pytest
from tests.data.marts.world import FEATURES, PAYMENTS, World, day

from pomona.circle.records import TraceNode
from pomona.core.errors import Conflict, Invalid, NotFound, PomonaError, Refused
from pomona.data.marts.records import MartBuild, MartChange, NewMart, SqlQuery
from pomona.data.records import Check, NewDataset


def declare(world: World, name: str = "features", sql: str = FEATURES, **options: Any) -> None:
    options = {"key": ("id",), "time_column": "at"} | options
    world.marts.create(NewMart(name=name, sql=sql, **options))


def build(world: World, name: str = "features") -> MartBuild:
    job = world.marts.build(name)
    world.settle()
    assert world.app.jobs.get(job.id).state in ("done", "failed")
    return world.marts.builds(name).items[0]


def test_a_mart_becomes_a_version_with_its_inputs_lineage_and_links(world: World) -> None:
    declare(world)
    made = build(world)
    assert (made.state, made.ref, made.rows, made.rows_added) == ("built", "features@v1", 3, 3)
    assert [(one.ref, one.columns) for one in made.inputs] == [
        ("credit/loans@v1", ("id", "customer", "at", "late")),
        ("payments@v1", ("customer", "paid_at", "amount")),
    ]
    lineage = {one.column: [f"{s.ref}.{s.column}" for s in one.sources] for one in made.lineage}
    assert lineage["last_paid"] == ["payments@v1.amount"]
    assert lineage["late"] == ["credit/loans@v1.late"]
    rows = {row["id"]: row["last_paid"] for row in world.data.read("features").to_pylist()}
    assert rows == {1: 10.0, 2: 20.0, 3: None}  # the payment of customer 8 came after its loan
    links = {(link.relation, link.target) for link in world.app.ledger.links([str(made.version)])}
    assert {("derived_from", one.version) for one in made.inputs} <= links
    version = world.data.resolve("features")
    assert version.as_of == max(world.data.resolve(one.version).as_of for one in made.inputs)
    assert version.created_by.startswith("job:")


def test_the_trace_of_a_mart_s_version_shows_every_input_and_the_sql(world: World) -> None:
    declare(world)
    build(world)
    world.commit("payments", PAYMENTS | {"amount": [11.0, 20.0, 30.0]})
    again = build(world)
    nodes: dict[str, TraceNode] = {node.id: node for node in world.app.tracer.trace(str(again.version)).nodes}
    assert {one.version for one in again.inputs} <= set(nodes)
    sql = [fact.value for node in nodes.values() if node.kind == "mart build" for fact in node.facts]
    assert FEATURES in sql


def test_only_changed_rows_are_new_in_the_next_version(world: World) -> None:
    declare(world)
    build(world)
    world.commit("payments", PAYMENTS | {"amount": [11.0, 20.0, 30.0]})
    made = build(world)
    assert (made.ref, made.rows_changed, made.rows_added, made.rows_removed) == ("features@v2", 1, 0, 0)


def test_the_same_rows_make_no_version(world: World) -> None:
    declare(world)
    build(world)
    world.commit("payments", PAYMENTS | {"amount": [10.0, 20.0, 31.0]})  # after every loan
    made = build(world)
    assert (made.state, made.ref, world.versions("features")) == ("unchanged", "features@v1", 1)


def test_a_new_input_rebuilds_a_mart_and_the_marts_on_it(world: World) -> None:
    declare(world, rebuild="on_inputs")
    build(world)
    declare(
        world,
        "late-share",
        "select avg(last_paid) as paid, count(*) as n from features",
        key=(),
        time_column=None,
        rebuild="on_inputs",
    )
    world.commit("payments", PAYMENTS | {"amount": [12.0, 20.0, 30.0]})
    world.settle()
    assert world.versions("features") == 2
    [last] = world.marts.builds("late-share").items
    assert (last.state, last.reason) == ("built", "features@v2 was committed")
    assert world.data.read("late-share").to_pylist() == [{"paid": 16.0, "n": 3}]


def test_nothing_is_built_when_no_input_means_anything_else(world: World) -> None:
    declare(world, rebuild="on_inputs")
    build(world)
    world.data.declare_checks("payments", [Check(kind="row_count", min=100, critical=0.0)])
    world.commit(
        "payments", PAYMENTS | {"amount": [0.0, 0.0, 0.0]}
    )  # quarantined, so `payments` means v1 still
    world.settle()
    assert [one.state for one in world.marts.builds("features").items] == ["built"]
    assert not world.marts.status("features").stale


def test_rows_that_moved_to_other_files_are_no_change(world: World) -> None:
    declare(world, rebuild="on_inputs")
    world.data.commit("payments", pa.table(PAYMENTS | {"amount": [1.0, 20.0, 30.0]}))
    world.settle()
    world.app.keeping.rebaser.rebase("payments", 0.1)
    world.settle()
    assert "rebase" in [one.mode for one in world.data.versions("payments")]
    assert len(world.marts.builds("features").items) == 1


def test_pinned_inputs_start_no_build(world: World) -> None:
    declare(world, sql=FEATURES.replace("payments", '"payments@v1"'), rebuild="on_inputs")
    build(world)
    world.commit("payments", PAYMENTS | {"amount": [0.0, 0.0, 0.0]})
    world.settle()
    assert len(world.marts.builds("features").items) == 1
    assert build(world).state == "unchanged"


def test_several_commits_before_a_build_are_one_build(world: World) -> None:
    declare(world, rebuild="on_inputs")
    for amount in (1.0, 2.0, 3.0):
        world.commit("payments", PAYMENTS | {"amount": [amount, 20.0, 30.0]})
    world.settle()
    [only] = world.marts.builds("features").items
    assert only.inputs[1].ref == "payments@v4"


def test_a_schedule_builds_only_when_something_changed(world: World) -> None:
    declare(world, rebuild="cron", cron="0 3 * * *")
    [schedule] = world.app.jobs.schedules()
    assert (schedule.kind, schedule.cron) == ("build_mart", "0 3 * * *")
    for _ in range(2):
        world.app.jobs.submit("build_mart", schedule.payload)
        world.settle()
    assert len(world.marts.builds("features").items) == 1
    world.marts.change("features", MartChange(rebuild="manual"))
    assert world.app.jobs.schedules() == []


def test_a_build_that_fails_leaves_the_last_version_and_says_where(world: World) -> None:
    declare(world)
    build(world)
    sql = FEATURES.replace("p.amount", "(p.amount::varchar || 'x')::int")
    world.marts.change("features", MartChange(sql=sql))
    failed = build(world)
    assert (failed.state, failed.line, failed.revision) == ("failed", 2, 2)
    assert "line 2" in str(failed.error)
    assert failed.hint
    assert (world.versions("features"), world.data.resolve("features").number) == (1, 1)
    assert not world.marts.status("features").stale  # it would only fail again


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        (
            "select id, t.at, amount from (select 1 id, null::timestamptz as at, 2 amount) t where false",
            "no rows",
        ),
        ('select customer as id, max(l.at) as at from "credit/loans" l group by 1, late', "share their key"),
        ('select id, l.at, interval 1 day as gap from "credit/loans" l', "cannot be kept"),
        ('select id, l.at::varchar as at from "credit/loans" l', "not times"),
        ('select 9223372036854775807::hugeint * id as big, id, l.at from "credit/loans" l', "64 bits"),
    ],
)
def test_a_result_that_cannot_be_kept_is_explained(world: World, sql: str, says: str) -> None:
    declare(world, sql=sql)
    failed = build(world)
    assert failed.state == "failed"
    assert says in str(failed.error)
    assert world.versions("features") == 0


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"sql": "select * from nowhere"}, NotFound, "nowhere"),
        ({"sql": 'select * from "payments@v9"'}, NotFound, "v9"),
        ({"sql": "drop table payments"}, Refused, "not allowed"),
        ({"sql": "select id frm x y z"}, Invalid, "line 1"),
        ({"sql": "select * from features"}, (NotFound, Refused), "features"),
        ({"sql": "select amount from payments", "key": ("nope",)}, Invalid, "nope"),
        ({"purposes": ("billing",)}, Refused, "billing"),
        ({"cron": "every day", "rebuild": "cron"}, Invalid, "schedule"),
        ({"name": "payments"}, (Conflict, Refused), "payments"),
        ({"name": "Not A Name"}, Invalid, "name"),
    ],
)
def test_a_mart_that_cannot_work_is_refused_and_nothing_is_left(
    world: World, options: dict[str, Any], kind: Any, says: str
) -> None:
    before = [one.name for one in world.data.datasets().items]
    with pytest.raises(kind, match=says) as caught:
        declare(world, **options)
    assert caught.value.hint
    assert [one.name for one in world.data.datasets().items] == before
    assert world.marts.marts().items == []


def test_a_circle_of_marts_is_refused_when_it_would_close(world: World) -> None:
    declare(world)
    build(world)
    declare(world, "second", "select id, f.at from features f")
    build(world, "second")
    with pytest.raises(Refused, match="features <- second <- features"):
        world.marts.change("features", MartChange(sql="select id, s.at from second s"))
    with pytest.raises(Refused, match="built from itself"):
        world.marts.change("features", MartChange(sql='select id, f.at from "features@v1" f'))


def test_purposes_follow_the_inputs(world: World) -> None:
    declare(world)
    assert world.data.dataset("features").purposes == ("scoring",)
    world.marts.change("features", MartChange(sql='select id, l.at from "credit/loans" l'))
    assert world.data.dataset("features").purposes == ("research", "scoring")
    world.marts.change("features", MartChange(purposes=("research",)))
    assert world.data.dataset("features").purposes == ("research",)
    with pytest.raises(Refused, match="research"):
        world.marts.change("features", MartChange(sql=FEATURES))


def test_what_shares_no_purpose_cannot_be_joined(world: World) -> None:
    world.data.create(NewDataset(name="clicks", purposes=("marketing",)))
    world.commit("clicks", {"id": [1]})
    with pytest.raises(Refused, match="no purpose is shared"):
        declare(world, sql='select l.id, l.at from "credit/loans" l join clicks using (id)')


def test_rows_held_by_consent_need_one_purpose_and_only_those_covered_are_read(world: World) -> None:
    world.data.create(NewDataset(name="people", purposes=("scoring", "billing"), consent_column="agreed"))
    agreed = [["scoring"], ["billing"], ["scoring", "billing"], []]
    world.commit("people", {"customer": [1, 2, 3, 4], "agreed": agreed})
    sql = "select customer from people"
    for read in (world.app.sql.preview, lambda text: world.app.sql.query(SqlQuery(sql=text))):
        with pytest.raises(Refused, match="consent"):
            read(sql)
    with pytest.raises(Refused, match="marketing"):
        world.app.sql.preview(sql, purpose="marketing")
    assert world.app.sql.query(SqlQuery(sql=sql, purpose="billing")).column("customer").to_pylist() == [2, 3]
    declare(world, sql=sql, key=(), time_column=None)
    failed = build(world)
    assert (failed.state, "consent" in str(failed.error)) == ("failed", True)
    world.marts.change("features", MartChange(purposes=("scoring",)))
    assert world.marts.status("features").stale
    assert build(world).state == "built"
    assert sorted(world.data.read("features").column("customer").to_pylist()) == [1, 3]


def test_leakage_is_named_when_a_mart_is_declared_and_on_each_build(world: World) -> None:
    sql = """select l.id, l.at, avg(p.amount) as paid from "credit/loans" l
             left join payments p using (customer) group by all"""
    declare(world, sql=sql)
    made = build(world)
    [warning] = made.warnings
    assert (warning.kind, warning.line) == ("leakage", 2)
    assert warning == world.marts.mart("features").warnings[0]
    assert "warning (leakage)" in world.app.job_log(made.job)


def test_a_removed_mart_leaves_its_versions_and_can_be_declared_again(world: World) -> None:
    declare(world, rebuild="cron", cron="0 3 * * *")
    build(world)
    world.marts.remove("features")
    assert world.app.jobs.schedules() == []
    assert world.versions("features") == 1
    assert len(world.marts.builds("features").items) == 1
    with pytest.raises(NotFound):
        world.marts.build("features")
    with pytest.raises(Conflict, match="another key"):
        declare(world, key=())
    declare(world)
    assert build(world).ref == "features@v1"


def test_a_dataset_that_something_else_fills_is_not_taken_over(world: World) -> None:
    world.data.create(NewDataset(name="features", key=("id",), time_column="at"))
    world.commit("features", {"id": [1], "at": [day(1)]})
    with pytest.raises(Conflict, match="versions of its own"):
        declare(world)


def test_a_build_of_a_mart_that_was_removed_meanwhile_fails_alone(world: World) -> None:
    declare(world)
    job = world.marts.build("features")
    world.marts.remove("features")
    world.settle()
    assert world.app.jobs.get(job.id).state == "failed"
    assert world.versions("features") == 0


def test_a_cancelled_build_is_closed(world: World) -> None:
    declare(world)
    job = world.marts.build("features")
    world.app.jobs.cancel(job.id)
    world.settle()
    assert world.marts.builds("features").items == []
    assert world.marts.status("features").stale


def test_a_build_that_was_killed_after_its_commit_is_the_one_that_made_the_version(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(world)
    job = world.marts.build("features")
    builder = world.app.mart_builder

    make = builder._make

    def die(*arguments: Any) -> None:
        make(*arguments)
        raise KeyboardInterrupt  # nothing but a kill gets past the worker's own edge

    monkeypatch.setattr(builder, "_make", die)
    with pytest.raises(KeyboardInterrupt):
        world.settle()
    assert world.versions("features") == 1
    assert world.marts.builds("features").items[0].state == "running"
    monkeypatch.undo()
    world.app.jobs.take_over(lambda owner: True)
    world.settle()
    [made] = world.marts.builds("features").items
    assert (made.state, made.job, world.versions("features")) == ("built", job.id, 1)
    links = {link.relation for link in world.app.ledger.links([str(made.version)])}
    assert {"derived_from", "produced"} <= links


def test_what_is_not_reproducible_is_built_at_each_tick(world: World) -> None:
    sql = 'select id, l.at, now() as built_at from "credit/loans" l'
    declare(world, sql=sql)
    payload = {"mart": world.marts.mart("features").id, "reason": "tick", "force": False}
    for _ in range(2):
        world.app.jobs.submit("build_mart", payload)
        world.settle()
    assert world.versions("features") == 2


def test_a_preview_shows_rows_and_keeps_nothing(world: World) -> None:
    seq = world.app.ledger.last_seq()
    found = world.app.sql.preview(FEATURES)
    assert (len(found.rows), found.more, found.sampled) == (3, False, ())
    assert [field.name for field in found.columns] == ["id", "at", "late", "last_paid"]
    assert len(found.lineage) == 4
    assert world.app.ledger.last_seq() == seq


def test_a_preview_of_large_inputs_says_that_it_is_one_of_samples(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pomona.data.marts.running.PREVIEW_INPUT_ROWS", 2)
    found = world.app.sql.preview('select count(*) as n from "credit/loans"')
    assert (found.rows, found.sampled) == ([{"n": 2}], ("credit/loans@v1",))


def test_a_wrong_column_is_explained_by_all_columns_there_are(world: World) -> None:
    with pytest.raises(Invalid, match="amoun") as caught:
        world.app.sql.preview("select amoun from payments")
    assert "amount" in str(caught.value.hint)


def test_every_refusal_of_a_change_leaves_the_mart_as_it_was(world: World) -> None:
    declare(world)
    before = world.marts.mart("features")
    for change in (
        MartChange(sql="select 1 as x"),
        MartChange(sql="attach 'x'"),
        MartChange(rebuild="cron"),
        MartChange(purposes=("billing",)),
        MartChange(timeout_s=-1.0),
    ):
        with pytest.raises(PomonaError):
            world.marts.change("features", change)
    assert world.marts.mart("features") == before
