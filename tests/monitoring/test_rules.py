"""Monitoring's rules: where windows lie, when they are due, what a reading means, hysteresis."""

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.monitoring import rules
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
from pomona.stats.profiles import profile_like, profile_numeric
from pomona.stats.records import DriftReading

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
LIMITS = Thresholds()
MONITOR = Monitor(id="mon_1", endpoint="late", created_at=START, created_by="ann")


def window(start: datetime, *, state: WindowState = "ok", score: float = 0.1) -> Window:
    return Window(
        id=f"win_{start:%j}",
        monitor="mon_1",
        endpoint="late",
        kind="drift",
        start=start,
        end=start + WEEK,
        model_version="mv_1",
        rows=1000,
        state=state,
        score=score,
        threshold=0.25,
        summary=f"score {score}",
        closed_at=start,
    )


def incident(*, calm: int = 0, score: float = 0.3) -> Incident:
    return Incident(
        id="inc_1",
        monitor="mon_1",
        endpoint="late",
        kind="drift",
        model_version="mv_1",
        summary="it moved",
        score=score,
        threshold=0.25,
        windows=("win_1",),
        since=START,
        calm=calm,
        opened_at=START,
    )


def column(name: str, excess: float, *, natural: float = 0.0, ceiling: float = 0.0) -> ColumnReading:
    """A reading with the score asked for, whatever its profiles say."""
    profile = profile_numeric(range(1000))
    made = rules.column_reading(name, profile, profile, natural=natural, limits=LIMITS)
    drift = DriftReading(measure="psi", score=excess, sample=1000, ceiling=ceiling)
    state: WindowState = "ok"
    if excess > ceiling and excess >= max(LIMITS.drift_warn, natural):
        state = "alarm" if excess >= made.threshold else "warn"
    return msgspec.structs.replace(made, drift=drift, state=state)


def test_the_first_window_starts_at_midnight_of_the_first_event() -> None:
    first = START + timedelta(hours=5, minutes=3)
    assert rules.first_start(MONITOR, first, None) == START


@given(st.timedeltas(timedelta(0), timedelta(days=400)))
def test_windows_follow_end_to_end_and_pass_over_silence(gap: timedelta) -> None:
    last = window(START)
    start = rules.first_start(MONITOR, last.end + gap, last)
    assert (start - last.end) % WEEK == timedelta(0)
    assert start <= last.end + gap < start + WEEK


def test_a_window_is_due_when_later_events_exist() -> None:
    end = START + WEEK
    assert not rules.drift_due(MONITOR, end, end + timedelta(minutes=59))
    assert rules.drift_due(MONITOR, end, end + timedelta(hours=1))


def test_quality_waits_for_outcomes_but_not_for_ever() -> None:
    end = START + WEEK
    soon, late = end + timedelta(hours=2), end + timedelta(hours=72)
    assert rules.quality_due(MONITOR, end, soon, rows=1000, matured=950)
    assert not rules.quality_due(MONITOR, end, soon, rows=1000, matured=949)
    assert rules.quality_due(MONITOR, end, late, rows=1000, matured=10)
    assert not rules.quality_due(MONITOR, end, end, rows=1000, matured=1000)


def test_the_worst_column_makes_the_level() -> None:
    level = rules.judge_drift((column("temp", 0.4), column("hour", 0.12), column("x", 0.0)), 1000, LIMITS)
    assert (level.state, level.score, level.threshold) == ("alarm", 0.4, 0.25)
    assert "1 of 3 columns" in level.summary
    assert "temp 0.40 (limit 0.25)" in level.summary
    assert rules.judge_drift((column("hour", 0.12),), 1000, LIMITS).state == "warn"
    assert rules.judge_drift((column("hour", 0.02),), 1000, LIMITS).state == "ok"


def test_what_noise_explains_is_no_drift() -> None:
    random = np.random.default_rng(3)
    expected = profile_numeric(random.normal(size=300))
    seen = profile_like(expected, random.normal(size=60))
    reading = rules.column_reading("x", expected, seen, natural=0.0, limits=LIMITS)
    assert reading.drift.score > 0.1
    assert reading.state == "ok"


def test_what_moves_every_week_alarms_only_when_it_moves_further() -> None:
    random = np.random.default_rng(3)
    expected = profile_numeric(random.normal(size=5000))
    seen = profile_like(expected, random.normal(1.0, 1.0, size=5000))
    usual, calm = (
        rules.column_reading("temp", expected, seen, natural=natural, limits=LIMITS) for natural in (3.0, 0.0)
    )
    assert (usual.state, usual.threshold) == ("ok", 4.5)
    assert (calm.state, calm.threshold) == ("alarm", 0.25)
    assert rules.strain(calm) > 1 > rules.strain(usual)


def test_too_few_rows_say_nothing() -> None:
    assert rules.judge_drift((column("temp", 9.0),), 299, LIMITS).state == "thin"
    assert rules.judge_drift((), 1000, LIMITS).state == "thin"
    few = QualityReading(metric="roc_auc", value=0.1, baseline=0.8, drop=0.9, matured=10, rows=10)
    assert rules.judge_quality(few, LIMITS).state == "thin"


@pytest.mark.parametrize(("value", "state"), [(0.8, "ok"), (0.71, "warn"), (0.5, "alarm"), (0.9, "ok")])
def test_quality_is_held_against_its_baseline(value: float, state: str) -> None:
    drop = rules.drop_of("roc_auc", value, 0.8)
    reading = QualityReading(metric="roc_auc", value=value, baseline=0.8, drop=drop, matured=1000, rows=1000)
    assert rules.judge_quality(reading, LIMITS).state == state


def test_quality_below_its_floor_alarms_whatever_the_baseline() -> None:
    reading = QualityReading(
        metric="value_per_prediction", value=0.6, baseline=0.5, drop=-0.2, floor=0.8, matured=1000, rows=1000
    )
    level = rules.judge_quality(reading, LIMITS)
    assert level.state == "alarm"
    assert "value_per_prediction 0.6 on 1,000 outcomes, short of 0.8" in level.summary
    assert rules.judge_quality(msgspec.structs.replace(reading, value=0.8), LIMITS).state == "ok"
    worse_is_more = msgspec.structs.replace(reading, metric="rmse", value=0.9)
    assert rules.judge_quality(worse_is_more, LIMITS).state == "alarm"


def test_without_any_baseline_quality_is_shown_not_judged() -> None:
    reading = QualityReading(metric="roc_auc", value=0.3, matured=1000, rows=1000)
    level = rules.judge_quality(reading, LIMITS)
    assert level.state == "ok"
    assert "no baseline" in level.summary


def test_a_loss_is_a_loss_whichever_way_is_better() -> None:
    assert rules.drop_of("rmse", 1.5, 1.0) == 0.5
    assert rules.drop_of("roc_auc", 0.9, 0.8) == pytest.approx(-0.125)
    assert rules.drop_of("roc_auc", None, 0.8) is None
    assert rules.drop_of("roc_auc", 0.5, 0.0) is None


def test_an_incident_opens_after_patience_and_closes_after_calm() -> None:
    limits = Thresholds(drift_patience=2, close_after=2)
    bad, good, thin = (window(START + WEEK, state=state) for state in ("alarm", "ok", "thin"))  # type: ignore[arg-type]
    before = window(START, state="alarm")
    assert rules.change_of(None, bad, [], limits) == "none"
    assert rules.change_of(None, bad, [before], limits) == "open"
    assert rules.change_of(None, bad, [thin, before], limits) == "open"
    assert rules.change_of(None, bad, [good, before], limits) == "none"
    of_another = msgspec.structs.replace(before, model_version="mv_0")
    assert rules.change_of(None, bad, [of_another], limits) == "none"
    assert rules.change_of(None, good, [before], limits) == "none"
    assert rules.change_of(incident(), bad, [before], limits) == "worsen"
    assert rules.change_of(incident(), good, [before], limits) == "calm"
    assert rules.change_of(incident(calm=1), good, [before], limits) == "close"
    assert rules.change_of(incident(calm=1), thin, [before], limits) == "none"


def test_an_incident_is_described_by_its_worst_window() -> None:
    mild = rules.worsened(incident(calm=1), window(START, score=0.26))
    assert (mild.score, mild.calm, len(mild.windows)) == (0.3, 0, 2)
    assert rules.worsened(incident(), window(START, score=0.9)).summary == "score 0.9"


@pytest.mark.parametrize(
    "change",
    [
        {"window_hours": 0.0},
        {"window_hours": float("nan")},
        {"grace_hours": 1e308},
        {"max_wait_hours": 1e308},
        {"mature_share": 1.5},
        {"metric": "vibes"},
        {"thresholds": Thresholds(drift_warn=0.5, drift_alarm=0.2)},
        {"thresholds": Thresholds(close_after=0)},
        {"thresholds": Thresholds(min_rows=0)},
    ],
)
def test_a_monitor_that_cannot_work_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_monitor(NewMonitor(**({"endpoint": "late"} | change)))  # type: ignore[arg-type]
    assert refused.value.hint
