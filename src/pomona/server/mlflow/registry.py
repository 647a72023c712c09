"""Registered models and model versions of the protocol."""

from collections.abc import Sequence
from typing import Any

from pomona.core.errors import Invalid, NotFound
from pomona.registry.records import ModelVersion, RegisteredModel
from pomona.registry.rules import check_alias, check_model_name, stage_named
from pomona.registry.service import RegistryService
from pomona.server.mlflow.forms import Pair, RegistryForm, SearchForm
from pomona.server.mlflow.shapes import millis, pairs
from pomona.server.mlflow.wire import EMPTY, Request, Response, answer
from pomona.training.rules.paging import offset_from, token_for
from pomona.training.rules.paths import version_uri


class Registry:
    """Handlers of ``/mlflow/registered-models`` and ``/mlflow/model-versions``."""

    def __init__(self, registry: RegistryService) -> None:
        self._registry = registry

    def create(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name")
        tags = _tags(form.tags)
        model = self._registry.shelf.create(form.name or "", description=form.description or "", tags=tags)
        return self._model(model)

    def get(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name")
        check_model_name(form.name or "")
        return self._model(self._registry.model(form.name or ""))

    def update(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name")
        return self._model(self._registry.shelf.describe(form.name or "", form.description or ""))

    def rename(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "new_name")
        return self._model(self._registry.shelf.rename(form.name or "", form.new_name or ""))

    def delete(self, request: Request) -> Response:
        self._registry.shelf.delete(request.form(RegistryForm, "name").name or "")
        return EMPTY

    def search(self, request: Request) -> Response:
        form = request.form(SearchForm)
        found, more = self._registry.search.models(
            filter=form.filter or "",
            order_by=form.order_by or [],
            limit=100 if form.max_results is None else form.max_results,
            offset=offset_from(form.page_token),
        )
        newest = self._registry.newest_by_stage(found)
        shapes = [_shape(model, latest) for model, latest in zip(found, newest, strict=True)]
        body: dict[str, object] = {"registered_models": shapes}
        return answer(body if more is None else body | {"next_page_token": token_for(more)})

    def latest(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name")
        stages = {stage_named(stage) for stage in form.stages or []}
        [newest] = self._registry.newest_by_stage([self._registry.model(form.name or "")])
        found = [version for version in newest if not stages or version.stage in stages]
        return answer({"model_versions": [version_shape(item) for item in found]})

    def set_tag(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "key")
        self._registry.shelf.set_model_tag(form.name or "", form.key or "", form.value or "")
        return EMPTY

    def delete_tag(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "key")
        self._registry.shelf.drop_model_tag(form.name or "", form.key or "")
        return EMPTY

    def set_alias(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "alias", "version")
        self._registry.set_alias(form.name or "", form.alias or "", number_of(form))
        return EMPTY

    def delete_alias(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "alias")
        self._registry.remove_alias(form.name or "", form.alias or "")
        return EMPTY

    def by_alias(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "alias")
        name, alias = form.name or "", form.alias or ""
        if alias.lower() != "latest":
            check_alias(alias)
            if alias not in self._registry.model(name).aliases:
                raise Invalid(f"Registered model alias {alias} not found.")
        return self._version(
            self._registry.version(f"{name}@{alias.lower() if alias.lower() == 'latest' else alias}")
        )

    def create_version(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "source")
        version = self._registry.register_source(
            form.name or "",
            form.source or "",
            run_id=form.run_id or None,
            model_id=form.model_id or None,
            description=form.description or "",
            run_link=form.run_link or "",
            tags=_tags(form.tags),
        )
        return self._version(version)

    def get_version(self, request: Request) -> Response:
        return self._version(version_named(self._registry, request.form(RegistryForm, "name", "version")))

    def update_version(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "version")
        found = self._registry.shelf.describe_version(
            form.name or "", number_of(form), form.description or ""
        )
        return self._version(found)

    def move_stage(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "version", "stage")
        found = self._registry.shelf.move_stage(
            form.name or "",
            number_of(form),
            form.stage or "",
            archive_others=bool(form.archive_existing_versions),
        )
        return self._version(found)

    def delete_version(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "version")
        self._registry.shelf.delete_version(form.name or "", number_of(form))
        return EMPTY

    def download_uri(self, request: Request) -> Response:
        found = version_named(self._registry, request.form(RegistryForm, "name"))
        self._registry.seals.of(found)
        return answer({"artifact_uri": version_uri(found.id)})

    def search_versions(self, request: Request) -> Response:
        form = request.form(SearchForm)
        found, more = self._registry.search.versions(
            filter=form.filter or "",
            order_by=form.order_by or [],
            limit=200_000 if form.max_results is None else form.max_results,
            offset=offset_from(form.page_token),
        )
        body: dict[str, object] = {"model_versions": [version_shape(item) for item in found]}
        return answer(body if more is None else body | {"next_page_token": token_for(more)})

    def set_version_tag(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "version", "key")
        self._registry.shelf.set_version_tag(
            form.name or "", number_of(form), form.key or "", form.value or ""
        )
        return EMPTY

    def delete_version_tag(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "version", "key")
        self._registry.shelf.drop_version_tag(form.name or "", number_of(form), form.key or "")
        return EMPTY

    def _model(self, model: RegisteredModel) -> Response:
        [newest] = self._registry.newest_by_stage([model])
        return answer({"registered_model": _shape(model, newest)})

    def _version(self, version: ModelVersion) -> Response:
        return answer({"model_version": version_shape(version)})


def _shape(model: RegisteredModel, newest: Sequence[ModelVersion]) -> dict[str, Any]:
    return {
        "name": model.name,
        "creation_timestamp": millis(model.created_at),
        "last_updated_timestamp": millis(model.updated_at),
        "description": model.description,
        "latest_versions": [version_shape(version) for version in newest],
        "tags": pairs(model.tags),
        "aliases": [{"alias": alias, "version": str(n)} for alias, n in model.aliases.items()],
    }


def version_shape(found: ModelVersion) -> dict[str, Any]:
    """A model version as the protocol writes it."""
    return {
        "name": found.model,
        "version": str(found.number),
        "creation_timestamp": millis(found.created_at),
        "last_updated_timestamp": millis(found.updated_at),
        "user_id": found.created_by,
        "current_stage": found.stage,
        "description": found.description,
        "source": found.source,
        "run_id": found.run_id or "",
        "run_link": found.run_link,
        "status": "READY",
        "tags": pairs(found.tags),
        "aliases": list(found.aliases),
        "model_id": found.logged_model or "",
    }


def version_named(registry: RegistryService, form: RegistryForm) -> ModelVersion:
    """The version that a request's ``name`` and ``version`` mean.

    Raises:
        NotFound: If there is none.
        Invalid: If the name cannot be one, or the version is no number.
    """
    check_model_name(form.name or "")
    number = number_of(form)
    try:
        return registry.version(f"{form.name}/{number}")
    except NotFound:
        raise NotFound(f"Model Version (name={form.name}, version={number}) not found") from None


def number_of(form: RegistryForm) -> int:
    """The version that a request names.

    Raises:
        Invalid: If it is no number.
    """
    try:
        return int(form.version or "")
    except ValueError:
        raise Invalid(f"Parameter 'version' must be an integer, got '{form.version or ''}'.") from None


def _tags(tags: list[Pair] | None) -> dict[str, str]:
    return dict(tag.item() for tag in tags or [])
