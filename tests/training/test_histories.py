"""Histories of metrics: pages after one another are the whole, in order of time, whatever was logged."""

import base64
import math
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.server.mlflow import shapes
from pomona.training.records.runs import Metric, MetricPoint
from pomona.training.rules.paging import offset_from, place_from, token_after, token_for
from pomona.training.service.tracking import TrackingService

BIG = 2**63 - 1
WHOLE = st.integers(-3, 3) | st.sampled_from([BIG, -BIG - 1])
VALUES = st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf, -math.inf, 5e-324, 0.1 + 0.2])
LARGEST = 1.7976931348623157e308
NAMES = st.sampled_from(["m", "val/loss a-b:c"])
POINTS = st.builds(MetricPoint, WHOLE, WHOLE, st.none() | st.floats(allow_nan=False, allow_infinity=False))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    logged=st.lists(st.tuples(st.integers(0, 3), WHOLE, VALUES), min_size=1, max_size=30),
    size=st.integers(1, 8),
    name=NAMES,
)
def test_pages_are_the_whole_in_order(
    tracking: TrackingService, logged: list[tuple[int, int, float]], size: int, name: str
) -> None:
    run = tracking.start().id
    metrics = [Metric(key=name, value=value, timestamp=at, step=step) for at, step, value in logged]
    tracking.log(run, metrics=[*metrics, Metric(key="other", value=1.0, timestamp=2, step=0)])
    expected = ordered(logged)
    found: list[MetricPoint] = []
    token = None
    for _ in range(len(logged) + 1):
        after, offset = place_from(token)
        points, more = tracking.histories.page(run, name, limit=size, after=after, offset=offset)
        found += points
        if more is None:
            break
        assert len(points) == size
        token = token_after(more)
    assert [(point.timestamp, point.step, point.value) for point in found] == expected
    whole, more = tracking.histories.page(run, name)
    assert (whole, more) == (found, None)
    older, _ = tracking.histories.page(run, name, limit=size, offset=place_from(token_for(2))[1])
    assert older == whole[2 : 2 + size]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    logged=st.lists(st.tuples(st.integers(0, 3), WHOLE, VALUES), min_size=2, max_size=12),
    late=st.lists(st.tuples(st.integers(0, 3), WHOLE, VALUES), max_size=2),
    size=st.integers(1, 4),
)
def test_a_page_holds_as_long_as_it_is_what_one_reads(
    tracking: TrackingService,
    logged: list[tuple[int, int, float]],
    late: list[tuple[int, int, float]],
    size: int,
) -> None:
    def log(points: list[tuple[int, int, float]]) -> None:
        tracking.log(
            run, metrics=[Metric(key="m", value=v, timestamp=at, step=step) for at, step, v in points]
        )

    run = tracking.start().id
    log(logged)
    [after], _ = tracking.histories.page(run, "m", limit=1)
    before = tracking.histories.page(run, "m", limit=size, after=after)
    log(late)
    points, more = before
    end = points[-1] if points else None
    holds = tracking.histories.holds(run, "m", after=after, count=len(points), end=end, more=more is not None)
    assert holds == (tracking.histories.page(run, "m", limit=size, after=after) == before)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logged=st.lists(st.tuples(st.integers(0, 3), st.integers(-3, 3), VALUES), min_size=1, max_size=30))
def test_charts_are_in_order_of_step(tracking: TrackingService, logged: list[tuple[int, int, float]]) -> None:
    run = tracking.start().id
    tracking.log(run, metrics=[Metric(key="m", value=v, timestamp=at, step=step) for at, step, v in logged])
    by_step = sorted(ordered(logged), key=lambda one: one[1])
    sampled = tracking.histories.sample(run, "m", limit=1000)
    assert [(point.timestamp, point.step, point.value) for point in sampled] == by_step
    between = tracking.histories.sample(run, "m", limit=1000, start=-1, end=2)
    assert [point.step for point in between] == [step for _, step, _ in by_step if -1 <= step <= 2]
    [curve] = tracking.studies.curves([run], ["m"], points=500).curves
    assert curve.x == [step for _, step, _ in by_step]


def test_what_is_logged_between_two_pages_is_neither_lost_nor_given_twice(tracking: TrackingService) -> None:
    run = tracking.start().id
    metrics = [Metric(key="m", value=float(at), timestamp=at, step=at) for at in range(10)]
    tracking.log(run, metrics=metrics)
    first, more = tracking.histories.page(run, "m", limit=4)
    late = [Metric(key="m", value=0.5, timestamp=at, step=99) for at in (0, 6, 20)]
    tracking.log(run, metrics=late)
    rest, _ = tracking.histories.page(run, "m", after=more)
    assert [point.timestamp for point in first + rest] == [0, 1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 20]


@given(st.text() | st.sampled_from(['{"step":', '"value":null']), st.lists(POINTS))
def test_points_are_written_under_any_name(name: str, points: list[MetricPoint]) -> None:
    assert written(name, points) == [naive(name, point) for point in points]


@given(POINTS)
def test_a_place_is_read_back(point: MetricPoint) -> None:
    assert place_from(token_after(point)) == (point, 0)
    with pytest.raises(Invalid):
        offset_from(token_after(point))


@pytest.mark.parametrize("after", ["x", [], [1, 2], [1, 2, "x"], [1, 2**63, 0.5], [1.5, 2, 0.5], None])
def test_a_place_that_is_none_is_refused(after: Any) -> None:
    token = msgspec.json.encode({"after": after})
    with pytest.raises(Invalid, match="Invalid page token"):
        place_from(base64.b64encode(token).decode())


def ordered(logged: list[tuple[int, int, float]]) -> list[tuple[int, int, float | None]]:
    """What is stored of this, each value of a time and step once, in order."""
    kept = {
        (at, step, 0.0 if value != value else max(-LARGEST, min(LARGEST, value)), value != value)
        for at, step, value in logged
    }
    return [(at, step, None if nan else value) for at, step, value, nan in sorted(kept)]


def written(name: str, points: list[MetricPoint]) -> Any:
    """Points as they are sent, read as JSON."""
    return msgspec.json.decode(b"[%s]" % shapes.points(name, points, "ab"))


def naive(name: str, point: MetricPoint) -> dict[str, Any]:
    """A point as it should be sent."""
    shape = {"key": name, "run_id": "ab", "step": point.step, "timestamp": point.timestamp}
    return shape | {"value": "NaN" if point.value is None else point.value}
