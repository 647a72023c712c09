"""A prompt and its versions."""

from datetime import datetime

from pomona.core.records import Record

PROMPT_TAG = "mlflow.prompt.is_prompt"
TEXT_TAG = "mlflow.prompt.text"
TYPE_TAG = "_mlflow_prompt_type"


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
