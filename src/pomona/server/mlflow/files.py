"""A stored file as an answer: streamed, offered for download, never shown as a page of this server."""

import mimetypes
import re
from typing import BinaryIO
from urllib.parse import quote

from pomona.server.mlflow.bodies import send_verified
from pomona.server.mlflow.wire import Send, Threads
from pomona.training.records.runs import ArtifactFile

_TEXTS = ("mlmodel", "mlproject")
_UNQUOTED = re.compile(r"[^ !#-\[\]-~]")


class FileAnswer:
    """An opened file on its way out; its last piece goes only once the whole hashed to its digest."""

    def __init__(self, file: ArtifactFile, stream: BinaryIO, threads: Threads) -> None:
        self._file = file
        self._stream = stream
        self._threads = threads

    async def send(self, send: Send) -> None:
        """Put it on the wire, and close it.

        Raises:
            ConnectionError: If it is not what was stored.
        """
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _headers(self._file)})
            await send_verified(
                send, self._stream, str(self._file.digest), self._file.size or 0, self._threads
            )
        finally:
            self._stream.close()


def _headers(file: ArtifactFile) -> list[tuple[bytes, bytes]]:
    name = file.path.rsplit("/", 1)[-1]
    guessed = "text/plain" if name.lower() in _TEXTS else mimetypes.guess_type(name)[0]
    media = guessed or "application/octet-stream"
    plain = _UNQUOTED.sub("_", name)  # for those who do not read the exact name after it
    return [
        (b"content-type", media.encode()),
        (b"content-length", str(file.size or 0).encode()),
        (
            b"content-disposition",
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}".encode(),
        ),
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; sandbox"),  # a page or an SVG may hold scripts
    ]
