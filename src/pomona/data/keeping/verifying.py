"""The job ``verify_data``: every file of every version is read and compared with its digest."""

from collections.abc import Callable

import msgspec

from pomona.core.errors import NotFound, Tampered
from pomona.core.events import DataVerified
from pomona.core.ports import Database
from pomona.data import store
from pomona.data.keeping.records import VERIFY, Damage, Verified, VerifyRequest
from pomona.data.records import DataVersion
from pomona.data.references import parse_ref
from pomona.data.service import DataService
from pomona.jobs.records import Job
from pomona.jobs.service import JobService
from pomona.jobs.worker import JobContext, Workflow

KIND = VERIFY


class Verifier:
    """Verifies versions as a job."""

    def __init__(self, database: Database, data: DataService, jobs: JobService) -> None:
        self._database = database
        self._data = data
        self._jobs = jobs

    def workflow(self) -> Workflow:
        """As the worker runs it."""
        return Workflow(kind=KIND, version=1, run=self.run)

    def start(self, wanted: VerifyRequest) -> Job:
        """Queue a verification.

        Raises:
            NotFound: If there is no such version or dataset.
        """
        self.versions(wanted.ref)
        return self._jobs.submit(KIND, msgspec.to_builtins(wanted))

    def versions(self, ref: str | None) -> list[DataVersion]:
        """What is to be verified: one version, all of a dataset, or all there are; no dropped ones."""
        if ref is None:
            found = self._database.read(store.versions.all)
        elif "@" in ref or parse_ref(ref).version_id:
            return [self._data.resolve(ref)]
        else:
            found = self._data.versions(ref)
        return [version for version in found if version.dropped_at is None]

    def run(self, context: JobContext) -> Verified:
        """The job; its result names what is damaged."""
        wanted = msgspec.convert(context.payload, VerifyRequest)

        def tell(share: float, note: str) -> None:
            context.check()
            context.progress(share, note)

        return self.verify(wanted, tell)

    def verify(self, wanted: VerifyRequest, tell: Callable[[float, str], None]) -> Verified:
        """Verify now; ``tell`` hears how far it is."""
        found = self.versions(wanted.ref)
        files, damaged = 0, []
        read: set[str] = set()
        for number, version in enumerate(found):
            ref = f"{version.dataset}@v{version.number}"
            tell(number / max(1, len(found)), f"{ref}: {len(version.files)} files")
            try:
                files += self._data.verify(version.id, read)
            except (Tampered, NotFound) as error:
                if self._data.resolve(version.id).dropped_at is not None:
                    continue  # dropped meanwhile
                damaged.append(Damage(version=version.id, ref=ref, detail=error.detail, hint=error.hint))
        tell(1.0, f"{len(found)} versions, {len(damaged)} damaged")
        done = Verified(versions=len(found), files=files, damaged=tuple(damaged))
        event = DataVerified(
            subject=found[0].dataset_id if wanted.ref and found else "data",
            versions=done.versions,
            files=done.files,
            damaged=[one.ref for one in damaged],
        )
        self._database.write(lambda tx: tx.emit(event))
        return done
