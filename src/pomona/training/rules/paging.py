"""Page tokens of the MLflow protocol: base64 of ``{"offset": n}``."""

import base64
import binascii

import msgspec

from pomona.core.errors import Invalid


def offset_from(token: str | None) -> int:
    """The offset a page token stands for; 0 without one.

    >>> offset_from(token_for(100))
    100

    Raises:
        Invalid: If it is not a token of ours.
    """
    if not token:
        return 0
    try:
        raw = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("Invalid page token, could not base64-decode") from None
    try:
        parsed = msgspec.json.decode(raw)
    except ValueError:
        raise Invalid(f"Invalid page token, decoded value={raw!r}") from None
    offset = parsed.get("offset") if isinstance(parsed, dict) else None
    if not isinstance(offset, int) or not 0 < offset < 2**62:
        raise Invalid(f"Invalid page token, parsed value={parsed}")
    return offset


def token_for(offset: int) -> str:
    """The page token for an offset."""
    return base64.b64encode(f'{{"offset": {offset}}}'.encode()).decode()


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
