"""Evaluation datasets as people look at them: pages, one with all its uses, its rows as a frame."""

from typing import TYPE_CHECKING, Any

import msgspec

from pomona.core.errors import Invalid
from pomona.core.ports import Database, Transaction
from pomona.core.records import Page
from pomona.training.evaluation import rules, store
from pomona.training.evaluation.records import EvaluationDataset, EvaluationDetail, EvaluationRow
from pomona.training.evaluation.uses import uses
from pomona.training.records.search import SortKey
from pomona.training.rules import filters, limits
from pomona.training.store import experiments

if TYPE_CHECKING:
    import pyarrow as pa

_NEWEST = [SortKey(entity="attribute", key="last_update_time", ascending=False)]
_PART = 2_000
_JSON = ("inputs", "outputs", "expectations", "tags", "source")


class EvaluationReports:
    """What pages and frames show of evaluation datasets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        *,
        experiment: str | None = None,
        filter: str = "",  # noqa: A002 (the protocol's word)
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[EvaluationDataset]:
        """Datasets, last changed first; ``experiment`` is an id.

        Raises:
            Invalid: If filter, cursor or limit cannot be read.
        """
        _check_limit(limit)
        offset = 0 if cursor is None else _offset(cursor)
        conditions = filters.parse_filter(filter, rules.DATASETS)
        numbers = None if experiment is None else [limits.experiment_number(experiment)]
        found, more = self._database.read(
            lambda tx: store.search(tx, numbers, conditions, _NEWEST, limit=limit, offset=offset)
        )
        return Page(items=found, next_cursor=str(offset + limit) if more else None)

    def detail(self, dataset: str) -> EvaluationDetail:
        """One dataset, its experiments, and the runs that read it.

        Raises:
            NotFound: If there is no such dataset.
        """

        def read(tx: Transaction) -> EvaluationDetail:
            found = store.get(tx, dataset)
            named = {home: experiments.get(tx, int(home)).name for home in found.experiments}
            return EvaluationDetail(dataset=found, experiments=named, runs=uses(tx, found))

        return self._database.read(read)

    def rows(self, dataset: str, *, cursor: str | None = None, limit: int = 50) -> Page[EvaluationRow]:
        """One page of rows, the oldest first.

        Raises:
            NotFound: If there is no such dataset.
            Invalid: If cursor or limit cannot be read.
        """
        _check_limit(limit)
        after = rules.cursor_from(cursor)

        def read(tx: Transaction) -> tuple[list[EvaluationRow], bool]:
            store.get(tx, dataset)
            return store.page(tx, dataset, after=after, limit=limit)

        found, more = self._database.read(read)
        return Page(items=found, next_cursor=rules.cursor_for(found[-1]) if more else None)

    def table(self, dataset: str) -> "pa.Table":
        """All rows: ``record_id``, times, and inputs, outputs, expectations, tags and source as JSON texts.

        Raises:
            NotFound: If there is no such dataset.
        """

        def read(tx: Transaction) -> list[EvaluationRow]:
            store.get(tx, dataset)
            found: list[EvaluationRow] = []
            after: tuple[int, str] | None = None
            more = True
            while more:
                part, more = store.page(tx, dataset, after=after, limit=_PART)
                found += part
                after = (part[-1].created_ms, part[-1].id) if part else None
            return found

        return _table(self._database.read(read))


def _table(rows: list[EvaluationRow]) -> "pa.Table":
    import pyarrow as pa  # not at start

    at = pa.timestamp("ms", "UTC")
    columns: dict[str, Any] = {"record_id": pa.array([row.id for row in rows], pa.string())}
    for name in _JSON:
        columns[name] = pa.array([_json(getattr(row, name)) for row in rows], pa.string())
    columns["created_at"] = pa.array([row.created_ms for row in rows], at)
    columns["updated_at"] = pa.array([row.updated_ms for row in rows], at)
    return pa.table(columns)


def _json(value: Any) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= 1000:
        raise Invalid(f"limit {limit} is not between 1 and 1000", hint="ask for more pages instead")


def _offset(cursor: str) -> int:
    if not cursor.isdecimal() or len(cursor) > 18:
        raise Invalid(f"{cursor[:40]!r} is no cursor", hint="use next_cursor of the page before")
    return int(cursor)
