"""Evaluation datasets from Python. To fill them, use ``mlflow.genai.datasets``."""

from collections.abc import Iterator
from pathlib import Path

from pomona.sdk.frames import save_frame
from pomona.sdk.rows import Rows
from pomona.sdk.session import Session, part
from pomona.training.evaluation.records import EvaluationDataset, EvaluationDetail, EvaluationRow

_PATH = "/api/v1/evaluations"


class Evaluations:
    """``client.evaluations``: questions and what would be right, by which applications are judged."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        experiment: str | None = None,
        filter: str = "",  # noqa: A002 (MLflow's word)
        limit: int | None = None,
    ) -> Iterator[EvaluationDataset]:
        """Evaluation datasets, last changed first; ``experiment`` is an id."""
        query = {"experiment": experiment, "filter": filter or None}
        return self._session.all(_PATH, EvaluationDataset, limit=limit, **query)

    def get(self, dataset: str) -> EvaluationDetail:
        """One dataset, its experiments, and the runs that read it."""
        return self._session.get(f"{_PATH}/{part(dataset)}", EvaluationDetail)

    def records(self, dataset: str, *, limit: int | None = None) -> Iterator[EvaluationRow]:
        """Its records, the oldest first."""
        return self._session.all(f"{_PATH}/{part(dataset)}/records", EvaluationRow, limit=limit)

    def frame(self, dataset: str) -> Rows:
        """Its records as a table: ``.to_polars()``, ``.to_arrow()``, ``.to_pandas()``.

        Columns are ``record_id``, ``inputs``, ``outputs``, ``expectations``, ``tags`` and ``source`` (JSON
        texts), ``created_at`` and ``updated_at``.
        """
        return Rows(self._session, f"{_PATH}/{part(dataset)}/frame", {})

    def export(self, dataset: str, to: str | Path) -> Path:
        """Write ``frame`` to a file; its end says how: .csv, .parquet or .jsonl.

        Raises:
            Invalid: If the file's end is none of these.
        """
        return save_frame(self._session, f"{_PATH}/{part(dataset)}/frame", {}, to)
