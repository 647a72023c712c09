"""Runs as people look at them: pages, one run with all its ties, runs side by side."""

import os
from collections.abc import Sequence

import msgspec

from pomona.core.errors import Invalid
from pomona.core.ports import Database, Ledger, Transaction
from pomona.core.records import Page
from pomona.training.code.records import RunDiff
from pomona.training.code.service import CodeService
from pomona.training.records.costs import Spent
from pomona.training.records.runs import (
    ENTRY_TAG,
    ENVIRONMENT_TAG,
    HYPOTHESIS_TAG,
    Experiment,
    Found,
    Run,
    RunComparison,
    RunDetail,
    RunSummary,
    View,
)
from pomona.training.records.search import Comparison, SortKey
from pomona.training.records.studies import Stat
from pomona.training.rules import costs, filters, views
from pomona.training.service.artifacts import ArtifactService
from pomona.training.service.experiments import ExperimentService
from pomona.training.service.logged_models import LoggedModelService
from pomona.training.store import runs, search, studies
from pomona.training.store.costs import durations
from pomona.training.store.metrics import run_numbers

PRICES_VARIABLE = "POMONA_PRICES"  # e.g. EUR:cpu=0.05,gpu=2.40 for an hour of each
ERROR_TAG = "pomona.error"  # the traceback of a script that failed
_MOST_COMPARED = 500


class RunReports:
    """What pages, tables and charts show of runs."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        experiments: ExperimentService,
        models: LoggedModelService,
        artifacts: ArtifactService,
        code: CodeService,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._experiments = experiments
        self._models = models
        self._artifacts = artifacts
        self._code = code

    def page(
        self,
        *,
        experiment: str | None = None,
        hypothesis: str | None = None,
        filter: str = "",  # noqa: A002 (the protocol's word)
        order_by: Sequence[str] = (),
        view: View = "ACTIVE_ONLY",
        stat: Stat = "last",
        step: int | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[RunSummary]:
        """Runs, newest first; ``experiment`` is an id or a name.

        ``stat`` says which value of each metric is shown: the last one, the least, the greatest, or the one
        ``at`` a ``step`` (or the last before it). Filters and order always mean the last.

        Raises:
            Invalid: If filter, order, cursor or limit cannot be read, or ``at`` names no step.
            NotFound: If there is no such experiment.
        """
        if not 1 <= limit <= 1000:
            raise Invalid(f"limit {limit} is not between 1 and 1000", hint="ask for more pages instead")
        offset = _offset(cursor)
        check_stat(stat, step)
        numbers, conditions, order = self.asked(experiment, hypothesis, filter, order_by)

        def find(tx: Transaction) -> tuple[Found, list[RunSummary]]:
            found = search.search_runs(tx, numbers, conditions, order, view=view, limit=limit, offset=offset)
            rows = [views.summary(run) for run in found.runs]
            return found, rows if stat == "last" else _measured(tx, rows, stat, step)

        found, rows = self._database.read(find)
        return Page(items=rows, next_cursor=None if found.next_offset is None else str(found.next_offset))

    def asked(
        self, experiment: str | None, hypothesis: str | None, text: str, order_by: Sequence[str]
    ) -> tuple[list[int] | None, list[Comparison], list[SortKey]]:
        """Experiments (None: all), conditions and order of a search.

        Raises:
            Invalid: If filter or order cannot be read.
            NotFound: If there is no such experiment.
        """
        conditions = filters.parse_filter(text, filters.RUNS)
        if hypothesis:
            tested = Comparison(entity="tag", key=HYPOTHESIS_TAG, op="=", value=hypothesis)
            conditions = [*conditions, tested]
        order = [filters.parse_order(item, filters.RUNS) for item in order_by]
        return None if experiment is None else [int(self.experiment(experiment).id)], conditions, order

    def experiments(self, *, cursor: str | None = None, limit: int = 50) -> Page[Experiment]:
        """Active experiments, newest first."""
        found, more = self._experiments.search(limit=limit, offset=_offset(cursor))
        return Page(items=found, next_cursor=None if more is None else str(more))

    def experiment(self, ref: str) -> Experiment:
        """The experiment with this id or name.

        Raises:
            NotFound: If there is none.
        """
        return self._experiments.get(ref) if ref.isdecimal() else self._experiments.named(ref)

    def detail(self, run_id: str) -> RunDetail:
        """Everything known about a run; the beginning of its id will do.

        Raises:
            NotFound: If there is none.
            Invalid: If several ids begin so.
        """
        run = self._database.read(lambda tx: _find(tx, run_id))
        return RunDetail(
            run=views.summary(run),
            experiment_name=self._experiments.get(run.experiment).name,
            inputs=[views.shown_input(item) for item in run.inputs],
            code=self._code.with_changes([views.code_of(run)])[0],
            environment=run.tags.get(ENVIRONMENT_TAG),
            entry=run.tags.get(ENTRY_TAG),
            models=self._models.of_run(run.id),
            artifacts=self._artifacts.tree(run.id),
            links=self._ledger.links([run.id]),
            error=run.tags.get(ERROR_TAG),
            machine=costs.machine_of(run),
            cost=costs.cost_of(run, costs.prices_of(os.environ.get(PRICES_VARIABLE, ""))),
        )

    def diff(self, run_id: str) -> RunDiff:
        """What a run ran beside its commit; the beginning of its id will do.

        Raises:
            NotFound: If there is no such run.
            Invalid: If several ids begin so.
        """
        run = self._database.read(lambda tx: _find(tx, run_id))
        return self._code.diff(run.id, views.code_of(run))

    def has_prices(self) -> bool:
        """Whether anything has a price; without one no sum is worth its time."""
        return os.environ.get(PRICES_VARIABLE, "").strip() != ""

    def spent(self, *, experiment: str | None = None, hypothesis: str | None = None) -> Spent:
        """What runs cost: all of them, those of an experiment, or those that test a hypothesis (its id).

        Raises:
            Invalid: If the prices cannot be read.
            NotFound: If there is no such experiment.
        """
        prices = costs.prices_of(os.environ.get(PRICES_VARIABLE, ""))
        number = None if experiment is None else int(self.experiment(experiment).id)
        found = self._database.read(lambda tx: durations(tx, experiment=number, hypothesis=hypothesis))
        return costs.spent_on(found, prices)

    def compare(self, run_ids: Sequence[str]) -> RunComparison:
        """Runs side by side: the params in which they differ, every metric, and their code.

        Raises:
            Invalid: If fewer than two or too many are named.
            NotFound: If one does not exist.
        """
        if not 2 <= len(run_ids) <= _MOST_COMPARED:
            raise Invalid(f"{len(run_ids)} runs cannot be compared", hint=f"name 2 to {_MOST_COMPARED} runs")
        found = self._database.read(lambda tx: search.by_ids(tx, _whole(tx, run_ids)))
        rows = [views.summary(run) for run in found]
        return views.side_by_side(rows, self._code.with_changes([views.code_of(row) for row in rows]))


def check_stat(stat: Stat, step: int | None) -> None:
    """Refuse the value ``at`` no step.

    Raises:
        Invalid: If no step is named.
    """
    if stat == "at" and step is None:
        raise Invalid("which step?", hint="stat=at needs step=…")
    if step is not None and not -(2**63) <= step < 2**63:
        raise Invalid(f"no run has a step {step}", hint="steps are whole numbers of 64 bits")


def _measured(tx: Transaction, rows: list[RunSummary], stat: Stat, step: int | None) -> list[RunSummary]:
    numbers = run_numbers(tx, [row.id for row in rows])
    values = studies.measured(tx, list(numbers.values()), stat, step)
    return [msgspec.structs.replace(row, metrics=values[numbers[row.id]]) for row in rows]


def _whole(tx: Transaction, run_ids: Sequence[str]) -> list[str]:
    if all(len(one) == 32 for one in run_ids):
        return list(run_ids)
    return [
        _find(tx, one).id if len(one) < 8 else studies.numbers_of(tx, [one])[one].run_id for one in run_ids
    ]


def _find(tx: Transaction, beginning: str) -> Run:
    short = 4 <= len(beginning) < 32
    found = runs.whole_ids(tx, beginning) if short else [beginning]
    if len(found) > 1:
        raise Invalid(f"several runs begin with {beginning!r}", hint="write more of the id")
    return search.run(tx, found[0] if found else beginning)


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 15:
        raise Invalid(f"{cursor!r} is not a cursor", hint="use the next_cursor of the page before")
    return int(cursor)
