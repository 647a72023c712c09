"""What an import has taken so far: kept with what it counts, so that a stop in the middle loses no number."""

import time

import msgspec
from sqlalchemy import Column, String, Table, Text, select

from pomona.core.ports import Database, Transaction
from pomona.core.records import Record
from pomona.registry.importing.records import Skipped
from pomona.registry.importing.rules import Left, summed
from pomona.sql import metadata
from pomona.training.store.statements import upsert

import_counts = Table(
    "import_counts",
    metadata,
    Column("job", String(64), primary_key=True),
    Column("step", String(64), primary_key=True),
    Column("body", Text, nullable=False),
)
_set = upsert(import_counts)


class Counts(Record, frozen=True, kw_only=True):
    """How much a step of an import took."""

    new: int = 0
    changed: int = 0
    points: int = 0
    models: int = 0
    versions: int = 0
    prompts: int = 0
    prompt_versions: int = 0
    files: int = 0
    bytes: int = 0
    traces: int = 0
    datasets: int = 0
    rows: int = 0
    webhooks: int = 0
    seconds: float = 0.0
    lost: list[Skipped] = []


class Counting:
    """The counts of one step of one job, from its first beginning on.

    Attributes:
        left: What stays behind, and is met again whenever the step begins anew.
        lost: What stays behind of something that is taken, so that it is met only once.
    """

    def __init__(self, database: Database, job: str, step: str) -> None:
        self._database = database
        self._key = {"job": job, "step": step[:64]}
        self._began = time.monotonic()
        before = self.counts()
        self._before_s, self._told = before.seconds, before.lost
        self.left = Left()
        self.lost = Left()

    def keep(self, tx: Transaction, **amounts: int) -> None:
        """Add to the counts, in the transaction that writes what is counted."""
        before = self._found(tx)
        more = {name: getattr(before, name) + amount for name, amount in amounts.items()}
        lost = summed([self._told, self.lost.told()])
        after = msgspec.structs.replace(before, **more, lost=lost, seconds=self.seconds())
        tx.execute(_set, self._key | {"body": msgspec.json.encode(after).decode()})

    def counts(self) -> Counts:
        """All that was counted."""
        return self._database.read(self._found)

    def seconds(self) -> float:
        """How long the step has been at work, without the pauses."""
        return round(self._before_s + time.monotonic() - self._began, 3)

    def skipped(self) -> list[Skipped]:
        """All that stayed behind."""
        return summed([self.left.told(), self._told, self.lost.told()])

    def _found(self, tx: Transaction) -> Counts:
        columns = import_counts.c
        where = (columns.job == self._key["job"], columns.step == self._key["step"])
        body = tx.execute(select(columns.body).where(*where)).scalar()
        return Counts() if body is None else msgspec.json.decode(body, type=Counts)
