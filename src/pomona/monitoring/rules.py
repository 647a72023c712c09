"""Pure rules of monitoring: where windows lie, when they are due, what their readings mean."""

import math
from datetime import UTC, datetime, time, timedelta
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
from pomona.stats.drift import drifted
from pomona.stats.metrics import METRICS
from pomona.stats.records import DriftReading

Change = Literal["open", "worsen", "calm", "close", "none"]
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
        "grace_hours": (not 0.0 <= new.grace_hours < math.inf, "0 or more hours"),
        "max_wait_hours": (not 0.0 <= new.max_wait_hours < math.inf, "0 or more hours"),
        "mature_share": (not 0.0 < new.mature_share <= 1.0, "a share such as 0.95"),
        "min_rows": (limits.min_rows < 1, "rows below which a window is not judged, e.g. 300"),
        "drift_warn": (not 0.0 < limits.drift_warn <= limits.drift_alarm, "above 0, at most drift_alarm"),
        "close_after": (limits.close_after < 1, "good windows in a row, e.g. 2"),
        "metric": (new.metric is not None and new.metric not in METRICS, f"known: {', '.join(METRICS)}"),
    }
    for field, (is_wrong, hint) in wrong.items():
        if is_wrong:
            raise Invalid(f"{field} will not do", hint=hint, extra={"field": field})


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


def column_state(reading: DriftReading, limits: Thresholds) -> WindowState:
    """What one column's drift means."""
    if drifted(reading, threshold=limits.drift_alarm):
        return "alarm"
    return "warn" if drifted(reading, threshold=limits.drift_warn) else "ok"


def judge_drift(columns: tuple[ColumnReading, ...], rows: int, limits: Thresholds) -> Level:
    """The level of a drift window: that of its worst column.

    Args:
        columns: Furthest from the reference first.
    """
    if rows < limits.min_rows:
        return _level(
            "thin", 0.0, limits.drift_alarm, f"only {rows:,} predictions, {limits.min_rows:,} needed"
        )
    if not columns:
        return _level("thin", 0.0, limits.drift_alarm, "the reference has none of the input columns")
    score = columns[0].drift.excess
    moved = [column for column in columns if column.state != "ok"]
    if not moved:
        words = f"no column moved: furthest is {columns[0].column} with {score:.3f} beyond noise"
        return _level("ok", score, limits.drift_alarm, words)
    state: WindowState = "alarm" if any(column.state == "alarm" for column in moved) else "warn"
    named = ", ".join(f"{column.column} {column.drift.excess:.2f}" for column in moved[:_SHOWN])
    more = f" and {len(moved) - _SHOWN} more" if len(moved) > _SHOWN else ""
    words = (
        f"{len(moved)} of {len(columns)} columns moved away from the training data: {named}{more} "
        f"(alarm from {limits.drift_alarm:g} beyond noise)"
    )
    return _level(state, score, limits.drift_alarm, words)


def judge_quality(reading: QualityReading, limits: Thresholds) -> Level:
    """The level of a quality window: loss against the baseline, and money against its floor."""
    if reading.matured < limits.min_rows:
        words = f"only {reading.matured:,} outcomes of the champion's answers, {limits.min_rows:,} needed"
        return _level("thin", 0.0, limits.quality_alarm or 0.0, words)
    found = [level for level in (_judge_drop(reading, limits), _judge_money(reading, limits)) if level]
    if not found:
        return _level("ok", 0.0, 0.0, f"{_measured(reading)}; no baseline to compare with")
    return max(found, key=lambda level: ("ok", "warn", "alarm").index(level.state))


def _judge_drop(reading: QualityReading, limits: Thresholds) -> Level | None:
    if reading.drop is None or limits.quality_alarm is None:
        return None
    state: WindowState = "ok"
    if reading.drop >= limits.quality_alarm:
        state = "alarm"
    elif limits.quality_warn is not None and reading.drop >= limits.quality_warn:
        state = "warn"
    loss = f"{abs(reading.drop):.0%} {'worse' if reading.drop >= 0 else 'better'} than {reading.baseline:.4g}"
    words = f"{_measured(reading)}, {loss} (alarm from {limits.quality_alarm:.0%} worse)"
    return _level(state, reading.drop, limits.quality_alarm, words)


def _judge_money(reading: QualityReading, limits: Thresholds) -> Level | None:
    if reading.value_per_prediction is None or limits.min_value is None:
        return None
    earned = reading.value_per_prediction
    state: WindowState = "alarm" if earned < limits.min_value else "ok"
    words = f"{earned:.3f} {reading.currency} per prediction (alarm below {limits.min_value:g})"
    return _level(state, limits.min_value - earned, 0.0, words)


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


def change_of(incident: Incident | None, state: WindowState, limits: Thresholds) -> Change:
    """What a window does to the incident of its kind: hysteresis, so that one good week closes nothing."""
    if state == "thin":
        return "none"
    if state == "alarm":
        return "open" if incident is None else "worsen"
    if incident is None:
        return "none"
    return "close" if incident.calm + 1 >= limits.close_after else "calm"


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
