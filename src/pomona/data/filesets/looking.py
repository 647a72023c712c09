"""Looks into versions: folders, files by pattern, one file's bytes, differences, whether all is intact."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from blake3 import blake3

from pomona.core.errors import Invalid, NotFound, PomonaError
from pomona.core.ports import Chunks
from pomona.data.filesets import rules
from pomona.data.filesets.manifests import MODES, Manifest
from pomona.data.filesets.records import (
    BadFile,
    FileEntry,
    FilePage,
    FileSetDiff,
    FileSetVersion,
    FilesVerified,
    FolderEntry,
    FolderListing,
)
from pomona.data.filesets.service import FileSetService

_PAGE = 1000
_LINK = MODES.index("link")


class FileSetReader:
    """Reads versions of file sets."""

    def __init__(self, service: FileSetService) -> None:
        self._service = service

    def files(
        self, ref: str, *, patterns: Sequence[str] = (), after: str | None = None, limit: int = 100
    ) -> FilePage:
        """The files whose path matches, one page in the order of their paths."""
        manifest = self._service.content(ref)
        matches = rules.matcher(patterns)
        rows = [row for row, path in enumerate(manifest.paths) if matches(path)]
        shown, more = _page(rows, [manifest.paths[row] for row in rows], after, limit)
        return FilePage(
            items=tuple(manifest.entry(row) for row in shown),
            files=len(rows),
            size=sum(manifest.sizes[row] for row in rows),
            next_after=more,
        )

    def folder(
        self, ref: str, path: str = "", *, after: str | None = None, limit: int = 100
    ) -> FolderListing:
        """One folder of a version: its folders with all that is below them, and a page of its files.

        Raises:
            NotFound: If there is no such folder.
        """
        manifest = self._service.content(ref)
        start = f"{path.strip('/')}/" if path.strip("/") else ""
        below: dict[str, list[int]] = {}
        own = []
        for row, name in enumerate(manifest.paths):
            if name.startswith(start):
                first, slash, _ = name[len(start) :].partition("/")
                if slash:
                    counted = below.setdefault(first, [0, 0])
                    counted[0] += 1
                    counted[1] += manifest.sizes[row]
                else:
                    own.append(row)
        if start and not below and not own:
            raise NotFound(f"no folder {path[:200]!r} in {ref}", hint="folders are named as in the listing")
        shown, more = _page(own, [manifest.paths[row] for row in own], after, limit)
        return FolderListing(
            path=start.rstrip("/"),
            folders=tuple(
                FolderEntry(name=name, files=files, size=size) for name, (files, size) in below.items()
            ),
            files=tuple(manifest.entry(row) for row in shown),
            files_total=len(own),
            next_after=more,
        )

    def file(self, ref: str, path: str) -> tuple[FileEntry, Iterator[bytes]]:
        """One file and its bytes, in pieces, verified as they come.

        Raises:
            NotFound: If there is no such file.
        """
        manifest = self._service.content(ref)
        row = manifest.place.get(path)
        if row is None or manifest.modes[row] == _LINK:
            raise NotFound(f"no file {path[:200]!r} in {ref}", hint="`pomona files ls` lists its files")
        return manifest.entry(row), self._service.chunks.read(manifest.chunks(row))

    def diff(self, old: str, new: str, *, after: str | None = None, limit: int = 100) -> FileSetDiff:
        """How one version became another: exact counts, and one page of changes.

        Raises:
            Invalid: If they are versions of different file sets.
        """
        a, b = self._service.resolve(old), self._service.resolve(new)
        if a.file_set_id != b.file_set_id:
            raise Invalid(f"{old} and {new} are different file sets", hint="compare two versions of one")
        before, now = self._service.content(a.id), self._service.content(b.id)
        found = rules.changes(before, now)
        shown, more = _page(list(range(len(found))), [change.path for change in found], after, limit)
        counts = {kind: sum(c.change == kind for c in found) for kind in ("added", "removed", "changed")}
        return FileSetDiff(
            old=_name(a),
            new=_name(b),
            added=counts["added"],
            removed=counts["removed"],
            changed=counts["changed"],
            unchanged=len(now) - counts["added"] - counts["changed"],
            size_added=sum(change.new.size for change in found if change.new),
            size_removed=sum(change.old.size for change in found if change.old),
            changes=tuple(found[row] for row in shown),
            next_after=more,
        )

    def verify(self, ref: str, *, after: str | None = None, limit: int = 1000) -> FilesVerified:
        """Read files again and compare them with their digests, one page in the order of their paths."""
        manifest = self._service.content(ref)
        shown, more = _page(list(range(len(manifest))), manifest.paths, after, limit)
        bad = []
        for row in shown:
            problem = _problem(self._service.chunks, manifest, row)
            if problem:
                bad.append(BadFile(path=manifest.paths[row], problem=problem))
        return FilesVerified(
            version=ref,
            files=len(shown),
            size=sum(manifest.sizes[row] for row in shown),
            bad=tuple(bad),
            next_after=more,
        )

    def examine(self, ref: str, known: set[bytes]) -> tuple[int, list[BadFile]]:
        """Read every file of a version again; how many there are, and those that are not as they were.

        Args:
            known: Digests of contents that were read a moment ago; those read now, and whole, are added.
        """
        manifest = self._service.content(ref)
        bad = []
        for row in range(len(manifest)):
            if manifest.digests[row] in known and manifest.modes[row] != _LINK:
                continue
            problem = _problem(self._service.chunks, manifest, row)
            if problem:
                bad.append(BadFile(path=manifest.paths[row], problem=problem))
            else:
                known.add(manifest.digests[row])
        return len(manifest), bad


def _problem(chunks: Chunks, manifest: Manifest, row: int) -> str | None:
    if manifest.modes[row] == _LINK:
        target = manifest.targets[manifest.paths[row]]
        return None if blake3(target.encode()).digest() == manifest.digests[row] else "its target changed"
    hasher, size = blake3(), 0
    try:
        for piece in chunks.read(manifest.chunks(row)):
            hasher.update(piece)
            size += len(piece)
    except PomonaError as error:
        return error.detail
    if (hasher.digest(), size) != (manifest.digests[row], manifest.sizes[row]):
        return "its content does not match its digest and size"
    return None


def _page(
    rows: list[int], paths: Sequence[str], after: str | None, limit: int
) -> tuple[list[int], str | None]:
    """The rows behind ``after``, at most ``limit``; and the path to continue behind."""
    if not 1 <= limit <= _PAGE * 10:
        raise Invalid(f"limit {limit} is not between 1 and {_PAGE * 10}", hint="ask for more pages instead")
    start = bisect_right(paths, after.encode(), key=str.encode) if after else 0
    end = min(start + limit, len(rows))
    return rows[start:end], paths[end - 1] if end < len(rows) and end > start else None


def _name(version: FileSetVersion) -> str:
    return f"{version.file_set}@v{version.number}"
