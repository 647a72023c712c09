"""Monitors, the windows they read, and the incidents they open."""

from datetime import datetime
from typing import Literal

from pomona.core.records import Record
from pomona.stats.records import ColumnProfile, DriftReading, Interval

WindowKind = Literal["drift", "quality"]
WindowState = Literal["ok", "warn", "alarm", "thin"]  # thin: too few rows to tell
IncidentState = Literal["open", "closed"]

PREDICTION = "(prediction)"  # the column name of a model's own answers in a drift window


class Thresholds(Record, frozen=True, kw_only=True):
    """From where on a reading warns or alarms. None: this rule is not used.

    Drift is the population stability index beyond what sampling alone explains. Weather moves every
    week: a column alarms only beyond ``natural`` times the furthest that any window-long stretch of the
    training data itself was from the whole.

    Quality alarms when the metric is no longer as good as ``floor``. Without one, when it lost the share
    ``quality_alarm`` of the baseline: 0.2 = a fifth.
    """

    drift_warn: float = 0.1
    drift_alarm: float = 0.25
    natural: float = 1.5
    min_rows: int = 300
    floor: float | None = None  # default: the target of the endpoint's hypothesis
    quality_warn: float | None = 0.1
    quality_alarm: float | None = 0.2
    drift_patience: int = 1  # windows in a row that must alarm to open an incident
    quality_patience: int = 2
    close_after: int = 1  # good windows in a row that close it


class NewMonitor(Record, frozen=True, kw_only=True):
    """Watch an endpoint in windows of event time."""

    endpoint: str
    window_hours: float = 168.0
    grace_hours: float = 1.0  # wait so long past a window's end for late predictions
    mature_share: float = 0.95  # quality is read when so many predictions have their outcome,
    max_wait_hours: float = 72.0  # or when so much event time has passed since the window's end
    metric: str | None = None  # default: the hypothesis'
    baseline: float | None = None  # of the metric; default: the champion's own on its hold-out
    ignore: tuple[str, ...] = ()  # input columns that change by nature
    thresholds: Thresholds = Thresholds()


class Monitor(Record, frozen=True, kw_only=True):
    """A monitor of one endpoint. Windows start at midnight UTC of the first prediction's day."""

    id: str
    endpoint: str  # its name
    window_hours: float = 168.0
    grace_hours: float = 1.0
    mature_share: float = 0.95
    max_wait_hours: float = 72.0
    metric: str | None = None
    baseline: float | None = None
    ignore: tuple[str, ...] = ()
    thresholds: Thresholds = Thresholds()
    enabled: bool = True
    created_at: datetime
    created_by: str


class ColumnReading(Record, frozen=True, kw_only=True):
    """One column of a window beside the same column of the reference, histograms included."""

    column: str
    state: WindowState
    drift: DriftReading
    natural: float = 0.0  # furthest that a stretch of the training data was from the whole
    threshold: float  # of ``drift.excess``, from which on this column alarms
    reference: ColumnProfile
    window: ColumnProfile


class QualityReading(Record, frozen=True, kw_only=True):
    """How good the champion's answers of a window were, once their outcomes were known."""

    metric: str
    value: float | None = None  # None: the window cannot tell (one class only, no rows)
    baseline: float | None = None
    drop: float | None = None  # share of the baseline lost; negative: gained
    floor: float | None = None  # what it must reach
    matured: int
    rows: int
    value_per_prediction: float | None = None  # money
    interval: Interval | None = None  # of value_per_prediction
    currency: str = ""


class Window(Record, frozen=True, kw_only=True):
    """One stretch of event time, read once per kind. ``score`` crosses ``threshold`` on alarm."""

    id: str
    monitor: str
    endpoint: str
    kind: WindowKind
    start: datetime
    end: datetime
    model_version: str  # the champion it is read for
    reference: str | None = None  # data version the champion was trained on
    rows: int
    state: WindowState
    score: float = 0.0
    threshold: float = 0.0
    summary: str
    columns: tuple[ColumnReading, ...] = ()  # furthest first; the prediction is ``(prediction)``
    quality: QualityReading | None = None
    closed_at: datetime


class Incident(Record, frozen=True, kw_only=True):
    """Something is wrong with an endpoint; at most one open incident per endpoint and kind."""

    id: str
    monitor: str
    endpoint: str
    kind: WindowKind
    model_version: str
    state: IncidentState = "open"
    summary: str  # of the worst window
    score: float
    threshold: float
    windows: tuple[str, ...]  # that alarmed, oldest first
    since: datetime  # start of the first of them
    calm: int = 0  # good windows in a row since the last alarm
    opened_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str = ""
    closed_at: datetime | None = None
    close_reason: str = ""


class Acknowledgement(Record, frozen=True, kw_only=True):
    """A person has seen an incident."""

    note: str = ""
