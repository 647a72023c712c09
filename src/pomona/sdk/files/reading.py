"""Bytes of files, verified: straight from the packs of this machine, else over the wire."""

import os
from collections.abc import Iterator, Sequence

from blake3 import blake3

from pomona.core.errors import NotFound, Tampered
from pomona.data.filesets.manifests import Manifest
from pomona.sdk.files.contents import Contents, verified

_ASKED_AT_ONCE = 200_000


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
        return verified(digest, self.read_as_it_is(file, offset, length))

    def read_as_it_is(self, file: int, offset: int, length: int) -> bytes:
        """The bytes of a content, for a caller who verifies the whole file."""
        handle = self._handles.get(file)
        if handle is None:
            handle = self._handles[file] = self._open(file)
        return os.pread(handle, length, offset)

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


class Located:
    """Where contents lie on this machine.

    Args:
        rows: Files of the manifest whose contents will be read.
    """

    def __init__(self, contents: Contents, manifest: Manifest, rows: Sequence[int]) -> None:
        self.files: list[str] = []
        self._places: dict[bytes, tuple[int, int, int]] = {}
        wanted = list(dict.fromkeys(digest for row in rows for digest, _ in _pieces(manifest, row)))
        for at in range(0, len(wanted), _ASKED_AT_ONCE):
            self._ask(contents, wanted[at : at + _ASKED_AT_ONCE])

    def _ask(self, contents: Contents, wanted: list[bytes]) -> None:
        spans = contents.locate(wanted)
        if spans is not None:
            first = len(self.files)
            self.files += spans.files
            places = zip([first + file for file in spans.file], spans.offset, spans.length, strict=True)
            self._places.update(zip(wanted, places, strict=True))

    def place(self, digest: bytes) -> tuple[int, int, int]:
        """Number of the pack in ``files``, offset and length of a content."""
        return self._places[digest]


def read_rows(
    contents: Contents, manifest: Manifest, rows: Sequence[int], located: Located | None = None
) -> Iterator[tuple[int, bool, bytes]]:
    """The contents of these files, one after the other: row, whether it is the file's last, bytes.

    A file of one content is verified before it is given, a larger one before its last content is.

    Args:
        located: Where the contents lie, if that was asked before.
    """
    order = [(row, digest, size) for row in rows for digest, size in _pieces(manifest, row)]
    if not order:
        return
    if located is None:
        located = Located(contents, manifest, rows)
    if located.files:
        packs = Packs(located.files)
        try:
            yield from _joined(manifest, order, _bodies(packs, located, manifest, order))
        finally:
            packs.close()
    else:
        fetched = contents.fetch([digest for _, digest, _ in order], [size for _, _, size in order])
        yield from _joined(manifest, order, (body for _, body in fetched))


def _bodies(
    packs: Packs, located: Located, manifest: Manifest, order: Sequence[tuple[int, bytes, int]]
) -> Iterator[bytes]:
    for row, digest, _ in order:
        file, offset, length = located.place(digest)
        if digest == manifest.digests[row]:
            yield packs.read(digest, file, offset, length)
        else:  # `_joined` verifies the file that this is a piece of: reading it twice would tell no more
            yield packs.read_as_it_is(file, offset, length)


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
