"""Folding is exactly-once, outcomes match early or late, and money is exact."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from tests.databases import Opened, open_database  # noqa: F401
from tests.serving.planned import PAYOFFS, START, Planned, journal_row, write_segment

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Transaction
from pomona.serving import store
from pomona.serving.asking import PredictionFilter
from pomona.serving.journal import MAGIC, frame_of, row_of
from pomona.serving.money import micros, money
from pomona.serving.records import NewOutcome
from pomona.serving.rules import prediction_id, worth
from pomona.serving.service import ServingService
from pomona.sql import metadata
from pomona.storage.ledger import SqlLedger
from pomona.storage.sqlite import SqliteDatabase
from pomona.testing.clock import FakeClock

ROWS = [journal_row(number) for number in range(100)]
FIRST, SECOND = "00000000000001-a", "00000000000002-a"


class World:
    """A serving stage with a journal folder."""

    def __init__(self, folder: Path, opened: Opened | None = None) -> None:
        self.clock = FakeClock(START)
        self.database = opened(self.clock) if opened else SqliteDatabase(folder / "t.db", self.clock)
        if opened is None:
            metadata.create_all(self.database.engine)
        self.planned = Planned()
        self.journal = folder / "journal"
        self.serving = self.service()

    def service(self) -> ServingService:
        return ServingService(self.database, self.clock, self.planned, self.planned, self.journal)

    def events(self, kind: str) -> list[dict]:
        return [entry.data for entry in SqlLedger(self.database).entries(types=[kind], limit=1000)]

    def tell(self, number: int, value: float | bool, **about):
        return self.serving.record_outcomes([NewOutcome(prediction_id=ROWS[number].id, value=value, **about)])


@pytest.fixture
def world(tmp_path: Path, open_database: Opened) -> World:  # noqa: F811
    return World(tmp_path, open_database)


def test_folded_rows_are_predictions_as_they_were_answered(world: World) -> None:
    write_segment(world.journal, FIRST, ROWS)
    assert world.serving.fold() == 100
    assert world.serving.fold() == 0
    found = world.serving.prediction(ROWS[7].id)
    assert (found.endpoint, found.arm, found.model_version) == ("late", "candidate", "mv_2")
    assert (found.input, found.output, found.decision) == (ROWS[7].input, ROWS[7].output, True)
    assert found.at == START + timedelta(minutes=7)
    assert found.probabilities == {"champion": 0.5, "candidate": 0.5}
    (told,) = world.events("serving.predictions_folded")
    assert told == {"endpoint": "late", "count": 100, "until": "2026-01-01T01:39:00Z"}


def test_outputs_that_are_no_numbers_come_back_as_they_were(world: World) -> None:
    rows = [journal_row(number, output=0.5) for number in range(3)]
    outputs = ["spam", [0.1, 0.9], {"label": "x"}]
    rows = [msgspec.structs.replace(row, output=output) for row, output in zip(rows, outputs, strict=True)]
    write_segment(world.journal, FIRST, rows)
    world.serving.fold()
    assert [world.serving.prediction(row.id).output for row in rows] == outputs


@given(cuts=st.lists(st.integers(0, 4000), max_size=6))
def test_a_segment_that_grows_between_folds_is_folded_once(tmp_path_factory, cuts: list[int]) -> None:
    world = World(tmp_path_factory.mktemp("fold"))
    whole = MAGIC + b"".join(frame_of(row) for row in ROWS[:10])
    world.journal.mkdir()
    path = world.journal / f"{FIRST}.journal"
    count = 0
    for cut in [*sorted(cut % len(whole) for cut in cuts), len(whole)]:
        path.write_bytes(whole[:cut])
        count += world.serving.fold()
    assert count == 10
    assert len(world.serving.predictions().items) == 10
    world.database.close()


def test_two_folders_of_the_same_journal_insert_each_row_once(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    write_segment(world.journal, FIRST, [journal_row(number) for number in range(12_000)])
    services = [world.service() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(lambda service: service.fold(), services)) == 12_000
    assert world.serving.value_ledger("late").predictions == 12_000


def test_a_failed_transaction_leaves_the_place_where_it_was(world: World, monkeypatch) -> None:
    write_segment(world.journal, FIRST, ROWS)

    def broken(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(store, "add_to_days", broken)
    with pytest.raises(RuntimeError):
        world.serving.fold()
    monkeypatch.undo()
    assert world.serving.predictions().items == []
    assert world.serving.fold() == 100


def test_closed_segments_go_after_a_day_and_torn_ones_are_shown(world: World) -> None:
    write_segment(world.journal, FIRST, ROWS[:10])
    torn = write_segment(world.journal, "00000000000001-b", ROWS[10:20])
    torn.write_bytes(torn.read_bytes()[:-3])
    write_segment(world.journal, SECOND, ROWS[20:30])
    world.clock.advance(seconds=datetime.now(UTC).timestamp() - START.timestamp())
    assert world.serving.fold() == 29
    assert [place.state for place in world.serving.journal()] == ["folded", "damaged", "open"]
    world.clock.advance(seconds=2 * 86_400)
    world.serving.fold()
    world.serving.fold()
    assert [place.state for place in world.serving.journal()] == ["damaged", "open"]
    assert not (world.journal / f"{FIRST}.journal").exists()
    assert (world.journal / f"{SECOND}.journal").exists()


def test_an_outcome_counts_its_money_once(world: World) -> None:
    write_segment(world.journal, FIRST, ROWS)
    world.serving.fold()
    assert world.tell(7, True).matched == 1
    again = world.tell(7, True)
    assert (again.matched, again.repeated) == (0, 1)
    found = world.serving.prediction(ROWS[7].id)
    assert (found.actual, found.value, found.value_without) == (1.0, Decimal(40), Decimal(0))
    ledger = world.serving.value_ledger("late")
    assert (ledger.matched, ledger.value, ledger.currency) == (1, Decimal(40), "EUR")
    (told,) = world.events("serving.outcomes_recorded")
    assert told["count"] == 1


def test_an_early_outcome_waits_and_is_attached_by_the_fold(world: World) -> None:
    receipt = world.tell(7, True)
    assert (receipt.matched, receipt.waiting) == (0, 1)
    assert "kept until it comes" in receipt.notes[0].detail
    assert [outcome.prediction_id for outcome in world.serving.waiting_outcomes()] == [ROWS[7].id]
    write_segment(world.journal, FIRST, ROWS)
    world.serving.fold()
    found = world.serving.prediction(ROWS[7].id)
    assert found.value == Decimal(40)
    assert [outcome.status for outcome in found.outcomes] == ["matched"]
    assert world.serving.waiting_outcomes() == []
    assert world.serving.value_ledger("late").matched == 1


def test_another_value_for_the_same_outcome_is_a_conflict_that_spares_the_batch(world: World) -> None:
    write_segment(world.journal, FIRST, ROWS)
    world.serving.fold()
    world.tell(7, True)
    receipt = world.serving.record_outcomes(
        [NewOutcome(prediction_id=ROWS[number].id, value=False) for number in (6, 7, 8)]
    )
    assert (receipt.matched, receipt.conflicts) == (2, 1)
    assert (receipt.notes[0].index, receipt.notes[0].status) == (1, "conflict")
    assert world.serving.prediction(ROWS[7].id).actual == 1.0


def test_a_correction_takes_the_old_money_back(world: World) -> None:
    write_segment(world.journal, FIRST, ROWS)
    world.serving.fold()
    world.tell(7, True)
    world.tell(7, False, seq=1)
    world.tell(7, True, seq=0)
    assert world.serving.prediction(ROWS[7].id).value == Decimal("-15.25")
    ledger = world.serving.value_ledger("late")
    assert (ledger.matched, ledger.value) == (1, Decimal("-15.25"))
    assert len(world.serving.prediction(ROWS[7].id).outcomes) == 2


def test_outcomes_with_another_name_are_kept_beside_the_truth(world: World) -> None:
    write_segment(world.journal, FIRST, ROWS)
    world.serving.fold()
    assert world.tell(7, 33.5, name="delay_minutes").matched == 1
    found = world.serving.prediction(ROWS[7].id)
    assert found.actual is None
    assert [(outcome.name, outcome.value) for outcome in found.outcomes] == [("delay_minutes", 33.5)]


def test_a_prediction_in_a_list_is_the_same_as_alone(world: World) -> None:
    write_segment(world.journal, FIRST, ROWS)
    world.serving.fold()
    world.tell(7, True)
    world.tell(7, 33.5, name="delay_minutes")
    listed = world.serving.predictions(limit=1000).items
    assert {len(one.outcomes) for one in listed} == {0, 2}
    assert listed == [world.serving.prediction(one.id) for one in listed]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"value": float("nan")}, "finite"),
        ({"seq": -1}, "seq"),
        ({"seq": 2**31}, "seq"),
        ({"prediction_id": ""}, "prediction_id"),
        ({"name": ""}, "name"),
        ({"at": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
    ],
)
def test_a_useless_outcome_stores_nothing_of_its_batch(world: World, change: dict, says: str) -> None:
    bad = {"prediction_id": "prd_x", "value": 1.0} | change
    with pytest.raises(Invalid, match=says):
        world.serving.record_outcomes([NewOutcome(prediction_id="prd_1", value=1.0), NewOutcome(**bad)])
    assert world.serving.waiting_outcomes() == []


@given(
    told=st.lists(st.tuples(st.integers(0, 19), st.integers(0, 2), st.booleans(), st.booleans()), max_size=60)
)
def test_daily_sums_equal_the_predictions_whatever_came_in_which_order(tmp_path_factory, told) -> None:
    world = World(tmp_path_factory.mktemp("value"))
    for step, (number, seq, value, fold) in enumerate(told):
        if fold and step % 7 == 0:
            upto = 5 * (1 + step // 7 % 4)
            write_segment(world.journal, FIRST, ROWS[:upto]) if not world.journal.exists() else None
            world.serving.fold()
        world.tell(number, value, seq=seq)
    write_segment(world.journal, SECOND, ROWS[:20])
    world.serving.fold()
    ledger = world.serving.value_ledger("late", period="day")
    found = world.serving.predictions(limit=1000).items
    assert ledger.predictions == len(found) == 20
    assert ledger.matched == sum(prediction.actual is not None for prediction in found)
    assert ledger.value == sum((prediction.value or Decimal(0) for prediction in found), Decimal(0))
    assert ledger.matched == len({number for number, *_ in told})
    world.database.close()


def test_latencies_of_a_version_are_counted_once_and_only_its_own(world: World) -> None:
    took = {number: 800 if number % 20 else 40_000 for number in range(100)}
    rows = [journal_row(number, took_us=took[number]) for number in range(90)]
    instead = [
        journal_row(number, model_version="mv_1", took_us=10**9, failure="x") for number in range(90, 95)
    ]
    old = [journal_row(number) for number in range(95, 100)]  # a segment of before: nobody measured
    write_segment(world.journal, FIRST, rows[:50])
    world.serving.fold()
    write_segment(world.journal, FIRST, rows + instead + old)
    world.serving.fold()
    world.serving.fold()
    champion, candidate = world.serving.latency("mv_1"), world.serving.latency("mv_2")
    assert champion is not None
    assert candidate is not None
    assert (champion.predictions, candidate.predictions) == (45, 45)
    assert champion.p50_ms == pytest.approx(0.8, rel=0.05)
    assert champion.p95_ms == pytest.approx(40, rel=0.05)
    assert candidate.p99_ms == pytest.approx(0.8, rel=0.05)
    assert world.serving.latency("mv_3") is None


def test_a_journal_of_before_is_read_though_it_has_no_latency() -> None:
    row = journal_row(1)
    short = msgspec.msgpack.encode(list(msgspec.structs.astuple(row))[:-1])
    assert row_of(short) == row


def test_evidence_sums_each_arm(world: World) -> None:
    write_segment(
        world.journal, FIRST, [*ROWS[:90], *(journal_row(n, failure="it broke") for n in range(90, 100))]
    )
    world.serving.fold()
    world.serving.record_outcomes(
        [NewOutcome(prediction_id=row.id, value=index % 3 == 0) for index, row in enumerate(ROWS)]
    )
    seen = world.serving.evidence("rel_1")
    assert (seen.measure, seen.currency, seen.share) == ("money", "EUR", 0.5)
    assert (seen.since, seen.until) == (START, START + timedelta(minutes=99))
    values = [
        float(worth(PAYOFFS, decision=row.decision or False, positive=index % 3 == 0).value) / 1e6
        for index, row in enumerate(ROWS[:90])
        if index % 2 == 1
    ]
    mean = sum(values) / len(values)
    assert seen.candidate.predictions == seen.candidate.units == 50
    assert (seen.candidate.matured, seen.candidate.failures) == (45, 5)
    assert seen.candidate.value.mean == pytest.approx(mean)
    assert seen.candidate.value.m2 == pytest.approx(sum((value - mean) ** 2 for value in values))
    assert (seen.candidate.recent, seen.candidate.recent_failures) == (20, 5)
    early = world.serving.evidence("rel_1", until=START + timedelta(minutes=10))
    assert (early.champion.predictions, early.candidate.predictions) == (5, 5)


def test_without_payoffs_evidence_counts_right_answers(world: World) -> None:
    world.planned.at = msgspec.structs.replace(world.planned.at, payoffs=None)
    write_segment(world.journal, FIRST, ROWS)
    world.serving.fold()
    world.serving.record_outcomes(
        [NewOutcome(prediction_id=row.id, value=bool(row.decision)) for row in ROWS[:50]]
    )
    seen = world.serving.evidence("rel_1")
    assert seen.measure == "right"
    assert (seen.champion.matured, seen.champion.value.mean) == (25, 1.0)
    assert world.serving.value_ledger("late").value == 0


def test_pages_walk_through_everything_newest_first(world: World) -> None:
    write_segment(world.journal, FIRST, ROWS)
    world.serving.fold()
    wanted, cursor, ids = PredictionFilter(endpoint="late", arm="champion"), None, []
    while True:
        page = world.serving.predictions(wanted, cursor=cursor, limit=7)
        ids += [prediction.id for prediction in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert ids == [row.id for row in reversed(ROWS) if row.arm == "champion"]
    with pytest.raises(Invalid, match="cursor"):
        world.serving.predictions(cursor="nonsense")


def test_a_window_has_inputs_answers_and_truth_side_by_side(world: World) -> None:
    write_segment(world.journal, FIRST, ROWS)
    world.serving.fold()
    world.tell(12, True)
    found = world.serving.window(
        "late", since=START + timedelta(minutes=10), until=START + timedelta(minutes=20)
    )
    assert found.answers.column("prediction_id").to_pylist() == [row.id for row in ROWS[10:20]]
    assert found.inputs.to_pylist() == [row.input for row in ROWS[10:20]]
    assert found.answers.column("actual").to_pylist() == [None, None, 1.0, *[None] * 7]
    assert found.answers.column("value").to_pylist()[2] == 0.0
    assert world.serving.window("late", labelled=True).answers.num_rows == 1
    empty = world.serving.window("late", since=START + timedelta(days=9))
    assert (empty.answers.num_rows, empty.inputs.num_rows) == (0, 0)


def test_spans_and_counts_come_cheap(world: World) -> None:
    assert world.serving.span("late") is None
    write_segment(world.journal, FIRST, ROWS)
    world.serving.fold()
    world.tell(3, True)
    assert world.serving.span("late") == (START, START + timedelta(minutes=99))
    assert world.serving.counts("late", since=START, until=START + timedelta(minutes=10)) == (10, 1)
    assert world.serving.per_day("late") == [(START, 100, 1)]


def test_the_snapshot_is_named_by_what_it_says(world: World) -> None:
    first = world.serving.snapshot()
    assert first == world.serving.snapshot()
    assert [arm.model_version for arm in first.endpoints[0].arms] == ["mv_1", "mv_2"]
    assert [model.id for model in first.models] == ["mv_1", "mv_2"]
    world.planned.running = msgspec.structs.replace(world.planned.running, share=0.25)
    assert world.serving.snapshot().revision != first.revision


def test_what_is_unknown_says_so(world: World) -> None:
    with pytest.raises(NotFound, match="no prediction"):
        world.serving.prediction("prd_none")
    with pytest.raises(NotFound):
        world.serving.value_ledger("none")
    with pytest.raises(NotFound):
        world.serving.evidence("rel_none")


def test_a_key_names_one_prediction_of_one_endpoint() -> None:
    assert prediction_id("late", "a") != prediction_id("early", "a") != prediction_id("late", "b")
    assert len(prediction_id("late", "a")) == 30


@given(amount=st.decimals(min_value=-(10**9), max_value=10**9, places=6, allow_nan=False))
def test_money_survives_the_way_to_millionths_and_back(amount: Decimal) -> None:
    assert money(micros(amount)) == amount


def test_money_finer_than_a_millionth_is_rounded() -> None:
    assert [micros(Decimal(text)) for text in ("0.0000004", "0.0000016", "-0.0000016")] == [0, 2, -2]


def test_no_prediction_is_counted_for_a_foreign_endpoint(world: World) -> None:
    write_segment(world.journal, FIRST, [msgspec.structs.replace(ROWS[0], endpoint="gone")])
    assert world.serving.fold() == 1
    assert world.tell(0, True).matched == 1

    def rows(tx: Transaction) -> list[str]:
        return list(tx.execute(select(store.predictions.c.endpoint)).scalars())

    assert world.database.read(rows) == ["gone"]
    assert world.serving.prediction(ROWS[0].id).value is None
