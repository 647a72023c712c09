"""Who may come in: Host and Origin checks, then a bearer token, Basic password or session cookie.

The guard stands around everything, the MLflow protocol included. Against DNS rebinding only known
Host names are answered; against cross-site requests a foreign Origin may not write.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from pomona.core.actors import acting_as
from pomona.core.errors import Forbidden, Invalid, PomonaError, Unauthorized
from pomona.core.records import to_json

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Told = Callable[[str, PomonaError], tuple[int, bytes] | None]  # status and JSON for a path's own clients

COOKIE = "pomona_session"
_SESSION_S = 30 * 86_400
_ACTOR_CHARS = 200
_OWN = frozenset({"system", "loop", "anonymous"})
_POLICY = b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_INFO = ("/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info")  # asked before logging in
_OPEN_PATHS = frozenset({"/health", "/version", "/login", "/api/v1/health", *_INFO})
_BEARER = (b"www-authenticate", b'Bearer realm="pomona"')
_BASIC = (b"www-authenticate", b'Basic realm="pomona"')  # not of our own API: pages would pop up a dialog
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


@dataclass(frozen=True)
class Access:
    """What the guard needs to know. ``token`` None: no authentication (loopback only)."""

    token: str | None
    hosts: frozenset[str] = _LOOPBACK
    login_codes: set[str] = field(default_factory=set)  # each opens one session, once


class Guard:
    """ASGI middleware: lets in who belongs, names them as the actor, refuses the rest."""

    def __init__(self, inner: Asgi, access: Access, told: Told = lambda path, error: None) -> None:
        self._inner = inner
        self._access = access
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # nothing here speaks it, and nothing could come in unseen
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        try:
            self._check_site(scope, headers)
            actor = self._actor(scope, headers)
        except PomonaError as error:
            await self._refuse(scope, headers, send, error)
            return
        if scope["path"] == "/login":
            await self._login(scope, send)
            return
        if scope["path"] == "/api/v1/login-codes" and scope["method"] == "POST":
            code = secrets.token_urlsafe(16)
            self._access.login_codes.add(code)
            await _send(send, 201, b"application/json", to_json(code), [])
            return
        with acting_as(actor):
            await self._inner(scope, receive, send)

    def _check_site(self, scope: Scope, headers: dict[str, str]) -> None:
        host = _host_name(headers.get("host", ""))
        if host not in self._access.hosts:
            raise Forbidden(
                f"host {host!r} is not served here", hint="use the address that `pomona up` printed"
            )
        origin = headers.get("origin")
        site = (origin or "").partition("://")[2]  # an Origin has no path
        if origin and scope["method"] not in _SAFE and site != headers.get("host"):
            raise Forbidden(f"a page from {origin} may not write here", hint="use Pomona's own pages")

    def _actor(self, scope: Scope, headers: dict[str, str]) -> str:
        if self._access.token is None:
            return _named(headers, "local")
        if scope["path"] in _OPEN_PATHS:
            return "anonymous"
        given = _credential(headers.get("authorization", ""))
        if given is not None:
            if hmac.compare_digest(given.encode(), self._access.token.encode()):
                return _named(headers, "admin")
            raise Unauthorized("the token is not valid", hint="`pomona up` prints the current one")
        if session_is_valid(_cookie(headers.get("cookie", "")), self._access.token, now_s=time.time()):
            return "admin"
        raise Unauthorized(
            "no token came with the request", hint="set POMONA_TOKEN (or MLFLOW_TRACKING_TOKEN)"
        )

    async def _login(self, scope: Scope, send: Send) -> None:
        code = parse_qs(scope["query_string"].decode("latin-1")).get("code", [""])[0]
        token = self._access.token
        if token is None:
            await _redirect(send, "/", [])
        elif code in self._access.login_codes:
            self._access.login_codes.discard(code)
            value = new_session(token, now_s=time.time())
            cookie = f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={_SESSION_S}"
            await _redirect(send, "/", [(b"set-cookie", cookie.encode())])
        else:
            await _page(send, 401, LOGIN_PAGE)

    async def _refuse(self, scope: Scope, headers: dict[str, str], send: Send, error: PomonaError) -> None:
        wants_page = "text/html" in headers.get("accept", "") and scope["method"] == "GET"
        if wants_page and isinstance(error, Unauthorized):
            await _page(send, 401, LOGIN_PAGE)
            return
        extra = [_BEARER] if isinstance(error, Unauthorized) else []
        if (told := self._told(scope["path"], error)) is not None:
            await _send(send, told[0], b"application/json", told[1], [_BASIC, *extra] if extra else [])
            return
        body = to_json(error.problem())
        await _send(send, error.status, b"application/problem+json", body, extra)


def new_session(token: str, *, now_s: float) -> str:
    """A session value: its end, a nonce, and their HMAC under the token (a new token ends them all)."""
    body = f"{int(now_s) + _SESSION_S}.{secrets.token_hex(8)}"
    return f"{body}.{_sign(body, token)}"


def session_is_valid(value: str, token: str, *, now_s: float) -> bool:
    """The value was signed under this token and has not ended."""
    body, _, signature = value.rpartition(".")
    ends = body.partition(".")[0]
    good = hmac.compare_digest(signature.encode(), _sign(body, token).encode())
    return good and ends.isdigit() and int(ends) > now_s


def _sign(body: str, token: str) -> str:
    return hmac.new(token.encode(), f"session:{body}".encode(), hashlib.sha256).hexdigest()


def _named(headers: dict[str, str], otherwise: str) -> str:
    """The person a client says it acts for. Pomona's own parts cannot be claimed from outside."""
    name = headers.get("x-pomona-actor", "").encode("latin-1").decode(errors="replace").strip()
    if len(name) > _ACTOR_CHARS or not name.isprintable():
        raise Invalid("X-Pomona-Actor is no name", hint=f"at most {_ACTOR_CHARS} printable characters")
    if name.lower() in _OWN or name.lower().startswith("job:"):
        raise Invalid(f"X-Pomona-Actor {name!r} is Pomona itself", hint="name a person or your own program")
    return name or otherwise


def _credential(authorization: str) -> str | None:
    kind, _, value = authorization.partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return None


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()


async def _redirect(send: Send, to: str, headers: list[tuple[bytes, bytes]]) -> None:
    await _send(send, 303, b"text/plain", b"", [(b"location", to.encode()), *headers])


async def _page(send: Send, status: int, html: str) -> None:
    await _send(send, status, b"text/html; charset=utf-8", html.encode(), [])


async def _send(
    send: Send, status: int, kind: bytes, body: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    base = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"content-security-policy", _POLICY),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*base, *headers]})
    await send({"type": "http.response.body", "body": body})


LOGIN_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Pomona: log in</title>
<meta name="viewport" content="width=device-width"><style>
body{font:16px/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.5rem}
body{color:#22301f;background:#f7f8f2}
code{background:#e7ecdb;padding:.15rem .4rem;border-radius:.3rem}
@media (prefers-color-scheme:dark){body{color:#e6ecdd;background:#141a12}code{background:#25301f}}
</style></head><body><main><h1>Please log in</h1>
<p>Open the login link that <code>pomona up</code> printed in its terminal. Each link works once;
<code>pomona login</code> makes a new one.</p></main></body></html>"""
