"""What stages tell one another. Written in the transaction of the change they tell of.

An event's ``subject`` is the id of the record it is about; the tag is its type on the wire.
The loop, the audit log, the live feed of the UI and webhooks all read the same table.
"""

from datetime import datetime
from typing import Any

import msgspec

from pomona.core.records import Record


class Event(Record, frozen=True, kw_only=True):
    """Something that happened to ``subject``."""

    subject: str


class HypothesisCreated(
    Event, frozen=True, kw_only=True, tag_field="type", tag="business.hypothesis_created"
):
    name: str


class DecisionMade(Event, frozen=True, kw_only=True, tag_field="type", tag="business.decision_made"):
    hypothesis: str
    verdict: str
    reason: str


class DatasetCreated(Event, frozen=True, kw_only=True, tag_field="type", tag="data.dataset_created"):
    name: str


class VersionCommitted(Event, frozen=True, kw_only=True, tag_field="type", tag="data.version_committed"):
    dataset: str
    number: int
    rows: int
    rows_added: int
    quality: str  # green | warn | fail | critical


class ChecksDeclared(Event, frozen=True, kw_only=True, tag_field="type", tag="data.checks_declared"):
    dataset: str
    checks: list[str]


class VersionChecked(Event, frozen=True, kw_only=True, tag_field="type", tag="data.version_checked"):
    dataset: str
    number: int
    quality: str  # after the checks were run once more


class FailedVersionUsed(Event, frozen=True, kw_only=True, tag_field="type", tag="data.failed_version_used"):
    dataset: str
    number: int
    reason: str  # why a person forced it


class VersionTagged(Event, frozen=True, kw_only=True, tag_field="type", tag="data.version_tagged"):
    dataset: str
    tag: str
    number: int
    was: int | None  # the number it stood on before
    reason: str


class TagRemoved(Event, frozen=True, kw_only=True, tag_field="type", tag="data.tag_removed"):
    dataset: str
    tag: str
    number: int


class VersionPinned(Event, frozen=True, kw_only=True, tag_field="type", tag="data.version_pinned"):
    dataset: str
    number: int
    reason: str


class VersionUnpinned(Event, frozen=True, kw_only=True, tag_field="type", tag="data.version_unpinned"):
    dataset: str
    number: int
    reason: str  # of the pin that is gone


class VersionDropped(Event, frozen=True, kw_only=True, tag_field="type", tag="data.version_dropped"):
    dataset: str
    number: int
    digest: str


class DataFilesSwept(Event, frozen=True, kw_only=True, tag_field="type", tag="data.files_swept"):
    versions: int  # that were dropped just before
    files: int
    size: int  # their bytes


class DataVerified(Event, frozen=True, kw_only=True, tag_field="type", tag="data.verified"):
    versions: int
    files: int
    damaged: list[str]  # references of the versions that are not what they were


class VersionRebased(Event, frozen=True, kw_only=True, tag_field="type", tag="data.version_rebased"):
    dataset: str
    number: int
    of: int  # the version whose rows it has
    rewritten: int  # files
    written: int


class UpkeepDeclared(Event, frozen=True, kw_only=True, tag_field="type", tag="data.upkeep_declared"):
    dataset: str
    automatic: bool
    hidden: float
    small_files: int


class PurposesDeclared(Event, frozen=True, kw_only=True, tag_field="type", tag="data.purposes_declared"):
    dataset: str
    purposes: list[str]
    consent_column: str | None


class PurposeRefused(Event, frozen=True, kw_only=True, tag_field="type", tag="data.purpose_refused"):
    dataset: str
    number: int
    purpose: str  # empty: none was named
    reason: str


class ConsentApplied(Event, frozen=True, kw_only=True, tag_field="type", tag="data.consent_applied"):
    dataset: str
    number: int
    purpose: str
    rows: int  # that were read
    left_out: int  # for want of consent


class DataErased(Event, frozen=True, kw_only=True, tag_field="type", tag="data.erased"):
    column: str
    fingerprint: str  # of whose rows went
    reason: str
    rows: int
    versions: int
    files: int


class MartCreated(Event, frozen=True, kw_only=True, tag_field="type", tag="data.mart_created"):
    name: str
    inputs: list[str]


class MartChanged(Event, frozen=True, kw_only=True, tag_field="type", tag="data.mart_changed"):
    name: str
    revision: int  # of its SQL


class MartRemoved(Event, frozen=True, kw_only=True, tag_field="type", tag="data.mart_removed"):
    name: str


class MartBuilt(Event, frozen=True, kw_only=True, tag_field="type", tag="data.mart_built"):
    mart: str
    state: str  # built | unchanged | failed | cancelled
    version: str | None  # e.g. features@v4
    rows: int
    error: str | None = None


class FileSetCreated(Event, frozen=True, kw_only=True, tag_field="type", tag="data.file_set_created"):
    name: str


class FileSetVersionCommitted(
    Event, frozen=True, kw_only=True, tag_field="type", tag="data.file_set_version_committed"
):
    file_set: str
    number: int
    files: int
    size: int  # bytes


class FileSetVersionDropped(
    Event, frozen=True, kw_only=True, tag_field="type", tag="data.file_set_version_dropped"
):
    file_set: str
    number: int


class ChunksSwept(Event, frozen=True, kw_only=True, tag_field="type", tag="data.chunks_swept"):
    chunks: int  # contents that nothing needed
    size: int  # their bytes
    packs: int  # files that went


class SourceRegistered(Event, frozen=True, kw_only=True, tag_field="type", tag="data.source_registered"):
    name: str
    kind: str


class SourceChanged(Event, frozen=True, kw_only=True, tag_field="type", tag="data.source_changed"):
    name: str
    kind: str


class SourceRemoved(Event, frozen=True, kw_only=True, tag_field="type", tag="data.source_removed"):
    name: str


class FeedDeclared(Event, frozen=True, kw_only=True, tag_field="type", tag="data.feed_declared"):
    source: str
    dataset: str
    mode: str


class FeedRemoved(Event, frozen=True, kw_only=True, tag_field="type", tag="data.feed_removed"):
    source: str
    dataset: str


class SourceScheduled(Event, frozen=True, kw_only=True, tag_field="type", tag="data.source_scheduled"):
    name: str
    cron: str | None  # None: it is read only when somebody asks


class EntryStored(Event, frozen=True, kw_only=True, tag_field="type", tag="training.entry_stored"):
    name: str
    digest: str


class RunStarted(Event, frozen=True, kw_only=True, tag_field="type", tag="training.run_started"):
    name: str
    experiment: str


class RunsImported(Event, frozen=True, kw_only=True, tag_field="type", tag="training.runs_imported"):
    experiment: str
    runs: int
    origin: str


class RunFinished(Event, frozen=True, kw_only=True, tag_field="type", tag="training.run_finished"):
    name: str
    status: str


class EndpointCreated(Event, frozen=True, kw_only=True, tag_field="type", tag="serving.endpoint_created"):
    name: str
    model: str


class PredictionsFolded(Event, frozen=True, kw_only=True, tag_field="type", tag="serving.predictions_folded"):
    endpoint: str
    count: int
    until: datetime  # newest event time among them


class OutcomesRecorded(Event, frozen=True, kw_only=True, tag_field="type", tag="serving.outcomes_recorded"):
    endpoint: str
    count: int
    until: datetime  # newest event time of the predictions they belong to


class ReleaseStarted(Event, frozen=True, kw_only=True, tag_field="type", tag="releases.started"):
    endpoint: str
    strategy: str
    champion: str
    candidate: str | None
    share: float


class ReleaseDecided(Event, frozen=True, kw_only=True, tag_field="type", tag="releases.decided"):
    endpoint: str
    verdict: str  # promote | roll_back | continue ...
    reason: str
    champion: str  # the model version that serves from now on


class MonitorCreated(Event, frozen=True, kw_only=True, tag_field="type", tag="monitoring.monitor_created"):
    endpoint: str


class WindowClosed(Event, frozen=True, kw_only=True, tag_field="type", tag="monitoring.window_closed"):
    endpoint: str
    start: datetime
    end: datetime
    state: str  # ok | warn | alarm | thin (too few rows to tell)
    kind: str  # drift | quality
    score: float
    threshold: float
    summary: str


class IncidentOpened(Event, frozen=True, kw_only=True, tag_field="type", tag="monitoring.incident_opened"):
    endpoint: str
    kind: str  # drift | quality
    summary: str
    score: float
    threshold: float
    window_end: datetime


class IncidentClosed(Event, frozen=True, kw_only=True, tag_field="type", tag="monitoring.incident_closed"):
    endpoint: str
    reason: str


class IncidentAcknowledged(
    Event, frozen=True, kw_only=True, tag_field="type", tag="monitoring.incident_acknowledged"
):
    endpoint: str
    note: str


class TriggerCreated(Event, frozen=True, kw_only=True, tag_field="type", tag="loop.trigger_created"):
    name: str
    endpoint: str
    kind: str


class TriggerSwitched(Event, frozen=True, kw_only=True, tag_field="type", tag="loop.trigger_switched"):
    name: str
    enabled: bool


class RetrainingEnded(Event, frozen=True, kw_only=True, tag_field="type", tag="loop.retraining_ended"):
    endpoint: str
    outcome: str  # champion | canary | refused | failed
    reason: str
    version: str | None  # the new model version


class ReactionDecided(Event, frozen=True, kw_only=True, tag_field="type", tag="loop.reaction_decided"):
    trigger: str
    fired: bool
    reason: str
    job: str | None


class JobQueued(Event, frozen=True, kw_only=True, tag_field="type", tag="jobs.queued"):
    kind: str


class JobFinished(Event, frozen=True, kw_only=True, tag_field="type", tag="jobs.finished"):
    kind: str
    state: str  # done | failed | cancelled | parked
    error: str | None


def type_of(event: Event) -> str:
    """The event's type as it stands in the ledger, e.g. ``data.version_committed``."""
    return str(type(event).__struct_config__.tag)


def body_of(event: Event) -> dict[str, Any]:
    """The event's own fields as plain JSON values, without type and subject."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    return {name: value for name, value in fields.items() if name not in ("type", "subject")}


def event_from(kind: type[Event], subject: str, data: dict[str, Any]) -> Event:
    """The typed event back from a ledger entry's subject and data."""
    return msgspec.convert({**data, "subject": subject, "type": kind.__struct_config__.tag}, kind)
