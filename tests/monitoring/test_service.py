"""Monitoring: each window is read once, incidents open and close, a new champion ends them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from tests.databases import Opened, open_database  # noqa: F401

from pomona.business.records import Hypothesis, Payoffs
from pomona.core.actors import acting_as
from pomona.core.errors import Conflict, NotFound
from pomona.core.events import OutcomesRecorded, PredictionsFolded
from pomona.monitoring.records import Acknowledgement, Monitor, NewMonitor, Thresholds
from pomona.monitoring.references import Reference
from pomona.monitoring.service import MonitoringService
from pomona.monitoring.watch import Watch
from pomona.releases.records import Endpoint, Release
from pomona.serving.asking import Window as Rows
from pomona.stats.profiles import profile_categories, profile_numeric
from pomona.storage.ledger import SqlLedger
from pomona.testing.clock import FakeClock

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
PAYOFFS = Payoffs(true_positive=Decimal(40), false_positive=Decimal(-15), threshold=0.4)


class FakeServing:
    """Rows that a test adds, with all the questions serving answers."""

    def __init__(self) -> None:
        self.rows: list[tuple[datetime, float, str, str, float, float | None]] = []

    def add(
        self,
        at: datetime,
        *,
        temp: float = 0.0,
        n: int = 400,
        champion: str = "mv_1",
        actual: float | None = None,
        quality: float = 0.8,
    ) -> None:
        random = np.random.default_rng(int(at.timestamp()))
        for _ in range(n):
            late = bool(random.random() < 0.3)
            sure = random.random() < quality
            output = 0.6 if late == sure else 0.2
            told = None if actual is None else float(late)
            moment = at + timedelta(seconds=float(random.uniform(0, 80_000)))
            self.rows.append(
                (moment, temp + random.normal(), str(random.choice(["AA", "UA"])), champion, output, told)
            )
        self.rows.sort(key=lambda row: row[0])

    def tell(self) -> None:
        """Every outcome becomes known."""
        self.rows = [(*row[:5], 1.0 if row[4] > 0.4 else 0.0) for row in self.rows]

    def span(self, endpoint: str) -> tuple[datetime, datetime] | None:
        return (self.rows[0][0], self.rows[-1][0]) if self.rows else None

    def per_day(self, endpoint: str) -> list[tuple[datetime, int, int]]:
        days = sorted({row[0].replace(hour=0, minute=0, second=0, microsecond=0) for row in self.rows})
        return [(day, *self.counts(endpoint, since=day, until=day + DAY)) for day in days]

    def counts(self, endpoint: str, *, since: datetime, until: datetime) -> tuple[int, int]:
        found = [row for row in self.rows if since <= row[0] < until]
        return len(found), sum(row[5] is not None for row in found)

    def window(self, endpoint: str, *, since: datetime, until: datetime) -> Rows:
        found = [row for row in self.rows if since <= row[0] < until]
        return Rows(
            inputs=pa.table(
                {
                    "temp": pa.array([row[1] for row in found], pa.float64()),
                    "carrier": pa.array([row[2] for row in found], pa.string()),
                }
            ),
            answers=pa.table(
                {
                    "model_version": pa.array([row[3] for row in found], pa.string()),
                    "output": pa.array([row[4] for row in found], pa.float64()),
                    "actual": pa.array([row[5] for row in found], pa.float64()),
                }
            ),
        )


class FakeReleases:
    def __init__(self) -> None:
        self.champion = "mv_1"

    def endpoint(self, ref: str) -> Endpoint:
        if ref != "late":
            raise NotFound(f"no endpoint {ref!r}")
        return Endpoint(
            id="end_1",
            name="late",
            model="delay",
            hypothesis="hyp_1",
            payoffs=PAYOFFS,
            threshold=0.4,
            created_at=START,
            created_by="ann",
        )

    def active(self, endpoint: str) -> Release | None:
        return Release(
            id="rel_1",
            endpoint="late",
            strategy="champion",
            champion=self.champion,
            salt="s",
            started_at=START,
            started_by="ann",
        )


class FakeBusiness:
    def hypothesis(self, ref: str) -> Hypothesis:
        return Hypothesis(
            id="hyp_1",
            name="late",
            statement="...",
            metric="roc_auc",
            direction="higher",
            baseline=0.5,
            target=0.7,
            payoffs=PAYOFFS,
            created_at=START,
            created_by="ann",
        )


class FakeReferences:
    """Standard normal temperatures, two carriers, and a hold-out AUC of 0.8."""

    def of(self, endpoint: Endpoint, model_version: str, *, window: timedelta) -> Reference:
        random = np.random.default_rng(1)
        return Reference(
            model_version=model_version,
            data_version="ver_1",
            columns={
                "temp": profile_numeric(random.normal(size=5000)),
                "carrier": profile_categories(random.choice(["AA", "UA"], size=5000).tolist()),
                "label": profile_numeric([0.0, 1.0]),
            },
            metrics={"test_roc_auc": 0.8},
        )


class Bench:
    def __init__(self, opened: Opened) -> None:
        self.clock = FakeClock(START)
        self.database = opened(self.clock)
        self.ledger = SqlLedger(self.database)
        self.serving, self.releases = FakeServing(), FakeReleases()
        self.service = self.another_process()

    def another_process(self) -> MonitoringService:
        watch = Watch(
            self.database,
            self.clock,
            self.ledger,
            predictions=self.serving,
            releases=self.releases,
            business=FakeBusiness(),
            references=FakeReferences(),
        )
        return MonitoringService(self.database, self.clock, self.releases, watch)

    def watch_days(self, **more: object) -> Monitor:
        fields = {"window_hours": 24.0, "thresholds": Thresholds(min_rows=100, close_after=2)} | more
        return self.service.create(NewMonitor(endpoint="late", **fields))  # type: ignore[arg-type]

    def folded(self) -> int:
        """What the worker does after the gateway's journal was folded."""
        news = PredictionsFolded(subject="end_1", endpoint="late", count=1, until=START)
        self.database.write(lambda tx: tx.emit(news))
        return self.service.evaluate()

    def matured(self) -> int:
        news = OutcomesRecorded(subject="end_1", endpoint="late", count=1, until=START)
        self.database.write(lambda tx: tx.emit(news))
        return self.service.evaluate()

    def told(self, kind: str) -> list[dict[str, object]]:
        return [entry.data for entry in self.ledger.entries(types=[f"monitoring.{kind}"])]


@pytest.fixture
def bench(open_database: Opened) -> Bench:  # noqa: F811
    return Bench(open_database)


def test_a_window_closes_when_later_predictions_exist_and_only_once(bench: Bench) -> None:
    bench.watch_days()
    bench.serving.add(START)
    assert bench.folded() == 0
    bench.serving.add(START + DAY)
    assert bench.folded() == 1
    assert bench.folded() == 0
    assert bench.another_process().evaluate() == 0
    (window,) = bench.service.windows().items
    assert (window.kind, window.start, window.end, window.rows) == ("drift", START, START + DAY, 400)
    assert (window.state, window.reference) == ("ok", "ver_1")
    assert {reading.column for reading in window.columns} == {"temp", "carrier"}
    assert len(bench.told("window_closed")) == 1


def test_two_processes_at_once_store_one_window(bench: Bench) -> None:
    monitor = bench.watch_days()
    bench.serving.add(START)
    bench.serving.add(START + DAY)
    bench.folded()
    (window,) = bench.service.windows().items
    watch = bench.service._watch
    watch._incidents.keep(monitor, bench.releases.endpoint("late"), window)
    assert bench.service.windows().items == [window]
    assert len(bench.told("window_closed")) == 1


def test_evaluation_is_quiet_without_news(bench: Bench) -> None:
    bench.watch_days()
    bench.serving.add(START)
    bench.serving.add(START + DAY)
    assert bench.service.evaluate() == 1
    bench.serving.add(START + 2 * DAY)
    assert bench.service.evaluate() == 0, "nobody told of new predictions"
    assert bench.folded() == 1


def test_drift_opens_one_incident_and_good_windows_close_it(bench: Bench) -> None:
    bench.watch_days()
    for day, temp in enumerate([0.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0]):
        bench.serving.add(START + day * DAY, temp=temp)
        bench.folded()
    (incident,) = bench.service.incidents().items
    assert incident.state == "closed"
    assert len(incident.windows) == 2
    assert incident.since == START + DAY
    assert incident.close_reason == "2 good windows in a row"
    (opened,) = bench.told("incident_opened")
    assert opened["kind"] == "drift"
    assert "temp" in str(opened["summary"])
    assert len(bench.told("incident_closed")) == 1


def test_a_new_champion_ends_the_incident_of_the_old_one(bench: Bench) -> None:
    bench.watch_days()
    bench.serving.add(START, temp=3.0)
    bench.serving.add(START + DAY)
    bench.folded()
    assert bench.service.open_incident("late", "drift") is not None
    bench.releases.champion = "mv_2"
    bench.folded()
    assert bench.service.open_incident("late", "drift") is None
    (closed,) = bench.told("incident_closed")
    assert closed["reason"] == "a new champion serves: mv_2"


def test_quality_is_read_once_outcomes_have_come(bench: Bench) -> None:
    bench.watch_days()
    bench.serving.add(START, quality=0.5)
    bench.serving.add(START + DAY)
    assert bench.folded() == 1, "drift only"
    bench.serving.tell()
    assert bench.matured() == 1
    (window,) = bench.service.windows(kind="quality").items
    assert window.quality is not None
    assert window.quality.metric == "roc_auc"
    assert window.quality.baseline == 0.8
    assert window.quality.matured == 400
    assert window.quality.value_per_prediction is not None


def test_bad_answers_open_a_quality_incident(bench: Bench) -> None:
    bench.watch_days()
    for day, quality in enumerate((0.5, 0.55, 0.9)):
        bench.serving.add(START + day * DAY, actual=1.0, quality=quality)
        bench.folded()
        assert (bench.service.open_incident("late", "quality") is not None) == (day == 2), "two bad days"
    incident = bench.service.open_incident("late", "quality")
    assert incident is not None
    assert incident.since == START
    assert len(incident.windows) == 2
    assert "short of 0.7" in incident.summary


def test_answers_of_another_version_do_not_count_for_the_champion(bench: Bench) -> None:
    bench.watch_days()
    bench.serving.add(START, actual=1.0, quality=0.1, champion="mv_0")
    bench.serving.add(START + DAY)
    bench.folded()
    (window,) = bench.service.windows(kind="quality").items
    assert window.state == "thin"


def test_silence_is_passed_over(bench: Bench) -> None:
    bench.watch_days()
    for day in (0, 30, 31):
        bench.serving.add(START + day * DAY)
    bench.folded()
    starts = [window.start for window in bench.service.windows(kind="drift").items]
    assert sorted(starts) == [START, START + 30 * DAY]


def test_an_endpoint_has_one_monitor(bench: Bench) -> None:
    monitor = bench.watch_days(ignore=("temp",))
    assert bench.service.monitor("late") == bench.service.monitor(monitor.id) == monitor
    with pytest.raises(Conflict):
        bench.watch_days()
    with pytest.raises(NotFound):
        bench.service.create(NewMonitor(endpoint="nowhere"))
    bench.serving.add(START, temp=5.0)
    bench.serving.add(START + DAY)
    bench.folded()
    (window,) = bench.service.windows().items
    assert {reading.column for reading in window.columns} == {"carrier"}


def test_a_person_acknowledges_an_incident_once(bench: Bench) -> None:
    bench.watch_days()
    bench.serving.add(START, temp=3.0)
    bench.serving.add(START + DAY)
    bench.folded()
    (incident,) = bench.service.incidents(incident_state="open").items
    with acting_as("ann"):
        seen = bench.service.acknowledge(incident.id, Acknowledgement(note="a heat wave"))
    assert (seen.state, seen.acknowledged_by, seen.note) == ("open", "ann", "a heat wave")
    with pytest.raises(Conflict, match="ann"):
        bench.service.acknowledge(incident.id, Acknowledgement())
    assert len(bench.told("incident_acknowledged")) == 1
