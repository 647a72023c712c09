"""What a prompt may be, and how a search of the registry says that it means prompts."""

from collections.abc import Mapping, Sequence

from pomona.core.errors import Conflict, Invalid
from pomona.registry.prompts.records import PROMPT_TAG
from pomona.training.records.search import Comparison
from pomona.training.rules.limits import check_length, check_name

MAX_TAG_VALUE = 100_000
MAX_PAGE = 200
_SOURCES = ("dummy-source", "prompt-template")


def is_prompt(tags: Mapping[str, str]) -> bool:
    """Whether what has these tags is a prompt.

    >>> is_prompt({"mlflow.prompt.is_prompt": "True"})
    True
    """
    return tags.get(PROMPT_TAG, "").lower() == "true"


def check_source(source: str) -> None:
    """Refuse sources: a prompt has none, and its clients say so with one of two words.

    Raises:
        Invalid: If it is another word.
    """
    if source not in _SOURCES:
        raise Invalid(f"Invalid prompt source: '{source}'. Prompt sources must use an MLflow placeholder.")


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse tags with odd keys or overlong values.

    Raises:
        Invalid: Naming the first.
    """
    for key, value in tags.items():
        check_name(key, "key")
        check_length("key", key, 250)
        check_length("value", value, MAX_TAG_VALUE)


def split(conditions: Sequence[Comparison]) -> tuple[bool, list[Comparison]]:
    """Whether prompts are meant, and the conditions without the one that says so."""
    marks = [item for item in conditions if item.entity == "tag" and item.key == PROMPT_TAG]
    meant = any((item.op, str(item.value).lower()) in (("=", "true"), ("!=", "false")) for item in marks)
    return meant, [item for item in conditions if item not in marks]


def taken(name: str, *, wanted: str, by: str) -> Conflict:
    """The error for a name that a thing of the other kind has."""
    return Conflict(
        f"Tried to create a {wanted} with name '{name}', but the name is already taken by a {by}. "
        "MLflow does not allow creating a model and a prompt with the same name."
    )


def offset_of(cursor: str | None) -> int:
    """The number that a page's cursor is; 0 for none.

    Raises:
        Invalid: If it is no cursor.
    """
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise Invalid(f"{cursor[:40]!r} is no cursor", hint="take it from the page before")
    return int(cursor)


def checked_limit(limit: int) -> int:
    """A page's size, if it is one.

    Raises:
        Invalid: If it is not.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise Invalid(f"limit {limit} is not between 1 and {MAX_PAGE}", hint="ask for more pages instead")
    return limit
