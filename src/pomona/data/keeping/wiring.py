"""The services that keep versions, wired together."""

from dataclasses import dataclass

from pomona.core.ports import Blobs, Clock, Database, Ledger, Tables
from pomona.data.keeping.rebasing import Rebaser
from pomona.data.keeping.sweeping import Sweeper
from pomona.data.keeping.tagging import Tagger
from pomona.data.keeping.verifying import Verifier
from pomona.data.service import DataService
from pomona.jobs.service import JobService
from pomona.jobs.worker import Workflow


@dataclass(frozen=True)
class Keeping:
    """Everything that happens to versions after their commit."""

    tagger: Tagger
    sweeper: Sweeper
    verifier: Verifier
    rebaser: Rebaser

    def workflows(self) -> tuple[Workflow, ...]:
        """The jobs among it."""
        return (self.verifier.workflow(), self.rebaser.workflow())


def wire_keeping(
    database: Database,
    blobs: Blobs,
    tables: Tables,
    clock: Clock,
    ledger: Ledger,
    *,
    data: DataService,
    jobs: JobService,
) -> Keeping:
    """Build them."""
    tagger = Tagger(database, clock, data, ledger)
    return Keeping(
        tagger=tagger,
        sweeper=Sweeper(database, tables, clock, data, tagger),
        verifier=Verifier(database, data, jobs),
        rebaser=Rebaser(database, blobs, tables, clock, data, jobs),
    )
