"""Datasets, versions and quality reports in SQL."""

from sqlalchemy import Column, Index, Integer, String, Table, func, insert, select, tuple_

from pomona.core.errors import NotFound
from pomona.core.ports import Transaction
from pomona.data.records import Dataset, DataVersion, QualityReport
from pomona.sql import RecordTable, metadata

datasets = RecordTable(
    "datasets",
    Dataset,
    Column("name", String(200), nullable=False, unique=True),
    hint="`pomona data ls` lists them",
)
versions = RecordTable(
    "data_versions",
    DataVersion,
    Column("dataset_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("quality", String(8), nullable=False),
    Index("data_versions_by_number", "dataset_id", "number", unique=True),
    Index("data_versions_by_digest", "digest"),
    what="data version",
    hint="`pomona data versions DATASET` lists them",
)
reports = RecordTable(
    "quality_reports",
    QualityReport,
    Column("version", String(64), nullable=False),
    Index("quality_reports_by_version", "version", "id"),
    what="quality report",
)

table_log = Table(
    "table_log",
    metadata,
    Column("dataset_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("version_id", String(64), nullable=False),
)
"""Which version each entry of a dataset's Delta log shows."""


def append_log(tx: Transaction, dataset_id: str, version_id: str) -> int:
    """The next entry of the log shows this version; returns the entry's number."""
    c = table_log.c
    newest = tx.execute(select(func.max(c.number)).where(c.dataset_id == dataset_id)).scalar()
    number = 0 if newest is None else int(newest) + 1
    tx.execute(insert(table_log), {"dataset_id": dataset_id, "number": number, "version_id": version_id})
    return number


def log_after(tx: Transaction, dataset_id: str, number: int) -> list[str]:
    """The versions that later entries of the log show, in order."""
    c = table_log.c
    query = select(c.version_id).where(c.dataset_id == dataset_id, c.number > number)
    return list(tx.execute(query.order_by(c.number)).scalars())


def newest(
    tx: Transaction, dataset_id: str, *, usable: bool = False, passed: bool = False
) -> DataVersion | None:
    """The version with the highest number; ``usable``: not quarantined; ``passed``: nor failed."""
    where = [versions.c.dataset_id == dataset_id]
    if usable or passed:
        where.append(versions.c.quality != "critical")
    if passed:
        where.append(versions.c.quality != "fail")
    return versions.first(tx, *where, order_by=[versions.c.number.desc()])


def history(tx: Transaction, dataset_id: str) -> list[DataVersion]:
    """Every version of a dataset, newest first."""
    return versions.all(tx, versions.c.dataset_id == dataset_id, order_by=[versions.c.number.desc()])


def newest_of_each(tx: Transaction) -> list[DataVersion]:
    """The version with the highest number of every dataset that has one, by one query over the index."""
    c = versions.c
    last = select(c.dataset_id, func.max(c.number)).group_by(c.dataset_id)
    return versions.all(tx, tuple_(c.dataset_id, c.number).in_(last))


def since(tx: Transaction, dataset_id: str, number: int) -> list[DataVersion]:
    """The versions of a dataset that came after the one of this number; 0: all."""
    c = versions.c
    return versions.all(tx, c.dataset_id == dataset_id, c.number > number)


def numbered(tx: Transaction, dataset_id: str, number: int) -> DataVersion | None:
    """The version with this number."""
    return versions.first(tx, versions.c.dataset_id == dataset_id, versions.c.number == number)


def by_digest(tx: Transaction, dataset_id: str, prefix: str) -> list[DataVersion]:
    """Versions whose digest begins with ``prefix``, newest first; at most two are looked for."""
    where = (versions.c.dataset_id == dataset_id, versions.c.digest.startswith(prefix, autoescape=True))
    return versions.all(tx, *where, order_by=[versions.c.number.desc()], limit=2)


def report_of(tx: Transaction, version_id: str) -> QualityReport:
    """What the checks found last on this version; each has been checked at its commit."""
    report = reports.first(tx, reports.c.version == version_id, order_by=[reports.c.id.desc()])
    if report is None:
        raise NotFound(f"no quality report of {version_id!r}", hint="`pomona data check` makes one")
    return report
