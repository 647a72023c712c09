"""``pomona doctor``: is everything that was acknowledged still there, and still what it was?"""

from collections.abc import Callable

from pomona.circle.describe import Services
from pomona.circle.records import Finding
from pomona.core.errors import NotFound, PomonaError, Tampered
from pomona.core.ports import Health, Ledger


class Doctor:
    """Examines the database, the ledger's chain, every file that a digest names, and the queue."""

    def __init__(self, services: Services, ledger: Ledger, records: Health) -> None:
        self._of = services
        self._ledger = ledger
        self._records = records

    def examine(self) -> list[Finding]:
        """Every finding, good ones too. Reads all files of data, file sets and models."""
        return [
            *self._database(),
            self._checked(
                "ledger", lambda: f"{self._ledger.verify():,} events, each chained to the one before"
            ),
            self._checked("data files", self._data_files),
            self._checked("file sets", self._file_sets),
            self._checked("model files", self._model_files),
            self._jobs(),
            self._waiting(),
            self._append_tables(),
        ]

    def _database(self) -> list[Finding]:
        try:
            found = self._records.condition()
        except PomonaError as error:
            return [Finding(what="records", state="fail", detail=error.detail, hint=error.hint)]
        fine = [] if found.dangers else [Finding(what="records", state="ok", detail=found.where)]
        return fine + [
            Finding(what="records", state="warn", detail=f"{danger} ({found.where})", hint=hint)
            for danger, hint in found.dangers.items()
        ]

    def _checked(self, what: str, examine: Callable[[], str]) -> Finding:
        try:
            return Finding(what=what, state="ok", detail=examine())
        except (Tampered, NotFound) as error:
            return Finding(what=what, state="fail", detail=error.detail, hint=error.hint)
        except PomonaError as error:
            return Finding(what=what, state="warn", detail=error.detail, hint=error.hint)

    def _data_files(self) -> str:
        data = self._of.data
        found = [v for d in data.datasets(limit=1000).items for v in data.versions(d.id)]
        versions = [version for version in found if version.dropped_at is None]
        read: set[str] = set()
        files = sum(data.verify(version.id, read) for version in versions)
        return f"{len(versions):,} data versions, {files:,} files match their digests"

    def _file_sets(self) -> str:
        files, reader = self._of.files, self._of.file_reader
        found = [v for one in files.file_sets(limit=1000).items for v in files.versions(one.id)]
        read: set[bytes] = set()
        count = 0
        for version in found:
            if version.dropped_at is not None:
                continue
            looked_at, bad = reader.examine(version.id, read)
            count += looked_at
            if bad:
                ref = f"{version.file_set}@v{version.number}"
                raise Tampered(
                    f"{len(bad)} files of {ref} are not as they were: {bad[0].path}: {bad[0].problem}",
                    hint=f"`pomona files verify {ref}` lists them; restore its folder from a backup",
                )
        return f"{len(found):,} versions of file sets, {count:,} files match their digests"

    def _model_files(self) -> str:
        versions, _ = self._of.registry.search.versions()
        files = sum(self._of.registry.verify(version.id).files for version in versions)
        return f"{len(versions):,} model versions, {files:,} files match their digests"

    def _jobs(self) -> Finding:
        parked = self._of.jobs.page(state="parked", limit=1000).items
        if parked:
            return Finding(
                what="jobs",
                state="warn",
                detail=f"{len(parked)} parked: {parked[0].error}",
                hint="`pomona jobs ls --state parked`, then retry or cancel",
            )
        return Finding(what="jobs", state="ok", detail=f"{len(self._of.jobs.open())} open, none parked")

    def _waiting(self) -> Finding:
        waiting = len(self._of.serving.waiting_outcomes(limit=1000))
        if waiting:
            return Finding(
                what="outcomes",
                state="warn",
                detail=f"{waiting} name a prediction that is not known",
                hint="`pomona outcomes waiting` shows them; they match as soon as it comes",
            )
        return Finding(what="outcomes", state="ok", detail="all belong to a prediction")

    def _append_tables(self) -> Finding:
        tables = self._of.archive.tables()
        for table in tables:
            if table.problem is not None:
                return Finding(
                    what="append tables",
                    state="warn",
                    detail=f"{table.waiting:,} {table.what} of {table.endpoint} wait: {table.problem}",
                    hint="`pomona predictions write` tries again at once; nothing is lost meanwhile",
                )
        waiting = sum(table.waiting for table in tables)
        return Finding(what="append tables", state="ok", detail=f"{len(tables):,}; {waiting:,} rows wait")
