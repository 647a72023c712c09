"""Experiments and tracked runs from Python. To log, use ``mlflow``: it speaks to the same server."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pomona.sdk.frames import save_frame
from pomona.sdk.rows import Rows
from pomona.sdk.session import Session, part, with_query
from pomona.training.code.records import RunDiff, RunOrigin
from pomona.training.records.costs import Spent
from pomona.training.records.runs import (
    ArtifactFile,
    Experiment,
    MetricHistory,
    RunComparison,
    RunDetail,
    RunSummary,
)
from pomona.training.records.studies import (
    ARCHIVED_TAG,
    Curves,
    ParamImportance,
    RunKeys,
    RunsChange,
    RunsChanged,
    SavedView,
    Stat,
    XAxis,
)

FILES = list[ArtifactFile]  # `list` is a method below
IMPORTANCES = list[ParamImportance]
VIEWS = list[SavedView]


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
        stat: Stat = "last",
        step: int | None = None,
        limit: int | None = None,
    ) -> Iterator[RunSummary]:
        """Runs, newest first. ``filter`` and ``order_by`` as in MLflow: ``metrics.rmse < 0.5``.

        ``stat``: show the last, the least or the greatest value of each metric, or that ``at`` a ``step``.
        """
        return self._session.all(
            "/api/v1/runs",
            RunSummary,
            limit=limit,
            experiment=experiment,
            hypothesis=hypothesis,
            filter=filter or None,
            order_by=order_by,
            stat=stat,
            step=step,
        )

    def frame(
        self,
        *,
        experiment: str | None = None,
        hypothesis: str | None = None,
        filter: str = "",  # noqa: A002 (MLflow's word)
        order_by: str | None = None,
        stat: Stat = "last",
        step: int | None = None,
        limit: int = 10_000,
    ) -> Rows:
        """Runs as a table: ``.to_polars()``, ``.to_arrow()``, ``.to_pandas()``; at most 200,000 of them.

        Columns are ``run_id``, ``run_name``, ``status``, ... and ``metrics.*``, ``params.*``, ``tags.*``.
        """
        query = _search(experiment, hypothesis, filter, order_by, stat, step) | {"limit": limit}
        return Rows(self._session, "/api/v1/runs/frame", query)

    def export(
        self,
        to: str | Path,
        *,
        experiment: str | None = None,
        hypothesis: str | None = None,
        filter: str = "",  # noqa: A002 (MLflow's word)
        order_by: str | None = None,
        stat: Stat = "last",
        step: int | None = None,
        limit: int = 10_000,
    ) -> Path:
        """Write ``frame`` to a file; its end says how: .csv, .parquet or .jsonl.

        Raises:
            Invalid: If the end is none of these.
        """
        query = _search(experiment, hypothesis, filter, order_by, stat, step) | {"limit": limit}
        return save_frame(self._session, "/api/v1/runs/frame", query, to)

    def keys(self) -> RunKeys:
        """The names of metrics, params and tags that any run has."""
        return self._session.get("/api/v1/runs/keys", RunKeys)

    def curves(
        self,
        run_ids: Sequence[str],
        metrics: Sequence[str],
        *,
        x: XAxis = "step",
        smooth: float = 0.0,
        group_by: str | None = None,
        points: int = 500,
    ) -> Curves:
        """Metrics of many runs, smoothed and thinned; with ``group_by="params.x"`` as means with bands."""
        many = "&".join([*(f"id={part(one)}" for one in run_ids), *(f"key={part(one)}" for one in metrics)])
        query = {"x": x, "smooth": smooth, "group_by": group_by, "points": points}
        return self._session.get(f"/api/v1/runs/curves?{many}&{with_query('', query)[1:]}", Curves)

    def importance(self, run_ids: Sequence[str], metric: str) -> Sequence[ParamImportance]:
        """How much of a metric goes with each param: Kruskal and Wallis' effect size, largest first."""
        many = "&".join(f"id={part(one)}" for one in run_ids)
        path = f"/api/v1/runs/importance?{many}&metric={part(metric)}"
        return self._session.get(path, IMPORTANCES)

    def tag(self, run_ids: Sequence[str], tags: Mapping[str, str | None]) -> int:
        """Set tags of many runs, or remove those that are None: of all, or of none. Returns how many."""
        return self._change(RunsChange(runs=[*run_ids], tags=dict(tags)))

    def archive(self, run_ids: Sequence[str]) -> int:
        """Take runs out of the way: pages no longer show them unless asked."""
        return self._change(RunsChange(runs=[*run_ids], tags={ARCHIVED_TAG: "true"}))

    def delete(self, run_ids: Sequence[str]) -> int:
        """Move runs to the bin."""
        return self._change(RunsChange(runs=[*run_ids], state="deleted"))

    def restore(self, run_ids: Sequence[str]) -> int:
        """Bring runs back, from the bin and from the archive."""
        return self._change(RunsChange(runs=[*run_ids], state="active", tags={ARCHIVED_TAG: None}))

    def _change(self, wanted: RunsChange) -> int:
        return self._session.post("/api/v1/runs/changes", wanted, RunsChanged).changed

    def views(self) -> Sequence[SavedView]:
        """Views of the pages of runs that people keep."""
        return self._session.get("/api/v1/views", VIEWS)

    def get(self, run_id: str) -> RunDetail:
        """Everything known about a run."""
        return self._session.get(f"/api/v1/runs/{part(run_id)}", RunDetail)

    def diff(self, run_id: str) -> RunDiff:
        """What a run ran beside its commit: ``.text`` is a patch, ``.code`` says what it belongs to."""
        return self._session.get(f"/api/v1/runs/{part(run_id)}/diff", RunDiff)

    def tell_origin(self, run_id: str, *, folder: str | Path | None = None) -> RunOrigin:
        """Tell a run where it comes from: this machine, its packages, and the code in ``folder``.

        For runs that another client made; ``pomona.autolog()`` does it for those of ``mlflow``.

        Args:
            folder: Whose git repository holds the code; default that of the running script, or the current
                one. Secrets and files that git does not know are not sent.
        """
        from pomona.sdk.origin import origin_of

        told = msgspec.structs.replace(origin_of(folder), run=run_id)
        return self._session.post("/api/v1/runs/origins", told, RunOrigin)

    def cost(self, *, experiment: str | None = None, hypothesis: str | None = None) -> Spent:
        """What runs cost in all: seconds times the price of what they used."""
        return self._session.get("/api/v1/runs/cost", Spent, experiment=experiment, hypothesis=hypothesis)

    def compare(self, run_ids: Sequence[str]) -> RunComparison:
        """Runs side by side: the params in which they differ, every metric, whether their code differs."""
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


def _search(
    experiment: str | None,
    hypothesis: str | None,
    text: str,
    order_by: str | None,
    stat: Stat,
    step: int | None,
) -> dict[str, Any]:
    asked = {"experiment": experiment, "hypothesis": hypothesis, "filter": text or None}
    return asked | {"order_by": order_by, "stat": stat, "step": step}


def _path(path: str) -> str:
    return "/".join(part(piece) for piece in path.split("/"))
