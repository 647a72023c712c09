"""One conversation with the API: encodes records, decodes answers, raises the server's own errors."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from pomona.core.errors import PomonaError, Problem, Unavailable, error_from
from pomona.core.records import Page, Record, from_json, to_json
from pomona.sdk.transport import Reply, Transport

T = TypeVar("T")
R = TypeVar("R", bound=Record)


class Session:
    """What the SDK's parts share: typed requests over a transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    @property
    def address(self) -> str:
        """Where this talks to."""
        return self.transport.address

    def get(self, path: str, kind: type[T], /, **query: Any) -> T:
        """GET and decode as ``kind``. Query values that are None are left out."""
        return from_json(self.call("GET", path, query=query).body, kind)

    def post(self, path: str, body: object, kind: type[T], /, **query: Any) -> T:
        """POST a record (or plain values) and decode the answer as ``kind``."""
        reply = self.call("POST", path, body=to_json(body), query=query)
        return from_json(reply.body or b"null", kind)

    def put(self, path: str, body: object, kind: type[T]) -> T:
        """PUT a record and decode the answer."""
        return from_json(self.call("PUT", path, body=to_json(body)).body or b"null", kind)

    def patch(self, path: str, body: object, kind: type[T]) -> T:
        """PATCH with what changes, and decode the answer."""
        return from_json(self.call("PATCH", path, body=to_json(body)).body or b"null", kind)

    def delete(self, path: str) -> None:
        """DELETE."""
        self.call("DELETE", path)

    def all(self, path: str, kind: type[R], /, *, limit: int | None = None, **query: Any) -> Iterator[R]:
        """Every item of a paged list, fetched as needed; at most ``limit``."""
        cursor: str | None = None
        left = limit
        while left is None or left > 0:
            size = min(left or 200, 200)
            page = self.get(path, Page[kind], cursor=cursor, limit=size, **query)  # type: ignore[valid-type]
            yield from page.items
            cursor = page.next_cursor
            left = None if left is None else left - len(page.items)
            if cursor is None:
                return

    def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes | BinaryIO | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request; an error answer is raised as the class the server raised.

        Raises:
            PomonaError: Or the kind of it that the server named.
        """
        sent = {"content-type": "application/json"} if body is not None else {}
        if method == "POST":
            sent["idempotency-key"] = uuid.uuid4().hex  # a retry on the way is answered, not repeated
        reply = self.transport.send(
            method, with_query(path, query), headers=sent | dict(headers or {}), body=body
        )
        if reply.status >= 400:
            raise _error(reply.status, reply.body)
        return reply

    def stream(self, path: str, query: Mapping[str, Any] | None = None) -> Iterator[bytes]:
        """GET, the answer's body in pieces; an error answer is raised at once.

        Raises:
            PomonaError: Or the kind of it that the server named; ``Unavailable`` if the answer breaks off.
        """
        found = self.transport.stream(with_query(path, query), headers={})
        if found.status >= 400:
            raise _error(found.status, b"".join(found.pieces))
        return found.pieces


def with_query(path: str, query: Mapping[str, Any] | None) -> str:
    """``path`` with its query; None is left out, booleans are lower case."""
    given = {name: _text(value) for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def part(value: str) -> str:
    """A name or id as one safe part of a path."""
    return quote(value, safe="")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _error(status: int, body: bytes) -> PomonaError:
    try:
        return error_from(from_json(body, Problem))
    except msgspec.DecodeError:
        text = body[:200].decode(errors="replace")
        return Unavailable(f"HTTP {status}: {text}", hint="is this the address of a Pomona server?")
