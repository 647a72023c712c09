"""The search grammar of traces: conditions joined by AND, and sort keys.

trace.status = 'OK' AND tag.team = 'a' AND metadata.`mlflow.trace.session` = 's1'
span.type = 'LLM' AND span.attributes.model LIKE '%gpt%' AND feedback.correct = 'true'
name = 'answer' AND run_id = '...' AND prompt = 'greeting/2' AND text LIKE '%refund%'
"""

import re
from typing import Any, get_args

from pomona.core.errors import Invalid
from pomona.training.rules.clauses import (
    bad_clause,
    expect_and,
    operator_of,
    quoted_list,
    skip_and,
    tokens_of,
    unquote,
)
from pomona.training.traces.records import (
    NAME_TAG,
    RUN_METADATA,
    TraceCondition,
    TraceSort,
)

_ENTITIES = {
    "tag": "tag",
    "tags": "tag",
    "attribute": "attribute",
    "attributes": "attribute",
    "trace": "attribute",
    "metadata": "metadata",
    "request_metadata": "metadata",
    "span": "span",
    "feedback": "feedback",
    "expectation": "expectation",
    "issue": "issue",
}
_NUMBERS = {
    "timestamp": "timestamp_ms",
    "timestamp_ms": "timestamp_ms",
    "execution_time": "execution_time_ms",
    "execution_time_ms": "execution_time_ms",
    "end_time": "end_time_ms",
    "end_time_ms": "end_time_ms",
}
_TEXTS = ("request_id", "status", "client_request_id", "name", "run_id", "prompt", "text")
_SORTED = (*_NUMBERS, "experiment_id", "status", "request_id", "name", "run_id")
_LISTS = ("name", "status", "request_id", "run_id", "client_request_id")
_SPAN_KEYS = ("name", "status", "type")
_ORDER = (">", ">=", "<", "<=")
_MATCH = ("=", "!=", "LIKE", "ILIKE", "RLIKE")
_PRESENCE = ("IS NULL", "IS NOT NULL")
_COMPARATORS: dict[str, tuple[str, ...]] = {
    "number": ("=", "!=", *_ORDER),
    "attribute": (*_MATCH, "IN", "NOT IN"),
    "span": (*_MATCH, "IN", "NOT IN"),
    "tag": (*_MATCH, *_PRESENCE),
    "metadata": (*_MATCH, *_PRESENCE),
    "feedback": (*_MATCH, *_ORDER, *_PRESENCE),
    "expectation": (*_MATCH, *_ORDER, *_PRESENCE),
    "issue": ("=",),
    "text": ("LIKE", "ILIKE"),
    "prompt": ("=",),
}
_MAX_PATTERN = 200
_NESTED = re.compile(r"\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)\s*[+*{]|\\[1-9]|\(\?")


def parse_trace_filter(text: str | None) -> list[TraceCondition]:
    """The conditions of a filter.

    >>> parse_trace_filter("trace.status = 'OK'")[0].key
    'status'

    Raises:
        Invalid: Naming the clause that cannot be read, the unknown key or the comparator.
    """
    tokens = tokens_of(text or "")
    found: list[TraceCondition] = []
    skip_and(tokens)
    while tokens:
        found.append(_condition(tokens))
        if tokens:
            expect_and(tokens)
    return found


def parse_trace_order(text: str) -> TraceSort:
    """One sort key: a key, then optionally ASC or DESC.

    Raises:
        Invalid: If it cannot be read or names an unknown attribute.
    """
    tokens = tokens_of(text)
    words = [word for _, word in tokens]
    direction = words[1].lower() if len(words) == 2 else "asc"
    if len(words) == 2 and direction not in ("asc", "desc"):
        raise Invalid(f"Invalid ordering key in order_by clause '{text}'.", hint="ASC or DESC")
    if not words or len(words) > 2 or tokens[0][0] != "key":
        raise Invalid(f"Invalid order_by clause '{text}'. Could not be parsed.")
    entity, key = _key(words[0], _SORTED)
    if entity == "attribute":
        entity, key = {"name": ("tag", NAME_TAG), "run_id": ("metadata", RUN_METADATA)}.get(
            key, ("attribute", _NUMBERS.get(key, key))
        )
    if entity not in get_args(TraceSort.__annotations__["entity"]):
        raise Invalid(f"Invalid identifier type '{entity}'", hint="sort by an attribute, a tag or metadata")
    return TraceSort(entity=entity, key=key, ascending=direction == "asc")  # type: ignore[arg-type]


def _condition(tokens: list[tuple[str, str]]) -> TraceCondition:
    kind, word = tokens.pop(0)
    if kind != "key":
        bad_clause(word)
    op = operator_of(tokens, word)
    entity, key = _key(word, (*_NUMBERS, *_TEXTS))
    shape = _shape(entity, key)
    if op not in _COMPARATORS[shape]:
        raise _bad_comparator(entity, key, op, shape)
    value = None
    if op not in _PRESENCE:
        if not tokens:
            raise Invalid(f"Invalid clause(s) in filter string: {word}, {op}")
        value = _value(shape, key, op, tokens.pop(0))
    return _placed(entity, key, op, value)


def _key(word: str, known: tuple[str, ...]) -> tuple[str, str]:
    head, dot, rest = word.partition(".")
    if not dot or word[0] == "`":
        entity, key = "attribute", unquote(word)
    else:
        if head not in _ENTITIES:
            raise Invalid(f"Invalid entity type '{head}'. Valid values are {sorted(_ENTITIES)}")
        entity, key = _ENTITIES[head], unquote(rest)
    if entity == "attribute" and key not in known:
        raise Invalid(f"Invalid attribute key '{key}' specified. Valid keys are '{sorted(set(known))}'")
    if entity == "span":
        key = _span_key(key)
    if entity == "issue" and key != "id":
        raise Invalid(f"Invalid issue attribute '{key}'. Supported attributes: id")
    return entity, key


def _span_key(key: str) -> str:
    head, dot, rest = key.partition(".")
    if head == "attributes" and dot:
        return f"attributes.{unquote(rest)}"
    if key not in (*_SPAN_KEYS, "content"):
        raise Invalid(
            f"Invalid span attribute '{key}'. Supported attributes: {', '.join(_SPAN_KEYS)}, "
            "attributes.<attribute_name>."
        )
    return key


def _shape(entity: str, key: str) -> str:
    if entity == "attribute":
        return "number" if key in _NUMBERS else key if key in ("text", "prompt") else "attribute"
    return "text" if (entity, key) == ("span", "content") else entity


def _bad_comparator(entity: str, key: str, op: str, shape: str) -> Invalid:
    if shape == "prompt":
        return Invalid(
            f"Invalid comparator '{op}' for prompts filter. Only '=' is supported with format: "
            'prompt = "name/version"'
        )
    named = {
        "span": f"span.{key} comparator",
        "text": "span.content comparator",
        "issue": "issue.id comparator",
    }
    named |= dict.fromkeys(("feedback", "expectation"), f"assessment.{key} comparator")
    what = named.get(shape, "Invalid comparator")
    return Invalid(f"{what} '{op}' not one of '{sorted(_COMPARATORS[shape])}'")


def _value(shape: str, key: str, op: str, token: tuple[str, str]) -> Any:
    kind, word = token
    if shape == "number":
        if kind != "number":
            raise Invalid(f"Expected numeric value type for numeric attribute: {key}. Found {word}")
        return float(word)
    if op in ("IN", "NOT IN"):
        if kind != "list" or (shape == "attribute" and key not in _LISTS):
            raise Invalid(
                f"Only attributes in {sorted(_LISTS)} supports comparison with a list of quoted string"
                " values."
            )
        return quoted_list(word)
    if shape in ("feedback", "expectation") and kind == "number":
        return float(word) if op in _ORDER else word
    if kind == "text" or (kind == "key" and word.startswith("`")):
        return _text(shape, op, word[1:-1])
    raise Invalid(f"Expected a quoted string value for {shape} (e.g. 'my-value'). Got value {word}")


def _text(shape: str, op: str, value: str) -> str | float:
    if shape == "prompt" and value.count("/") != 1:
        raise Invalid(f"Invalid prompts filter value '{value}'. Expected format: prompt = \"name/version\"")
    if op == "RLIKE":
        check_pattern(value)
    if op in _ORDER:
        try:
            return float(value)
        except ValueError:
            raise Invalid(f"Expected a number after '{op}', got '{value}'") from None
    return value


def check_pattern(pattern: str) -> None:
    """Refuse regular expressions that could take for ever, or are none.

    Raises:
        Invalid: Saying what is wrong.
    """
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise Invalid(f"'{pattern[:100]}' is no regular expression: {error}") from None
    if len(pattern) > _MAX_PATTERN or _NESTED.search(pattern):
        raise Invalid(
            f"the regular expression '{pattern[:100]}' could take too long",
            hint=f"at most {_MAX_PATTERN} characters, no repeated group of repetitions, no look-around",
        )


def _placed(entity: str, key: str, op: str, value: Any) -> TraceCondition:
    if entity == "attribute":
        if key == "name":
            entity, key = "tag", NAME_TAG
        elif key == "prompt":
            entity = "prompt"
        elif key == "text":
            entity, key = "span", "content"
        elif key == "run_id":
            entity, key = ("run", key) if op == "=" else ("metadata", RUN_METADATA)
        key = _NUMBERS.get(key, key)
    elif (entity, key, op) == ("metadata", RUN_METADATA, "="):
        entity = "run"
    return TraceCondition(entity=entity, key=key, op=op, value=value)  # type: ignore[arg-type]
