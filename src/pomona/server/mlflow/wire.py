"""One request and one answer of the protocol: decoding, encoding, and errors as its clients read them."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl

import msgspec

from pomona.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Overloaded,
    PomonaError,
    Refused,
    Tampered,
    TooLarge,
    Unauthorized,
    Unavailable,
)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Form = TypeVar("Form", bound=msgspec.Struct)
T = TypeVar("T")

SEE_DOCS = "See the API docs for more information about request parameters."
MAX_BODY = 64 << 20  # JSON bodies; artifacts are streamed and have no limit here
_CODES: list[tuple[type[PomonaError], str, int]] = [
    (Invalid, "INVALID_PARAMETER_VALUE", 400),
    (NotFound, "RESOURCE_DOES_NOT_EXIST", 404),
    (Conflict, "RESOURCE_ALREADY_EXISTS", 400),
    (Refused, "PERMISSION_DENIED", 403),
    (Forbidden, "PERMISSION_DENIED", 403),
    (Unauthorized, "UNAUTHENTICATED", 401),
    (TooLarge, "INVALID_PARAMETER_VALUE", 400),
    (Overloaded, "RESOURCE_EXHAUSTED", 429),
    (Tampered, "DATA_LOSS", 409),
    (Unavailable, "TEMPORARILY_UNAVAILABLE", 503),
]


class MlflowError(PomonaError):
    """An error of the protocol that no error of the domain stands for."""

    def __init__(self, error_code: str, status: int, detail: str) -> None:
        super().__init__(detail)
        self.error_code = error_code
        self.http_status = status


class Request:
    """One HTTP request: its path parameters, query and body."""

    def __init__(self, scope: Scope, receive: Receive, params: Mapping[str, str]) -> None:
        self.scope = scope
        self.receive = receive
        self.params = params
        self.query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        self.body = b""

    async def load(self) -> None:
        """Read the body.

        Raises:
            TooLarge: If it is longer than ``MAX_BODY``.
        """
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise MlflowError("CANCELLED", 499, "the client went away")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > MAX_BODY:
                raise TooLarge(f"the request body is larger than {MAX_BODY} bytes")
            more = message.get("more_body", False)
        self.body = parts[0] if len(parts) == 1 else b"".join(parts)

    def form(self, kind: type[Form], *required: str) -> Form:
        """The request's fields as ``kind``: the query of a GET, else the JSON body.

        Raises:
            Invalid: If the JSON cannot be read, a field has another type, or one of ``required``
                is missing or empty.
        """
        try:
            found = (
                msgspec.convert(self._query(kind), kind, strict=False)
                if self._in_query()
                else self._json(kind)
            )
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise _bad_field(str(error), self._sent()) from None
        for name in required:
            if getattr(found, name) in (None, ""):
                raise Invalid(f"Missing value for required parameter '{name}'. {SEE_DOCS}")
        return found

    def _in_query(self) -> bool:
        return self.scope["method"] == "GET" and bool(self.query)

    def _json(self, kind: type[Form]) -> Form:
        body = self.body or b"{}"
        if body[:1] == b'"':  # old clients encode twice
            body = msgspec.json.decode(body, type=str).encode()
        return _decoder(kind).decode(body)

    def _sent(self) -> Any:
        """What was sent, whatever it is; for the words of an error."""
        if self._in_query():
            return dict(self.query)
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            return None

    def _query(self, kind: type[Form]) -> dict[str, Any]:
        lists = {field.name for field in msgspec.structs.fields(kind) if "list" in str(field.type)}
        found: dict[str, Any] = {}
        for name, value in self.query:
            if name in lists:
                found.setdefault(name, []).append(value)
            else:
                found[name] = value
        return found


class Answer(Protocol):
    """What goes back to the client."""

    async def send(self, send: Send) -> None:
        """Put it on the wire."""


class Response(msgspec.Struct, frozen=True):
    """An answer: JSON unless ``media`` says otherwise."""

    body: bytes = b"{}"
    status: int = 200
    media: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Put it on the wire."""
        headers = [(b"content-type", self.media), (b"content-length", str(len(self.body)).encode())]
        headers += self.headers
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


EMPTY = Response()
_decoders: dict[type, Any] = {}


def _decoder(kind: type[Form]) -> "msgspec.json.Decoder[Form]":
    found: msgspec.json.Decoder[Form] | None = _decoders.get(kind)
    if found is None:
        found = _decoders[kind] = msgspec.json.Decoder(kind, strict=False)
    return found


def answer(body: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(body), status)


def failure(error: PomonaError) -> Response:
    """An error as the protocol's clients read it: ``error_code``, ``message`` and the matching status."""
    if isinstance(error, MlflowError):
        return answer({"error_code": error.error_code, "message": error.detail}, error.http_status)
    code, status = "INTERNAL_ERROR", error.status
    for kind, named, http_status in _CODES:
        if isinstance(error, kind):
            code, status = named, http_status
            break
    message = f"{error.detail.removesuffix('.')}. {error.hint}" if error.hint else error.detail
    return answer({"error_code": code, "message": message, "hint": error.hint}, status)


async def durable(future: "Future[T]") -> T:
    """Wait for a write. A client that goes away does not take it back."""
    if future.done():
        return future.result()
    loop = asyncio.get_running_loop()
    stored = loop.create_future()

    def tell(_: "Future[T]") -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, stored)

    future.add_done_callback(tell)
    await stored
    return future.result()


def _settle(stored: "asyncio.Future[None]") -> None:
    if not stored.done():  # else the client went away
        stored.set_result(None)


class Threads:
    """A pool of its own for work that blocks, so that slow uploads never hold up other requests."""

    def __init__(self, size: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=name)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run ``work`` in a thread, as the same actor."""
        context = copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: context.run(work, *arguments))


def _bad_field(reason: str, sent: Any) -> Invalid:
    """The error for a field of another type, in the reference's words: its value and the type it has."""
    what, _, where = reason.partition(" - at `$.")
    path = where.rstrip("`")
    value = sent
    for step in re.findall(r"[^.\[\]]+", path):
        value = _inside(value, step)
    if not path or value is None:
        return Invalid(f"Invalid value for parameter '{path or 'body'}' supplied: {what}. {SEE_DOCS}")
    return Invalid(
        f"Invalid value {msgspec.json.encode(value).decode()[:200]} for parameter '{path}' supplied:  Hint: "
        f"Value was of type '{type(value).__name__}'. {SEE_DOCS} {what}"
    )


def _inside(value: Any, step: str) -> Any:
    if isinstance(value, list):
        return value[int(step)] if step.isdigit() and int(step) < len(value) else None
    return value.get(step) if isinstance(value, dict) else None
