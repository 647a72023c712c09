"""Calls an ASGI app in process, as a server would."""

import asyncio
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlencode

import msgspec

from pomona.server.auth import Asgi

PIECE = 1 << 16


class Said(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def call(
    app: Asgi,
    method: str,
    path: str,
    query: dict[str, Any] | None = None,
    body: bytes = b"",
    kind: str = "application/json",
    **headers: str,
) -> Said:
    """One request; the body comes in pieces, without a word about its length."""
    sent: list[Any] = []
    pieces = [body[at : at + PIECE] for at in range(0, len(body), PIECE)] or [b""]

    async def receive() -> Any:
        if not pieces:
            return {"type": "http.disconnect"}
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    wire = quote(path, errors="replace")
    said = {"host": "127.0.0.1", "content-type": kind} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 7700),
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "method": method.upper(),
        "path": unquote(wire),
        "raw_path": wire.encode(),
        "query_string": urlencode(query or {}, doseq=True, errors="replace").encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in said.items()],
    }
    asyncio.run(app(scope, receive, send))
    got = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return Said(sent[0]["status"], got, b"".join(message.get("body", b"") for message in sent[1:]))
