"""The gateway as a plain ASGI app: routes, the doorkeeper, and errors as problem documents."""

import hmac
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

import msgspec

from pomona.core.errors import Forbidden, Invalid, NotFound, PomonaError, TooLarge, Unauthorized
from pomona.serving.gateway import protocols
from pomona.serving.gateway.live import Live
from pomona.serving.gateway.predicting import Call, Predictor

MAX_BODY = 32 << 20
_PLAIN = "send plain numbers, texts and nulls; nothing was stored"

log = logging.getLogger("pomona.gateway")
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scope = MutableMapping[str, Any]


class Reply(NamedTuple):
    """Status and body of an answer."""

    status: int
    body: bytes
    kind: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Doorkeeper:
    """Who may ask: the bearer token, and a Host header that names this machine (DNS rebinding).

    Args:
        token: None lets everybody in (``--no-auth``, loopback only).
        hosts: Names besides loopback under which this gateway is reached; ``*`` allows any.
    """

    def __init__(self, token: str | None, hosts: tuple[str, ...] = ()) -> None:
        self._expected = f"Bearer {token}".encode() if token else None
        self._hosts = {"127.0.0.1", "localhost", "[::1]", *hosts}

    def check_host(self, headers: dict[bytes, bytes]) -> None:
        """Refuse a request for a foreign host name."""
        host = headers.get(b"host", b"").decode("latin-1")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name not in self._hosts and "*" not in self._hosts:
            raise Forbidden(f"this gateway is not {name!r}", hint="call it by its own address")

    def check_origin(self, headers: dict[bytes, bytes]) -> None:
        """Refuse a page of another site: without a token its browser could ask for predictions."""
        origin = headers.get(b"origin")
        if origin is not None and origin.partition(b"://")[2] != headers.get(b"host"):
            raise Forbidden(
                f"a page from {origin.decode('latin-1')} may not ask here", hint="ask from your own server"
            )

    def check_token(self, headers: dict[bytes, bytes]) -> None:
        """Refuse a request without the token."""
        given = headers.get(b"authorization", b"")
        if self._expected is not None and not hmac.compare_digest(given, self._expected):
            raise Unauthorized(
                "the token is missing or wrong", hint="send Authorization: Bearer TOKEN; `pomona up` shows it"
            )


class GatewayApp:
    """ASGI: one object per process; ``start`` and ``stop`` run with the server's lifespan."""

    def __init__(
        self,
        live: Live,
        predictor: Predictor,
        doorkeeper: Doorkeeper,
        *,
        status: Callable[[], dict[str, Any]],
        start: Callable[[], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self._live, self._predictor, self._doorkeeper = live, predictor, doorkeeper
        self._status, self._start, self._stop = status, start, stop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            headers = dict(scope["headers"])
            self._doorkeeper.check_host(headers)
            self._doorkeeper.check_origin(headers)
            reply = await self._reply(scope, headers, receive)
        except PomonaError as error:
            reply = problem(error)
        except (OverflowError, RecursionError) as error:  # before anything was journalled
            reply = problem(Invalid(f"a value is too large or too deep: {error}", hint=_PLAIN))
        except Exception:  # the edge of the process
            log.exception("a request failed inside the gateway")
            reply = problem(PomonaError("the gateway failed on this request", hint="its log says where"))
        length = str(len(reply.body)).encode()
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [
                    (b"content-type", reply.kind),
                    (b"content-length", length),
                    (b"x-content-type-options", b"nosniff"),
                    *reply.headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": reply.body})

    async def _reply(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Reply:
        method, parts = scope["method"], [unquote(part) for part in scope["path"].strip("/").split("/")]
        if method == "GET" and (public := self._health(parts)):
            return public
        self._doorkeeper.check_token(headers)
        if method == "GET":
            return self._get(parts)
        if method != "POST":
            raise NotFound(f"no {method} here", hint="predictions are asked by POST")
        return await self._post(parts, scope, headers, receive)

    def _health(self, parts: list[str]) -> Reply | None:
        match parts:
            case ["v2", "health", "live"] | ["ping"] | ["health"]:
                return Reply(200, b'{"live":true}')
            case ["v2", "health", "ready"]:
                ready = bool(self._live.endpoints()) and self._predictor.answers_ready.is_set()
                return Reply(200 if ready else 503, b'{"ready":true}' if ready else b'{"ready":false}')
        return None

    def _get(self, parts: list[str]) -> Reply:
        match parts:
            case ["v2"]:
                return Reply(200, msgspec.json.encode({"name": "pomona", "version": "2", "extensions": []}))
            case ["v2", "models", name]:
                return Reply(200, protocols.describe_v2(self._live.endpoint(name)))
            case ["v2", "models", name, "ready"]:
                self._live.endpoint(name)
                return Reply(200, b'{"ready":true}')
            case ["status"]:
                return Reply(200, msgspec.json.encode(self._status()))
        raise NotFound("nothing is here", hint="/v2, /status, and by POST /predict/{endpoint}, /invocations")

    async def _post(
        self, parts: list[str], scope: Scope, headers: dict[bytes, bytes], receive: Receive
    ) -> Reply:
        match parts:
            case ["predict", name]:
                endpoint = self._live.endpoint(name)
                call = _named_rows(protocols.read_predict(await _body(receive)), headers)
                return Reply(200, protocols.answer_predict(await self._predictor.predict(endpoint, call)))
            case ["v2", "models", name, "infer"]:
                endpoint = self._live.endpoint(name)
                call, request_id = protocols.read_v2(await _body(receive))
                answers = await self._predictor.predict(endpoint, _named_rows(call, headers))
                return Reply(200, protocols.answer_v2(name, request_id, answers))
            case ["invocations"]:
                endpoint = self._live.endpoint(self._named(scope, headers))
                call = _named_rows(protocols.read_invocations(await _body(receive)), headers)
                return Reply(200, protocols.answer_invocations(await self._predictor.predict(endpoint, call)))
        raise NotFound("nothing is here", hint="/predict/{endpoint}, /invocations or /v2/models/{name}/infer")

    def _named(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        query: str = scope["query_string"].decode("latin-1")
        asked = parse_qs(query).get("endpoint")
        if asked:
            return asked[0]
        named = headers.get(b"x-pomona-endpoint")
        return named.decode("latin-1") if named else self._live.only_endpoint()


def problem(error: PomonaError) -> Reply:
    """An error as RFC 9457 problem document."""
    retry = ((b"retry-after", b"1"),) if error.status in (429, 503) else ()
    return Reply(error.status, msgspec.json.encode(error.problem()), b"application/problem+json", retry)


def _named_rows(call: Call, headers: dict[bytes, bytes]) -> Call:
    """The call with its rows named by the request's Idempotency-Key, unless they have names."""
    key = headers.get(b"idempotency-key", b"").decode("latin-1")
    if not key or call.ids is not None:
        return call
    return msgspec.structs.replace(call, ids=[f"{key}/{number}" for number in range(call.rows)])


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Invalid("the request broke off", hint="send it again")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MAX_BODY:
            raise TooLarge(f"the body is larger than {MAX_BODY >> 20} MiB", hint="send fewer rows at a time")
    return b"".join(chunks)
