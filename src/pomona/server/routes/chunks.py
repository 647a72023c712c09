"""The contents of file sets over HTTP: which are lacking, send packs, fetch packs, sweep.

Clients on this machine that may read the store's folder are told where contents lie and leave packs
there themselves. They prove it by a file that only the owner of the folder can read, so a request that
came through a proxy gains nothing; all others send and fetch the same packs over the wire.
"""

import asyncio
import errno
import tempfile
from collections.abc import Iterator
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.params import FromQuery, JSONBody
from litestar.response import Stream

from pomona.core.errors import Forbidden, Invalid, NotFound, StorageFull
from pomona.core.packs import DIGEST_BYTES, pack_end, pack_start, split_digests
from pomona.core.ports import Doorstep, NearbyChunks, Spans, Swept
from pomona.core.records import Record
from pomona.server.wiring import Wired

PACK = "application/x-pomona-pack"
_DIGESTS = "application/octet-stream"
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})
_MOST_ASKED = 1_000_000
_PACKS_AT_ONCE = 10_000


class Taken(Record, frozen=True, kw_only=True):
    """What came of a pack."""

    new: int  # contents that were not kept before


class ChunkRoutes(Controller):
    """Contents, by BLAKE3 digest."""

    path = "/api/v1/chunks"
    tags = ("files",)

    @post("/lacking", status_code=200)
    async def lacking(self, app: Wired, request: Request[Any, Any, Any]) -> Response[bytes]:
        """Of the digests in the body (32 bytes each), those that are not kept, in the same form."""
        asked = _asked(await request.body())
        found = await asyncio.to_thread(app.files.chunks.lacking, asked)
        return Response(b"".join(found), media_type=_DIGESTS)

    @post("/packs", request_max_body_size=256 << 20)
    async def take(self, app: Wired, request: Request[Any, Any, Any]) -> Taken:
        """Keep the pack in the body."""
        folder = app.home / "incoming"
        folder.mkdir(exist_ok=True)
        try:
            with tempfile.TemporaryFile(dir=folder) as body:
                async for piece in request.stream():
                    body.write(piece)
                body.seek(0)
                return Taken(new=await asyncio.to_thread(app.files.chunks.take, body))
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull("the disk takes no more data", hint="free some space, try again") from error
            raise

    @post("/fetch", status_code=200)
    async def fetch(self, app: Wired, request: Request[Any, Any, Any]) -> Stream:
        """The contents of the digests in the body, as a pack; each is verified on its way."""
        asked = _asked(await request.body())
        lacking = await asyncio.to_thread(app.files.chunks.lacking, asked)
        if lacking:
            raise NotFound(
                f"{len(lacking)} contents are not here, e.g. {lacking[0].hex()[:12]}",
                hint="`pomona files verify` shows which files are hit",
            )
        return Stream(_pack(app, asked), media_type=PACK)

    @get("/doorstep", sync_to_thread=True)
    def doorstep(self, app: Wired, request: Request[Any, Any, Any]) -> Doorstep:
        """Where a client on this machine may leave packs."""
        return _nearby(app, request).doorstep()

    @post("/adopt", sync_to_thread=True)
    def adopt(self, app: Wired, request: Request[Any, Any, Any], data: JSONBody[list[str]]) -> Taken:
        """Keep packs that a client on this machine left on the doorstep."""
        if len(data) > _PACKS_AT_ONCE:
            raise Invalid(f"{len(data)} packs at once", hint=f"at most {_PACKS_AT_ONCE}")
        return Taken(new=_nearby(app, request).adopt(data))

    @post("/locate", status_code=200)
    async def locate(self, app: Wired, request: Request[Any, Any, Any]) -> Spans:
        """Where the contents of the digests in the body lie on this machine."""
        nearby = _nearby(app, request)
        return await asyncio.to_thread(nearby.locate, _asked(await request.body()))

    @post("/sweep", sync_to_thread=True, status_code=200)
    def sweep(
        self, app: Wired, dry_run: FromQuery[bool] = True, older_than_h: FromQuery[float] = 24.0
    ) -> Swept:
        """Free contents that no version needs; a dry run only tells what would go."""
        return app.files.sweep(act="look" if dry_run else "sweep", older_than_h=older_than_h)


def _nearby(app: Any, request: Request[Any, Any, Any]) -> NearbyChunks:
    here = request.client is not None and request.client.host in _HERE
    nearby: NearbyChunks | None = app.files.nearby
    if not here or nearby is None:
        raise Forbidden(
            "only a client on this machine may touch the store's folder", hint="send packs over HTTP"
        )
    return nearby


def _asked(body: bytes) -> list[bytes]:
    if len(body) > _MOST_ASKED * DIGEST_BYTES:
        raise Invalid(f"more than {_MOST_ASKED:,} digests at once", hint="ask in parts")
    return split_digests(body)


def _pack(app: Any, digests: list[bytes]) -> Iterator[bytes]:
    lengths = []
    yield pack_start()
    for body in app.files.chunks.read(digests):
        lengths.append(len(body))
        yield body
    yield pack_end(digests, lengths)[0]
