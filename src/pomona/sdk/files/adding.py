"""A folder becomes the next version: what changed is read, what is lacking is sent, a list is committed."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from pomona.core.errors import Invalid, Refused
from pomona.core.records import from_json
from pomona.data.filesets.manifests import Manifest, encode, manifest_of
from pomona.data.filesets.records import AddMode, FilesAdded
from pomona.data.filesets.rules import check_manifest
from pomona.sdk.files.contents import Contents
from pomona.sdk.files.folder import Folder
from pomona.sdk.files.progress import Counter, Report
from pomona.sdk.files.scanning import Stamp
from pomona.sdk.files.sending import Sender
from pomona.sdk.files.state import Base
from pomona.sdk.session import Session, with_query

MANIFEST = {"content-type": "application/x-pomona-manifest"}


class Adder:
    """Adds folders to file sets."""

    def __init__(self, session: Session, contents: Contents) -> None:
        self._session = session
        self._contents = contents

    def add(
        self,
        name: str,
        root: Path,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        mode: AddMode = "full",
        note: str = "",
        allow_empty: bool = False,
        progress: Report | None = None,
    ) -> FilesAdded:
        """See ``Files.add``."""
        folder = Folder(root, include=include, exclude=exclude)
        _check_odd(folder)
        manifest = self._send(folder, _unsent(folder), allow_empty=allow_empty, progress=progress)
        options = {"mode": mode, "note": note, "allow_empty": allow_empty}
        try:
            added = self._commit(name, manifest, options)
        except Refused as error:  # swept away since we asked: everything that is lacking is sent again
            if "lacking" not in error.extra:
                raise
            manifest = self._send(folder, _unsent(folder), allow_empty=allow_empty, progress=progress)
            added = self._commit(name, manifest, options)
        if mode == "full":
            version = added.version
            base = Base(
                server=self._session.address,
                version=version.id,
                ref=f"{version.file_set}@v{version.number}",
                include=folder.include,
                exclude=folder.exclude,
            )
            folder.remember(base=base, manifest=encode(manifest))
        else:
            folder.remember()
        return added

    def _send(
        self,
        folder: Folder,
        unread: list[tuple[str, Stamp]],
        *,
        allow_empty: bool,
        progress: Report | None,
    ) -> Manifest:
        """Read and send until the server keeps everything the folder holds; returns the folder's list."""
        self._read(folder, unread, progress)
        manifest = _manifest(folder)
        check_manifest(manifest, allow_empty=allow_empty)
        again = self._not_kept(folder, manifest, {path for path, _ in unread})
        if again:
            self._read(folder, again, progress)
            manifest = _manifest(folder)
        return manifest

    def _read(self, folder: Folder, files: Sequence[tuple[str, Stamp]], progress: Report | None) -> None:
        counter = Counter(progress, files=len(files), size=sum(stamp[0] for _, stamp in files))
        if files:
            folder.learn(Sender(folder.root, self._contents, counter).send(files))

    def _not_kept(self, folder: Folder, manifest: Manifest, just_read: set[str]) -> list[tuple[str, Stamp]]:
        """Files that were recognised by their stamp, but whose contents this server does not keep."""
        rows = [row for row, path in enumerate(manifest.paths) if path not in just_read]
        known = {digest for row in rows for digest in manifest.chunks(row)}
        lacking = self._contents.lacking(list(known)) if known else set()
        if not lacking:
            return []
        stamps = folder.scan.files()
        return [
            (path, stamps[path])
            for row in rows
            if (path := manifest.paths[row]) in stamps and not lacking.isdisjoint(manifest.chunks(row))
        ]

    def _commit(self, name: str, manifest: Manifest, options: dict[str, object]) -> FilesAdded:
        path = f"/api/v1/file-sets/{quote(name.replace('/', '~'), safe='')}/versions"
        reply = self._session.call("POST", with_query(path, options), body=encode(manifest), headers=MANIFEST)
        return from_json(reply.body, FilesAdded)


def _unsent(folder: Folder) -> list[tuple[str, Stamp]]:
    """Files to be read: those that changed, and large ones of which only ``status`` saw the change."""
    return [*folder.unread(), *folder.uncut()]


def _manifest(folder: Folder) -> Manifest:
    contents = folder.contents()
    stamps = folder.scan.files()
    links = folder.scan.links
    sizes = {path: stamp[0] for path, stamp in stamps.items()}
    sizes |= {path: len(os.fsencode(target)) for path, target in links.items()}
    rows = [(path, mode, sizes[path], digest) for path, (mode, digest) in contents.items()]
    return manifest_of(rows, links, folder.pieces())


def _check_odd(folder: Folder) -> None:
    if folder.scan.odd:
        raise Invalid(
            f"{folder.scan.odd[0]!r} is neither a file nor a link (a pipe, a socket, a device)",
            hint="leave it out: --exclude, or exclude=[...]",
        )


def glob_root(path: Path) -> tuple[Path, tuple[str, ...]]:
    """A folder, or a pattern taken apart: ``photos/**/*.jpg`` is ``photos`` and ``**/*.jpg``."""
    parts = path.parts
    for place, part in enumerate(parts):
        if any(sign in part for sign in "*?["):
            return Path(*parts[:place]), ("/".join(parts[place:]),)
    return path, ()
