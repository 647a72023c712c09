"""The record of a version, and the one transaction that makes it be there."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict, NotFound
from pomona.core.events import VersionChecked, VersionCommitted
from pomona.core.ids import new_id
from pomona.core.ports import Tables, Transaction
from pomona.core.tables import DataFile
from pomona.data import rules, store
from pomona.data.commits import Base, CommitOptions, Made
from pomona.data.keeping import store as keeping
from pomona.data.records import Committed, Dataset, DataVersion, QualityReport
from pomona.data.tables import canonical


class ErasedMeanwhile(Conflict):
    """Rows were erased from the dataset after a commit had read it: what it wrote must be written again."""


def describe(dataset: Dataset, base: Base, made: Made, options: CommitOptions, now: datetime) -> DataVersion:
    """The record of a version, but for its schema's and profile's digests."""
    files, changes = made.draft.files, made.draft.changes
    schema = canonical.fields_of(made.schema)
    times = [end for file in files for end in (file.since, file.until) if end is not None]
    return DataVersion(
        id=new_id("ver", now),
        dataset=dataset.name,
        dataset_id=dataset.id,
        number=base.next_number,
        digest=rules.version_digest(schema, files),
        parent=base.parent.id if base.parent else None,
        mode=options.mode,
        schema=schema,
        rows=sum(file.live for file in files),
        rows_added=changes.added,
        rows_removed=changes.removed,
        rows_changed=changes.changed,
        files=files,
        size=size_of(files),
        since=min(times, default=None),
        until=max(times, default=None),
        quality=rules.worst([result.quality for result in made.results]),
        replaced=made.draft.replaced,
        note=options.note,
        as_of=options.as_of or now,
        origin=options.origin() if options.origin else None,
        created_at=now,
        created_by=current_actor(),
    )


def size_of(files: tuple[DataFile, ...]) -> int:
    """Bytes of these files and their vectors."""
    return sum(file.size + (file.vector.size if file.vector else 0) for file in files)


def holding(tx: Transaction, dataset_id: str, options: CommitOptions) -> DataVersion | None:
    """The version that holds a producer's rows up to its offset."""
    found = keeping.holding(tx, dataset_id, options.producer or "", options.offset)
    return store.versions.get(tx, found) if found is not None else None


def reach(tx: Transaction, version: DataVersion, options: CommitOptions) -> None:
    """Note that a version holds a producer's rows up to its offset."""
    if options.producer is not None and holding(tx, version.dataset_id, options) is None:
        keeping.reach(tx, version.dataset_id, options.producer, options.offset, version.id)


def check_there(tables: Tables, files: Sequence[DataFile], table: str, known: Sequence[DataFile]) -> None:
    """Refuse to name new files, of rows or of vectors, that were swept before any version named them.

    To be asked in the transaction that names them; erasures and collections sweep in ones of their own.

    Raises:
        ErasedMeanwhile: If one is not there any more.
    """
    old = {file.digest for file in known}
    vectors = {file.vector.digest for file in known if file.vector}
    try:
        for file in files:
            if file.digest not in old:
                tables.files.open(table, file.digest).close()
            if file.vector is not None and file.vector.digest not in vectors:
                tables.vectors.get(table, file.vector)
                vectors.add(file.vector.digest)
    except NotFound:
        raise ErasedMeanwhile("its files were swept meanwhile", hint="commit again") from None


def add_version(
    tx: Transaction, kept: DataVersion, base: Base, report: QualityReport, options: CommitOptions
) -> Committed:
    """Write a version to the catalogue: all of it, its report, links and event, or nothing.

    Raises:
        Conflict: If another version came first.
    """
    told = holding(tx, kept.dataset_id, options) if options.producer is not None else None
    if told is not None:  # the same rows came twice at once
        return Committed(version=told, created=False, report=store.report_of(tx, told.id))
    if base.parent is not None:
        current = store.versions.get(tx, base.parent.id)
        rules.check_not_dropped(current)
        if current.digest != base.parent.digest:
            raise ErasedMeanwhile(f"rows were erased from {kept.dataset} meanwhile", hint="commit again")
    newest = store.newest(tx, kept.dataset_id)
    if (newest.id if newest else None) != (base.newest.id if base.newest else None):
        raise Conflict(
            f"another commit to {kept.dataset} came first",
            hint="commit again: it is compared with the version that is newest now",
        )
    number = store.append_log(tx, kept.dataset_id, kept.id)
    if kept.quality == "critical" and base.parent is not None:
        store.append_log(tx, kept.dataset_id, base.parent.id)  # who reads the newest must not see it
    version = msgspec.structs.replace(kept, log=number)
    reach(tx, version, options)
    store.versions.insert(tx, version)
    store.reports.insert(tx, report)
    tx.link(version.id, "belongs_to", version.dataset_id)
    if version.parent:
        tx.link(version.id, "derived_from", version.parent)
    if version.origin:
        tx.link(version.id, "extracted_from", version.origin.source)
    tx.emit(
        VersionCommitted(
            subject=version.id,
            dataset=version.dataset,
            number=version.number,
            rows=version.rows,
            rows_added=version.rows_added,
            quality=version.quality,
        )
    )
    return Committed(version=version, created=True, report=report)


def mark_again(tx: Transaction, version: DataVersion, report: QualityReport) -> QualityReport:
    """Keep what the checks found when they were run once more; the version's mark follows."""
    current = store.versions.get(tx, version.id)
    store.versions.replace(tx, msgspec.structs.replace(current, quality=report.quality))
    shown = store.newest(tx, version.dataset_id, usable=True)
    if shown is not None and "critical" in (report.quality, current.quality):
        store.append_log(tx, version.dataset_id, shown.id)  # the newest that others may see
    tx.emit(
        VersionChecked(
            subject=version.id, dataset=version.dataset, number=version.number, quality=report.quality
        )
    )
    return store.reports.insert(tx, report)
