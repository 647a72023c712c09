"""Prompts from Python: read, fill in, add versions, name them, compare them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from pomona.registry.prompts.records import (
    Message,
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
from pomona.sdk.session import Session, part

Messages = Sequence[Message | Mapping[str, str]]


class Prompts:
    """``client.prompts``: texts with places to fill in, in versions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self, text: str = "", *, sort: str = "-updated", limit: int | None = None
    ) -> Iterator[PromptRow]:
        """Prompts whose name holds ``text``, with their newest versions; ``sort``: ``name``, ``-updated``."""
        return self._session.all("/api/v1/prompts", PromptRow, limit=limit, text=text, sort=sort)

    def about(self, name: str) -> Prompt:
        """A prompt: its aliases, tags and description."""
        return self._session.get(f"/api/v1/prompts/{part(name)}", Prompt)

    def get(self, name: str, version: int | str | None = None) -> PromptText:
        """A version, whose ``format(**values)`` fills it in.

        Args:
            name: ``greeting``, ``greeting/3``, ``greeting@live``, or any of them after ``prompts:/``.
            version: Its number or an alias; default: what the name says, else the newest.
        """
        named, which = parsed(name)
        return self._session.get(f"{_at(named)}/versions/{part(str(version or which))}", PromptText)

    def versions(self, name: str, *, limit: int | None = None) -> Iterator[PromptText]:
        """The versions of a prompt, newest first."""
        return self._session.all(f"{_at(name)}/versions", PromptText, limit=limit)

    def create(
        self,
        name: str,
        template: str | Messages,
        *,
        message: str = "",
        tags: Mapping[str, str] | None = None,
        response_format: Mapping[str, Any] | None = None,
        model_settings: Mapping[str, Any] | None = None,
    ) -> PromptText:
        """Add the next version of ``name``, which is created if it is new.

        Args:
            template: A text, or the messages of a chat: ``[{"role": "user", "content": "{{question}}"}]``.
            message: What changed.
            response_format: JSON schema of the answer that is wanted.
            model_settings: ``model_name``, ``temperature``, ...
        """
        new = NewPromptVersion(
            template=template
            if isinstance(template, str)
            else msgspec.convert(list(template), list[Message]),
            message=message,
            tags=dict(tags or {}),
            response_format=dict(response_format) if response_format is not None else None,
            model_settings=dict(model_settings) if model_settings is not None else None,
        )
        return self._session.post(f"{_at(name)}/versions", new, PromptText)

    def describe(self, name: str, description: str) -> Prompt:
        """Say what a prompt is for."""
        return self._session.put(_at(name), PromptChange(description=description), Prompt)

    def set_alias(self, name: str, alias: str, number: int) -> Prompt:
        """Let an alias name a version."""
        return self._session.put(f"{_at(name)}/aliases/{part(alias)}", PromptAlias(number=number), Prompt)

    def remove_alias(self, name: str, alias: str) -> None:
        """Take an alias away."""
        self._session.delete(f"{_at(name)}/aliases/{part(alias)}")

    def tag(self, name: str, key: str, value: str | None, *, number: int | None = None) -> Prompt:
        """Set a tag of a prompt, or of one of its versions; None takes it away."""
        return self._session.put(f"{_at(name)}/tags", PromptTag(key=key, value=value, number=number), Prompt)

    def diff(self, name: str, before: int | str, after: int | str = "latest") -> PromptDiff:
        """How one version differs from another, by words; each by number or alias."""
        return self._session.get(f"{_at(name)}/diff/{part(str(before))}/{part(str(after))}", PromptDiff)

    def uses(self, name: str, version: int | str = "latest") -> PromptUses:
        """Which runs, traces and logged models used a version."""
        return self._session.get(f"{_at(name)}/versions/{part(str(version))}/uses", PromptUses)

    def delete(self, name: str, number: int | None = None) -> None:
        """Drop a version, or the prompt with all its versions."""
        self._session.delete(_at(name) if number is None else f"{_at(name)}/versions/{number}")


def parsed(ref: str) -> tuple[str, str]:
    """The name and the version that a reference means.

    >>> parsed("prompts:/greeting@live"), parsed("greeting/3"), parsed("greeting")
    (('greeting', 'live'), ('greeting', '3'), ('greeting', 'latest'))
    """
    plain = ref.removeprefix("prompts:/")
    name, mark, which = plain.partition("@") if "@" in plain else plain.partition("/")
    return name, which if mark and which else "latest"


def _at(name: str) -> str:
    return f"/api/v1/prompts/{part(name)}"
