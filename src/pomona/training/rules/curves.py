"""Curves of runs for one chart: which axis, how smooth, how few points, which runs as one."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pomona.stats.curves import banded, smoothed
from pomona.stats.downsampling import lttb, min_max
from pomona.training.records.studies import Curve, XAxis

Floats = NDArray[np.float64]
LEAST_POINTS, MOST_POINTS = 20, 2_000
ALL_POINTS = 60_000  # of one answer


def points_each(asked: int, curves: int) -> int:
    """How many points a curve may have, so that all of them fit one answer.

    >>> points_each(500, 10), points_each(500, 1000)
    (500, 60)
    """
    return max(LEAST_POINTS, min(asked, MOST_POINTS, ALL_POINTS // max(1, curves)))


class History(Protocol):
    """What is stored of a run's metric; of a long history a summary, ``each`` values behind a point."""

    @property
    def key(self) -> str: ...
    @property
    def total(self) -> int: ...
    @property
    def each(self) -> float: ...
    @property
    def points(self) -> Sequence[Any]: ...


def line(run: Any, history: History, *, x: XAxis, smooth: float, points: int) -> Curve:
    """One run's metric; smoothed over all of its values, then thinned."""
    places, heights = axes(history.points, run, x)
    heights = smoothed(heights, smooth**history.each)
    smooth_line = smooth > 0 and bool(np.isfinite(heights).all())
    picks = lttb(places, heights, points) if smooth_line else min_max(heights, points)
    shown = heights[picks]
    return Curve(
        key=history.key,
        label=run.name,
        runs=[run.run_id],
        total=history.total,
        x=places[picks].tolist(),
        y=[None if gap else value for value, gap in zip(shown.tolist(), np.isnan(shown), strict=True)],
    )


def group(
    key: str,
    label: str,
    members: Sequence[tuple[Any, History]],
    *,
    x: XAxis,
    smooth: float,
    points: int,
) -> Curve | None:
    """The mean of several runs with one standard deviation on both sides; None if they have no numbers."""
    curves = []
    for run, history in (one for one in members if one[1].points):
        places, heights = axes(history.points, run, x)
        last = np.append(np.diff(places) > 0, True)  # the value that stands at a place in the end
        curves.append((places[last], smoothed(heights, smooth**history.each)[last]))
    curves = [(places, heights) for places, heights in curves if np.isfinite(heights).any()]
    if not curves:
        return None
    band = banded(curves, points)
    return Curve(
        key=key,
        label=label,
        runs=[run.run_id for run, _ in members],
        total=sum(history.total for _, history in members),
        x=band.x.tolist(),
        y=list(band.mean.tolist()),
        low=band.low.tolist(),
        high=band.high.tolist(),
    )


def axes(points: Sequence[Any], run: Any, x: XAxis) -> tuple[Floats, Floats]:
    """Places (rising) and heights of points (step, time, value, nan); not-a-number is NaN."""
    table = np.array([(step, at, value) for step, at, value, _ in points], dtype=np.float64).reshape(-1, 3)
    nan = np.array([gap for *_, gap in points], dtype=bool)
    heights = np.where(nan, np.nan, table[:, 2])
    if x == "step":
        return table[:, 0], heights
    order = np.argsort(table[:, 1], kind="stable")
    at = table[order, 1]
    return at if x == "time" else (at - run.started_ms) / 1_000, heights[order]
