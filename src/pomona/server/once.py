"""``Idempotency-Key``: a mutating request sent twice is carried out once and answered twice."""

import asyncio
from typing import Any

from blake3 import blake3

from pomona.core.errors import AnswerLost, Conflict, Invalid, PomonaError
from pomona.core.ports import Answer, Requests
from pomona.core.records import to_json
from pomona.core.requests import claiming
from pomona.server.auth import Asgi, Receive, Scope, Send

_HEADER = b"idempotency-key"
_REPEATABLE = frozenset({"/api/v1/outcomes"})  # carried out again they change nothing, and say so
_ANSWER_BYTES = 1 << 20  # larger answers are not kept; a repeat of such a request is told so


class Once:
    """ASGI middleware around the API."""

    def __init__(self, inner: Asgi, requests: Requests) -> None:
        self._inner = inner
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key_of(scope)
        if key is None:
            await self._inner(scope, receive, send)
            return
        try:
            if len(key) > 200:
                raise Invalid("the idempotency key is longer than 200 characters", hint="a UUID will do")
            key = _scoped(key, scope)
            known = await asyncio.to_thread(self._requests.answer, key)
        except AnswerLost as error:
            if scope["path"] in _REPEATABLE:
                await self._inner(scope, receive, send)
            else:
                await _refuse(send, error)
            return
        except PomonaError as error:
            await _refuse(send, error)
            return
        if known is not None:
            await _send(send, known, replayed=True)
            return
        recorder = _Recorder(send)
        with claiming(key) as claim:
            await self._inner(scope, receive, recorder.send)
        if claim.written and (answer := recorder.answer()) is not None:
            await asyncio.to_thread(self._requests.keep, key, answer)


class _Recorder:
    """Passes an answer on and remembers it, up to a size."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status = 0
        self._kind = ""
        self._plain = True
        self._body = bytearray()

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = {name.lower(): value for name, value in message["headers"]}
            self._status = message["status"]
            self._kind = headers.get(b"content-type", b"").decode("latin-1")
            self._plain = b"content-encoding" not in headers
        elif len(self._body) <= _ANSWER_BYTES:
            self._body += message.get("body", b"")
        await self._send(message)

    def answer(self) -> Answer | None:
        if not self._plain or len(self._body) > _ANSWER_BYTES:
            lost = Conflict(
                "this request was carried out; its answer was too large to keep", hint="look the record up"
            )
            return Answer(
                status=lost.status, content_type="application/problem+json", body=to_json(lost.problem())
            )
        return (
            Answer(status=self._status, content_type=self._kind, body=bytes(self._body))
            if self._status
            else None
        )


def _key_of(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return None
    for name, value in scope["headers"]:
        if name.lower() == _HEADER:
            return str(value.decode("latin-1"))
    return None


def _scoped(key: str, scope: Scope) -> str:
    """The key as one route's own: used again elsewhere it is another request, not the first one's repeat."""
    where = f"{scope['method']} {scope['path']}?{scope['query_string'].decode('latin-1')}"
    return f"{key[:100]} {blake3(f'{where} {key}'.encode()).hexdigest()}"


async def _refuse(send: Send, error: PomonaError) -> None:
    body = to_json(error.problem())
    await _send(send, Answer(status=error.status, content_type="application/problem+json", body=body))


async def _send(send: Send, answer: Answer, *, replayed: bool = False) -> None:
    headers = [
        (b"content-type", answer.content_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
    ]
    if replayed:
        headers.append((b"idempotency-replayed", b"true"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
