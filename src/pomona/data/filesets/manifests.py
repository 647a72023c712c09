"""The list of a version's files: in columns, as one blob, and its BLAKE3 root.

Bytes: MessagePack of columns; paths joined by NUL (which no path can hold), compressed; digests 32 bytes
each. A file above 4 MiB also lists the chunks it is made of.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec
from blake3 import blake3

from pomona.core.errors import Invalid, TooLarge
from pomona.core.packs import DIGEST_BYTES, split_digests
from pomona.core.records import Record
from pomona.data.filesets.records import FileEntry, FileMode

MODES: tuple[FileMode, ...] = ("file", "executable", "link")
MOST_BYTES = 512 << 20  # of paths; several million files
_FORMAT = 1
_ROOT = b"pomona file set 1\n"


class Pieces(Record, frozen=True, kw_only=True):
    """The chunks of a large file, in order: digests of 32 bytes each, and lengths."""

    digests: bytes
    lengths: tuple[int, ...]


class _Columns(Record, frozen=True, kw_only=True):
    """A manifest on the wire and in its blob."""

    format: int
    paths: bytes
    modes: bytes
    sizes: list[int]
    digests: bytes
    targets: dict[str, str]
    pieces: dict[str, Pieces]


@dataclass(frozen=True)
class Manifest:
    """Files in the order of their paths (as UTF-8 bytes), column by column.

    Attributes:
        modes: One byte a file, its place in ``MODES``.
        targets: Of each link, where it points to.
        pieces: By the digest of a large file, its chunks. A file that is not in it is one chunk.
    """

    paths: Sequence[str] = ()
    modes: bytes = b""
    sizes: Sequence[int] = ()
    digests: Sequence[bytes] = ()
    targets: Mapping[str, str] = field(default_factory=dict)
    pieces: Mapping[bytes, Pieces] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.paths)

    @cached_property
    def place(self) -> dict[str, int]:
        """By path, its row."""
        return {path: row for row, path in enumerate(self.paths)}

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.sizes)

    def entry(self, row: int) -> FileEntry:
        """One row as a record."""
        path = self.paths[row]
        return FileEntry(
            path=path,
            size=self.sizes[row],
            digest=self.digests[row].hex(),
            mode=MODES[self.modes[row]],
            target=self.targets.get(path),
        )

    def rows(self) -> Iterator[tuple[str, int, int, bytes]]:
        """Path, mode, size and digest of each file."""
        return zip(self.paths, self.modes, self.sizes, self.digests, strict=True)

    def chunks(self, row: int) -> list[bytes]:
        """Digests of the contents a file is made of; none for a link."""
        if self.modes[row] == MODES.index("link"):
            return []
        found = self.pieces.get(self.digests[row])
        return split_digests(found.digests) if found else [self.digests[row]]

    def all_chunks(self) -> set[bytes]:
        """Digests of every content it needs."""
        whole = {
            digest
            for digest, mode in zip(self.digests, self.modes, strict=True)
            if mode != 2 and digest not in self.pieces
        }
        return whole.union(*(split_digests(found.digests) for found in self.pieces.values()))

    def keep(self, rows: Iterable[int]) -> "Manifest":
        """The manifest with only these rows, which are in order."""
        kept = list(rows)
        digests = [self.digests[row] for row in kept]
        held = set(digests)
        return Manifest(
            paths=[self.paths[row] for row in kept],
            modes=bytes(self.modes[row] for row in kept),
            sizes=[self.sizes[row] for row in kept],
            digests=digests,
            targets={path: target for row in kept if (target := self.targets.get(path := self.paths[row]))},
            pieces={digest: found for digest, found in self.pieces.items() if digest in held},
        )


def manifest_of(
    rows: Iterable[tuple[str, int, int, bytes]],
    targets: Mapping[str, str] | None = None,
    pieces: Mapping[bytes, Pieces] | None = None,
) -> Manifest:
    """A manifest from rows (path, mode, size, digest) in any order."""
    ordered = sorted(rows, key=lambda row: row[0].encode("utf-8", "surrogatepass"))
    if not ordered:
        return Manifest()
    paths, modes, sizes, digests = zip(*ordered, strict=True)
    held = set(digests)
    return Manifest(
        paths=paths,
        modes=bytes(modes),
        sizes=sizes,
        digests=digests,
        targets=dict(targets or {}),
        pieces={digest: found for digest, found in (pieces or {}).items() if digest in held},
    )


def overlay(parent: Manifest, new: Manifest) -> Manifest:
    """The parent's files, with the new ones added or in place of those of the same path."""
    rows = {row[0]: row for row in parent.rows()} | {row[0]: row for row in new.rows()}
    links = {path: target for path, target in parent.targets.items() if path not in new.place}
    return manifest_of(rows.values(), links | dict(new.targets), {**parent.pieces, **new.pieces})


def root_of(manifest: Manifest) -> str:
    """The digest that names this content: BLAKE3 over path, mode and digest of each file, in order."""
    hasher = blake3(_ROOT)
    hasher.update(
        b"".join(path.encode() + b"\0%d" % mode + digest for path, mode, _, digest in manifest.rows())
    )
    return hasher.hexdigest()


def encode(manifest: Manifest) -> bytes:
    """The bytes of a manifest; the same files always give the same bytes."""
    columns = _Columns(
        format=_FORMAT,
        paths=zlib.compress("\0".join(manifest.paths).encode(), 1),
        modes=manifest.modes,
        sizes=list(manifest.sizes),
        digests=b"".join(manifest.digests),
        targets=dict(sorted(manifest.targets.items())),
        pieces={digest.hex(): manifest.pieces[digest] for digest in sorted(manifest.pieces)},
    )
    return msgspec.msgpack.encode(columns)


def decode(body: bytes) -> Manifest:
    """A manifest back from its bytes.

    Raises:
        Invalid: If they are none, or its columns contradict each other.
        TooLarge: If its paths take more than 512 MiB.
    """
    try:
        columns = msgspec.msgpack.decode(body, type=_Columns)
        unpacker = zlib.decompressobj()
        joined = unpacker.decompress(columns.paths, MOST_BYTES)
        if unpacker.unconsumed_tail:
            raise TooLarge("the paths take more than 512 MiB", hint="split the file set")
        text = joined.decode()
    except (msgspec.DecodeError, zlib.error, UnicodeDecodeError) as error:
        raise Invalid(f"this is no list of files ({error})", hint="use a client of this version") from None
    paths = text.split("\0") if text or columns.sizes else []
    digests = split_digests(columns.digests)
    if not len(paths) == len(columns.modes) == len(columns.sizes) == len(digests):
        raise Invalid(
            "the columns of this list of files differ in length", hint="use a client of this version"
        )
    return Manifest(
        paths=paths,
        modes=columns.modes,
        sizes=columns.sizes,
        digests=digests,
        targets=columns.targets,
        pieces=_pieces(columns),
    )


def _pieces(columns: _Columns) -> dict[bytes, Pieces]:
    try:
        found = {bytes.fromhex(digest): pieces for digest, pieces in columns.pieces.items()}
    except ValueError:
        raise Invalid("a digest is not hexadecimal", hint="64 hex digits") from None
    for digest, pieces in found.items():
        if len(digest) != DIGEST_BYTES or len(pieces.digests) != DIGEST_BYTES * len(pieces.lengths):
            raise Invalid("the chunks of a file do not add up", hint="use a client of this version")
    return found
