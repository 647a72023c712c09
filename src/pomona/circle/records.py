"""The state of each stage for the home page, and the trace of a record through the ledger."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pomona.core.records import Entry, Record

Stage = Literal["business", "data", "training", "registry", "releases", "serving", "monitoring", "loop"]
StageMood = Literal["empty", "ok", "busy", "attention"]


class Fact(Record, frozen=True, kw_only=True):
    """A labelled value, ready to be shown."""

    label: str
    value: str


class Need(Record, frozen=True, kw_only=True):
    """Something that waits for a person, and the page where it is done."""

    text: str
    link: str


class StageState(Record, frozen=True, kw_only=True):
    """One stage of the circle now."""

    stage: Stage
    title: str
    state: StageMood
    headline: str
    facts: list[Fact] = []
    needs: list[Need] = []


class Balance(Record, frozen=True, kw_only=True):
    """Money in one currency: what endpoints earned more than without a model, what training cost.

    ``earned`` is None where no endpoint's answers have a price, ``spent`` where no run's resource has one.
    """

    currency: str
    earned: Decimal | None = None
    spent: Decimal | None = None


class CircleState(Record, frozen=True, kw_only=True):
    """The whole circle now: six stages, the loop that joins them, what happened last, and the money."""

    stages: list[StageState]
    loop: StageState
    latest: list[Entry]
    money: list[Balance] = []


class TraceNode(Record, frozen=True, kw_only=True):
    """One record on the way of a trace."""

    id: str
    kind: str  # prediction, outcome, model version, run, data version, ...
    stage: Stage
    title: str
    state: str = ""
    at: datetime | None = None
    facts: list[Fact] = []


class TraceEdge(Record, frozen=True, kw_only=True):
    """Read as a sentence: ``source`` *relation* ``target``."""

    source: str
    relation: str
    target: str


class Trace(Record, frozen=True, kw_only=True):
    """Everything that stands behind a record, and what came of it.

    ``path`` names the node ids from the record back to its hypothesis, in the order a person would tell
    it. ``cut`` is true when the walk stopped at its limit.
    """

    root: str
    nodes: list[TraceNode]
    edges: list[TraceEdge]
    path: list[str]
    cut: bool = False


class Finding(Record, frozen=True, kw_only=True):
    """What ``pomona doctor`` found in one place."""

    what: str
    state: Literal["ok", "warn", "fail"]
    detail: str
    hint: str | None = None
