"""What a champion is measured against: its training version's profile and its own answers there."""

from datetime import timedelta
from typing import Protocol

import pyarrow as pa

from pomona.core.errors import PomonaError
from pomona.core.records import Record
from pomona.data.records import Dataset, DataVersion
from pomona.monitoring.natural import natural_drift
from pomona.monitoring.scoring import Scorer, sample_rows
from pomona.registry.records import ModelVersion
from pomona.releases.records import Endpoint
from pomona.stats.profiles import profile_numeric
from pomona.stats.records import ColumnProfile, TableProfile

_SAMPLE = 10_000  # training rows the champion answers, to see what its answers look like there


class Reference(Record, frozen=True, kw_only=True):
    """A champion's yardstick. Empty where its training data is not known.

    ``natural`` is, for each column, the furthest that a window-long stretch of the training data itself
    was from the whole: what moves so far every so often is no news.
    """

    model_version: str
    data_version: str | None = None
    columns: dict[str, ColumnProfile] = {}
    natural: dict[str, float] = {}
    prediction: ColumnProfile | None = None
    metrics: dict[str, float] = {}


class References(Protocol):
    """Where a champion's yardstick comes from."""

    def of(self, endpoint: Endpoint, model_version: str, *, window: timedelta) -> Reference:
        """The yardstick of a model version on an endpoint, for windows of that length."""
        ...


class Versions(Protocol):
    """Model versions by id."""

    def version(self, ref: str) -> ModelVersion: ...


class TrainingData(Protocol):
    """Data versions by id: their profile and their rows."""

    def dataset(self, ref: str) -> Dataset: ...

    def resolve(self, ref: str) -> DataVersion: ...

    def profile(self, ref: str) -> TableProfile: ...

    def read(self, ref: str) -> pa.Table: ...


class TrainingReferences:
    """References from the version a champion was trained on. They never change, so they are kept."""

    def __init__(self, versions: Versions, data: TrainingData, scorer: Scorer) -> None:
        self._versions = versions
        self._data = data
        self._scorer = scorer
        self._kept: dict[tuple[str, str, timedelta], Reference] = {}

    def of(self, endpoint: Endpoint, model_version: str, *, window: timedelta) -> Reference:
        """Built at the first question; a model that cannot be scored has no prediction to compare."""
        key = (endpoint.id, model_version, window)
        if key not in self._kept:
            self._kept[key] = self._build(endpoint, self._versions.version(model_version), window)
        return self._kept[key]

    def _build(self, endpoint: Endpoint, version: ModelVersion, window: timedelta) -> Reference:
        if version.data_version is None:
            return Reference(model_version=version.id, metrics=version.metrics)
        taken = {column.name for column in version.signature.inputs}
        profile = self._data.profile(version.data_version)
        columns = {name: column for name, column in profile.columns.items() if not taken or name in taken}
        rows = self._data.read(version.data_version)
        dataset = self._data.dataset(self._data.resolve(version.data_version).dataset_id)
        return Reference(
            model_version=version.id,
            data_version=version.data_version,
            columns=columns,
            natural=natural_drift(columns, rows, time_column=dataset.time_column, window=window),
            prediction=self._answers(endpoint, version, rows),
            metrics=version.metrics,
        )

    def _answers(self, endpoint: Endpoint, version: ModelVersion, rows: pa.Table) -> ColumnProfile | None:
        try:
            answers = self._scorer.score(
                version,
                sample_rows(rows, _SAMPLE),
                probability=endpoint.threshold is not None,
                positive_class=endpoint.positive_class,
            )
        except PomonaError:
            return None  # the inputs can still be compared
        return profile_numeric(answers)
