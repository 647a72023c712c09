"""Schema migrations, forward only. They run by themselves when a home folder is opened."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, inspect, text
from sqlalchemy.exc import OperationalError

from pomona.storage.postgres import schema

_LONGEST_S = 1800.0  # that another process may take for its migration
_PATIENCE = "all or nothing; a home with ten million metric values takes half a minute"
log = logging.getLogger("pomona.storage")
VERSIONS = Path(__file__).parent / "versions"


def head() -> str:
    """The newest revision: versions are named ``0001_what.py``, ``0002_...`` in their order."""
    return max(path.stem.partition("_")[0] for path in VERSIONS.glob("[0-9]*.py"))


def upgrade(engine: Engine, metadata: MetaData) -> None:
    """Bring a database to the newest schema; concurrent callers wait for the first.

    Args:
        engine: Its transactions must take the write lock when they begin.
        metadata: The tables, for autogeneration only; see ``scripts/migration``.
    """
    ends = time.monotonic() + _LONGEST_S
    while True:
        try:
            return _upgrade(engine, metadata)
        except OperationalError as error:  # SQLite, while another process rewrites a large history
            if "locked" not in str(error) or time.monotonic() > ends:
                raise


def _upgrade(engine: Engine, metadata: MetaData) -> None:
    with engine.begin() as connection:
        before = current(connection)
        if before == head():
            return  # the usual case costs no import of Alembic
        if before is not None:
            log.warning("bringing the records from schema %s to %s: %s", before, head(), _PATIENCE)
        postgres = engine.dialect.name == "postgresql"
        if postgres:
            schema.check(connection)
        _run(connection, metadata, lambda command, config: command.upgrade(config, "head"))
        if postgres:
            schema.make_bytewise(connection)


def revise(engine: Engine, metadata: MetaData, message: str) -> None:
    """Write a new migration from the difference between a migrated database and the tables."""
    number = f"{int(head()) + 1:04}" if list(VERSIONS.glob("[0-9]*.py")) else "0001"
    with engine.begin() as connection:
        _run(
            connection,
            metadata,
            lambda command, config: command.revision(
                config, message=message, autogenerate=True, rev_id=number
            ),
        )


def current(connection: Connection) -> str | None:
    """The revision a database is at; None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def _run(connection: Connection, metadata: MetaData, work: Callable[..., object]) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    work(command, config)
