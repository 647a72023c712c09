"""Use cases of file sets: declare one, commit a list of files, look at versions, drop and sweep."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict, NotFound
from pomona.core.events import ChunksSwept, FileSetCreated, FileSetVersionCommitted, FileSetVersionDropped
from pomona.core.ids import kind_of, new_id
from pomona.core.ports import Blobs, Chunks, Clock, Database, Ledger, NearbyChunks, Swept, Transaction
from pomona.core.records import Page
from pomona.data.filesets import manifests, rules, store
from pomona.data.filesets.manifests import Manifest
from pomona.data.filesets.records import AddMode, FilesAdded, FileSet, FileSetVersion, NewFileSet
from pomona.data.references import Ref, check_one_digest

PINS = ("trained_on", "evaluated_on")


class FileSetService:
    """File sets and their versions.

    Args:
        blobs: Keeps the lists of files.
        chunks: Keeps their contents.
        nearby: What callers on this machine may use of it; None if it lies elsewhere.
        ledger: Whose links pin versions.
    """

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        chunks: Chunks,
        clock: Clock,
        ledger: Ledger,
        *,
        nearby: NearbyChunks | None = None,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._ledger = ledger
        self.chunks = chunks
        self.nearby = nearby
        self._decoded: dict[str, Manifest] = {}

    def create(self, new: NewFileSet) -> FileSet:
        """Declare a file set.

        Raises:
            Invalid: If its name cannot be used.
            Conflict: If it is taken.
        """
        rules.check_file_set(new)
        now = self._clock.now()
        made = FileSet(
            id=new_id("fst", now),
            name=new.name,
            description=new.description,
            purposes=new.purposes,
            created_at=now,
            created_by=current_actor(),
        )

        def add(tx: Transaction) -> FileSet:
            store.file_sets.unused(tx, "name", new.name)
            tx.emit(FileSetCreated(subject=made.id, name=made.name))
            return store.file_sets.insert(tx, made)

        return self._database.write(add)

    def file_set(self, ref: str) -> FileSet:
        """The file set with this id or name.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: _find(tx, ref))

    def file_sets(self, *, cursor: str | None = None, limit: int = 50) -> Page[FileSet]:
        """File sets, newest first."""
        return self._database.read(lambda tx: store.file_sets.page(tx, cursor=cursor, limit=limit))

    def versions(self, ref: str) -> list[FileSetVersion]:
        """Every version of a file set, newest first."""
        return self._database.read(lambda tx: store.of(tx, _find(tx, ref).id))

    def resolve(self, ref: str) -> FileSetVersion:
        """The version named by ``pets``, ``pets@v3``, ``pets@<digest>`` or ``fsv_...``.

        Raises:
            NotFound: If there is none.
            Invalid: If the reference is none of these forms.
        """
        wanted = rules.parse_ref(ref)
        return self._database.read(lambda tx: _resolve(tx, wanted))

    def commit(
        self, ref: str, body: bytes, *, mode: AddMode = "full", note: str = "", allow_empty: bool = False
    ) -> FilesAdded:
        """Keep a list of files as the next version; content that is there already makes no new one.

        Args:
            body: A manifest (``manifests.encode``), whose contents were sent before.
            mode: ``full``: all files there are; ``append``: files to add to those of the newest version.

        Raises:
            Invalid: If the list could not be checked out as it stands, or would do harm.
            Refused: If contents are lacking; ``extra`` names them.
            Conflict: If another version came first.
        """
        file_set = self.file_set(ref)
        with self.chunks.holding():
            before = self._database.read(lambda tx: store.newest(tx, file_set.id))
            old = self._content(before) if before and before.dropped_at is None else Manifest()
            new = manifests.decode(body)
            if mode == "append":
                new = manifests.overlay(old, new)
            rules.check_manifest(new, allow_empty=allow_empty)
            digest = manifests.root_of(new)
            if before is not None and before.digest == digest and before.dropped_at is None:
                return FilesAdded(version=before, created=False)
            lacking = self.chunks.lacking(list(new.all_chunks()))
            if lacking:
                raise rules.missing_contents([one.hex() for one in lacking])
            return self._store(file_set, before, old, new, mode=mode, note=note, digest=digest)

    def _store(
        self,
        file_set: FileSet,
        before: FileSetVersion | None,
        old: Manifest,
        new: Manifest,
        *,
        mode: AddMode,
        note: str,
        digest: str,
    ) -> FilesAdded:
        version = self._version(file_set, before, old, new, mode=mode, note=note, digest=digest)

        def add(tx: Transaction) -> FileSetVersion:
            newest = store.newest(tx, file_set.id)
            if (newest and newest.id) != version.parent:
                raise Conflict(f"another version of {file_set.name} came first", hint="add the files again")
            _tell(tx, version)
            return store.versions.insert(tx, version)

        self._remember(version.manifest, new)
        return FilesAdded(version=self._database.write(add), created=True)

    def _version(
        self,
        file_set: FileSet,
        before: FileSetVersion | None,
        old: Manifest,
        new: Manifest,
        *,
        mode: AddMode,
        note: str,
        digest: str,
    ) -> FileSetVersion:
        now = self._clock.now()
        added, removed, changed, size_new = rules.count_changes(old, new)
        return FileSetVersion(
            id=new_id("fsv", now),
            file_set=file_set.name,
            file_set_id=file_set.id,
            number=before.number + 1 if before else 1,
            digest=digest,
            parent=before.id if before else None,
            mode=mode,
            files=len(new),
            size=new.size,
            files_added=added,
            files_removed=removed,
            files_changed=changed,
            size_new=size_new,
            kinds=rules.count_kinds(new),
            manifest=self._blobs.put(manifests.encode(new)),
            note=note,
            created_at=now,
            created_by=current_actor(),
        )

    def content(self, ref: str) -> Manifest:
        """The files of a version.

        Raises:
            NotFound: If there is no such version, or its files were dropped.
            Tampered: If the list changed on disk.
        """
        return self._content(self.resolve(ref))

    def _content(self, version: FileSetVersion) -> Manifest:
        rules.check_not_dropped(version)
        found = self._decoded.get(version.manifest)
        if found is None:
            found = manifests.decode(self._blobs.get(version.manifest))
            self._remember(version.manifest, found)
        return found

    def _remember(self, digest: str, manifest: Manifest) -> None:
        kept = dict(list(self._decoded.items())[-3:])  # the newest few: a page asks for the same one often
        self._decoded = {**kept, digest: manifest}

    def drop(self, ref: str) -> FileSetVersion:
        """Give a version's files up; its record stays. ``sweep`` frees what no other version needs.

        Raises:
            Refused: If a run was trained or measured on it.
        """
        version = self.resolve(ref)
        rules.check_not_dropped(version)
        now = self._clock.now()

        def put(tx: Transaction) -> FileSetVersion:
            links = self._ledger.links([version.id])
            pins = [link.source for link in links if link.target == version.id and link.relation in PINS]
            rules.check_droppable(version, pins)
            tx.emit(
                FileSetVersionDropped(subject=version.id, file_set=version.file_set, number=version.number)
            )
            gone = msgspec.structs.replace(version, dropped_at=now, dropped_by=current_actor())
            return store.versions.replace(tx, gone)

        return self._database.write(put)

    def sweep(self, *, act: Literal["look", "sweep"], older_than_h: float = 24.0) -> Swept:
        """Free contents that no version needs and that came some time ago (others may be on their way)."""
        swept = self.chunks.sweep(self._wanted, older_than_s=max(0.0, older_than_h) * 3600, act=act)
        if act == "sweep" and swept.packs:
            event = ChunksSwept(subject="filesets", chunks=swept.chunks, size=swept.size, packs=swept.packs)
            self._database.write(lambda tx: tx.emit(event))
        return swept

    def _wanted(self) -> set[bytes]:
        found: set[bytes] = set()
        for version in self._database.read(store.versions.all):
            if version.dropped_at is None:
                found |= manifests.decode(self._blobs.get(version.manifest)).all_chunks()
        return found

    def known(self, names: Sequence[str]) -> dict[str, FileSetVersion]:
        """The newest version of each of these file sets, by id."""
        found = self._database.read(lambda tx: {name: store.newest(tx, name) for name in names})
        return {name: version for name, version in found.items() if version is not None}


def _tell(tx: Transaction, version: FileSetVersion) -> None:
    tx.link(version.id, "belongs_to", version.file_set_id)
    if version.parent:
        tx.link(version.id, "derived_from", version.parent)
    tx.emit(
        FileSetVersionCommitted(
            subject=version.id,
            file_set=version.file_set,
            number=version.number,
            files=version.files,
            size=version.size,
        )
    )


def _find(tx: Transaction, ref: str) -> FileSet:
    if kind_of(ref) == "fst":
        return store.file_sets.get(tx, ref)
    found = store.file_sets.first(tx, store.file_sets.c.name == ref)
    if found is None:
        raise NotFound(f"no file set named {ref!r}", hint="`pomona files ls` lists them")
    return found


def _resolve(tx: Transaction, ref: Ref) -> FileSetVersion:
    if ref.version_id:
        return store.versions.get(tx, ref.version_id)
    file_set = _find(tx, ref.dataset)
    if ref.number is not None:
        found = store.numbered(tx, file_set.id, ref.number)
    elif ref.digest is not None:
        matches = store.by_digest(tx, file_set.id, ref.digest)
        check_one_digest(ref.digest, {match.digest for match in matches})
        found = matches[0] if matches else None
    else:
        found = store.newest(tx, file_set.id)
    if found is None:
        newest = store.newest(tx, file_set.id)
        hint = f"the newest is {file_set.name}@v{newest.number}" if newest else "`pomona files add` makes one"
        raise NotFound(f"no such version of {file_set.name}", hint=hint)
    return found
