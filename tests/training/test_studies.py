"""Many runs at once: curves, statistics of metrics, importances, changes, views."""

import math

import numpy as np
import pytest

from pomona.core.actors import acting_as
from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.stats.curves import smoothed
from pomona.training.records.runs import Metric
from pomona.training.records.studies import ARCHIVED_TAG, NewView, RunsChange
from pomona.training.service.tracking import TrackingService
from pomona.training.store import studies as store


@pytest.fixture
def sweep(tracking: TrackingService) -> list[str]:
    """Twelve runs: the loss falls towards 1 / depth, one value is no number; the seed changes nothing."""
    made = []
    for number in range(12):
        run = tracking.start(name=f"r{number}", start_ms=1_000_000)
        depth = 2 + number % 3
        values = [1 / depth + math.exp(-step) for step in range(40)]
        values[7] = math.nan
        metrics = [
            Metric(key="loss", value=value, timestamp=1_000_000 + 500 * step, step=step)
            for step, value in enumerate(values)
        ]
        params = [("depth", str(depth)), ("seed", str(number * 7 % 5)), ("kind", "x")]
        tracking.log(run.id, metrics=metrics, params=params, tags=[("team", "ab"[number % 2])])
        if number < 11:
            tracking.finish(run.id)
        made.append(run.id)
    return made


def test_curves_are_thinned_with_a_gap_where_no_number_was(
    tracking: TrackingService, sweep: list[str]
) -> None:
    found = tracking.studies.curves([run[:12] for run in sweep[:3]], ["loss", "nope"], points=20)
    assert [curve.label for curve in found.curves] == ["r0", "r1", "r2"]
    assert {len(curve.x) <= 20 for curve in found.curves} == {True}
    assert found.curves[0].total == 40
    assert not found.running
    whole = tracking.studies.curves(sweep[-1:], ["loss"], points=100)
    assert whole.running
    assert whole.curves[0].y[7] is None
    assert whole.curves[0].x == list(range(40))


def test_the_axis_is_steps_or_times_or_seconds_of_the_run(
    tracking: TrackingService, sweep: list[str]
) -> None:
    by_time = tracking.studies.curves(sweep[:1], ["loss"], x="time").curves[0]
    relative = tracking.studies.curves(sweep[:1], ["loss"], x="relative").curves[0]
    assert by_time.x[:2] == [1_000_000, 1_000_500]
    assert relative.x[:2] == [0, 0.5]


def test_groups_are_means_with_bands(tracking: TrackingService, sweep: list[str]) -> None:
    found = tracking.studies.curves(sweep, ["loss"], group_by="params.depth").curves
    assert [(curve.label, len(curve.runs)) for curve in found] == [("2", 4), ("3", 4), ("4", 4)]
    assert found[0].y[0] == pytest.approx(1.5)
    assert found[0].low is not None
    assert found[0].low[0] == pytest.approx(1.5)
    by_team = tracking.studies.curves(sweep, ["loss"], group_by="tags.team").curves
    assert by_team[0].high is not None
    assert by_team[0].high[-1] > (by_team[0].y[-1] or 0)
    unset = tracking.studies.curves(sweep, ["loss"], group_by="params.nope").curves
    assert [curve.label for curve in unset] == ["not set"]


def test_smoothing_sees_every_value_before_any_is_left_out(
    tracking: TrackingService, sweep: list[str]
) -> None:
    all_points = tracking.studies.curves(sweep[:1], ["loss"], smooth=0.9, points=100).curves[0]
    thinned = tracking.studies.curves(sweep[:1], ["loss"], smooth=0.9, points=20).curves[0]
    assert set(thinned.x) < set(all_points.x)
    assert thinned.y[-1] == all_points.y[-1]
    assert thinned.y[-1] == pytest.approx(0.503, abs=0.0005)


def test_a_metric_that_was_never_a_number_is_a_gap(
    tracking: TrackingService, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tracking.start()
    metrics = [Metric(key="nan", value=math.nan, timestamp=number, step=number) for number in range(30)]
    tracking.log(run.id, metrics=metrics)
    for longest in (8_000, 10):
        monkeypatch.setattr(store, "LONG", longest)
        [curve] = tracking.studies.curves([run.id], ["nan"]).curves
        assert (curve.total, set(curve.y) - {None}) == (30, set())
        assert tracking.studies.curves([run.id], ["nan"], group_by="params.x").curves == []


@pytest.mark.parametrize("steps", [True, False])
def test_a_long_history_is_summed_up_by_the_database_and_keeps_its_spike(
    tracking: TrackingService, monkeypatch: pytest.MonkeyPatch, steps: bool
) -> None:
    monkeypatch.setattr(store, "LONG", 500)
    monkeypatch.setattr(store, "STRETCHES", 50)
    run = tracking.start(start_ms=0)
    values = [math.sin(number / 300) for number in range(1000)]
    values[777], values[3] = 9.0, math.nan
    metrics = [
        Metric(key="long", value=value, timestamp=number, step=number * steps)
        for number, value in enumerate(values)
    ]
    tracking.log(run.id, metrics=metrics)
    [curve] = tracking.studies.curves([run.id], ["long"], x="time", points=40).curves
    assert (curve.total, max(value or 0 for value in curve.y)) == (1000, 9.0)
    assert len(curve.x) <= 40
    assert curve.x == sorted(curve.x)
    [smooth] = tracking.studies.curves([run.id], ["long"], x="time", smooth=0.9, points=200).curves
    exact = smoothed(np.array([value for value in values if value == value]), 0.9)
    assert smooth.y[-1] == pytest.approx(exact[-1], abs=0.02)
    assert len(smooth.x) == 50


def test_what_the_loss_goes_with_is_the_depth(tracking: TrackingService, sweep: list[str]) -> None:
    found = tracking.studies.importance(sweep, "loss")
    assert [one.param for one in found] == ["depth", "seed"]  # `kind` never changes
    assert found[0].share > 0.8
    assert found[0].direction == pytest.approx(-1)
    assert found[1].p_value > 0.05


def test_a_table_shows_the_least_the_greatest_or_the_value_at_a_step(
    tracking: TrackingService, sweep: list[str]
) -> None:
    pages = {
        stat: tracking.reports.page(filter="params.depth = '2'", stat=stat, step=3).items[0].metrics["loss"]
        for stat in ("last", "min", "max", "at")
    }
    assert pages["max"] == pytest.approx(1.5)
    assert pages["at"] == pytest.approx(0.5 + math.exp(-3))
    assert pages["min"] == pages["last"] == pytest.approx(0.5)
    with pytest.raises(Invalid, match="which step"):
        tracking.reports.page(stat="at")


def test_names_and_usual_values_help_to_write_a_filter(tracking: TrackingService, sweep: list[str]) -> None:
    names = tracking.studies.names()
    assert (names.metrics, names.params) == (["loss"], ["depth", "kind", "seed"])
    assert "team" in names.tags
    assert tracking.studies.usual_values("params.depth") == ["2", "3", "4"]
    assert tracking.studies.usual_values("tags.nope") == []
    with pytest.raises(Invalid, match="no param or tag"):
        tracking.studies.usual_values("metrics.loss")


@pytest.mark.parametrize(
    "wrong", [{"smooth": 1.0}, {"smooth": -0.1}, {"group_by": "depth"}, {"keys": []}, {"run_ids": []}]
)
def test_what_cannot_be_drawn_is_refused(
    tracking: TrackingService, sweep: list[str], wrong: dict[str, object]
) -> None:
    asked: dict[str, object] = {"run_ids": sweep[:1], "keys": ["loss"]} | wrong
    with pytest.raises(Invalid):
        tracking.studies.curves(**asked)  # type: ignore[arg-type]


def test_a_change_reaches_all_runs_or_none(tracking: TrackingService, sweep: list[str]) -> None:
    with pytest.raises(NotFound):
        tracking.changes.change(RunsChange(runs=[sweep[0], "f" * 32], tags={"a": "1"}))
    assert "a" not in tracking.run(sweep[0]).tags
    some = RunsChange(runs=sweep[:3], tags={"a": "1", ARCHIVED_TAG: "true", "team": None})
    assert tracking.changes.change(some) == 3
    assert tracking.run(sweep[2]).tags["a"] == "1"
    assert "team" not in tracking.run(sweep[2]).tags
    assert len(tracking.reports.page(filter=f"tags.`{ARCHIVED_TAG}` IS NULL").items) == 9
    tracking.changes.change(RunsChange(runs=sweep[:3], state="deleted"))
    assert len(tracking.reports.page().items) == 9
    tracking.changes.change(RunsChange(runs=sweep[:3], state="active", tags={ARCHIVED_TAG: None}))
    assert len(tracking.reports.page(filter=f"tags.`{ARCHIVED_TAG}` IS NULL").items) == 12


@pytest.mark.parametrize("key", ["pomona.hypothesis", "mlflow.runName"])
def test_tags_that_tie_one_run_are_not_for_many(
    tracking: TrackingService, sweep: list[str], key: str
) -> None:
    with pytest.raises(Invalid, match="not for many"):
        tracking.changes.change(RunsChange(runs=sweep, tags={key: "x"}))


def test_a_view_is_replaced_by_its_author_alone(tracking: TrackingService) -> None:
    with acting_as("ada"):
        tracking.views.save(NewView(page="runs", name="best", query="a=1"))
        second = tracking.views.save(NewView(page="runs", name=" best ", query="a=2"))
    tracking.views.save(NewView(page="compare", name="best", query="b=1"))
    assert [(view.query, view.created_by) for view in tracking.views.list("runs")] == [("a=2", "ada")]
    with acting_as("bob"), pytest.raises(Conflict, match="ada"):
        tracking.views.save(NewView(page="runs", name="best", query="a=3"))
    assert tracking.views.remove(second.id).name == "best"
    assert [view.page for view in tracking.views.list()] == ["compare"]
    with pytest.raises(NotFound):
        tracking.views.remove(second.id)
    with pytest.raises(Invalid):
        tracking.views.save(NewView(page="runs", name=" ", query=""))
