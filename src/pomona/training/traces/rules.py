"""What spans say of their trace: when it ran, how it ended, what it cost; and what may be logged."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from pomona.core.errors import Invalid
from pomona.core.records import Record
from pomona.training.rules.limits import check_length, check_name
from pomona.training.traces import conventions
from pomona.training.traces.records import NAME_TAG, Span, TraceState

MAX_PREVIEW = 1000
MAX_METADATA = 250
MAX_NAME = 4096
MAX_LINKS = 100
MAX_TAG_VALUE = 8000
MAX_NS = 2**63 - 1
_TRACE_ID = re.compile(r"[\w\-.]{1,100}")
_TOKENS = ("input_tokens", "output_tokens", "total_tokens")
_MORE_TOKENS = ("cache_read_input_tokens", "cache_creation_input_tokens")
_COSTS = ("input_cost", "output_cost", "total_cost")


class SpanSummary(Record, frozen=True, kw_only=True):
    """What some spans of one trace say of it."""

    started_ms: int
    ended_ms: int | None
    state: TraceState | None  # None: the root is not among them
    root: Span | None
    session: str | None
    user: str | None
    tags: dict[str, str]
    usage: dict[str, int]
    cost: dict[str, float]


def summary_of(spans: Sequence[Span]) -> SpanSummary:
    """Fold spans of one trace; there is at least one."""
    ends = [span.end_ns for span in spans if span.end_ns]
    root = next((span for span in spans if span.parent is None), None)
    state: TraceState | None = None if root is None else "ERROR" if root.status == "ERROR" else "OK"
    return SpanSummary(
        started_ms=min(span.start_ns for span in spans) // 1_000_000,
        ended_ms=max(ends) // 1_000_000 if ends else None,
        state=state,
        root=root,
        session=_said(spans, conventions.SESSIONS),
        user=_said(spans, conventions.USERS),
        tags={} if root is None else _tags_of(root),
        usage=usage_of(spans),
        cost=cost_of(spans),
    )


def usage_of(spans: Sequence[Span]) -> dict[str, int]:
    """Tokens of a whole trace: a span that tells a sum hides what the spans below it tell."""
    found = {
        key: int(value) for key, value in _totals(spans, conventions.USAGE, _TOKENS + _MORE_TOKENS).items()
    }
    return dict.fromkeys(_TOKENS, 0) | found if found else {}


def cost_of(spans: Sequence[Span]) -> dict[str, float]:
    """Money of a whole trace, in US dollars; as for tokens."""
    found = _totals(spans, conventions.COST, _COSTS)
    return dict.fromkeys(_COSTS, 0.0) | found if found else {}


def _totals(spans: Sequence[Span], attribute: str, keys: Sequence[str]) -> dict[str, float]:
    told = {span.span_id: value for span in spans if (value := _mapping(span.attributes.get(attribute)))}
    parents = {span.span_id: span.parent for span in spans}
    found: dict[str, float] = {}
    for span_id, values in told.items():
        if not _below_a_teller(span_id, parents, told):
            for key in keys:
                if (number := _finite(values.get(key))) is not None:
                    found[key] = found.get(key, 0) + number
    return found


def _below_a_teller(
    span_id: str, parents: Mapping[str, str | None], told: Mapping[str, Mapping[str, Any]]
) -> bool:
    seen, above = {span_id}, parents.get(span_id)
    while above is not None and above not in seen:
        if above in told:
            return True
        seen.add(above)
        above = parents.get(above)
    return False


def _mapping(value: Any) -> Mapping[str, Any]:
    found = conventions.plain(value)
    return found if isinstance(found, dict) else {}


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 2**62 and math.isfinite(value) else None


def _said(spans: Iterable[Span], keys: Sequence[str]) -> str | None:
    for span in spans:
        for key in keys:
            if value := span.attributes.get(key):
                return str(value)[:MAX_METADATA]
    return None


def _tags_of(root: Span) -> dict[str, str]:
    prefix = conventions.TAG_PREFIX
    named = {
        key.removeprefix(prefix): value for key, value in root.attributes.items() if key.startswith(prefix)
    }
    return good_tags(named)


def good_tags(values: Mapping[str, Any]) -> dict[str, str]:
    """Those values that may be tags; others are left out, for nobody who sends spans could mend them."""
    found: dict[str, str] = {}
    for key, value in values.items():
        try:
            found |= dict(
                [tag(key, value if isinstance(value, str) else msgspec.json.encode(value).decode())]
            )
        except Invalid:
            continue
    return found


def resource_tags(resource: Mapping[str, Any]) -> dict[str, str]:
    """What a process says of itself, as tags; the protocol's own names cannot be claimed."""
    own = ("telemetry.sdk.", "mlflow.")
    return good_tags({key: value for key, value in resource.items() if not key.startswith(own)})


def tag(key: str, value: str) -> tuple[str, str]:
    """A tag's checked key and its value, cut to the limit.

    Raises:
        Invalid: If the key is empty, odd or too long, or a trace's name too long.
    """
    check_name(key, "key")
    check_length("key", key, MAX_METADATA)
    if key == NAME_TAG:
        check_length("Trace name", value, MAX_NAME)
    return key, value[:MAX_TAG_VALUE]


def metadata(values: Mapping[str, str]) -> dict[str, str]:
    """Metadata of a trace; keys have a limit.

    Raises:
        Invalid: If a key is empty or too long.
    """
    for key in values:
        if not key:
            raise Invalid("a trace's metadata has an empty key", hint="name each value")
        check_length("metadata key", key, MAX_METADATA)
    return dict(values)


def check_trace_id(trace_id: str) -> None:
    """Refuse what could not be part of an address.

    Raises:
        Invalid: If it is empty, long or odd.
    """
    if not _TRACE_ID.fullmatch(trace_id) or trace_id.strip(".") == "":
        raise Invalid(
            f"Invalid trace ID '{trace_id[:100]}'.", hint="letters, digits, '-', '_' and '.', at most 100"
        )


def preview(value: Any, *, role: str) -> str | None:
    """The beginning of what went in or came out; of a conversation, its last message by ``role``.

    >>> preview({"messages": [{"role": "user", "content": "Why?"}]}, role="user")
    'Why?'
    >>> preview("Why?", role="user")
    '"Why?"'
    """
    if value is None:
        return None
    meant = conventions.plain(value)
    text = _last_message(meant, role) or json.dumps(meant, ensure_ascii=False)
    return text if len(text) <= MAX_PREVIEW else text[: MAX_PREVIEW - 3] + "..."


def _last_message(value: Any, role: str) -> str | None:
    messages = [item for item in _messages(value) if isinstance(item, dict) and "role" in item]
    if not messages:
        return None
    of_role = [item for item in messages if item["role"] == role]
    content = (of_role or messages)[-1].get("content")
    if isinstance(content, list):
        content = next((part["text"] for part in content if isinstance(part, dict) and "text" in part), None)
    return content if isinstance(content, str) else None


def _messages(value: Any) -> list[Any]:
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("request"), dict):
        return _messages(value["request"])
    for name in ("messages", "input", "output"):
        if isinstance(found := value.get(name), list):
            return found
    choices = value.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return [choices[0].get("message")]
    return []


def in_order(spans: Iterable[Span]) -> list[Span]:
    """The root first, then by their start."""
    return sorted(spans, key=lambda span: (span.parent is not None, span.start_ns, span.span_id))


def is_whole(size_stats: str | None, count: int) -> bool:
    """Whether all spans are there that the client said it made."""
    stats = _mapping(size_stats)
    wanted = stats.get("num_spans", 0)
    return not isinstance(wanted, int) or count >= wanted


def check_span(span: Span) -> None:
    """Refuse times that cannot be stored.

    Raises:
        Invalid: If a time lies outside the years that 63 bits of nanoseconds reach.
    """
    if span.start_ns > MAX_NS or (span.end_ns or 0) > MAX_NS:
        raise Invalid(f"span {span.span_id} has a time beyond the year 2262", hint="nanoseconds since 1970")
