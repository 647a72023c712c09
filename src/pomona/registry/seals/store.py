"""Seals in SQL, and a version's row as it is stored."""

from typing import Any

from sqlalchemy import select

from pomona.core.ports import Transaction
from pomona.registry.records import ModelVersion, Seal
from pomona.registry.store import versions
from pomona.sql import RecordTable

seals = RecordTable("model_seals", Seal, what="seal", hint="`pomona models verify NAME NUMBER`")
_COLUMNS = ("id", "model_id", "number", "run_id", "source", "digest", "created_at")


def differing_column(tx: Transaction, version: ModelVersion) -> str | None:
    """The first column of a version's row that says something else than the record in it."""
    columns = [versions.c[name] for name in _COLUMNS]
    row: Any = tx.execute(select(*columns).where(versions.c.id == version.id)).first()
    if row is None:
        return "id"
    wanted = (getattr(version, name) for name in _COLUMNS)
    differ = (name for name, own, found in zip(_COLUMNS, wanted, row, strict=True) if own != found)
    return next(differ, None)


def unsealed(tx: Transaction) -> list[str]:
    """Ids of versions that have no seal."""
    query = select(versions.c.id).outerjoin(seals.table, seals.c.id == versions.c.id)
    return [str(found) for found in tx.execute(query.where(seals.c.id.is_(None))).scalars()]
