"""Marts and their builds in SQL."""

from sqlalchemy import Column, Index, String

from pomona.core.errors import NotFound
from pomona.core.ids import kind_of
from pomona.core.ports import Transaction
from pomona.data.marts.records import Mart, MartBuild
from pomona.sql import RecordTable

marts = RecordTable(
    "marts",
    Mart,
    Column("name", String(200), nullable=False, unique=True),
    Column("rebuild", String(16), nullable=False),
    hint="`pomona marts ls` lists them",
)
builds = RecordTable(
    "mart_builds",
    MartBuild,
    Column("mart", String(200), nullable=False),
    Column("version", String(64)),
    Column("state", String(16), nullable=False),
    Index("mart_builds_by_mart", "mart", "id"),
    Index("mart_builds_by_version", "version"),
    what="mart build",
    hint="`pomona marts show NAME` lists them",
)


def find_mart(tx: Transaction, ref: str) -> Mart:
    """The mart with this id or name.

    Raises:
        NotFound: If there is none.
    """
    found = marts.find(tx, ref) if kind_of(ref) == "mrt" else marts.first(tx, marts.c.name == ref)
    if found is None:
        raise NotFound(f"no mart named {ref!r}", hint="`pomona marts ls` lists them")
    return found


def last_build(tx: Transaction, mart: str) -> MartBuild | None:
    """The newest build of a mart (by name), whatever came of it."""
    return builds.first(tx, builds.c.mart == mart, order_by=[builds.c.id.desc()])


def last_good_build(tx: Transaction, mart: str) -> MartBuild | None:
    """The newest build of a mart (by name) whose rows are kept."""
    good = builds.c.state.in_(("built", "unchanged"))
    return builds.first(tx, builds.c.mart == mart, good, order_by=[builds.c.id.desc()])


def built_version(tx: Transaction, version: str) -> MartBuild | None:
    """The build that made a version: the first whose result it holds."""
    return builds.first(tx, builds.c.version == version, order_by=[builds.c.id])
