"""A working folder: which content each file in it has, read again only where its stamp changed."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec
from blake3 import blake3

from pomona.core.packs import CONTENT_BYTES
from pomona.core.records import Record
from pomona.data.filesets.manifests import Manifest, Pieces, decode
from pomona.data.filesets.rules import matcher
from pomona.sdk.files.hashing import HashedFile, hash_only
from pomona.sdk.files.remembered import encode_stamps
from pomona.sdk.files.scanning import LINK, Scan, Stamp, scan
from pomona.sdk.files.state import Base, FolderRow, FolderState

Content = tuple[int, bytes]  # mode and digest


class FolderStatus(Record, frozen=True, kw_only=True):
    """How a folder differs from a version, by path in order."""

    ref: str  # the version
    new: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]
    unchanged: int

    @property
    def clean(self) -> bool:
        """Whether nothing differs."""
        return not (self.new or self.changed or self.deleted)


class Folder:
    """A folder as it was when it was looked through.

    Args:
        include, exclude: Patterns; without ``include`` every file counts.
        scanned: What lies in it, if the caller knows.
    """

    def __init__(
        self,
        root: Path,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        scanned: Scan | None = None,
    ) -> None:
        self.root = root
        self.state = FolderState(root)
        self.include, self.exclude = tuple(include), tuple(exclude)
        self.scan: Scan = scanned or scan(str(root), wanted=wanted_by(include, exclude))
        self.rows = self.state.folders()
        self._read: dict[str, HashedFile] = {}

    def holds_any(self) -> bool:
        """Whether there is any file, link or other thing in it."""
        return bool(self.scan.folders or self.scan.links or self.scan.odd)

    def unread(self) -> list[tuple[str, Stamp]]:
        """Files whose content is not known by their stamp."""
        found = []
        for folder, files in self.scan.folders.items():
            row = self.rows.get(folder)
            if row is not None and row.stamps == encode_stamps(files):
                continue
            known = {(name, stamp) for name, stamp, _ in row.files()} if row else set()
            start = f"{folder}/" if folder else ""
            found += [(start + name, stamp) for name, stamp in files if (name, stamp) not in known]
        return found

    def uncut(self) -> list[tuple[str, Stamp]]:
        """Large files that were read for their digest alone, so that their chunks are not known."""
        stamps = {path: stamp for path, stamp in self.scan.files().items() if stamp[0] > CONTENT_BYTES}
        if not stamps:
            return []
        contents, cut = self.contents(), self.pieces()
        return [
            (path, stamp)
            for path, stamp in stamps.items()
            if path in contents and contents[path][1] not in cut
        ]

    def learn(self, read: dict[str, HashedFile]) -> None:
        """These files were read."""
        self._read |= read

    def known(self) -> dict[str, HashedFile]:
        """Every file whose content is known, as it was read."""
        stamps = self.scan.files()
        return {
            path: self._read.get(path) or HashedFile(digest, stamps[path], None)
            for path, (mode, digest) in self.contents().items()
            if mode != LINK
        }

    def read_unread(self) -> None:
        """Read every file whose content is not known."""
        self.learn({path: hash_only(self.root, path) for path, _ in self.unread()})

    def contents(self) -> dict[str, Content]:
        """Mode and digest of every file and link. Read what is unread before."""
        found: dict[str, Content] = {}
        for folder, files in self.scan.folders.items():
            row = self.rows.get(folder)
            known = {(name, stamp): digest for name, stamp, digest in row.files()} if row else {}
            start = f"{folder}/" if folder else ""
            for name, stamp in files:
                read = self._read.get(start + name)
                if read is not None:
                    found[start + name] = (read.stamp[4], read.digest)
                elif (digest := known.get((name, stamp))) is not None:
                    found[start + name] = (stamp[4], digest)
        for path, target in self.scan.links.items():
            found[path] = (LINK, blake3(target.encode(errors="surrogateescape")).digest())
        return found

    def pieces(self) -> dict[bytes, Pieces]:
        """The chunks of large files, as far as they are known."""
        kept = {
            digest: msgspec.msgpack.decode(body, type=Pieces) for digest, body in self.state.pieces().items()
        }
        return kept | {read.digest: read.pieces for read in self._read.values() if read.pieces}

    def remember(self, *, base: Base | None = None, manifest: bytes | None = None) -> None:
        """Keep what is known for the next time; ``base`` is the version the folder holds now."""
        held = manifest if manifest is not None else self.state.manifest()
        listed = decode(held) if held else Manifest()
        at = base or self.state.base()
        in_base = by_folder(listed, wanted_by(at.include, at.exclude) if at else None)
        contents = self.contents()
        rows = {
            folder: self._row(folder, files, contents, in_base.get(folder, {}))
            for folder, files in self.scan.folders.items()
        }
        gone = in_base.keys() - rows.keys()
        rows |= {folder: FolderRow(stamps=encode_stamps([]), digests=b"", clean=False) for folder in gone}
        large = {read.digest: read.pieces for read in self._read.values() if read.pieces} | dict(
            listed.pieces
        )
        encoded = [(digest, msgspec.msgpack.encode(pieces)) for digest, pieces in large.items()]
        self.state.keep(rows, pieces=encoded, base=base, manifest=manifest)

    def _row(
        self,
        folder: str,
        files: list[tuple[str, Stamp]],
        contents: dict[str, Content],
        in_base: dict[str, Content],
    ) -> FolderRow:
        start = f"{folder}/" if folder else ""
        known = [(name, self._stamp(start + name, stamp, contents)) for name, stamp in files]
        found = {name: contents.get(start + name, (0, bytes(32))) for name, _ in files}
        certain = all(stamp[3] for _, stamp in known)
        return FolderRow(
            stamps=encode_stamps(known),
            digests=b"".join(found[name][1] for name, _ in files),
            clean=certain and found == in_base,
        )

    def _stamp(self, path: str, seen: Stamp, contents: dict[str, Content]) -> Stamp:
        if path not in contents:
            return (*seen[:3], 0, seen[4])  # never read: a stamp that fits nothing
        read = self._read.get(path)
        return read.stamp if read is not None else seen


def status_of(folder: Folder, manifest: Manifest, ref: str) -> FolderStatus:
    """How a folder differs from a version; reads the files whose stamps changed."""
    folder.read_unread()
    now = folder.contents()
    counts = wanted_by(folder.include, folder.exclude)
    before = {
        path: (mode, digest) for path, mode, _, digest in manifest.rows() if counts is None or counts(path)
    }
    changed = [path for path in now.keys() & before.keys() if now[path] != before[path]]
    return FolderStatus(
        ref=ref,
        new=ordered(now.keys() - before.keys()),
        changed=ordered(changed),
        deleted=ordered(before.keys() - now.keys()),
        unchanged=len(now.keys() & before.keys()) - len(changed),
    )


def by_folder(manifest: Manifest, counts: Callable[[str], bool] | None) -> dict[str, dict[str, Content]]:
    """A version's files and links by folder and name."""
    found: dict[str, dict[str, Content]] = {}
    for path, mode, _, digest in manifest.rows():
        if counts is None or counts(path):
            folder, _, name = path.rpartition("/")
            found.setdefault(folder, {})[name] = (mode, digest)
    return found


def wanted_by(include: Iterable[str], exclude: Iterable[str]) -> Callable[[str], bool] | None:
    """Whether a path counts; None if every path does."""
    taken, left = tuple(include), tuple(exclude)
    if not taken and not left:
        return None
    yes, no = matcher(taken), matcher(left, none_means=False)
    return lambda path: yes(path) and not no(path)


def ordered(paths: Iterable[str]) -> tuple[str, ...]:
    """Paths as a version lists them."""
    return tuple(sorted(paths, key=lambda path: path.encode(errors="surrogateescape")))
