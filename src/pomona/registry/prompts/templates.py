"""Between the tags in which the protocol keeps a version and what people read and write."""

from typing import Any, Literal

import msgspec

from pomona.core.errors import Invalid
from pomona.registry.prompts.records import (
    FORMAT_TAG,
    MODEL_TAG,
    OWN_TAGS,
    PROMPT_TAG,
    TEXT_TAG,
    TYPE_TAG,
    VARIABLE,
    Message,
    NewPromptVersion,
    PromptText,
    PromptVersion,
)


def text_of(version: PromptVersion) -> PromptText:
    """A version as people read it; a chat that cannot be read as one is shown as the text it is."""
    written = version.tags.get(TEXT_TAG, "")
    messages = _messages(written) if version.tags.get(TYPE_TAG) == "chat" else None
    kind: Literal["text", "chat"] = "text" if messages is None else "chat"
    contents = [written] if messages is None else [one.content for one in messages]
    return PromptText(
        id=version.id,
        prompt=version.prompt,
        prompt_id=version.prompt_id,
        number=version.number,
        kind=kind,
        text=written if messages is None else "",
        messages=tuple(messages or ()),
        variables=variables_in("\n".join(contents)),
        jinja=any("{%" in text and "%}" in text for text in contents),
        response_format=_json(version.tags.get(FORMAT_TAG)),
        model_settings=_json(version.tags.get(MODEL_TAG)),
        message=version.description,
        tags={key: value for key, value in sorted(version.tags.items()) if key not in OWN_TAGS},
        aliases=version.aliases,
        run_id=version.run_id,
        created_at=version.created_at,
        created_by=version.created_by,
    )


def variables_in(text: str) -> tuple[str, ...]:
    """The places to fill in, each once, in the order of the text.

    >>> variables_in("Dear {{ name }}, {{greeting.text}} {{name}} {x}")
    ('name', 'greeting.text')
    """
    return tuple(dict.fromkeys(VARIABLE.findall(text)))


def tags_of(new: NewPromptVersion) -> dict[str, str]:
    """A new version as the protocol keeps it.

    Raises:
        Invalid: If there is nothing in it, or a tag is one in which the prompt itself stands.
    """
    check_free_tags(new.tags)
    chat = not isinstance(new.template, str)
    if not new.template or (chat and not all(one.role.strip() for one in new.template)):  # type: ignore[union-attr]
        raise Invalid(
            "there is no text, or a message without a role",
            hint='e.g. "Dear {{name}}," or [{"role": "user", "content": "{{question}}"}]',
            extra={"field": "template"},
        )
    text = msgspec.json.encode(new.template).decode() if chat else str(new.template)
    if "\x00" in text:
        raise Invalid("a text holds no NUL", extra={"field": "template"})
    own = {PROMPT_TAG: "true", TEXT_TAG: text, TYPE_TAG: "chat" if chat else "text"}
    if new.response_format is not None:
        own[FORMAT_TAG] = msgspec.json.encode(new.response_format).decode()
    if new.model_settings is not None:
        own[MODEL_TAG] = msgspec.json.encode(new.model_settings).decode()
    return new.tags | own


def check_free_tags(tags: dict[str, str]) -> None:
    """Refuse tags in which a prompt itself stands.

    Raises:
        Invalid: Naming the first.
    """
    for key in tags:
        if key in OWN_TAGS:
            raise Invalid(
                f"the tag {key} is part of the prompt", hint="add a version: versions do not change"
            )


def _messages(written: str) -> list[Message] | None:
    found = _json(written)
    if not isinstance(found, list) or not found:
        return None
    if not all(isinstance(one, dict) and isinstance(one.get("role"), str) for one in found):
        return None
    return [Message(role=one["role"], content=_content(one.get("content"))) for one in found]


def _content(value: Any) -> str:
    """Pictures and the like, which the protocol lets a message have, are shown as they are written."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _json(text: str | None) -> Any:
    try:
        return None if text is None else msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
