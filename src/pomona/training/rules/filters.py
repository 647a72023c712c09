"""The search grammar of the MLflow protocol: comparisons joined by AND, and sort keys.

    metrics.rmse < 0.5 AND params."learning rate" = '0.1' AND tags.`mlflow.user` ILIKE 'an%'
    attributes.run_id IN ('...', '...') AND tags.team IS NOT NULL

A key is ``entity.name``; the name may stand in double quotes or backticks. A bare name is an attribute.
Each thing that can be searched has its own ``Grammar``: which entities, which attributes.
"""

from pomona.core.errors import Invalid
from pomona.core.records import Record
from pomona.training.records.search import Comparison, Entity, SortKey, Value
from pomona.training.rules.clauses import (
    bad_clause,
    expect_and,
    operator_of,
    quoted_list,
    skip_and,
    tokens_of,
    unquote,
)
from pomona.training.rules.limits import experiment_number

NUMERIC = ("=", "!=", ">", ">=", "<", "<=")
TEXT = ("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN")
MATCH = ("=", "!=", "LIKE", "ILIKE")
PRESENCE = ("IS NULL", "IS NOT NULL")

_ENTITIES: dict[str, Entity] = {
    "metric": "metric",
    "metrics": "metric",
    "parameter": "parameter",
    "parameters": "parameter",
    "param": "parameter",
    "params": "parameter",
    "tag": "tag",
    "tags": "tag",
    "attribute": "attribute",
    "attributes": "attribute",
    "attr": "attribute",
    "run": "attribute",
    "dataset": "dataset",
    "datasets": "dataset",
}
_ALIASES = {"created": "start_time", "Created": "start_time"} | dict.fromkeys(
    ("run name", "Run name", "Run Name"), "run_name"
)


class Grammar(Record, frozen=True, kw_only=True):
    """What can be searched: entities, attributes with a number or a text, attributes that take a list."""

    entities: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    presence: tuple[str, ...] = ()  # entities that take IS [NOT] NULL


RUNS = Grammar(
    entities=("metric", "parameter", "tag", "attribute", "dataset"),
    numbers=("start_time", "end_time"),
    texts=("run_id", "run_name", "user_id", "status", "artifact_uri"),
    lists=("run_id", "name", "digest", "context"),
    presence=("tag", "parameter"),
)
EXPERIMENTS = Grammar(
    entities=("attribute", "tag"),
    numbers=("creation_time", "last_update_time"),
    texts=("name", "experiment_id"),
    lists=("experiment_id",),
    presence=("tag",),
)
LOGGED_MODELS = Grammar(
    entities=("metric", "parameter", "tag", "attribute"),
    numbers=("creation_timestamp", "creation_time", "last_updated_timestamp", "last_updated_time"),
    texts=("name", "model_id", "model_type", "status", "source_run_id"),
    lists=("name", "model_id", "model_type", "status", "source_run_id"),
)
MODELS = Grammar(entities=("attribute", "tag"), texts=("name",), lists=("name",))
MODEL_VERSIONS = Grammar(
    entities=("attribute", "tag"),
    numbers=("version_number",),
    texts=("name", "run_id", "source_path"),
    lists=("name", "run_id"),
)
_DATASET_KEYS = ("name", "digest", "context")


def parse_filter(text: str | None, grammar: Grammar) -> list[Comparison]:
    """The conditions of a filter, checked against what can be searched.

    >>> parse_filter("metrics.rmse < 0.5", RUNS)[0].value
    0.5

    Raises:
        Invalid: Naming the clause that cannot be read, the unknown key or the comparator.
    """
    tokens = tokens_of(text or "")
    found: list[Comparison] = []
    skip_and(tokens)
    while tokens:
        found.append(_comparison(tokens, grammar))
        if tokens:
            expect_and(tokens)
    return found


def parse_order(text: str, grammar: Grammar) -> SortKey:
    """One sort key: a key, then optionally ASC or DESC.

    Raises:
        Invalid: If it cannot be read or names an unknown attribute.
    """
    tokens = tokens_of(text)
    words = [word for _, word in tokens]
    if not words or len(words) > 2 or tokens[0][0] not in ("key", "text"):
        raise Invalid(f"Invalid order_by clause '{text}'. Could not be parsed.")
    direction = words[1].lower() if len(words) == 2 else "asc"
    if direction not in ("asc", "desc"):
        raise Invalid(f"Invalid ordering key in order_by clause '{text}'.")
    entity, key = _key(words[0], grammar)
    return SortKey(entity=entity, key=key, ascending=direction == "asc")


def _comparison(tokens: list[tuple[str, str]], grammar: Grammar) -> Comparison:
    kind, word = tokens.pop(0)
    if kind != "key":
        bad_clause(word)
    op = operator_of(tokens, word)
    entity, key = _key(word, grammar)
    _check_operator(entity, key, op, grammar)
    if op in PRESENCE:
        return Comparison(entity=entity, key=key, op=op)
    if not tokens:
        raise Invalid(f"Invalid comparison clause. Expected 3 tokens found 2 in '{word} {op}'")
    value = _value(entity, key, op, tokens.pop(0), grammar)
    if key == "experiment_id":
        for item in value if isinstance(value, tuple) else (str(value),):
            experiment_number(item)
    return Comparison(entity=entity, key=key, op=op, value=value)


def _key(word: str, grammar: Grammar) -> tuple[Entity, str]:
    head, dot, rest = (word, "", "") if word[0] in "`'\"" and "." not in word else word.partition(".")
    if not dot:
        entity, key = "attribute", unquote(head)
    else:
        name = unquote(head)
        if name not in _ENTITIES or _ENTITIES[name] not in grammar.entities:
            raise Invalid(f"Invalid entity type '{name}'. Valid values are {list(grammar.entities)}")
        entity, key = _ENTITIES[name], unquote(rest)
    if entity == "attribute":
        key = _ALIASES.get(key, key)
        known = (*grammar.numbers, *grammar.texts)
        if key not in known:
            raise Invalid(f"Invalid attribute key '{key}' specified. Valid keys are '{sorted(known)}'")
    if entity == "dataset" and key not in _DATASET_KEYS:
        raise Invalid(f"Invalid dataset key '{key}' specified. Valid keys are '{set(_DATASET_KEYS)}'")
    return entity, key  # type: ignore[return-value]


def _check_operator(entity: Entity, key: str, op: str, grammar: Grammar) -> None:
    if op in PRESENCE:
        if entity not in grammar.presence:
            raise Invalid(
                f"IS NULL / IS NOT NULL is only supported for tags and params, not for '{entity}' '{key}'"
            )
        return
    valid: tuple[str, ...] = MATCH
    if entity == "metric" or (entity == "attribute" and key in grammar.numbers):
        valid = NUMERIC
    elif entity in ("attribute", "dataset"):
        valid = TEXT
    if op not in valid:
        raise Invalid(f"Invalid comparator '{op}' not one of '{set(valid)}'")


def _value(entity: Entity, key: str, op: str, token: tuple[str, str], grammar: Grammar) -> Value:
    kind, word = token
    if key == "experiment_id" and op in ("LIKE", "ILIKE"):
        raise Invalid(f"Invalid comparator for experiment_id: {op}")
    if entity == "metric" or (entity == "attribute" and key in grammar.numbers):
        what = "metric" if entity == "metric" else f"numeric attribute: {key}"
        if kind != "number":
            raise Invalid(f"Expected numeric value type for {what}. Found {word}")
        return float(word)
    if op in ("IN", "NOT IN"):
        if kind != "list" or key not in grammar.lists:
            raise Invalid(
                f"Only {sorted(grammar.lists)} attributes support comparison with a list of quoted string"
                " values."
            )
        return quoted_list(word)
    if kind == "text" or (kind == "key" and word.startswith("`")):
        return word[1:-1]
    raise Invalid(f"Expected a quoted string value for {entity} (e.g. 'my-value'). Got value {word}")
