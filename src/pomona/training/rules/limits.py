"""What the MLflow protocol accepts: lengths, names, batches. Messages as its reference server words them."""

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pomona.core.errors import Invalid, NotFound
from pomona.training.records.runs import LogBatch, Metric

MAX_KEY = 250
MAX_PARAM_VALUE = 6000
MAX_TAG_VALUE = 8000
MAX_EXPERIMENT_NAME = 500
MAX_EXPERIMENT_TAG_VALUE = 20_000
MAX_METRICS = 1000
MAX_PARAMS_OR_TAGS = 100
MAX_ENTITIES = 1000
MAX_TIME_MS = 253_402_300_799_999  # the last millisecond of the year 9999
_DATASET_FIELDS = {"name": 500, "digest": 36, "source": 65_535, "schema": 1_048_575, "profile": 16_777_215}
_NAME = re.compile(r"[/\w.\- :]*")
_RUN_ID = re.compile(r"[a-zA-Z0-9][\w\-]{0,255}")
_BAD_NAME = (
    "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ),"
    " colon(:) and slashes (/)."
)


def invalid_value(path: str, value: Any, message: str = "") -> Invalid:
    """The error for a value that a field does not take."""
    shown = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return Invalid(
        f"Invalid value {shown} for parameter '{path}' supplied" + (f": {message}" if message else ".")
    )


@lru_cache(maxsize=10_000)
def is_metric_name(name: str) -> bool:
    """Whether a metric may be called so; the same few names come again and again."""
    try:
        check_name(name, "")
    except Invalid:
        return False
    return len(name) <= MAX_KEY


def check_name(name: str, path: str) -> None:
    """Refuse keys that are empty, odd, or would not be a safe relative path."""
    if not _NAME.fullmatch(name):
        raise invalid_value(path, name, _BAD_NAME)
    norm = posixpath.normpath(name)
    if norm != name or norm == "." or norm.startswith(("..", "/")):
        raise invalid_value(
            path,
            name,
            "Names may be treated as files in certain cases, and must not resolve to other names when treated"
            f" as such. This name would resolve to {norm!r}",
        )


def check_length(path: str, value: str, limit: int) -> None:
    """Refuse text longer than ``limit`` characters."""
    if len(value) > limit:
        raise Invalid(f"'{path}' exceeds the maximum length of {limit} characters")


def check_run_id(run_id: str) -> None:
    """Refuse what cannot be a run's id."""
    if not _RUN_ID.fullmatch(run_id):
        raise invalid_value("run_id", run_id)


def check_metrics(metrics: Sequence[Metric]) -> None:
    """Refuse metrics with a bad name, time or step; the error names the first."""
    for index, metric in enumerate(metrics):
        good = 0 <= metric.timestamp <= MAX_TIME_MS and -(2**63) <= metric.step < 2**63
        if not (good and is_metric_name(metric.key)):
            check_metric(metric, f"metrics[{index}]")


def check_metric(metric: Metric, path: str = "") -> None:
    """Refuse a metric with a bad name, time or step; ``path`` says where it stands in a batch."""
    check_name(metric.key, _join(path, "name"))
    if not 0 <= metric.timestamp <= MAX_TIME_MS:
        raise invalid_value(
            _join(path, "timestamp"),
            metric.timestamp,
            f"metric '{metric.key}' (value={metric.value}). "
            "Timestamp must be a nonnegative long (64-bit integer) ",
        )
    if not -(2**63) <= metric.step < 2**63:
        raise invalid_value(
            _join(path, "step"),
            metric.step,
            f"metric '{metric.key}' (value={metric.value}). Step must be a valid long (64-bit integer).",
        )
    check_length("Metric name", metric.key, MAX_KEY)


def param(key: str, value: str, path: str = "") -> tuple[str, str]:
    """A param's checked key and its value, cut to the limit."""
    check_name(key, _join(path, "key"))
    check_length("Param key", key, MAX_KEY)
    return key, value[:MAX_PARAM_VALUE]


def tag(key: str, value: str, path: str = "") -> tuple[str, str]:
    """A tag's checked key and its value, cut to the limit."""
    check_name(key, _join(path, "key"))
    check_length(_join(path, "key"), key, MAX_KEY)
    return key, value[:MAX_TAG_VALUE]


def check_experiment_tag(key: str, value: str) -> None:
    """Refuse an experiment tag that is too long or oddly named."""
    check_name(key, "key")
    check_length("key", key, MAX_KEY)
    check_length("value", value, MAX_EXPERIMENT_TAG_VALUE)


def check_experiment_name(name: str) -> None:
    """Refuse an empty or overlong experiment name."""
    if not name:
        raise Invalid(f"Invalid experiment name: '{name}'")
    check_length("name", name, MAX_EXPERIMENT_NAME)


def experiment_number(experiment_id: str) -> int:
    """The integer behind an experiment's id.

    Raises:
        Invalid: If it is not an integer of 64 bits.
        NotFound: If it is negative, as no experiment's is.
    """
    try:
        number = int(experiment_id)
    except ValueError:
        number = 2**63
    if not -(2**63) <= number < 2**63:
        raise Invalid(f"Invalid experiment ID '{experiment_id}'. Experiment ID must be a valid integer.")
    if number < 0:
        raise NotFound(f"No Experiment with id={number} exists", hint="`pomona runs experiments` lists them")
    return number


def check_time(path: str, value_ms: int) -> None:
    """Refuse times before 1970 or after the year 9999."""
    if not 0 <= value_ms <= MAX_TIME_MS:
        raise invalid_value(path, value_ms, "Unix milliseconds up to the year 9999")


def checked_batch(
    metrics: Sequence[Metric], params: Sequence[tuple[str, str]], tags: Sequence[tuple[str, str]]
) -> LogBatch:
    """The batch, checked as a whole: limits, names, and each param key once.

    Raises:
        Invalid: Naming the first entry that breaks a rule.
    """
    check_metrics(metrics)
    kept_params = [param(key, value, f"params[{i}]") for i, (key, value) in enumerate(params)]
    kept_tags = [tag(key, value, f"tags[{i}]") for i, (key, value) in enumerate(tags)]
    _check_count("metrics", len(metrics), MAX_METRICS)
    _check_count("params", len(params), MAX_PARAMS_OR_TAGS)
    _check_count("tags", len(tags), MAX_PARAMS_OR_TAGS)
    _check_count("metrics, params, and tags", len(metrics) + len(params) + len(tags), MAX_ENTITIES)
    seen: set[str] = set()
    twice = [key for key, _ in kept_params if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
    if twice:
        raise Invalid(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure "
            "the request contains only one param value per param key."
        )
    return LogBatch(metrics=list(metrics), params=dict(kept_params), tags=dict(kept_tags))


def check_param_changes(run_id: str, stored: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Params are written once: refuse another value for a key that has one.

    Raises:
        Invalid: Naming the keys, the old values and the new.
    """
    changed = [
        {"key": key, "old_value": stored[key], "new_value": value}
        for key, value in wanted.items()
        if key in stored and stored[key] != value
    ]
    if changed:
        raise Invalid(
            f"Changing param values is not allowed. Params were already logged='{changed}'"
            f" for run ID='{run_id}'.",
            hint="start a new run, or a nested one, for another value",
            extra={"changed": changed},
        )


def alone(error: Invalid, run_id: str) -> Invalid:
    """What is wrong with a param that was logged by itself: in a batch it is named otherwise."""
    for param in error.extra.get("changed", []):
        return Invalid(
            f"Changing param values is not allowed. Param with key='{param['key']}' was already logged with"
            f" value='{param['old_value']}' for run ID='{run_id}'. Attempted logging new value"
            f" '{param['new_value']}'.",
            hint=error.hint,
        )
    return error


def check_dataset(fields: Mapping[str, str | None]) -> None:
    """Refuse a dataset description with an empty or overlong field."""
    for name in ("name", "digest", "source_type", "source"):
        if not fields.get(name):
            raise Invalid(f"Dataset {name} cannot be None or empty.")
    for name, limit in _DATASET_FIELDS.items():
        check_length(name, fields.get(name) or "", limit)


def check_logged_model_name(name: str | None) -> None:
    """Refuse names that could not be part of a model's address."""
    bad = ("/", ":", ".", "%", '"', "'")
    if name is not None and (not name or any(c in name for c in bad)):
        raise Invalid(
            f"Invalid model name ({name!r}) provided. Model name must be a non-empty string "
            f"and cannot contain the following characters: {bad}"
        )


def _check_count(what: str, count: int, limit: int) -> None:
    if count > limit:
        raise Invalid(
            f"A batch logging request can contain at most {limit} {what}. Got {count} {what}. "
            f"Please split up {what} across multiple requests and try again."
        )


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
