"""Taking over evaluation datasets with their rows."""

from collections.abc import Mapping

import msgspec

from pomona.core.ports import Database, Transaction
from pomona.registry.importing import rules, store
from pomona.registry.importing.counting import Counting
from pomona.registry.importing.door import Observed
from pomona.registry.importing.records import OldEvaluation
from pomona.training.evaluation import rules as evaluation_rules
from pomona.training.evaluation import store as evaluations
from pomona.training.evaluation.records import EvaluationDataset, EvaluationRow


class TakingEvaluations:
    """Takes evaluation datasets over.

    Args:
        homes: The number here of each experiment that was taken, by its id there.
        only_theirs: Whether datasets of other experiments, or of none, stay behind.
    """

    def __init__(
        self, database: Database, observed: Observed, homes: Mapping[str, int], *, only_theirs: bool
    ) -> None:
        self._database = database
        self._observed = observed
        self._homes = homes
        self._only_theirs = only_theirs

    def take(self, counting: Counting) -> None:
        """Every dataset that is new or changed."""
        for old in self._observed.evaluations():
            if self._only_theirs and not any(home in self._homes for home in old.dataset.experiments):
                continue
            self._dataset(old, counting)

    def _dataset(self, old: OldEvaluation, counting: Counting) -> None:
        dataset = old.dataset
        what, mark = f"evaluation {dataset.id}", (rules.mark_of(old), "")

        def seen(tx: Transaction) -> tuple[store.Mark | None, bool]:
            return store.marks(tx, [what]).get(what), evaluations.is_there(tx, dataset.id)

        before, here = self._database.read(seen)
        if before == mark:
            return
        if here and before is None:
            counting.left.add("evaluation datasets that are here, and that no import brought", dataset.name)
            return
        if not dataset.name.strip() or len(dataset.name) > evaluation_rules.MAX_NAME or len(dataset.id) > 64:
            counting.left.add("evaluation datasets whose name or id may not be", dataset.name[:100])
            return
        self._database.write(lambda tx: self._home(tx, dataset, what, here=here))
        found = 0
        for rows in self._observed.rows(old):
            self._database.write(lambda tx, rows=rows: _rows(tx, dataset.id, rows))  # type: ignore[misc]
            found += len(rows)

        def end(tx: Transaction) -> None:
            store.mark(tx, {what: mark})
            counting.keep(tx, datasets=1, rows=found)

        self._database.write(end)

    def _home(self, tx: Transaction, dataset: EvaluationDataset, what: str, *, here: bool) -> None:
        numbers = [self._homes[home] for home in dataset.experiments if home in self._homes]
        schema = None if dataset.schema is None else msgspec.json.encode(dataset.schema).decode()
        values = {
            "name": dataset.name,
            "digest": dataset.digest[:64],
            "updated_ms": dataset.updated_ms,
            "updated_by": dataset.updated_by,
            "schema_json": schema,
        }
        if not here:
            evaluations.add(tx, msgspec.structs.replace(dataset, tags={}, experiments=[]))
        evaluations.change(tx, dataset.id, **values)
        evaluations.set_tags(tx, dataset.id, {key[:250]: text for key, text in dataset.tags.items()})
        evaluations.add_homes(tx, dataset.id, numbers)
        store.mark(tx, {what: ("", "")})


def _rows(tx: Transaction, dataset: str, rows: list[EvaluationRow]) -> None:
    """A row is known by its inputs: one that has other ones here keeps its id here."""
    by_input = {evaluation_rules.input_key(row.inputs): row for row in rows}
    known = evaluations.rows_by_input(tx, dataset, list(by_input))
    evaluations.set_rows(
        tx,
        {
            key: msgspec.structs.replace(row, id=known[key].id) if key in known else row
            for key, row in by_input.items()
        },
    )
