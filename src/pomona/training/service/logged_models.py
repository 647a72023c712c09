"""Use cases of logged models: create, finish, find, tag."""

import secrets
from collections.abc import Mapping, Sequence

from pomona.core.errors import NotFound
from pomona.core.ports import Clock, Database, Transaction
from pomona.sql import to_us
from pomona.training.records.runs import DatasetFilter, LoggedModel, LoggedModelStatus, ModelOrder
from pomona.training.rules import filters, limits, paths
from pomona.training.rules.names import generated_name
from pomona.training.rules.paging import check_page_size
from pomona.training.service.experiments import ExperimentService
from pomona.training.store import experiments, logged_models, model_search


class LoggedModelService:
    """Models that runs logged; registering one makes it a model version."""

    def __init__(self, database: Database, clock: Clock, homes: ExperimentService) -> None:
        self._database = database
        self._clock = clock
        self._experiments = homes

    def create(
        self,
        experiment: str,
        *,
        name: str | None = None,
        model_type: str | None = None,
        source_run: str | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> LoggedModel:
        """A new logged model, its files still to come.

        Raises:
            Invalid: If the name breaks a rule or the experiment is deleted.
            NotFound: If there is no such experiment.
        """
        limits.check_logged_model_name(name)
        number, model_id = limits.experiment_number(experiment), f"m-{secrets.token_hex(16)}"
        now_ms = self._now_ms()
        self._experiments.prepare()

        def add(tx: Transaction) -> LoggedModel:
            home = experiments.active(tx, number)
            row = {
                "model_id": model_id,
                "experiment": number,
                "name": name or generated_name(secrets.token_bytes(6)),
                "model_type": model_type,
                "source_run": source_run,
                "status": "PENDING",
                "state": "active",
                "artifact_uri": paths.logged_model_uri(home.artifact_location, model_id),
            }
            logged_models.add(tx, row | {"created_ms": now_ms, "updated_ms": now_ms})
            logged_models.set_pairs(tx, logged_models.params, model_id, params or {})
            logged_models.set_pairs(tx, logged_models.tags, model_id, tags or {})
            return logged_models.get(tx, model_id)

        return self._database.write(add)

    def get(self, model_id: str, *, deleted: bool = False) -> LoggedModel:
        """The logged model with this id.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: logged_models.get(tx, model_id, deleted=deleted))

    def of_run(self, run_id: str) -> list[LoggedModel]:
        """The models that a run logged, oldest first."""
        return self._database.read(lambda tx: logged_models.of_run(tx, run_id))

    def finish(self, model_id: str, status: LoggedModelStatus) -> LoggedModel:
        """Say whether all files of a model arrived."""
        return self._change(model_id, status=status)

    def delete(self, model_id: str) -> None:
        """Move a logged model to the bin; versions registered from it stay."""
        self._change(model_id, state="deleted")

    def _change(self, model_id: str, **values: object) -> LoggedModel:
        now_ms = self._now_ms()

        def work(tx: Transaction) -> LoggedModel:
            logged_models.get(tx, model_id)
            logged_models.change(tx, model_id, updated_ms=now_ms, **values)
            return logged_models.get(tx, model_id, deleted=True)

        return self._database.write(work)

    def set_tags(self, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        """Add or overwrite tags."""

        def work(tx: Transaction) -> LoggedModel:
            logged_models.get(tx, model_id)
            logged_models.set_pairs(tx, logged_models.tags, model_id, tags)
            return logged_models.get(tx, model_id)

        return self._database.write(work)

    def delete_tag(self, model_id: str, key: str) -> None:
        """Drop a tag.

        Raises:
            NotFound: If the model does not have it.
        """

        def work(tx: Transaction) -> None:
            logged_models.get(tx, model_id)
            if not logged_models.remove_tag(tx, model_id, key):
                raise NotFound(f"No tag with key {key!r} found for model with ID {model_id!r}.")

        self._database.write(work)

    def add_params(self, model_id: str, params: Mapping[str, str]) -> None:
        """Add params to a logged model."""

        def work(tx: Transaction) -> None:
            logged_models.get(tx, model_id)
            logged_models.set_pairs(tx, logged_models.params, model_id, params)

        self._database.write(work)

    def search(
        self,
        experiment_ids: Sequence[str],
        *,
        filter: str = "",  # noqa: A002 (the protocol's word)
        datasets: Sequence[DatasetFilter] = (),
        order_by: Sequence[ModelOrder] = (),
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[LoggedModel], int | None]:
        """One page of logged models, newest first, and the offset of the next page."""
        check_page_size(limit, most=50_000)
        conditions = filters.parse_filter(filter, filters.LOGGED_MODELS)
        numbers = [limits.experiment_number(item) for item in experiment_ids]

        def find(tx: Transaction) -> tuple[list[LoggedModel], bool]:
            return model_search.search(
                tx, numbers, conditions, datasets, order_by, limit=limit, offset=offset
            )

        found, more = self._database.read(find)
        return found, offset + limit if more else None

    def _now_ms(self) -> int:
        return to_us(self._clock.now()) // 1000
