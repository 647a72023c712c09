"""``client.files``: versioned sets of images, text, audio."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from pomona.core.errors import Conflict, Invalid
from pomona.core.records import from_json
from pomona.data.filesets.records import (
    AddMode,
    FileChange,
    FileEntry,
    FilePage,
    FileSet,
    FileSetDiff,
    FileSetVersion,
    FilesVerified,
    FolderListing,
    NewFileSet,
)
from pomona.sdk.session import Session, part

if TYPE_CHECKING:
    from mlflow.data.meta_dataset import MetaDataset

    from pomona.core.ports import Swept
    from pomona.data.filesets.manifests import Manifest
    from pomona.sdk.files.checkout import CheckedOut
    from pomona.sdk.files.cloning import Link
    from pomona.sdk.files.contents import Contents
    from pomona.sdk.files.dataset import Decode, FileDataset
    from pomona.sdk.files.folder import FolderStatus
    from pomona.sdk.files.progress import Report

T = TypeVar("T")
VERSIONS = list[FileSetVersion]  # `list` is a method below
_PAGE = 1000


class FilesVersion:
    """A version of a file set.

    Attributes:
        record: What is known of it: number, digest, files, bytes.
        created: After an add: whether it made this version. False means the content was there already.
    """

    def __init__(self, session: Session, record: FileSetVersion, *, created: bool = False) -> None:
        self._session = session
        self.record = record
        self.created = created

    @property
    def id(self) -> str:
        """The version's id."""
        return self.record.id

    @property
    def ref(self) -> str:
        """File set and number, e.g. ``pets@v3``."""
        return f"{self.record.file_set}@v{self.record.number}"

    def __repr__(self) -> str:
        return f"<{self.ref} {self.record.digest[:12]} {self.record.files:,} files>"

    def manifest(self) -> "Manifest":
        """The whole list of its files."""
        from pomona.data.filesets.manifests import decode

        return decode(self._session.call("GET", f"{_at(self.id)}/manifest").body)

    def files(self, *patterns: str) -> Iterator[FileEntry]:
        """Its files, by pattern."""
        from pomona.data.filesets.rules import matcher

        manifest = self.manifest()
        matches = matcher(patterns)
        return (manifest.entry(row) for row, path in enumerate(manifest.paths) if matches(path))

    def dataset(self, *patterns: str, decode: "Decode[T] | None" = None) -> "FileDataset[Any]":
        """Its files as a map dataset for training, read straight from where they are kept.

        Args:
            patterns: Only files that match one of them; links are left out.
            decode: From path and bytes to an item; default: the bytes.

        Example:
            loader = DataLoader(version.dataset("*.jpg", decode=to_tensor_and_label), num_workers=4)
        """
        from pomona.data.filesets.rules import matcher
        from pomona.sdk.files.dataset import FileDataset

        manifest = self.manifest()
        matches = matcher(patterns)
        rows = [row for row, path in enumerate(manifest.paths) if manifest.modes[row] != 2 and matches(path)]
        return FileDataset(self.ref, manifest.keep(rows), self._session, decode=decode)

    def read(self, path: str) -> bytes:
        """The bytes of one file, verified."""
        from pomona.sdk.files.dataset import FileDataset

        manifest = self.manifest()
        if path not in manifest.place:
            raise Invalid(f"no file {path!r} in {self.ref}", hint="`pomona files ls` lists them")
        one = manifest.keep([manifest.place[path]])
        return FileDataset[bytes](self.ref, one, self._session).read(0)

    def to_mlflow(self) -> "MetaDataset":
        """As an MLflow dataset: ``mlflow.log_input(version.to_mlflow(), context="training")``.

        Its source names this version, so Pomona links the run to it, and the version is pinned.
        """
        from pomona.sdk.mlflow_data import files_dataset_of

        return files_dataset_of(self)


class Files:
    """``client.files``: file sets, and the folders they come from and go to."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _contents(self) -> "Contents":
        from pomona.sdk.files.contents import Contents

        return Contents(self._session)

    def create(self, name: str, *, description: str = "", purposes: Sequence[str] = ()) -> FileSet:
        """Declare a file set."""
        new = NewFileSet(name=name, description=description, purposes=tuple(purposes))
        return self._session.post("/api/v1/file-sets", new, FileSet)

    def list(self, *, limit: int | None = None) -> Iterator[FileSet]:
        """File sets, newest first."""
        return self._session.all("/api/v1/file-sets", FileSet, limit=limit)

    def get(self, name: str) -> FileSet:
        """One file set, by name or id."""
        return self._session.get(f"/api/v1/file-sets/{_part(name)}", FileSet)

    def versions(self, name: str) -> Sequence[FilesVersion]:
        """Every version of a file set, newest first."""
        found = self._session.get(f"/api/v1/file-sets/{_part(name)}/versions", VERSIONS)
        return [FilesVersion(self._session, record) for record in found]

    def version(self, ref: str) -> FilesVersion:
        """A version: ``pets``, ``pets@v3``, ``pets@<digest>`` or its id."""
        return FilesVersion(self._session, self._session.get(_at(ref), FileSetVersion))

    def add(
        self,
        name: str,
        folder: str | Path,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        mode: AddMode = "full",
        note: str = "",
        allow_empty: bool = False,
        progress: "Report | None" = None,
    ) -> FilesVersion:
        """Keep a folder as the next version; content that is there already makes no new one.

        Files that did not change since the last time are not read again. Links that stay inside are kept
        as links; empty folders are not kept; ``.git``, ``.dvc`` and ``.pomona`` are left out.

        Args:
            folder: A folder, or a pattern such as ``photos/**/*.jpg``.
            include, exclude: Patterns of paths inside the folder.
            mode: ``full``: the version is what the folder holds; ``append``: its files are added to those
                of the newest version.

        Raises:
            Invalid: If a path, link or file cannot be kept.
            Conflict: If a file changes while it is read, or another version came first.
        """
        from pomona.sdk.files.adding import Adder, glob_root

        root, patterns = glob_root(Path(folder))
        added = Adder(self._session, self._contents).add(
            name,
            root,
            include=(*include, *patterns),
            exclude=exclude,
            mode=mode,
            note=note,
            allow_empty=allow_empty,
            progress=progress,
        )
        return FilesVersion(self._session, added.version, created=added.created)

    def status(self, folder: str | Path, ref: str | None = None) -> "FolderStatus":
        """What is new, changed and deleted in a folder against a version.

        Args:
            ref: Default: the version the folder was added as or checked out from.

        Raises:
            Conflict: If no version is given and none is known.
        """
        return folder_status(Path(folder), None if ref is None else self.version(ref))

    def diff(self, old: str, new: str, *, after: str | None = None, limit: int = 100) -> FileSetDiff:
        """How one version became another: exact counts and the first changes."""
        path = f"{_at(old)}/diff/{_part(new)}"
        return self._session.get(path, FileSetDiff, after=after, limit=limit)

    def changes(self, old: str, new: str) -> Iterator[FileChange]:
        """Every change between two versions."""
        after: str | None = None
        while True:
            found = self.diff(old, new, after=after, limit=_PAGE)
            yield from found.changes
            after = found.next_after
            if after is None:
                return

    def checkout(
        self,
        ref: str,
        folder: str | Path,
        *,
        patterns: Sequence[str] = (),
        link: "Link" = "auto",
        force: bool = False,
        progress: "Report | None" = None,
    ) -> "CheckedOut":
        """Make a folder hold a version; only what differs is written, other files are left alone.

        Args:
            patterns: Only this part of it.
            link: ``auto`` clones blocks where the file system can and copies elsewhere; ``hardlink`` links
                read-only files to one copy kept in the store; ``copy`` always copies.
            force: Local changes may be lost.

        Raises:
            Conflict: If local changes would be lost.
        """
        from pomona.data.filesets.manifests import decode
        from pomona.sdk.files.checkout import checkout
        from pomona.sdk.files.state import Base

        version = self.version(ref)
        encoded = self._session.call("GET", f"{_at(version.id)}/manifest").body
        base = Base(
            server=self._session.address, version=version.id, ref=version.ref, include=tuple(patterns)
        )
        return checkout(
            self._contents,
            decode(encoded),
            encoded,
            base,
            Path(folder),
            link=link,
            force=force,
            progress=progress,
        )

    def folder(
        self, ref: str, path: str = "", *, after: str | None = None, limit: int = 100
    ) -> FolderListing:
        """One folder of a version: its folders and a page of its files."""
        return self._session.get(f"{_at(ref)}/folder", FolderListing, path=path, after=after, limit=limit)

    def find(self, ref: str, *patterns: str, after: str | None = None, limit: int = 100) -> FilePage:
        """Files of a version by pattern, one page."""
        query = "&".join(f"pattern={part(pattern)}" for pattern in patterns)
        more = f"&after={part(after)}" if after else ""
        reply = self._session.call("GET", f"{_at(ref)}/files?limit={limit}&{query}{more}")
        return from_json(reply.body, FilePage)

    def dataset(self, ref: str, *patterns: str, decode: "Decode[T] | None" = None) -> "FileDataset[Any]":
        """Files of a version as a map dataset for training; see ``FilesVersion.dataset``."""
        return self.version(ref).dataset(*patterns, decode=decode)

    def verify(self, ref: str, *, progress: "Report | None" = None) -> FilesVerified:
        """Read every file of a version again, where it is kept, and compare it with its digest."""
        from pomona.sdk.files.progress import Counter

        version = self.version(ref).record
        counter = Counter(progress, files=version.files, size=version.size)
        found = FilesVerified(version=version.id, files=0, size=0, bad=())
        after: str | None = None
        while True:
            path = f"{_at(version.id)}/verify"
            page = self._session.post(path, None, FilesVerified, after=after, limit=_PAGE)
            found = msgspec.structs.replace(
                found,
                files=found.files + page.files,
                size=found.size + page.size,
                bad=(*found.bad, *page.bad),
            )
            counter.add(page.files, page.size)
            after = page.next_after
            if after is None:
                return found

    def drop(self, ref: str) -> FileSetVersion:
        """Give a version's files up; its record stays. ``gc`` frees what no other version needs.

        Raises:
            Refused: If a run was trained or measured on it.
        """
        return from_json(self._session.call("DELETE", _at(ref)).body, FileSetVersion)

    def gc(self, *, dry_run: bool = True, older_than_h: float = 24.0) -> "Swept":
        """Free contents that no version needs; a dry run only tells what would go.

        Args:
            older_than_h: Younger contents stay: somebody may be about to commit them.
        """
        from pomona.core.ports import Swept

        query = {"dry_run": dry_run, "older_than_h": older_than_h}
        return self._session.post("/api/v1/chunks/sweep", None, Swept, **query)


def folder_status(root: Path, version: FilesVersion | None = None) -> "FolderStatus":
    """See ``Files.status``; without a version nothing but the folder and the cache is asked."""
    from pomona.data.filesets.manifests import decode
    from pomona.sdk.files.folder import Folder, FolderStatus, status_of
    from pomona.sdk.files.remembered import unchanged
    from pomona.sdk.files.state import FolderState

    base = FolderState(root).base()
    if version is None and base is None:
        raise Conflict(
            f"{root} was never added or checked out by this user here", hint="name a version: pets@v3"
        )
    known = base if base is not None and (version is None or version.id == base.version) else None
    if known is not None and (still := unchanged(str(root))) is not None:
        return FolderStatus(ref=still[0], new=(), changed=(), deleted=(), unchanged=still[1])
    folder = Folder(root, include=known.include if known else (), exclude=known.exclude if known else ())
    if known is not None:
        held = folder.state.manifest()
        if held is not None:
            found = status_of(folder, decode(held), known.ref)
            folder.remember()
            return found
    if version is None:
        raise Conflict(f"what {root} held is forgotten", hint="name a version: pets@v3")
    found = status_of(folder, version.manifest(), version.ref)
    folder.remember()
    return found


def _part(ref: str) -> str:
    return part(ref.replace("/", "~"))


def _at(ref: str) -> str:
    return f"/api/v1/file-set-versions/{_part(ref)}"
