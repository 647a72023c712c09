"""The records of a dataset's versions after an erasure: new files, roots, counts, profiles."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from pomona.core.ports import Blobs, Tables
from pomona.core.records import to_json
from pomona.data import rules
from pomona.data.cataloguing import size_of
from pomona.data.committing import schema_of
from pomona.data.keeping.cutting import Cut, Cutter
from pomona.data.keeping.planning import Found
from pomona.data.keeping.records import ErasedVersion, ReplacedFile
from pomona.data.keeping.subjects import Subject
from pomona.data.profiling import Profiler
from pomona.data.records import DataVersion
from pomona.data.tables.files import FileReader
from pomona.stats.records import TableProfile

Tell = Callable[[float, str], None]


@dataclass
class Rewritten:
    """A dataset's versions as they will be, beside what they were."""

    before: list[DataVersion] = field(default_factory=list)
    after: list[DataVersion] = field(default_factory=list)
    files: list[ReplacedFile] = field(default_factory=list)
    erased: list[ErasedVersion] = field(default_factory=list)


class Rewriter:
    """Makes those records; the files are written, the catalogue is not."""

    def __init__(self, blobs: Blobs, tables: Tables, subject: Subject, tell: Tell) -> None:
        self._blobs = blobs
        self._tables = tables
        self._subject = subject
        self._tell = tell

    def rewrite(self, found: Found) -> Rewritten:
        """Every version that is there, oldest first, without the subject's rows.

        A version that has none keeps its files; its profile is made anew, as its bins may have been
        chosen from a version that had some.
        """
        dataset = found.dataset
        cutter = Cutter(self._tables, dataset, self._subject)
        self._tell(0.0, f"{dataset.name}: {len(found.places)} files")
        cuts = cutter.cut(found.versions, found.places)
        known = {version.id: version for version in found.versions}
        profiles: dict[str, TableProfile] = {}
        done = Rewritten()
        for number, version in enumerate(found.versions):
            self._tell(number / len(found.versions), f"{dataset.name}@v{version.number}")
            parent = known.get(version.parent or "")
            after = self._version(found, cutter, cuts, version, parent)
            profiles[version.id] = self._profile(found, after, profiles.get(version.parent or ""))
            after = msgspec.structs.replace(after, profile=self._blobs.put(to_json(profiles[version.id])))
            done.before.append(version)
            done.after.append(after)
            if after.digest != version.digest:
                done.erased.append(_erased(version, after))
        done.files = [_replaced(dataset.name, cut) for cut in cuts.values()]
        done.files += _others(dataset.name, done)
        return done

    def _version(
        self,
        found: Found,
        cutter: Cutter,
        cuts: Mapping[str, Cut],
        version: DataVersion,
        parent: DataVersion | None,
    ) -> DataVersion:
        version = self._without_words(version)
        if not any(file.digest in cuts for file in version.files):
            return version
        files = cutter.files_after(version, cuts)
        if version.parent is None or parent is not None:
            schema = schema_of(self._blobs, version)
            counts = cutter.changes_after(version, parent, schema, found.places)
            version = msgspec.structs.replace(
                version, rows_added=counts.added, rows_removed=counts.removed, rows_changed=counts.changed
            )
        times = [end for file in files for end in (file.since, file.until) if end is not None]
        gone = found.counts.get(version.id, 0)
        return msgspec.structs.replace(
            version,
            files=files,
            digest=rules.version_digest(version.schema, files),
            rows=version.rows - gone,
            rows_erased=version.rows_erased + gone,
            size=size_of(files),
            since=min(times, default=None),
            until=max(times, default=None),
        )

    def _without_words(self, version: DataVersion) -> DataVersion:
        """A note or a query may name the subject; so may the rows that were replaced."""
        origin = version.origin
        if origin is not None:
            parameters = {
                name: self._subject.masked(str(value)) if self._subject.is_value(value) else value
                for name, value in origin.parameters.items()
            }
            origin = msgspec.structs.replace(
                origin, query=self._subject.masked(origin.query), parameters=parameters
            )
        note = self._subject.masked(version.note)
        return msgspec.structs.replace(version, note=note, origin=origin, replaced="")

    def _profile(self, found: Found, version: DataVersion, like: TableProfile | None) -> TableProfile:
        dataset = found.dataset
        schema = schema_of(self._blobs, version)
        reader = FileReader(self._tables, dataset.id, version.files, schema, dataset.time_column)
        profiler = Profiler(like)
        profiler.add(schema.empty_table())
        for rows in reader.batches():
            profiler.add(rows)
        return profiler.finish()


def _replaced(dataset: str, cut: Cut) -> ReplacedFile:
    after = cut.after.digest if cut.after else None
    return ReplacedFile(dataset=dataset, before=cut.before.digest, after=after, rows=len(cut.gone))


def _others(dataset: str, done: Rewritten) -> list[ReplacedFile]:
    """Profiles and vectors that no version will name any more."""
    profiles = {one.profile: other.profile for one, other in zip(done.before, done.after, strict=True)}
    named = {one.profile for one in done.after}
    found = [
        ReplacedFile(what="profile", dataset=dataset, before=before, after=after)
        for before, after in profiles.items()
        if before not in named
    ]
    gone = _vectors(done.before) - _vectors(done.after)
    return found + [
        ReplacedFile(what="vector", dataset=dataset, before=digest, after=None) for digest in sorted(gone)
    ]


def _vectors(versions: list[DataVersion]) -> set[str]:
    return {file.vector.digest for version in versions for file in version.files if file.vector}


def _erased(before: DataVersion, after: DataVersion) -> ErasedVersion:
    return ErasedVersion(
        id=before.id,
        ref=f"{before.dataset}@v{before.number}",
        before=before.digest,
        after=after.digest,
        rows=after.rows_erased - before.rows_erased,
    )
