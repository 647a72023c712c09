"""What differs between two model versions."""

from typing import Literal

from pomona.core.latency import Latency
from pomona.core.records import Record
from pomona.registry.records import GateResult
from pomona.training.code.records import RunCode

Change = Literal["added", "removed", "changed", "same"]
Verdict = Literal["better", "worse", "same", "unknown"]


class Side(Record, frozen=True, kw_only=True):
    """One of the two."""

    id: str
    model: str
    number: int
    run: str | None
    aliases: tuple[str, ...]
    stage: str
    digest: str
    size: int
    files: int
    data_version: str | None
    hypothesis: str | None
    environment: str | None
    code: RunCode | None  # None: no run is known
    gate: GateResult | None  # what the gate said last
    latency: Latency | None = None  # None: it answered nothing yet


class ModelFileChange(Record, frozen=True, kw_only=True):
    """A file of either: sizes in bytes, None where it is not there."""

    path: str
    change: Change
    before: int | None
    after: int | None


class ValueChange(Record, frozen=True, kw_only=True):
    """A parameter, a setting, a column or a package; None where it is not there."""

    name: str
    change: Change
    before: str | None
    after: str | None


class MetricChange(Record, frozen=True, kw_only=True):
    """A metric of either. ``verdict`` is about the later one, where it is known which way is better."""

    name: str
    before: float | None
    after: float | None
    delta: float | None  # after - before
    relative: float | None  # delta / |before|
    verdict: Verdict


class DataChange(Record, frozen=True, kw_only=True):
    """What each was trained on, and the exact difference of the rows where there is one."""

    before: str | None
    after: str | None
    same: bool
    before_ref: str | None = None  # flights@v2
    after_ref: str | None = None
    added: int | None = None
    removed: int | None = None
    changed: int | None = None
    note: str = ""  # why there are no counts


class ModelDiff(Record, frozen=True, kw_only=True):
    """How the model version ``after`` differs from ``before``."""

    before: Side
    after: Side
    same_files: bool
    same_code: bool | None  # None: it is not known of one of them
    files: tuple[ModelFileChange, ...]
    flavors: tuple[ValueChange, ...]
    signature: tuple[ValueChange, ...]
    params: tuple[ValueChange, ...]
    metrics: tuple[MetricChange, ...]
    data: DataChange
    packages: tuple[ValueChange, ...]
