"""Many runs looked at together: their curves, what a result goes with, what they have in common."""

from datetime import datetime
from typing import Literal

from pomona.core.records import Record

Stat = Literal["last", "min", "max", "at"]
XAxis = Literal["step", "time", "relative"]
ViewPage = Literal["runs", "compare"]

ARCHIVED_TAG = "pomona.archived"  # on a run that is kept, but out of the way


class RunKeys(Record, frozen=True, kw_only=True):
    """The names that runs used, in alphabetical order."""

    metrics: list[str]
    params: list[str]
    tags: list[str]


class Curve(Record, frozen=True, kw_only=True):
    """A line of a chart: one run's metric, or the mean of a group of runs with a band.

    ``x`` counts steps, Unix milliseconds (``time``) or seconds since the run's start (``relative``).
    ``low`` and ``high`` lie one standard deviation from the mean of a group. None in ``y`` is a gap.
    """

    key: str
    label: str  # the run's name, or the group's value
    runs: list[str]
    total: int  # values stored; a curve shows fewer
    x: list[float]
    y: list[float | None]
    low: list[float] | None = None
    high: list[float] | None = None


class Curves(Record, frozen=True, kw_only=True):
    """Curves of several runs; ``running`` says that more may come."""

    curves: list[Curve]
    running: bool


class ParamImportance(Record, frozen=True, kw_only=True):
    """How a metric goes with a param: Kruskal and Wallis' effect size, one param at a time.

    ``share`` is of the variance of the metric's ranks, 0 to 1, corrected for chance. ``direction`` is
    Spearman's rank correlation, None for words.
    """

    param: str
    share: float
    direction: float | None
    p_value: float
    runs: int
    groups: int


class RunsChange(Record, frozen=True, kw_only=True):
    """One change of many runs: tags to set (None: to remove), the bin."""

    runs: list[str]
    tags: dict[str, str | None] = {}
    state: Literal["active", "deleted"] | None = None


class RunsChanged(Record, frozen=True, kw_only=True):
    """How many runs a change has reached."""

    changed: int


class NewView(Record, frozen=True, kw_only=True):
    """A view of a page to keep: ``query`` is what follows the question mark of its address."""

    page: ViewPage
    name: str
    query: str


class SavedView(Record, frozen=True, kw_only=True):
    """A view that everybody can open."""

    id: str
    page: ViewPage
    name: str
    query: str
    created_by: str
    created_at: datetime


class ArtifactTable(Record, frozen=True, kw_only=True):
    """The first rows of a table that a run left; ``rows`` in the order of ``columns``."""

    columns: list[str]
    rows: list[list[str | float | bool | None]]
    total: int | None  # None: more than were read
