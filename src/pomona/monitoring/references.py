"""What a champion is measured against: its training version's profile and its own answers there."""

from typing import Protocol

import pyarrow as pa

from pomona.core.errors import PomonaError
from pomona.core.records import Record
from pomona.monitoring.scoring import Scorer, sample_rows
from pomona.registry.records import ModelVersion
from pomona.releases.records import Endpoint
from pomona.stats.profiles import profile_numeric
from pomona.stats.records import ColumnProfile, TableProfile

_SAMPLE = 5_000  # training rows the champion answers, to see what its answers look like there


class Reference(Record, frozen=True, kw_only=True):
    """A champion's yardstick. Empty where its training data is not known."""

    model_version: str
    data_version: str | None = None
    columns: dict[str, ColumnProfile] = {}
    prediction: ColumnProfile | None = None
    metrics: dict[str, float] = {}


class References(Protocol):
    """Where a champion's yardstick comes from."""

    def of(self, endpoint: Endpoint, model_version: str) -> Reference:
        """The yardstick of a model version on an endpoint."""
        ...


class Versions(Protocol):
    """Model versions by id."""

    def version(self, ref: str) -> ModelVersion: ...


class TrainingData(Protocol):
    """Data versions by id: their profile and their rows."""

    def profile(self, ref: str) -> TableProfile: ...

    def read(self, ref: str) -> pa.Table: ...


class TrainingReferences:
    """References from the version a champion was trained on. They never change, so they are kept."""

    def __init__(self, versions: Versions, data: TrainingData, scorer: Scorer) -> None:
        self._versions = versions
        self._data = data
        self._scorer = scorer
        self._kept: dict[tuple[str, str], Reference] = {}

    def of(self, endpoint: Endpoint, model_version: str) -> Reference:
        """Built at the first question; a model that cannot be scored has no prediction to compare."""
        key = (endpoint.id, model_version)
        if key not in self._kept:
            self._kept[key] = self._build(endpoint, self._versions.version(model_version))
        return self._kept[key]

    def _build(self, endpoint: Endpoint, version: ModelVersion) -> Reference:
        if version.data_version is None:
            return Reference(model_version=version.id, metrics=version.metrics)
        taken = {column.name for column in version.signature.inputs}
        profile = self._data.profile(version.data_version)
        return Reference(
            model_version=version.id,
            data_version=version.data_version,
            columns={name: column for name, column in profile.columns.items() if not taken or name in taken},
            prediction=self._answers(endpoint, version, version.data_version),
            metrics=version.metrics,
        )

    def _answers(self, endpoint: Endpoint, version: ModelVersion, data_version: str) -> ColumnProfile | None:
        rows = sample_rows(self._data.read(data_version), _SAMPLE)
        try:
            answers = self._scorer.score(
                version,
                rows,
                probability=endpoint.threshold is not None,
                positive_class=endpoint.positive_class,
            )
        except PomonaError:
            return None  # the inputs can still be compared
        return profile_numeric(answers)
