"""Reads windows when they are due: once per kind, whoever asks and however often."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import msgspec

from pomona.business.records import Hypothesis
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Ledger
from pomona.monitoring import rules, store
from pomona.monitoring.incidents import Incidents
from pomona.monitoring.news import News
from pomona.monitoring.records import Monitor, Window, WindowKind
from pomona.monitoring.rules import Level
from pomona.releases.records import Endpoint, Release
from pomona.serving.asking import Window as Rows

if TYPE_CHECKING:
    from pomona.monitoring.references import Reference, References

KINDS: tuple[WindowKind, ...] = ("drift", "quality")
NEWS = (
    "serving.predictions_folded",
    "serving.outcomes_recorded",
    "releases.started",
    "monitoring.monitor_created",
)


class Predictions(Protocol):
    """What was predicted and what came true, by event time."""

    def span(self, endpoint: str) -> tuple[datetime, datetime] | None:
        """First and newest event time; None before the first prediction."""
        ...

    def per_day(self, endpoint: str) -> list[tuple[datetime, int, int]]:
        """Predictions and those with an outcome, per day of event time, oldest first."""
        ...

    def counts(self, endpoint: str, *, since: datetime, until: datetime) -> tuple[int, int]:
        """How many predictions lie in ``[since, until)``, and how many of them have their outcome."""
        ...

    def window(self, endpoint: str, *, since: datetime, until: datetime) -> Rows:
        """The predictions in ``[since, until)`` as columns."""
        ...


class Endpoints(Protocol):
    """What is served."""

    def endpoint(self, ref: str) -> Endpoint: ...

    def active(self, endpoint: str) -> Release | None: ...


class Hypotheses(Protocol):
    """What an endpoint is measured by."""

    def hypothesis(self, ref: str) -> Hypothesis: ...


class Watch:
    """Looks for windows that are due, reads them and hands them on.

    Args:
        predictions: The rows of a window.
        releases: Which champion serves an endpoint.
        business: The metric of an endpoint's hypothesis.
        references: What a champion is compared with.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ledger: Ledger,
        *,
        predictions: Predictions,
        releases: Endpoints,
        business: Hypotheses,
        references: "References",
    ) -> None:
        self._database = database
        self._clock = clock
        self._predictions = predictions
        self._releases = releases
        self._business = business
        self._references = references
        self._incidents = Incidents(database, clock)
        self._news = News(ledger, NEWS)

    def evaluate(self) -> int:
        """Read every window that is due and act on what it says; returns how many.

        Cheap when nothing was predicted, came true or was released since the last call. A window is read
        once per kind however often and wherever this runs.
        """
        names = self._news.endpoints()
        return sum(self._evaluate(monitor) for monitor in self._watching(names))

    def _watching(self, names: set[str] | None) -> list[Monitor]:
        if names is not None and not names:
            return []
        found = self._database.read(lambda tx: store.monitors.all(tx, store.monitors.c.enabled.is_(True)))
        return [monitor for monitor in found if names is None or monitor.endpoint in names]

    def _evaluate(self, monitor: Monitor) -> int:
        release, span = self._releases.active(monitor.endpoint), self._predictions.span(monitor.endpoint)
        if release is None or span is None:
            return 0
        endpoint = self._releases.endpoint(monitor.endpoint)
        done = self._incidents.close_outdated(endpoint, release.champion)
        for kind in KINDS:
            while (due := self._next_due(monitor, kind, span)) is not None:
                window = self._read(monitor, endpoint, kind, start=due, champion=release.champion)
                self._incidents.keep(monitor, endpoint, window)
                done += 1
        return done

    def _next_due(
        self, monitor: Monitor, kind: WindowKind, span: tuple[datetime, datetime]
    ) -> datetime | None:
        """Where the next window starts, if it is due."""
        last = self._database.read(lambda tx: store.newest_window(tx, monitor.id, kind))
        first = span[0] if last is None else self._first_after(monitor.endpoint, last.end)
        if first is None:
            return None
        start = rules.first_start(monitor, first, last)
        end = start + timedelta(hours=monitor.window_hours)
        if not rules.drift_due(monitor, end, span[1]):
            return None
        if kind == "quality":
            rows, matured = self._predictions.counts(monitor.endpoint, since=start, until=end)
            if not rules.quality_due(monitor, end, span[1], rows=rows, matured=matured):
                return None
        return start

    def _first_after(self, endpoint: str, end: datetime) -> datetime | None:
        """A time not later than the first event at or after ``end``: exact to the day, which is enough."""
        days = (day for day, count, _ in self._predictions.per_day(endpoint) if count)
        return next((max(day, end) for day in days if day + timedelta(days=1) > end), None)

    def _read(
        self,
        monitor: Monitor,
        endpoint: Endpoint,
        kind: WindowKind,
        *,
        start: datetime,
        champion: str,
    ) -> Window:
        from pomona.monitoring.reading import read_columns  # with numpy, when a window is due

        end = start + timedelta(hours=monitor.window_hours)
        reference = self._references.of(endpoint, champion, window=end - start)
        rows = self._predictions.window(endpoint.name, since=start, until=end)
        blank = Window(
            id=new_id("win", self._clock.now()),
            monitor=monitor.id,
            endpoint=endpoint.name,
            kind=kind,
            start=start,
            end=end,
            model_version=champion,
            reference=reference.data_version,
            rows=rows.answers.num_rows,
            state="thin",
            summary="",
            closed_at=self._clock.now(),
        )
        if kind == "drift":
            columns = read_columns(reference, rows, monitor)
            level = rules.judge_drift(columns, blank.rows, monitor.thresholds)
            return _levelled(msgspec.structs.replace(blank, columns=columns), level)
        return self._with_quality(blank, reference, rows, monitor, endpoint)

    def _with_quality(
        self, window: Window, reference: "Reference", rows: Rows, monitor: Monitor, endpoint: Endpoint
    ) -> Window:
        from pomona.monitoring.reading import read_quality

        hypothesis = self._business.hypothesis(endpoint.hypothesis) if endpoint.hypothesis else None
        metric = monitor.metric or (hypothesis.metric if hypothesis else "roc_auc")
        payoffs = endpoint.payoffs
        if payoffs is not None and endpoint.threshold is not None:
            payoffs = msgspec.structs.replace(payoffs, threshold=endpoint.threshold)
        floor = monitor.thresholds.floor
        if floor is None and monitor.baseline is None and hypothesis and hypothesis.metric == metric:
            floor = hypothesis.target
        reading = read_quality(reference, rows, monitor, metric=metric, payoffs=payoffs, floor=floor)
        level = rules.judge_quality(reading, monitor.thresholds)
        return _levelled(msgspec.structs.replace(window, quality=reading), level)


def _levelled(window: Window, level: Level) -> Window:
    return msgspec.structs.replace(
        window, state=level.state, score=level.score, threshold=level.threshold, summary=level.summary
    )
