"""Spans as MLflow's clients write them, in all three ways they have had, as spans here."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from pomona.core.errors import Invalid
from pomona.training.traces import rules
from pomona.training.traces.conventions import REQUEST_ID, TYPE, in_our_words, plain
from pomona.training.traces.records import Span, SpanStatus

_STATUSES: tuple[SpanStatus, ...] = ("OK", "ERROR")
_DIGITS = 16  # of a span's id


def spans_in(text: str | bytes, trace_id: str) -> list[Span]:
    """The spans of a ``traces.json``.

    Raises:
        Invalid: If it is none.
    """
    found = _parsed(text)
    spans = found.get("spans") if isinstance(found, dict) else None
    if not isinstance(spans, list):
        raise Invalid("traces.json holds no spans", hint="is it the file that MLflow wrote?")
    return [span_from(one, trace_id) for one in spans]


def span_in(text: str, trace_id: str) -> Span:
    """One span from its JSON.

    Raises:
        Invalid: If it is none.
    """
    return span_from(_parsed(text), trace_id)


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text, parse_constant=str)  # JSON has no NaN, but Python writes it
    except (ValueError, RecursionError):
        raise Invalid("spans that are not JSON", hint="is it what MLflow wrote?") from None


def span_from(one: Any, trace_id: str) -> Span:
    """A span of MLflow 3 (ids in base64), 3.5 (in hex digits), or 2 (in a ``context``).

    Raises:
        Invalid: If it is none of them.
    """
    try:
        span = _old(one, trace_id) if "context" in one else _new(one, trace_id)
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error) as error:
        raise Invalid(f"spans that MLflow did not write: {error!r:.100}", hint="mend them there") from None
    rules.check_span(span)
    return span


def _new(one: Mapping[str, Any], trace_id: str) -> Span:
    status = one.get("status") or {}
    attributes = _attributes(one.get("attributes"), trace_id)
    parent = one.get("parent_span_id")
    return Span(
        trace_id=trace_id,
        span_id=_digits(one["span_id"]),
        parent=_digits(parent) if parent else None,
        name=_text(one.get("name")),
        type=_kind(attributes),
        status=_status(status.get("code")),
        status_message=_text(status.get("message")),
        start_ns=int(one["start_time_unix_nano"]),
        end_ns=int(one["end_time_unix_nano"]) if one.get("end_time_unix_nano") else None,
        attributes=attributes,
        events=[_event(event, "time_unix_nano") for event in one.get("events") or []],
        links=[_link(link) for link in one.get("links") or []],
    )


def _old(one: Mapping[str, Any], trace_id: str) -> Span:
    attributes = _attributes(one.get("attributes"), trace_id)
    parent = one.get("parent_id")
    return Span(
        trace_id=trace_id,
        span_id=_digits(one["context"]["span_id"]),
        parent=_digits(parent) if parent else None,
        name=_text(one.get("name")),
        type=_kind(attributes),
        status=_status(one.get("status_code")),
        status_message=_text(one.get("status_message")),
        start_ns=int(one["start_time"]),
        end_ns=int(one["end_time"]) if one.get("end_time") else None,
        attributes=attributes,
        events=[_event(event, "timestamp") for event in one.get("events") or []],
    )


def _digits(written: str) -> str:
    """An id in hex digits, however it is written.

    >>> _digits("0x1f"), _digits("AAAAAAAAAB8="), _digits("000000000000001f")
    ('000000000000001f', '000000000000001f', '000000000000001f')
    """
    if written.startswith("0x") or len(written) == _DIGITS:
        return f"{int(written, 16):016x}"
    found = base64.b64decode(written, validate=True).hex()
    if not 0 < len(found) <= _DIGITS:
        raise ValueError(f"the id {written[:40]!r}")
    return found.zfill(_DIGITS)


def _attributes(sent: Mapping[str, Any] | None, trace_id: str) -> dict[str, Any]:
    """Each is a JSON text."""
    told = {_text(key): plain(value) for key, value in (sent or {}).items()}
    return in_our_words(told | {REQUEST_ID: trace_id})


def _kind(attributes: Mapping[str, Any]) -> str | None:
    kind = attributes.get(TYPE)
    return None if kind is None else str(kind)


def _status(code: Any) -> SpanStatus:
    word = str(code or "").removeprefix("STATUS_CODE_")
    return next((one for one in _STATUSES if one == word), "UNSET")


def _event(sent: Mapping[str, Any], time: str) -> dict[str, Any]:
    return {
        "name": _text(sent.get("name")),
        "time_ns": min(int(sent.get(time) or 0), rules.MAX_NS),
        "attributes": dict(sent.get("attributes") or {}),
    }


def _link(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "trace_id": str(sent.get("trace_id") or ""),
        "span_id": str(sent.get("span_id") or ""),
        "attributes": dict(sent.get("attributes") or {}),
    }


def _text(value: Any) -> str:
    return str(value or "").replace("\x00", "\ufffd")  # which no database keeps
