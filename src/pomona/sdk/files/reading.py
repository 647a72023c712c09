"""Bytes of files, verified: straight from the packs of this machine, else over the wire."""

import os
from collections.abc import Iterator, Sequence

from blake3 import blake3

from pomona.core.errors import NotFound, Tampered
from pomona.data.filesets.manifests import Manifest
from pomona.sdk.files.contents import Contents, verified


class Moved(NotFound):
    """A content lies elsewhere since its place was told."""


class Packs:
    """Packs of this machine, opened when they are read first. Not shared between processes."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = files
        self._handles: dict[int, int] = {}

    def read(self, digest: bytes, file: int, offset: int, length: int) -> bytes:
        """A content, verified.

        Raises:
            Tampered: If its bytes on disk changed.
            Moved: If the pack was swept since its place was told.
        """
        handle = self._handles.get(file)
        if handle is None:
            handle = self._handles[file] = self._open(file)
        return verified(digest, os.pread(handle, length, offset))

    def _open(self, file: int) -> int:
        try:
            return os.open(self._files[file], os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise Moved("a pack was just swept: its contents lie elsewhere now", hint="try again") from None

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of them."""
        for handle in self._handles.values():
            os.close(handle)
        self._handles = {}


def read_rows(
    contents: Contents, manifest: Manifest, rows: Sequence[int]
) -> Iterator[tuple[int, bool, bytes]]:
    """The contents of these files, one after the other: row, whether it is the file's last, bytes.

    Each content is verified, and each file above one content as a whole, too.
    """
    order = [(row, digest, size) for row in rows for digest, size in _pieces(manifest, row)]
    wanted = list(dict.fromkeys(digest for _, digest, _ in order))
    spans = contents.locate(wanted) if wanted else None
    if spans is not None:
        place = {digest: number for number, digest in enumerate(wanted)}
        packs = Packs(spans.files)
        try:
            bodies = (
                packs.read(digest, spans.file[at], spans.offset[at], spans.length[at])
                for _, digest, _ in order
                for at in (place[digest],)
            )
            yield from _joined(manifest, order, bodies)
        finally:
            packs.close()
    else:
        fetched = contents.fetch([digest for _, digest, _ in order], [size for _, _, size in order])
        yield from _joined(manifest, order, (body for _, body in fetched))


def _pieces(manifest: Manifest, row: int) -> list[tuple[bytes, int]]:
    found = manifest.pieces.get(manifest.digests[row])
    if found is None:
        return [(manifest.digests[row], manifest.sizes[row])]
    return list(zip(manifest.chunks(row), found.lengths, strict=True))


def _joined(
    manifest: Manifest, order: Sequence[tuple[int, bytes, int]], bodies: Iterator[bytes]
) -> Iterator[tuple[int, bool, bytes]]:
    whole = blake3()
    for at, ((row, digest, size), body) in enumerate(zip(order, bodies, strict=True)):
        last = at + 1 == len(order) or order[at + 1][0] != row
        is_piece = digest != manifest.digests[row]
        if len(body) != size:
            raise _wrong(manifest.paths[row])
        if is_piece:
            whole.update(body)
            if last:
                if whole.digest() != manifest.digests[row]:
                    raise _wrong(manifest.paths[row])
                whole = blake3()
        yield row, last, body


def _wrong(path: str) -> Tampered:
    return Tampered(
        f"{path!r} does not match its digest and size", hint="`pomona files verify` tells which files are hit"
    )
