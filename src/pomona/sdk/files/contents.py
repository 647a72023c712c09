"""How this client gets at contents: on this machine through the store's folder, else over the wire."""

import os
import secrets
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from blake3 import blake3

from pomona.core.errors import NotFound, PomonaError, Tampered
from pomona.core.packs import pack_end, pack_start, read_index, split_digests
from pomona.core.ports import Doorstep, Spans
from pomona.core.records import from_json
from pomona.sdk.session import Session

_ASKED_AT_ONCE = 200_000
_FETCH_BYTES = 32 << 20
_BUFFER_BYTES = 256 << 10  # many small contents are one write
_RAW = {"content-type": "application/octet-stream"}


class PackWriter:
    """A pack while it is written."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{secrets.token_hex(16)}.pack"
        self._out = self.path.open("xb", buffering=_BUFFER_BYTES)
        self._out.write(pack_start())
        self._digests: list[bytes] = []
        self._lengths: list[int] = []
        self.size = 0

    def add(self, digest: bytes, body: bytes) -> None:
        """Append a content."""
        self._out.write(body)
        self._digests.append(digest)
        self._lengths.append(len(body))
        self.size += len(body)

    def finish(self) -> Path:
        """Make it whole and durable."""
        try:
            self._out.write(pack_end(self._digests, self._lengths)[0])
            self._out.flush()
            os.fsync(self._out.fileno())
            self._out.close()
        except OSError:
            self.discard()
            raise
        return self.path

    def discard(self) -> None:
        """Give it up."""
        with suppress(OSError):  # a full disk does not take the last of it
            self._out.close()
        self.path.unlink(missing_ok=True)


class Contents:
    """The contents a server keeps."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._step: Doorstep | None = None
        self._asked = False

    def doorstep(self) -> Doorstep | None:
        """The store's doorstep if it lies on this machine and its proof can be read; else None."""
        with self._lock:
            if not self._asked:
                self._asked = True
                self._step = _proven(self._session)
            return self._step

    def lacking(self, digests: Sequence[bytes]) -> set[bytes]:
        """Those that the server does not keep."""
        found: set[bytes] = set()
        for at in range(0, len(digests), _ASKED_AT_ONCE):
            body = b"".join(digests[at : at + _ASKED_AT_ONCE])
            found.update(split_digests(self._post("/api/v1/chunks/lacking", body)))
        return found

    def pack(self) -> PackWriter:
        """A new pack, where the server or this client wants it."""
        step = self.doorstep()
        return PackWriter(Path(step.folder) if step else Path(tempfile.gettempdir()))

    def send(self, pack: Path) -> None:
        """Hand a finished pack over."""
        if self.doorstep() is not None:
            self._session.post("/api/v1/chunks/adopt", [pack.name], dict)
            return
        try:
            with pack.open("rb") as body:
                self._session.call(
                    "POST",
                    "/api/v1/chunks/packs",
                    body=body,
                    headers={"content-type": "application/x-pomona-pack"},
                )
        finally:
            pack.unlink(missing_ok=True)

    def locate(self, digests: Sequence[bytes]) -> Spans | None:
        """Where contents lie on this machine; None if the store is elsewhere.

        Raises:
            NotFound: If one is not kept.
        """
        if self.doorstep() is None:
            return None
        found = from_json(self._post("/api/v1/chunks/locate", b"".join(digests)), Spans)
        if -1 in found.file:
            digest = digests[found.file.index(-1)]
            raise NotFound(
                f"the content {digest.hex()[:12]} is not kept", hint="`pomona files verify` shows which files"
            )
        return found

    def fetch(self, digests: Sequence[bytes], sizes: Sequence[int]) -> Iterator[tuple[bytes, bytes]]:
        """Digests and contents over the wire, each verified, in parts that fit into memory."""
        part: list[bytes] = []
        held = 0
        for digest, size in zip(digests, sizes, strict=True):
            if part and held + size > _FETCH_BYTES:
                yield from self._fetch(part)
                part, held = [], 0
            part.append(digest)
            held += size
        if part:
            yield from self._fetch(part)

    def _fetch(self, digests: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
        body = self._post("/api/v1/chunks/fetch", b"".join(digests))
        for digest, offset, length in read_index(BytesIO(body)).spans():
            yield digest, verified(digest, body[offset : offset + length])

    def _post(self, path: str, body: bytes) -> bytes:
        return self._session.call("POST", path, body=body, headers=_RAW).body


def verified(digest: bytes, body: bytes) -> bytes:
    """The content, if it is what its digest says.

    Raises:
        Tampered: If not.
    """
    if blake3(body).digest() != digest:
        raise Tampered(
            f"content {digest.hex()[:12]} does not match its digest",
            hint="the store's disk or the way here changed it; `pomona files verify` tells which files",
        )
    return body


def _proven(session: Session) -> Doorstep | None:
    try:
        step = session.get("/api/v1/chunks/doorstep", Doorstep)
        proof = (Path(step.folder) / step.proof).read_bytes()
    except (PomonaError, OSError):
        return None
    here = blake3(proof).hexdigest() == step.seal and os.access(step.folder, os.W_OK)
    return step if here else None
