"""Use cases of evaluation datasets: create, fill, tie to experiments, find, delete."""

import secrets
from collections.abc import Mapping, Sequence

import msgspec

from pomona.core.errors import Invalid
from pomona.core.ports import Clock, Database, Transaction
from pomona.sql import to_us
from pomona.training.evaluation import rules, store
from pomona.training.evaluation.records import EvaluationDataset, EvaluationRow, Merged, NewRow
from pomona.training.evaluation.reports import EvaluationReports
from pomona.training.rules import filters, limits
from pomona.training.rules.paging import check_page_size
from pomona.training.service.experiments import ExperimentService
from pomona.training.store import experiments

MAX_PAGE = 1000


class EvaluationService:
    """Datasets that applications are judged by; a row is known by its inputs.

    ``reports`` is what people look at.
    """

    def __init__(self, database: Database, clock: Clock, experiments_: ExperimentService) -> None:
        self._database = database
        self._clock = clock
        self._experiments = experiments_
        self.reports = EvaluationReports(database)

    def create(
        self, name: str, *, experiment_ids: Sequence[str] = (), tags: Mapping[str, str] | None = None
    ) -> EvaluationDataset:
        """A new dataset, without a row yet. Names need not differ.

        Raises:
            Invalid: If the name breaks a rule.
            NotFound: If an experiment does not exist.
        """
        rules.check_name(name)
        numbers = [limits.experiment_number(item) for item in experiment_ids]
        now_ms, kept = self._now_ms(), dict(tags or {})
        user = kept.get(rules.USER_TAG)
        made = EvaluationDataset(
            id=f"d-{secrets.token_hex(16)}",
            name=name,
            digest=rules.digest_of(name, now_ms),
            tags=kept,
            experiments=[str(number) for number in numbers],
            created_ms=now_ms,
            updated_ms=now_ms,
            created_by=user,
            updated_by=user,
        )
        self._experiments.prepare()

        def add(tx: Transaction) -> EvaluationDataset:
            for number in numbers:
                experiments.get(tx, number)
            store.add(tx, made)
            return made

        return self._database.write(add)

    def get(self, dataset: str) -> EvaluationDataset:
        """The dataset with this id.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: store.get(tx, dataset))

    def delete(self, dataset: str) -> None:
        """Drop a dataset and its rows; nothing happens if it is not there."""
        self._database.write(lambda tx: store.remove(tx, dataset))

    def search(
        self,
        *,
        experiment_ids: Sequence[str] = (),
        filter: str = "",  # noqa: A002 (the protocol's word)
        order_by: Sequence[str] = (),
        limit: int = MAX_PAGE,
        offset: int = 0,
    ) -> tuple[list[EvaluationDataset], int | None]:
        """One page of datasets, newest first, and the offset of the next page.

        Raises:
            Invalid: If filter, order or limit cannot be read.
        """
        check_page_size(limit, most=50_000)
        conditions = filters.parse_filter(filter, rules.DATASETS)
        order = [filters.parse_order(item, rules.ORDER) for item in order_by]
        numbers = [limits.experiment_number(item) for item in experiment_ids] or None
        found, more = self._database.read(
            lambda tx: store.search(tx, numbers, conditions, order, limit=limit, offset=offset)
        )
        return found, offset + limit if more else None

    def set_tags(self, dataset: str, tags: Mapping[str, str]) -> None:
        """Add or overwrite tags.

        Raises:
            NotFound: If there is no such dataset.
        """

        def work(tx: Transaction) -> None:
            store.get(tx, dataset)
            store.set_tags(tx, dataset, tags)

        self._database.write(work)

    def delete_tag(self, dataset: str, key: str) -> None:
        """Drop a tag; nothing happens if it is not there."""
        self._database.write(lambda tx: store.drop_tag(tx, dataset, key))

    def tie(self, dataset: str, experiment_ids: Sequence[str]) -> EvaluationDataset:
        """Show a dataset with more experiments.

        Raises:
            NotFound: If the dataset or an experiment does not exist.
        """
        numbers = [limits.experiment_number(item) for item in experiment_ids]
        self._experiments.prepare()

        def work(tx: Transaction) -> EvaluationDataset:
            store.get(tx, dataset)
            for number in numbers:
                experiments.get(tx, number)
            store.add_homes(tx, dataset, numbers)
            store.change(tx, dataset, updated_ms=self._now_ms())
            return store.get(tx, dataset)

        return self._database.write(work)

    def untie(self, dataset: str, experiment_ids: Sequence[str]) -> EvaluationDataset:
        """Show a dataset with fewer experiments; those it was not tied to are left out.

        Raises:
            NotFound: If there is no such dataset.
        """
        numbers = [limits.experiment_number(item) for item in experiment_ids]

        def work(tx: Transaction) -> EvaluationDataset:
            store.get(tx, dataset)
            store.drop_homes(tx, dataset, numbers)
            store.change(tx, dataset, updated_ms=self._now_ms())
            return store.get(tx, dataset)

        return self._database.write(work)

    def merge(self, dataset: str, rows: Sequence[NewRow]) -> Merged:
        """Add rows; one whose inputs are there already is merged into that row.

        Raises:
            NotFound: If there is no such dataset.
        """
        now_ms = self._now_ms()
        by_input: dict[str, list[NewRow]] = {}
        for row in rows:
            by_input.setdefault(rules.input_key(row.inputs), []).append(row)

        def work(tx: Transaction) -> Merged:
            before = store.get(tx, dataset)
            known = store.rows_by_input(tx, dataset, list(by_input))
            changed = {key: _folded(dataset, known.get(key), new, now_ms) for key, new in by_input.items()}
            store.set_rows(tx, changed)
            schema = rules.schema_with(before.schema, rows)
            users = [row.tags[rules.USER_TAG] for row in rows if row.tags and rules.USER_TAG in row.tags]
            store.change(
                tx,
                dataset,
                updated_ms=now_ms,
                digest=rules.digest_of(before.name, now_ms),
                updated_by=users[-1] if users else None,
                schema_json=None if schema is None else msgspec.json.encode(schema).decode(),
            )
            new = len(by_input) - len(known)
            return Merged(inserted=new, updated=len(rows) - new)

        return self._database.write(work)

    def rows(
        self, dataset: str, *, limit: int = MAX_PAGE, token: str | None = None
    ) -> tuple[list[EvaluationRow], str | None]:
        """One page of rows, the oldest first, and the token of the next page.

        Raises:
            NotFound: If there is no such dataset.
            Invalid: If the token or the limit is none.
        """
        if limit < 1:
            raise Invalid(f"Invalid value {limit} for parameter 'max_results' supplied.")
        after = rules.cursor_from(token)

        def read(tx: Transaction) -> tuple[list[EvaluationRow], bool]:
            store.get(tx, dataset)
            return store.page(tx, dataset, after=after, limit=min(limit, 50_000))

        found, more = self._database.read(read)
        return found, rules.cursor_for(found[-1]) if more else None

    def delete_rows(self, dataset: str, ids: Sequence[str]) -> int:
        """Drop rows; returns how many were there.

        Raises:
            NotFound: If there is no such dataset.
        """

        def work(tx: Transaction) -> int:
            store.get(tx, dataset)
            return store.drop_rows(tx, dataset, ids)

        return self._database.write(work)

    def _now_ms(self) -> int:
        return to_us(self._clock.now()) // 1000


def _folded(dataset: str, known: EvaluationRow | None, new: Sequence[NewRow], now_ms: int) -> EvaluationRow:
    rest = list(new)
    if known is None:
        first = rest.pop(0)
        user = (first.tags or {}).get(rules.USER_TAG)
        known = EvaluationRow(
            id=f"dr-{secrets.token_hex(16)}",
            dataset=dataset,
            inputs=first.inputs,
            outputs=first.outputs if first.has_outputs else {},
            expectations=first.expectations,
            tags=first.tags or {},
            source=first.source,
            created_ms=now_ms,
            updated_ms=now_ms,
            created_by=user,
            updated_by=user,
        )
    for row in rest:
        known = rules.merged(known, row, at_ms=now_ms)
    return known
