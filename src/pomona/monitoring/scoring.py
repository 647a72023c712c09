"""Scores tables with registered models, in this process: what the loop compares and monitoring refers to."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pomona.core.errors import Invalid
from pomona.core.ports import Blobs
from pomona.registry.records import ModelVersion
from pomona.serving.gateway.columns import Columns, check_columns
from pomona.serving.gateway.engines import Answer, Engine, load_engine

_KEPT = 4  # loaded models: the champion, a candidate, and what came before


class Scorer:
    """Loads model versions into memory, a few at a time, and lets them answer whole tables.

    Args:
        blobs: Where the versions' files are; each is verified before it is loaded.
        folder: Where they are unpacked; may be emptied at any time.
        check: Refuses a version that is not what was registered.
    """

    def __init__(self, blobs: Blobs, folder: Path, check: Callable[[ModelVersion], object]) -> None:
        self._blobs = blobs
        self._check = check
        self._folder = folder
        self._loaded: dict[str, Engine] = {}
        self._lock = threading.Lock()

    def score(
        self, version: ModelVersion, table: pa.Table, *, probability: bool, positive_class: str | None = None
    ) -> NDArray[np.float64]:
        """One number per row: the probability of the positive class, or the prediction itself.

        Raises:
            Invalid: If a column the model needs is not in the table, or answers are not numbers.
            Tampered: If a file of the model changed.
            UserCodeFailed: If the model does not load or answers wrongly.
        """
        engine = self._engine(version)
        answer = Answer(kind="probability" if probability else "prediction", positive_class=positive_class)
        if not engine.can(answer):
            raise Invalid(
                f"{version.model}/{version.number} gives no probability of the positive class",
                hint="log a classifier, or leave out the endpoint's threshold",
            )
        outputs = engine.predict(self._inputs(engine, version, table), answer) if table.num_rows else []
        try:
            return np.asarray(outputs, dtype=np.float64)
        except (TypeError, ValueError):
            raise Invalid(
                f"{version.model}/{version.number} does not answer with numbers",
                hint="only numbers and probabilities can be compared",
            ) from None

    def _inputs(self, engine: Engine, version: ModelVersion, table: pa.Table) -> Columns:
        names = engine.signature.names or list(table.column_names)
        missing = [name for name in names if name not in table.column_names]
        if missing:
            raise Invalid(
                f"the data has no column {', '.join(missing)}, which {version.model}/{version.number} takes",
                hint="train and score on the same columns",
                extra={"columns": missing},
            )
        return check_columns(engine.signature, {name: plain(table.column(name)) for name in names})

    def _engine(self, version: ModelVersion) -> Engine:
        with self._lock:
            engine = self._loaded.pop(version.id, None) or load_engine(self._unpack(version))
            self._loaded[version.id] = engine
            for oldest in list(self._loaded)[:-_KEPT]:
                del self._loaded[oldest]
            return engine

    def _unpack(self, version: ModelVersion) -> Path:
        self._check(version)
        folder = self._folder / version.id
        for file in version.files:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._blobs.get(file.digest))
        return folder


def plain(column: pa.ChunkedArray) -> list[Any]:
    """A column as a request would carry it: Python numbers and words, times as RFC 3339."""
    values: list[Any] = column.to_pylist()
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return [None if value is None else value.isoformat() for value in values]
    if pa.types.is_decimal(column.type):
        return [None if value is None else float(value) for value in values]
    return values


def labels(column: pa.ChunkedArray, *, positive_class: str | None = None) -> NDArray[np.float64]:
    """Outcomes as numbers, NaN where there is none: yes/no as 1/0, words by the positive class."""
    values = column.to_pylist()
    return np.asarray([_label(value, positive_class) for value in values], dtype=np.float64)


def _label(value: Any, positive_class: str | None) -> float:
    if value is None:
        return float("nan")
    if positive_class is not None:
        return float(str(value) == positive_class)
    if isinstance(value, (str, datetime)):
        raise Invalid(
            f"{value!r} is no number",
            hint="name the endpoint's positive_class, or choose another label column",
        )
    return float(value)


def sample_rows(table: pa.Table, limit: int) -> pa.Table:
    """At most ``limit`` rows, evenly spread over the table."""
    if table.num_rows <= limit:
        return table
    picked: Sequence[int] = np.linspace(0, table.num_rows - 1, limit).astype(int).tolist()
    return table.take(pa.array(picked))
