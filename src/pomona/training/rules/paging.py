"""Page tokens of the MLflow protocol, in base64: ``{"offset": n}``, or ``{"after": [time, step, value]}``."""

import base64
import binascii
import math
from typing import Any

import msgspec

from pomona.core.errors import Invalid
from pomona.training.records.runs import MetricPoint


def offset_from(token: str | None) -> int:
    """The offset a page token stands for; 0 without one.

    >>> offset_from(token_for(100))
    100

    Raises:
        Invalid: If it is not a token of ours.
    """
    if not token:
        return 0
    parsed = _parsed(token)
    offset = parsed.get("offset") if isinstance(parsed, dict) else None
    if not isinstance(offset, int) or not 0 < offset < 2**62:
        raise Invalid(f"Invalid page token, parsed value={parsed}")
    return offset


def token_for(offset: int) -> str:
    """The page token for an offset."""
    return base64.b64encode(f'{{"offset": {offset}}}'.encode()).decode()


def place_from(token: str | None) -> tuple[MetricPoint | None, int]:
    """The point that a page of a history comes after, and its offset: what older servers gave out.

    >>> place_from(token_after(MetricPoint(7, 1_000, 0.5)))
    (MetricPoint(step=7, timestamp=1000, value=0.5), 0)
    >>> place_from(token_for(100))
    (None, 100)

    Raises:
        Invalid: If it is not a token of ours.
    """
    parsed = _parsed(token) if token else None
    if not isinstance(parsed, dict) or "after" not in parsed:
        return None, offset_from(token)
    match parsed["after"]:
        case [int(at_ms), int(step), float() | None as value]:
            whole = all(-(2**63) <= number < 2**63 for number in (at_ms, step))
            if whole and (value is None or math.isfinite(value)):
                return MetricPoint(step, at_ms, value), 0
    raise Invalid(f"Invalid page token, parsed value={parsed}")


def token_after(point: MetricPoint) -> str:
    """The page token for what comes after a point of a history."""
    place = (point.timestamp, point.step, point.value)
    return base64.b64encode(msgspec.json.encode({"after": place})).decode()


def _parsed(token: str) -> Any:
    try:
        raw = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("Invalid page token, could not base64-decode") from None
    try:
        return msgspec.json.decode(raw)
    except ValueError:
        raise Invalid(f"Invalid page token, decoded value={raw!r}") from None


def check_page_size(limit: int, *, most: int) -> None:
    """Refuse page sizes outside 1 to ``most``."""
    if limit < 1:
        raise Invalid(
            f"Invalid value {limit} for parameter 'max_results' supplied. It must be a positive integer."
        )
    if limit > most:
        raise Invalid(
            f"Invalid value {limit} for parameter 'max_results' supplied. It must be at most {most}, "
            f"but got value {limit}"
        )
