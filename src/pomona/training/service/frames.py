"""Runs as a table: a row for each, a column for each metric, param and tag, named as MLflow names them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pomona.core.errors import Invalid
from pomona.core.ports import Database, Transaction
from pomona.training.records.runs import View
from pomona.training.records.studies import Stat
from pomona.training.service.reports import RunReports, check_stat
from pomona.training.store import metrics, runs, search, studies

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS = 200_000
_PART = 2_000  # runs loaded at once

Columns = dict[str, list[Any]]


class RunFrames:
    """Searches whose answer is a table."""

    def __init__(self, database: Database, reports: RunReports) -> None:
        self._database = database
        self._reports = reports

    def table(
        self,
        *,
        experiment: str | None = None,
        hypothesis: str | None = None,
        filter: str = "",  # noqa: A002 (the protocol's word)
        order_by: Sequence[str] = (),
        view: View = "ACTIVE_ONLY",
        stat: Stat = "last",
        step: int | None = None,
        limit: int = 10_000,
    ) -> "pa.Table":
        """The runs of a search; columns ``run_id`` ..., ``metrics.*`` (float), ``params.*`` and ``tags.*``.

        Raises:
            Invalid: If filter, order or limit cannot be read.
            NotFound: If there is no such experiment.
        """
        if not 1 <= limit <= MOST_ROWS:
            raise Invalid(
                f"limit {limit} is not between 1 and {MOST_ROWS}", hint="filter by start_time instead"
            )
        check_stat(stat, step)
        numbers, conditions, order = self._reports.asked(experiment, hypothesis, filter, order_by)

        def read(tx: Transaction) -> tuple[Columns, Columns, Columns, Columns]:
            found = search.matching(tx, numbers, conditions, order, view=view, limit=limit)
            parts = [found[at : at + _PART] for at in range(0, len(found), _PART)]
            fixed: Columns = {name: [] for name in _FIXED}
            wide = (_Wide(), _Wide(), _Wide())
            for part in parts:
                for row in search.rows_of(tx, part):
                    for name, value in zip(_FIXED, _values(row), strict=True):
                        fixed[name].append(value)
                measured = _measured(tx, part, stat, step)
                rows = (measured, runs.pairs(tx, runs.params, part), runs.pairs(tx, runs.tags, part))
                for columns, of in zip(wide, rows, strict=True):
                    columns.add(part, of)
            values, params, tags = wide
            return fixed, values.filled(), params.filled(), tags.filled()

        return _table(*self._database.read(read))


_FIXED = (
    "run_id",
    "run_name",
    "experiment_id",
    "status",
    "lifecycle_stage",
    "user_id",
    "start_time",
    "end_time",
    "artifact_uri",
)


def _values(row: Any) -> tuple[Any, ...]:
    names = (row.run_id, row.name, str(row.experiment), row.status, row.state, row.user_id)
    return (*names, row.started_ms, row.ended_ms, row.artifact_uri)


def _measured(tx: Transaction, part: list[int], stat: Stat, step: int | None) -> dict[int, dict[str, Any]]:
    if stat != "last":
        return {number: dict(found) for number, found in studies.measured(tx, part, stat, step).items()}
    latest = metrics.latest_of(tx, part)
    return {number: {one.key: one.value for one in found} for number, found in latest.items()}


class _Wide:
    """Columns that appear as rows come; a row that has none of a column's values has None there."""

    def __init__(self) -> None:
        self._columns: Columns = defaultdict(list)
        self._rows = 0

    def add(self, part: list[int], rows: dict[int, dict[str, Any]]) -> None:
        for number in part:
            for name, value in rows[number].items():
                column = self._columns[name]
                column.extend([None] * (self._rows - len(column)))
                column.append(value)
            self._rows += 1

    def filled(self) -> Columns:
        return {
            name: [*column, *[None] * (self._rows - len(column))]
            for name, column in sorted(self._columns.items())
        }


def _table(fixed: Columns, values: Columns, params: Columns, tags: Columns) -> "pa.Table":
    import pyarrow as pa  # not at start

    times = {"start_time", "end_time"}
    columns = {
        name: pa.array(column, pa.timestamp("ms", "UTC") if name in times else pa.string())
        for name, column in fixed.items()
    }
    columns |= {f"metrics.{name}": pa.array(column, pa.float64()) for name, column in values.items()}
    for entity, pairs in (("params", params), ("tags", tags)):
        columns |= {f"{entity}.{name}": pa.array(column, pa.string()) for name, column in pairs.items()}
    return pa.table(columns)
