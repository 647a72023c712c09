"""Use cases of experiments: create, find, rename, delete and restore, tag."""

from collections.abc import Sequence

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Clock, Database, Transaction
from pomona.sql import to_us
from pomona.training.records.runs import HYPOTHESIS_TAG, DatasetSummary, Experiment, View
from pomona.training.records.search import SortKey
from pomona.training.rules import filters, limits, paths
from pomona.training.rules.paging import check_page_size
from pomona.training.service.lineage import Lineage
from pomona.training.store import experiments, inputs, runs, search

MAX_PAGE = 50_000


class ExperimentService:
    """Groups of runs. Experiment 0, "Default", is always there."""

    def __init__(self, database: Database, clock: Clock, lineage: Lineage) -> None:
        self._database = database
        self._clock = clock
        self._lineage = lineage
        self._prepared = False

    def create(self, name: str, *, location: str = "", tags: dict[str, str] | None = None) -> str:
        """A new experiment; returns its id.

        Raises:
            Invalid: If the name, a tag or the location breaks a rule.
            Conflict: If the name is taken.
        """
        limits.check_experiment_name(name)
        if location:
            paths.check_location(location)
        for key, value in (tags or {}).items():
            limits.check_experiment_tag(key, value)
        kept = self._lineage.tags(tags or {})
        now_ms = self._now_ms()

        def add(tx: Transaction) -> int:
            number = experiments.add(tx, name=name, location=location, tags=kept, now_ms=now_ms)
            if not location:
                experiments.change(tx, number, artifact_location=paths.experiment_uri(number))
            return number

        self.prepare()
        return str(self._database.write(add))

    def get(self, experiment_id: str) -> Experiment:
        """The experiment with this id.

        Raises:
            NotFound: If there is none.
        """
        self.prepare()
        number = limits.experiment_number(experiment_id)
        return self._database.read(lambda tx: experiments.get(tx, number))

    def named(self, name: str) -> Experiment:
        """The experiment with this name, active or deleted.

        Raises:
            NotFound: If there is none.
        """
        self.prepare()
        found = self._database.read(lambda tx: experiments.find(tx, name))
        if found is None:
            raise NotFound(f"Could not find experiment with name '{name}'", hint="`pomona runs experiments`")
        return found

    def rename(self, experiment_id: str, name: str) -> None:
        """Give an active experiment another name."""
        limits.check_experiment_name(name)
        number, now_ms = limits.experiment_number(experiment_id), self._now_ms()

        def work(tx: Transaction) -> None:
            if experiments.get(tx, number).state != "active":
                raise Invalid("Cannot rename a non-active experiment.", hint="restore it first")
            experiments.rename(tx, number, name, now_ms=now_ms)

        self.prepare()
        self._database.write(work)

    def delete(self, experiment_id: str) -> None:
        """Move an experiment and its runs to the bin.

        Raises:
            NotFound: If there is no active experiment with this id.
        """
        self._move(experiment_id, old="active", new="deleted")

    def restore(self, experiment_id: str) -> None:
        """Bring an experiment and its runs back.

        Raises:
            NotFound: If there is no deleted experiment with this id.
        """
        self._move(experiment_id, old="deleted", new="active")

    def _move(self, experiment_id: str, *, old: str, new: str) -> None:
        number, now_ms = limits.experiment_number(experiment_id), self._now_ms()

        def work(tx: Transaction) -> None:
            if experiments.get(tx, number).state != old:
                raise NotFound(f"No Experiment with id={experiment_id} exists", hint=f"it is not {old}")
            experiments.change(tx, number, state=new, updated_ms=now_ms)
            runs.change_all(tx, number, state=new, deleted_ms=now_ms if new == "deleted" else None)

        self.prepare()
        self._database.write(work)

    def set_tag(self, experiment_id: str, key: str, value: str) -> None:
        """Add or overwrite a tag; ``pomona.hypothesis`` says what its runs test."""
        limits.check_experiment_tag(key, value)
        number = limits.experiment_number(experiment_id)
        kept = self._lineage.tags({key: value})

        def work(tx: Transaction) -> None:
            experiments.active(tx, number)
            experiments.set_tags(tx, number, kept)

        self.prepare()
        self._database.write(work)

    def delete_tag(self, experiment_id: str, key: str) -> None:
        """Drop a tag.

        Raises:
            NotFound: If the experiment does not have it.
        """
        number = limits.experiment_number(experiment_id)

        def work(tx: Transaction) -> None:
            experiments.active(tx, number)
            if not experiments.remove_tag(tx, number, key):
                raise NotFound(f"No tag with name: {key} in experiment with id {experiment_id}")

        self.prepare()
        self._database.write(work)

    def search(
        self,
        *,
        filter: str = "",  # noqa: A002 (the protocol's word)
        order_by: Sequence[str] = (),
        view: View = "ACTIVE_ONLY",
        limit: int = 1000,
        offset: int = 0,
    ) -> tuple[list[Experiment], int | None]:
        """One page of experiments, newest first, and the offset of the next page.

        Raises:
            Invalid: If filter, order or limit cannot be read.
        """
        check_page_size(limit, most=MAX_PAGE)
        conditions = filters.parse_filter(filter, filters.EXPERIMENTS)
        order: list[SortKey] = [filters.parse_order(item, filters.EXPERIMENTS) for item in order_by]
        self.prepare()
        found = self._database.read(
            lambda tx: search.search_experiments(tx, conditions, order, view=view, limit=limit, offset=offset)
        )
        return found[:limit], offset + limit if len(found) > limit else None

    def datasets(self, experiment_ids: Sequence[str]) -> list[DatasetSummary]:
        """Datasets that runs of these experiments read."""
        numbers = [limits.experiment_number(item) for item in experiment_ids]
        return self._database.read(lambda tx: inputs.summaries(tx, numbers))

    def hypothesis_of(self, tx: Transaction, number: int) -> str | None:
        """What the runs of an experiment test."""
        return experiments.tags_of(tx, number).get(HYPOTHESIS_TAG)

    def prepare(self) -> None:
        """Make sure that experiment 0 is there."""
        if not self._prepared:
            location, now_ms = paths.experiment_uri(0), self._now_ms()
            self._database.write(lambda tx: experiments.add_default(tx, location=location, now_ms=now_ms))
            self._prepared = True

    def _now_ms(self) -> int:
        return to_us(self._clock.now()) // 1000
