"""Prompts over HTTP, as people read and write them; programs load them by MLflow's protocol."""

from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.records import Page
from pomona.registry.prompts.records import (
    NewPromptVersion,
    Prompt,
    PromptAlias,
    PromptChange,
    PromptDiff,
    PromptRow,
    PromptTag,
    PromptText,
    PromptUses,
)
from pomona.server.wiring import Wired


class PromptRoutes(Controller):
    """Prompts."""

    path = "/api/v1/prompts"
    tags = ("registry",)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        text: FromQuery[str] = "",
        sort: FromQuery[str] = "-updated",
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[PromptRow]:
        """Prompts whose name holds ``text``, with their newest versions."""
        return app.companions.texts.page(text=text, sort=sort, cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> Prompt:
        """A prompt, by its name or id."""
        return app.companions.texts.get(ref)

    @put("/{name:str}", sync_to_thread=True)
    def describe(self, app: Wired, name: FromPath[str], data: JSONBody[PromptChange]) -> Prompt:
        """Say what a prompt is for."""
        return app.companions.prompts.describe(name, data.description)

    @delete("/{name:str}", sync_to_thread=True)
    def remove(self, app: Wired, name: FromPath[str]) -> None:
        """Drop a prompt with all its versions."""
        app.companions.prompts.delete(name)

    @get("/{ref:str}/versions", sync_to_thread=True)
    def versions(
        self,
        app: Wired,
        ref: FromPath[str],
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[PromptText]:
        """The versions of a prompt, newest first."""
        return app.companions.texts.versions(ref, cursor=cursor, limit=limit)

    @post("/{name:str}/versions", sync_to_thread=True)
    def add(self, app: Wired, name: FromPath[str], data: JSONBody[NewPromptVersion]) -> PromptText:
        """Add the next version; the prompt is created if it is new."""
        return app.companions.texts.add(name, data)

    @get("/{ref:str}/versions/{version:str}", sync_to_thread=True)
    def version(self, app: Wired, ref: FromPath[str], version: FromPath[str]) -> PromptText:
        """One version, by its number, an alias or ``latest``."""
        return app.companions.texts.version(ref, version)

    @delete("/{name:str}/versions/{number:int}", sync_to_thread=True)
    def remove_version(self, app: Wired, name: FromPath[str], number: FromPath[int]) -> None:
        """Drop a version, with the aliases that name it."""
        app.companions.prompts.delete_version(name, number)

    @get("/{ref:str}/versions/{version:str}/uses", sync_to_thread=True)
    def uses(self, app: Wired, ref: FromPath[str], version: FromPath[str]) -> PromptUses:
        """Which runs, traces and logged models used a version."""
        return app.companions.texts.uses(ref, version)

    @get("/{ref:str}/diff/{before:str}/{after:str}", sync_to_thread=True)
    def diff(self, app: Wired, ref: FromPath[str], before: FromPath[str], after: FromPath[str]) -> PromptDiff:
        """How one version differs from another, by words."""
        return app.companions.texts.diff(ref, before, after)

    @put("/{name:str}/aliases/{alias:str}", sync_to_thread=True)
    def set_alias(
        self, app: Wired, name: FromPath[str], alias: FromPath[str], data: JSONBody[PromptAlias]
    ) -> Prompt:
        """Let an alias name a version."""
        app.companions.prompts.set_alias(name, alias, data.number)
        return app.companions.texts.get(name)

    @delete("/{name:str}/aliases/{alias:str}", sync_to_thread=True)
    def remove_alias(self, app: Wired, name: FromPath[str], alias: FromPath[str]) -> None:
        """Take an alias away."""
        app.companions.prompts.remove_alias(name, alias)

    @put("/{name:str}/tags", sync_to_thread=True)
    def tag(self, app: Wired, name: FromPath[str], data: JSONBody[PromptTag]) -> Prompt:
        """Set or remove a tag of a prompt or a version."""
        app.companions.texts.tag(name, data)
        return app.companions.texts.get(name)


class PromptVersionRoutes(Controller):
    """Versions of prompts by id."""

    path = "/api/v1/prompt-versions"
    tags = ("registry",)

    @get("/{version_id:str}", sync_to_thread=True)
    def show(self, app: Wired, version_id: FromPath[str]) -> PromptText:
        """One version, by its id ``prv_...``."""
        return app.companions.texts.version_with_id(version_id)
