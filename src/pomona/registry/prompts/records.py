"""A prompt, its versions as the protocol keeps them, and as people read and write them."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from pomona.core.errors import Invalid
from pomona.core.records import Record

PROMPT_TAG = "mlflow.prompt.is_prompt"
TEXT_TAG = "mlflow.prompt.text"
TYPE_TAG = "_mlflow_prompt_type"
FORMAT_TAG = "_mlflow_prompt_response_format"
MODEL_TAG = "_mlflow_prompt_model_config"
OWN_TAGS = (PROMPT_TAG, TEXT_TAG, TYPE_TAG, FORMAT_TAG, MODEL_TAG)
"""Tags in which a prompt itself stands; all others are its people's."""

VARIABLE = re.compile(r"\{\{\s*([a-zA-Z_]\w*(?:\.[a-zA-Z_]\w*)*)\s*\}\}", re.ASCII)
"""A place to fill in, as the protocol's clients write it: ``{{name}}``, ``{{ user.name }}``."""


class Prompt(Record, frozen=True, kw_only=True):
    """A name under which versions of a prompt follow one another."""

    id: str
    name: str
    description: str = ""
    tags: dict[str, str] = {}
    aliases: dict[str, int] = {}
    latest: int | None = None
    created_at: datetime
    updated_at: datetime


class PromptVersion(Record, frozen=True, kw_only=True):
    """One version of a prompt; its text and type stand in its tags, as the protocol has it."""

    id: str
    prompt: str
    prompt_id: str
    number: int
    source: str
    run_id: str | None = None
    description: str = ""
    tags: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    created_at: datetime
    updated_at: datetime
    created_by: str = ""


class Message(Record, frozen=True, kw_only=True):
    """One message of a chat."""

    role: str
    content: str


class PromptText(Record, frozen=True, kw_only=True):
    """A version as people read it: ``text`` or, of a chat, ``messages``, and the places to fill in.

    ``jinja`` says that its text holds statements of Jinja (``{% if ... %}``), which are not filled in here.
    """

    id: str
    prompt: str
    prompt_id: str
    number: int
    kind: Literal["text", "chat"]
    text: str = ""
    messages: tuple[Message, ...] = ()
    variables: tuple[str, ...] = ()
    jinja: bool = False
    response_format: Any = None
    model_settings: Any = None
    message: str = ""  # what changed, as its author said it
    tags: dict[str, str] = {}
    aliases: tuple[str, ...] = ()
    run_id: str | None = None
    created_at: datetime
    created_by: str = ""

    def format(self, *, partial: bool = False, **values: object) -> str | list[Message]:
        """The text (or the messages) with ``values`` in its places; what else is given is not used.

        Each place is filled once: braces inside of a value stay as they are.

        Raises:
            Invalid: If a value is missing, unless ``partial`` lets its place stay; or if it is Jinja.
        """
        if self.jinja:
            raise Invalid(
                f"{self.prompt}/{self.number} is a Jinja template",
                hint="mlflow.genai.load_prompt(...).format(...) fills it in",
            )
        missing = [name for name in self.variables if name not in values]
        if missing and not partial:
            raise Invalid(
                f"{self.prompt}/{self.number} wants {', '.join(missing)}",
                hint="or let them stay: partial=True",
            )
        if self.kind == "text":
            return _filled(self.text, values)
        return [Message(role=one.role, content=_filled(one.content, values)) for one in self.messages]

    def template(self) -> str:
        """The template as one text; that of a chat as JSON."""
        return self.text if self.kind == "text" else msgspec.json.encode(self.messages).decode()


def _filled(text: str, values: Mapping[str, object]) -> str:
    return VARIABLE.sub(lambda place: str(values.get(place[1], place[0])), text)


class NewPromptVersion(Record, frozen=True, kw_only=True):
    """The next version of a prompt.

    Args:
        template: A text, or the messages of a chat, with ``{{places}}`` to fill in.
        message: What changed.
        response_format: JSON schema of the answer that is wanted.
        model_settings: What model it is meant for, and how: ``model_name``, ``temperature``, ...
    """

    template: str | list[Message]
    message: str = ""
    tags: dict[str, str] = {}
    response_format: dict[str, Any] | None = None
    model_settings: dict[str, Any] | None = None


class PromptRow(Record, frozen=True, kw_only=True):
    """A prompt in a list, with its newest version."""

    prompt: Prompt
    newest: PromptText | None


class PromptChange(Record, frozen=True, kw_only=True):
    """What a prompt is to be for."""

    description: str


class PromptAlias(Record, frozen=True, kw_only=True):
    """The version that an alias is to name."""

    number: int


class PromptTag(Record, frozen=True, kw_only=True):
    """A tag of a prompt, or of one of its versions; ``value`` None takes it away."""

    key: str
    value: str | None = None
    number: int | None = None


class PromptUser(Record, frozen=True, kw_only=True):
    """A run, a trace or a logged model that used a version."""

    id: str
    name: str
    run: str | None = None  # the run a logged model came from
    at: datetime


class PromptUses(Record, frozen=True, kw_only=True):
    """What used a version: how many, and the newest of them."""

    runs: list[PromptUser]
    traces: list[PromptUser]
    models: list[PromptUser]
    run_count: int
    trace_count: int
    model_count: int


class TextPiece(Record, frozen=True, kw_only=True):
    """Some words, and whether the other version has them."""

    text: str
    changed: bool = False


class TextLine(Record, frozen=True, kw_only=True):
    """A line of both versions side by side; None: the other one has no such line."""

    before: tuple[TextPiece, ...] | None
    after: tuple[TextPiece, ...] | None


class PromptPart(Record, frozen=True, kw_only=True):
    """The text, or one message of a chat with its role in each version; None: it is not there."""

    before: str | None
    after: str | None
    lines: list[TextLine]


class PromptDiff(Record, frozen=True, kw_only=True):
    """How one version differs from another, by words."""

    before: PromptText
    after: PromptText
    same: bool  # templates alone; settings are in the two records
    parts: list[PromptPart]
    variables_added: tuple[str, ...]
    variables_removed: tuple[str, ...]
