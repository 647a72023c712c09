"""The services that keep versions, wired together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pomona.core.ports import BlobRemoval, Blobs, Clock, Database, Ledger, Tables
from pomona.data.keeping.erasing import Eraser
from pomona.data.keeping.holders import Holder
from pomona.data.keeping.planning import Planner
from pomona.data.keeping.rebasing import Rebaser
from pomona.data.keeping.signing import Signer
from pomona.data.keeping.sweeping import Sweeper
from pomona.data.keeping.tagging import Tagger
from pomona.data.keeping.verifying import Verifier
from pomona.data.service import DataService
from pomona.jobs.service import JobService

KEY_FILE = "erasure.key"


@dataclass(frozen=True)
class Keeping:
    """Everything that happens to versions after their commit."""

    tagger: Tagger
    sweeper: Sweeper
    verifier: Verifier
    rebaser: Rebaser
    eraser: Eraser


def wire_keeping(
    database: Database,
    blobs: Blobs,
    tables: Tables,
    clock: Clock,
    ledger: Ledger,
    *,
    data: DataService,
    jobs: JobService,
    home: Path,
    removal: BlobRemoval,
    holders: Sequence[Holder],
) -> Keeping:
    """Build them.

    Args:
        removal: Takes blobs away.
        holders: Places beside the tables that may hold a person whose rows are erased.
    """
    tagger = Tagger(database, clock, data, ledger)
    eraser = Eraser(
        database,
        blobs,
        removal,
        tables,
        clock,
        jobs,
        planner=Planner(database, tables, ledger, holders),
        holders=holders,
        signer=Signer(home / KEY_FILE),
        home=home,
    )
    return Keeping(
        tagger=tagger,
        sweeper=Sweeper(database, tables, clock, data, tagger),
        verifier=Verifier(database, data, jobs),
        rebaser=Rebaser(database, blobs, tables, clock, data, jobs),
        eraser=eraser,
    )
