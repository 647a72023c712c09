"""Prompts of the protocol: registered models and versions with a tag that says so, kept apart from models."""

from collections.abc import Callable, Sequence
from typing import Any

from pomona.core.errors import Invalid
from pomona.registry.prompts.records import Prompt, PromptVersion
from pomona.registry.prompts.rules import is_prompt, split
from pomona.registry.prompts.service import PromptService
from pomona.registry.rules import check_alias
from pomona.registry.search import orders_of
from pomona.server.mlflow.forms import RegistryForm, SearchForm
from pomona.server.mlflow.registry import Registry, number_of
from pomona.server.mlflow.shapes import millis, pairs
from pomona.server.mlflow.wire import EMPTY, Answer, Request, Response, answer
from pomona.training.rules import filters
from pomona.training.rules.paging import offset_from, token_for

Handler = Callable[[Request], Answer]


class Prompts:
    """Handlers for the names that prompts have; every other name is a model's."""

    def __init__(self, prompts: PromptService, models: Registry) -> None:
        self._prompts = prompts
        self._models = models

    def named(self, of_prompt: Handler, of_model: Handler) -> Handler:
        """The handler that fits what the request's ``name`` is."""

        def handler(request: Request) -> Answer:
            name = request.form(RegistryForm).name or ""
            return (of_prompt if self._prompts.is_prompt(name) else of_model)(request)

        return handler

    def create_any(self, request: Request) -> Response:
        """A prompt if its tags say so, else a model."""
        form = request.form(RegistryForm, "name")
        tags = dict(tag.item() for tag in form.tags or [])
        if not is_prompt(tags):
            return self._models.create(request)
        return _answer(self._prompts.create(form.name or "", description=form.description or "", tags=tags))

    def search_any(self, request: Request) -> Response:
        """Prompts if the filter asks for them, else models."""
        form = request.form(SearchForm)
        meant, conditions = split(filters.parse_filter(form.filter, filters.MODELS))
        if not meant:
            return self._models.search(request)
        found, more = self._prompts.search(
            conditions,
            orders_of(form.order_by or [], "models"),
            limit=100 if form.max_results is None else form.max_results,
            offset=offset_from(form.page_token),
        )
        body: dict[str, object] = {"registered_models": self._shapes(found)}
        return answer(body if more is None else body | {"next_page_token": token_for(more)})

    def search_any_versions(self, request: Request) -> Response:
        """Versions of prompts if the filter asks for them (or for one by name), else of models."""
        form = request.form(SearchForm)
        meant, conditions = split(filters.parse_filter(form.filter, filters.MODEL_VERSIONS))
        if not meant:
            return self._models.search_versions(request)
        found, more = self._prompts.search_versions(
            conditions,
            orders_of(form.order_by or [], "versions"),
            limit=200_000 if form.max_results is None else form.max_results,
            offset=offset_from(form.page_token),
        )
        body: dict[str, object] = {"model_versions": [_version_shape(item) for item in found]}
        return answer(body if more is None else body | {"next_page_token": token_for(more)})

    def get(self, request: Request) -> Response:
        prompt = self._prompts.get(request.form(RegistryForm).name or "")
        return answer({"registered_model": self._shapes([prompt])[0]})

    def update(self, request: Request) -> Response:
        form = request.form(RegistryForm)
        found = self._prompts.describe(form.name or "", form.description or "")
        return answer({"registered_model": self._shapes([found])[0]})

    def rename(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "new_name")
        return _answer(self._prompts.rename(form.name or "", form.new_name or ""))

    def delete(self, request: Request) -> Response:
        self._prompts.delete(request.form(RegistryForm).name or "")
        return EMPTY

    def latest(self, request: Request) -> Response:
        newest = self._prompts.aliased(request.form(RegistryForm).name or "", "latest")
        return answer({} if newest is None else {"model_versions": [_version_shape(newest)]})

    def set_tag(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "key")
        self._prompts.set_tag(form.name or "", form.key or "", form.value or "")
        return EMPTY

    def delete_tag(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "key")
        self._prompts.drop_tag(form.name or "", form.key or "")
        return EMPTY

    def set_alias(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "alias", "version")
        self._prompts.set_alias(form.name or "", form.alias or "", number_of(form))
        return EMPTY

    def delete_alias(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "alias")
        self._prompts.remove_alias(form.name or "", form.alias or "")
        return EMPTY

    def by_alias(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "alias")
        alias = form.alias or ""
        if alias.lower() != "latest":
            check_alias(alias)
        found = self._prompts.aliased(form.name or "", alias)
        if found is None:
            raise Invalid(f"Registered model alias {alias} not found.")
        return _answer_version(found)

    def create_version(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "source")
        made = self._prompts.add_version(
            form.name or "",
            source=form.source or "",
            description=form.description or "",
            run_id=form.run_id or None,
            tags=dict(tag.item() for tag in form.tags or []),
        )
        return _answer_version(made)

    def get_version(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "version")
        return _answer_version(self._prompts.version(form.name or "", number_of(form)))

    def update_version(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "version")
        found = self._prompts.describe_version(form.name or "", number_of(form), form.description or "")
        return _answer_version(found)

    def delete_version(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "version")
        self._prompts.delete_version(form.name or "", number_of(form))
        return EMPTY

    def set_version_tag(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "version", "key")
        self._prompts.set_tag(form.name or "", form.key or "", form.value or "", number=number_of(form))
        return EMPTY

    def delete_version_tag(self, request: Request) -> Response:
        form = request.form(RegistryForm, "name", "version", "key")
        self._prompts.drop_tag(form.name or "", form.key or "", number=number_of(form))
        return EMPTY

    def no_stage(self, request: Request) -> Response:
        """Prompts have no stages and no files."""
        name = request.form(RegistryForm).name
        raise Invalid(
            f"'{name}' is a prompt: it has no stages and no files", hint="use an alias, or its tags"
        )

    def _shapes(self, found: Sequence[Prompt]) -> list[dict[str, Any]]:
        return [
            _shape(prompt) | ({} if newest is None else {"latest_versions": [_version_shape(newest)]})
            for prompt, newest in zip(found, self._prompts.newest(found), strict=True)
        ]


def _answer(found: Prompt) -> Response:
    return answer({"registered_model": _shape(found)})


def _answer_version(found: PromptVersion) -> Response:
    return answer({"model_version": _version_shape(found)})


def _shape(found: Prompt) -> dict[str, Any]:
    return {
        "name": found.name,
        "creation_timestamp": millis(found.created_at),
        "last_updated_timestamp": millis(found.updated_at),
        "description": found.description,
        "tags": pairs(found.tags),
        "aliases": [{"alias": alias, "version": str(number)} for alias, number in found.aliases.items()],
    }


def _version_shape(found: PromptVersion) -> dict[str, Any]:
    return {
        "name": found.prompt,
        "version": str(found.number),
        "creation_timestamp": millis(found.created_at),
        "last_updated_timestamp": millis(found.updated_at),
        "user_id": found.created_by,
        "current_stage": "None",
        "description": found.description,
        "source": found.source,
        "run_id": found.run_id or "",
        "status": "READY",
        "tags": pairs(found.tags),
        "aliases": list(found.aliases),
    }
