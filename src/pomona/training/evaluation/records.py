"""An evaluation dataset and its rows."""

from datetime import datetime
from typing import Any

from pomona.core.records import Record


class EvaluationDataset(Record, frozen=True, kw_only=True):
    """Rows that applications are judged by. ``schema`` names the fields seen so far and their types."""

    id: str
    name: str
    digest: str
    tags: dict[str, str] = {}
    schema: dict[str, Any] | None = None
    rows: int = 0
    experiments: list[str] = []
    created_ms: int
    updated_ms: int
    created_by: str | None = None
    updated_by: str | None = None


class EvaluationRow(Record, frozen=True, kw_only=True):
    """One row: what goes in, what came out, what is expected."""

    id: str
    dataset: str
    inputs: dict[str, Any]
    outputs: Any = None
    expectations: dict[str, Any] | None = None
    tags: dict[str, str] = {}
    source: dict[str, Any] | None = None  # source_type, source_data
    created_ms: int
    updated_ms: int
    created_by: str | None = None
    updated_by: str | None = None


class NewRow(Record, frozen=True, kw_only=True):
    """A row as it is sent; ``outputs`` that are not sent leave those that are there."""

    inputs: dict[str, Any] = {}
    outputs: Any = None
    has_outputs: bool = False
    expectations: dict[str, Any] | None = None
    tags: dict[str, str] | None = None
    source: dict[str, Any] | None = None


class Merged(Record, frozen=True, kw_only=True):
    """How many rows were new, and how many were there."""

    inserted: int
    updated: int


class EvaluationUse(Record, frozen=True, kw_only=True):
    """A run that read an evaluation dataset, and the digest it had then."""

    run: str
    name: str
    experiment: str
    digest: str
    started_at: datetime


class EvaluationDetail(Record, frozen=True, kw_only=True):
    """An evaluation dataset, the names of its experiments by id, and the runs that read it, newest first."""

    dataset: EvaluationDataset
    experiments: dict[str, str] = {}
    runs: list[EvaluationUse] = []
