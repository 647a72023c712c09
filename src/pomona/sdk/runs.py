"""Experiments and tracked runs from Python. To log, use ``mlflow``: it speaks to the same server."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pomona.sdk.session import Session, part
from pomona.training.records.runs import (
    ArtifactFile,
    Experiment,
    MetricHistory,
    RunComparison,
    RunDetail,
    RunSummary,
)

FILES = list[ArtifactFile]  # `list` is a method below


class Runs:
    """``client.runs``: what was tried, with what, and how well it did."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        experiment: str | None = None,
        hypothesis: str | None = None,
        filter: str = "",  # noqa: A002 (MLflow's word)
        order_by: str | None = None,
        limit: int | None = None,
    ) -> Iterator[RunSummary]:
        """Runs, newest first. ``filter`` and ``order_by`` as in MLflow: ``metrics.rmse < 0.5``."""
        return self._session.all(
            "/api/v1/runs",
            RunSummary,
            limit=limit,
            experiment=experiment,
            hypothesis=hypothesis,
            filter=filter or None,
            order_by=order_by,
        )

    def get(self, run_id: str) -> RunDetail:
        """Everything known about a run."""
        return self._session.get(f"/api/v1/runs/{part(run_id)}", RunDetail)

    def compare(self, run_ids: Sequence[str]) -> RunComparison:
        """Runs side by side: the params in which they differ, and every metric."""
        query = "&".join(f"id={part(run_id)}" for run_id in run_ids)
        return self._session.get(f"/api/v1/runs/compare?{query}", RunComparison)

    def metric(self, run_id: str, key: str, *, points: int = 500) -> MetricHistory:
        """A metric's history, thinned to at most ``points``."""
        path = f"/api/v1/runs/{part(run_id)}/metrics/{_path(key)}"
        return self._session.get(path, MetricHistory, points=points)

    def artifacts(self, run_id: str) -> Sequence[ArtifactFile]:
        """Every file of a run."""
        return self._session.get(f"/api/v1/runs/{part(run_id)}/artifacts", FILES)

    def read(self, run_id: str, path: str) -> bytes:
        """A file of a run, verified."""
        return self._session.call("GET", f"/api/v1/runs/{part(run_id)}/artifacts/{_path(path)}").body

    def download(self, run_id: str, path: str, to: str | Path) -> Path:
        """Write a file of a run to a folder; returns where it is."""
        target = Path(to) / path.rsplit("/", 1)[-1]
        target.write_bytes(self.read(run_id, path))
        return target

    def experiments(self, *, limit: int | None = None) -> Iterator[Experiment]:
        """Experiments, newest first."""
        return self._session.all("/api/v1/experiments", Experiment, limit=limit)


def _path(path: str) -> str:
    return "/".join(part(piece) for piece in path.split("/"))
