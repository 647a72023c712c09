"""Pure rules of monitoring: where windows lie, when they are due, what their readings mean."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile
from typing import Literal

import msgspec

from pomona.core.errors import Invalid
from pomona.core.records import Record
from pomona.monitoring.records import (
    ColumnReading,
    Incident,
    Monitor,
    NewMonitor,
    QualityReading,
    Thresholds,
    Window,
    WindowState,
)
from pomona.stats.metrics import METRICS
from pomona.stats.records import ColumnProfile

Change = Literal["open", "worsen", "calm", "close", "none"]
_LONGEST_H = 24 * 3660.0  # ten years; beyond, dates run out
_SHOWN = 3  # columns a summary names


class Level(Record, frozen=True, kw_only=True):
    """What a window's readings come to."""

    state: WindowState
    score: float
    threshold: float
    summary: str


def check_monitor(new: NewMonitor) -> None:
    """Refuse a monitor that could never read a window, or would never be quiet.

    Raises:
        Invalid: Naming the field and what to write instead.
    """
    limits = new.thresholds
    wrong = {
        "window_hours": (not 0.0 < new.window_hours <= 24 * 366, "hours of event time, e.g. 168 for a week"),
        "grace_hours": (not 0.0 <= new.grace_hours <= _LONGEST_H, "0 or more hours, at most ten years"),
        "max_wait_hours": (not 0.0 <= new.max_wait_hours <= _LONGEST_H, "0 or more hours, at most ten years"),
        "mature_share": (not 0.0 < new.mature_share <= 1.0, "a share such as 0.95"),
        "min_rows": (limits.min_rows < 1, "rows below which a window is not judged, e.g. 300"),
        "drift_warn": (not 0.0 < limits.drift_warn <= limits.drift_alarm, "above 0, at most drift_alarm"),
        "natural": (not 0.0 <= limits.natural < math.inf, "0: alarm at drift_alarm whatever is usual"),
        "drift_patience": (limits.drift_patience < 1, "windows in a row, at least 1"),
        "quality_patience": (limits.quality_patience < 1, "windows in a row, at least 1"),
        "close_after": (limits.close_after < 1, "good windows in a row, at least 1"),
        "metric": (new.metric is not None and new.metric not in METRICS, f"known: {', '.join(METRICS)}"),
    }
    for field, (is_wrong, hint) in wrong.items():
        if is_wrong:
            given = getattr(new if hasattr(new, field) else limits, field)
            raise Invalid(f"{field} {given!r} will not do", hint=hint, extra={"field": field})


def first_start(monitor: Monitor, first: datetime, last: Window | None) -> datetime:
    """Where the next window starts that holds the event at ``first`` or later ones.

    Windows are laid end to end from midnight UTC of the very first event's day; those without any
    event are passed over.

    Args:
        first: The earliest event not yet in a window.
        last: The newest window read so far; None for none.
    """
    if last is None:
        return datetime.combine(first.astimezone(UTC).date(), time(), UTC)
    length = timedelta(hours=monitor.window_hours)
    return last.end + ((first - last.end) // length) * length


def drift_due(monitor: Monitor, end: datetime, newest: datetime) -> bool:
    """Whether events seen by now show that a window's time is over."""
    return newest >= end + timedelta(hours=monitor.grace_hours)


def quality_due(monitor: Monitor, end: datetime, newest: datetime, *, rows: int, matured: int) -> bool:
    """Whether enough outcomes are known, or waiting longer is not worth it."""
    if not drift_due(monitor, end, newest):
        return False
    return matured >= monitor.mature_share * rows or newest >= end + timedelta(hours=monitor.max_wait_hours)


def column_reading(
    name: str, expected: ColumnProfile, seen: ColumnProfile, *, natural: float, limits: Thresholds
) -> ColumnReading:
    """One column of a window beside its reference, and what its drift means.

    Args:
        natural: The furthest that a stretch of the training data itself was from the whole.

    Raises:
        ValueError: If the kinds of the columns differ.
    """
    from pomona.stats.drift import drift_of, drifted  # numpy: loaded when a window is read, not at the start

    drift = drift_of(expected, seen)
    alarm = max(limits.drift_alarm, limits.natural * natural)
    warn = max(limits.drift_warn, natural)
    state: WindowState = "warn" if drifted(drift, threshold=warn) else "ok"
    return ColumnReading(
        column=name,
        state="alarm" if drifted(drift, threshold=alarm) else state,
        drift=drift,
        natural=natural,
        threshold=alarm,
        reference=expected,
        window=seen,
    )


def strain(reading: ColumnReading) -> float:
    """How much of its threshold a column has used up: above 1 it alarms."""
    return reading.drift.excess / reading.threshold


def judge_drift(columns: tuple[ColumnReading, ...], rows: int, limits: Thresholds) -> Level:
    """The level of a drift window: that of its worst column.

    Args:
        columns: Most strained first.
    """
    if rows < limits.min_rows:
        return _level(
            "thin", 0.0, limits.drift_alarm, f"only {rows:,} predictions, {limits.min_rows:,} needed"
        )
    if not columns:
        return _level("thin", 0.0, limits.drift_alarm, "the reference has none of the input columns")
    worst = columns[0]
    states = {column.state for column in columns}
    state: WindowState = "alarm" if "alarm" in states else "warn" if "warn" in states else "ok"
    moved = [column for column in columns if column.state == state]
    named = ", ".join(f"{c.column} {c.drift.excess:.2f} (limit {c.threshold:.2f})" for c in moved[:_SHOWN])
    more = f" and {len(moved) - _SHOWN} more" if len(moved) > _SHOWN else ""
    far = f"{worst.column} is furthest with {worst.drift.excess:.2f} (limit {worst.threshold:.2f})"
    said = {
        "ok": f"nothing moved: {far}",
        "warn": f"{len(moved)} of {len(columns)} columns begin to move: {named}{more}",
        "alarm": f"{len(moved)} of {len(columns)} columns moved away from the training data: {named}{more}",
    }
    return _level(state, worst.drift.excess, worst.threshold, said[state])


def judge_quality(reading: QualityReading, limits: Thresholds) -> Level:
    """The level of a quality window: against its floor, or else against the baseline."""
    if reading.matured < limits.min_rows:
        words = f"only {reading.matured:,} outcomes of the champion's answers, {limits.min_rows:,} needed"
        return _level("thin", 0.0, 0.0, words)
    if reading.value is None:
        return _level("thin", 0.0, 0.0, f"{reading.metric} cannot be told from {reading.matured:,} outcomes")
    if reading.floor is not None:
        return _judge_floor(reading, reading.value, reading.floor)
    if reading.drop is None or limits.quality_alarm is None:
        return _level("ok", 0.0, 0.0, f"{_measured(reading)}; no baseline to compare with")
    return _judge_drop(reading, reading.drop, limits.quality_alarm, limits.quality_warn)


def _judge_floor(reading: QualityReading, value: float, floor: float) -> Level:
    short = floor - value if METRICS[reading.metric].direction == "higher" else value - floor
    words = f"{_measured(reading)}, {'short of' if short > 0 else 'reaches'} {floor:.4g}"
    return _level("alarm" if short > 0 else "ok", short, 0.0, words)


def _judge_drop(reading: QualityReading, drop: float, alarm: float, warn: float | None) -> Level:
    mild: WindowState = "warn" if warn is not None and drop >= warn else "ok"
    loss = f"{abs(drop):.0%} {'worse' if drop >= 0 else 'better'} than {reading.baseline:.4g}"
    words = f"{_measured(reading)}, {loss} (alarm from {alarm:.0%} worse)"
    return _level("alarm" if drop >= alarm else mild, drop, alarm, words)


def _measured(reading: QualityReading) -> str:
    value = "unknown" if reading.value is None else f"{reading.value:.4g}"
    return f"{reading.metric} {value} on {reading.matured:,} outcomes"


def drop_of(metric: str, value: float | None, baseline: float | None) -> float | None:
    """The share of the baseline that is lost, whichever way the metric is better; None if unknown.

    >>> drop_of("roc_auc", 0.6, 0.8), drop_of("rmse", 1.5, 1.0)
    (0.25000000000000006, 0.5)
    """
    if value is None or baseline is None or baseline == 0.0:
        return None
    gained = value - baseline if METRICS[metric].direction == "higher" else baseline - value
    return -gained / abs(baseline)


def change_of(
    incident: Incident | None, window: Window, before: Sequence[Window], limits: Thresholds
) -> Change:
    """What a window does to the incident of its kind; patience and hysteresis against noise.

    Args:
        before: The windows of this kind before it, newest first.
    """
    if window.state == "thin":
        return "none"
    if window.state == "alarm":
        if incident is not None:
            return "worsen"
        patience = limits.drift_patience if window.kind == "drift" else limits.quality_patience
        return "open" if 1 + len(running_alarms(window, before)) >= patience else "none"
    if incident is None:
        return "none"
    return "close" if incident.calm + 1 >= limits.close_after else "calm"


def running_alarms(window: Window, before: Sequence[Window]) -> list[Window]:
    """The alarms of the same champion just before a window, newest first; thin windows say nothing."""
    told = (other for other in before if other.state != "thin")
    return list(takewhile(lambda w: w.state == "alarm" and w.model_version == window.model_version, told))


def worsened(incident: Incident, window: Window) -> Incident:
    """The incident after one more window alarmed; it is described by the worst of them."""
    seen = msgspec.structs.replace(incident, windows=(*incident.windows, window.id), calm=0)
    if window.score <= incident.score:
        return seen
    return msgspec.structs.replace(
        seen, score=window.score, threshold=window.threshold, summary=window.summary
    )


def _level(state: WindowState, score: float, threshold: float, summary: str) -> Level:
    return Level(state=state, score=score, threshold=threshold, summary=summary)
