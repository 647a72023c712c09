"""Endpoints, releases and verdicts in SQL."""

from sqlalchemy import Column, Index, Integer, String

from pomona.core.errors import NotFound
from pomona.core.ids import kind_of
from pomona.core.ports import Transaction
from pomona.releases.records import Endpoint, Release, StoredVerdict
from pomona.sql import RecordTable

endpoints = RecordTable(
    "endpoints",
    Endpoint,
    Column("name", String(100), nullable=False, unique=True),
    Column("model", String(256), nullable=False),
    hint="`pomona endpoints ls` lists them",
)
_running = Column("state", String(16), nullable=False)
releases = RecordTable(
    "releases",
    Release,
    Column("endpoint", String(100), nullable=False),
    Column("strategy", String(16), nullable=False),
    _running,
    Index("releases_by_endpoint", "endpoint", "id"),
    # Two requests at once cannot both start one: the database itself allows one per endpoint.
    Index(
        "one_running_release",
        "endpoint",
        unique=True,
        sqlite_where=_running == "running",
        postgresql_where=_running == "running",
    ),
    hint="`pomona releases ls` lists them",
)
verdicts = RecordTable(
    "release_verdicts",
    StoredVerdict,
    Column("release", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Index("release_verdicts_in_order", "release", "number", unique=True),
)


def find_endpoint(tx: Transaction, ref: str) -> Endpoint:
    """The endpoint with this id or name.

    Raises:
        NotFound: If there is none.
    """
    by_id = kind_of(ref) == "end"
    found = endpoints.find(tx, ref) if by_id else endpoints.first(tx, endpoints.c.name == ref)
    if found is None:
        raise NotFound(f"no endpoint {ref!r}", hint="`pomona endpoints ls` lists them")
    return found


def running(tx: Transaction, endpoint: str) -> Release | None:
    """The release that serves an endpoint (by name) now."""
    return releases.first(tx, releases.c.endpoint == endpoint, releases.c.state == "running")


def count_canaries(tx: Transaction, endpoint: str) -> int:
    """How many canaries an endpoint (by name) has had."""
    return releases.count(tx, releases.c.endpoint == endpoint, releases.c.strategy == "canary")


def last_verdict(tx: Transaction, release: str) -> StoredVerdict | None:
    """The newest verdict of a release."""
    return verdicts.first(tx, verdicts.c.release == release, order_by=[verdicts.c.number.desc()])


def verdicts_of(tx: Transaction, release: str) -> list[StoredVerdict]:
    """Every verdict of a release, oldest first."""
    return verdicts.all(tx, verdicts.c.release == release, order_by=[verdicts.c.number])
