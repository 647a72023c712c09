"""Files of a version as a map dataset, read straight from packs: what a PyTorch DataLoader wants.

It has ``__len__`` and ``__getitem__`` and can be pickled, so workers of any kind may read from it; there
is no dependency on PyTorch. Each process opens the packs (or its connection) for itself.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from pomona.core.errors import Unavailable
from pomona.data.filesets.manifests import Manifest
from pomona.data.filesets.records import FileEntry
from pomona.sdk.files.contents import Contents
from pomona.sdk.files.reading import Moved, Packs
from pomona.sdk.http import HttpTransport
from pomona.sdk.session import Session

T = TypeVar("T")
Decode = Callable[[str, bytes], T]
Connect = Callable[[], HttpTransport]


class FileDataset(Generic[T]):
    """Files of a version, in the order of their paths.

    Attributes:
        ref: The version.
        paths: Their paths, e.g. to take labels from.
        decode: Called with path and bytes; what it returns is the item. Without it, items are bytes.
    """

    def __init__(
        self, ref: str, manifest: Manifest, session: Session, *, decode: "Decode[T] | None" = None
    ) -> None:
        self.ref = ref
        self.paths = list(manifest.paths)
        self.decode = decode
        self._manifest = manifest
        transport = session.transport
        self._connect = transport.again() if isinstance(transport, HttpTransport) else None
        self._source: _Here | _Away = self._find(session)

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, item: int) -> T: ...
    @overload
    def __getitem__(self, item: slice) -> list[T]: ...
    def __getitem__(self, item: int | slice) -> Any:
        if isinstance(item, slice):
            return [self[one] for one in range(*item.indices(len(self)))]
        row = item + len(self) if item < 0 else item
        if not 0 <= row < len(self):
            raise IndexError(f"{item} of {len(self)} files")
        body = self.read(row)
        return self.decode(self.paths[row], body) if self.decode is not None else body

    def __iter__(self) -> Iterator[T]:
        return (self[row] for row in range(len(self)))

    def __getitems__(self, items: Sequence[int]) -> list[T]:
        """Several at once, as newer DataLoaders ask for them."""
        return [self[item] for item in items]

    def entry(self, row: int) -> FileEntry:
        """Path, size and digest of one file."""
        return self._manifest.entry(row)

    def read(self, row: int) -> bytes:
        """The bytes of one file, verified."""
        digests = self._manifest.chunks(row)
        try:
            return b"".join(self._source.read(digest) for digest in digests)
        except Moved:  # a sweep moved the pack: ask once more where things lie
            if self._connect is None:
                raise
            self._source = self._find(Session(self._connect()))
            return b"".join(self._source.read(digest) for digest in digests)

    def _find(self, session: Session) -> "_Here | _Away":
        contents = Contents(session)
        wanted = [digest for row in range(len(self)) for digest in self._manifest.chunks(row)]
        spans = contents.locate(wanted)
        if spans is None:
            return _Away(self._connect, contents)
        places = zip(spans.file, spans.offset, spans.length, strict=True)
        return _Here(spans.files, dict(zip(wanted, places, strict=True)))

    def __repr__(self) -> str:
        return f"<{len(self):,} files of {self.ref}>"


class _Here:
    """Contents in packs of this machine; a process that got this by pickling opens them for itself."""

    def __init__(self, files: Sequence[str], places: dict[bytes, tuple[int, int, int]]) -> None:
        self._files = files
        self._places = places
        self._packs = Packs(files)

    def read(self, digest: bytes) -> bytes:
        """One content. Reads say where, so a forked process may share the open files."""
        return self._packs.read(digest, *self._places[digest])

    def __getstate__(self) -> dict[str, Any]:
        return {"files": self._files, "places": self._places}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._files, self._places = state["files"], state["places"]
        self._packs = Packs(self._files)


class _Away:
    """Contents over the wire; each process has a connection of its own."""

    def __init__(self, connect: "Connect | None", contents: Contents | None) -> None:
        self._connect = connect
        self._contents = contents
        self._pid = os.getpid()

    def read(self, digest: bytes) -> bytes:
        """One content."""
        if self._contents is None or self._pid != os.getpid():
            if self._connect is None:
                raise Unavailable("this dataset cannot be read in another process", hint="start `pomona up`")
            self._contents = Contents(Session(self._connect()))
            self._pid = os.getpid()
        [(_, body)] = self._contents.fetch([digest], [0])
        return body

    def __getstate__(self) -> dict[str, Any]:
        return {"connect": self._connect}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._connect, self._contents, self._pid = state["connect"], None, 0
