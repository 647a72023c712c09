"""Opens a home's records where they are, and brings their schema up to date."""

from pathlib import Path

from sqlalchemy import MetaData

from pomona.core.ports import Clock, Records
from pomona.storage.address import Address, address_of, keep
from pomona.storage.migrations import upgrade
from pomona.storage.sqlite import SqliteDatabase


def open_database(home: Path, clock: Clock, metadata: MetaData, *, address: str | None = None) -> Records:
    """The records of a home, in SQLite unless it was told otherwise; migrations run by themselves.

    Args:
        address: A URL of PostgreSQL; default: where the home's records are already.

    Raises:
        Conflict: If the home's records are somewhere else.
        Unavailable: If the database does not answer or lets us not in.
    """
    where = address_of(home, address)
    if where is not None:
        return _postgres(home, clock, metadata, where)
    database = SqliteDatabase(home / "pomona.db", clock)
    upgrade(database.engine, metadata)
    return database


def _postgres(home: Path, clock: Clock, metadata: MetaData, address: Address) -> Records:
    from pomona.storage.postgres.database import PostgresDatabase
    from pomona.storage.postgres.errors import translate

    database = PostgresDatabase(address, clock)
    try:
        upgrade(database.engine, metadata)
    except Exception as error:
        database.close()
        told = translate(error, address)
        if told is error:
            raise
        raise told from error
    keep(home, address)
    return database
