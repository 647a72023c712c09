"""Monitors, windows and incidents in SQL."""

from datetime import datetime

from sqlalchemy import Boolean, Column, Index, String

from pomona.core.ports import Transaction
from pomona.monitoring.records import Incident, Monitor, Window, WindowKind
from pomona.sql import RecordTable, UtcTime

monitors = RecordTable(
    "monitors",
    Monitor,
    Column("endpoint", String(100), nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False),
    hint="`pomona monitors ls` lists them",
)
windows = RecordTable(
    "monitor_windows",
    Window,
    Column("monitor", String(64), nullable=False),
    Column("endpoint", String(100), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("start", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    # The promise that a window is read once per kind.
    Index("monitor_windows_once", "monitor", "kind", "start", unique=True),
    Index("monitor_windows_by_endpoint", "endpoint", "id"),
)
_state = Column("state", String(16), nullable=False)
incidents = RecordTable(
    "incidents",
    Incident,
    Column("endpoint", String(100), nullable=False),
    Column("kind", String(16), nullable=False),
    _state,
    Index("incidents_by_endpoint", "endpoint", "id"),
    Index(
        "one_open_incident",
        "endpoint",
        "kind",
        unique=True,
        sqlite_where=_state == "open",
        postgresql_where=_state == "open",
    ),
    hint="`pomona incidents ls` lists them",
)


def newest_window(tx: Transaction, monitor: str, kind: WindowKind) -> Window | None:
    """The latest window a monitor has read for a kind."""
    return windows.first(
        tx, windows.c.monitor == monitor, windows.c.kind == kind, order_by=[windows.c.start.desc()]
    )


def windows_before(
    tx: Transaction, monitor: str, kind: WindowKind, start: datetime, *, limit: int
) -> list[Window]:
    """The windows of a kind before a time, newest first."""
    c = windows.c
    where = (c.monitor == monitor, c.kind == kind, c.start < start)
    return windows.all(tx, *where, order_by=[c.start.desc()], limit=limit)


def has_window(tx: Transaction, monitor: str, kind: WindowKind, start: datetime) -> bool:
    """Whether this window was read already."""
    return (
        windows.count(tx, windows.c.monitor == monitor, windows.c.kind == kind, windows.c.start == start) > 0
    )


def open_incident(tx: Transaction, endpoint: str, kind: WindowKind) -> Incident | None:
    """The open incident of a kind, if there is one."""
    return incidents.first(
        tx, incidents.c.endpoint == endpoint, incidents.c.kind == kind, incidents.c.state == "open"
    )


def open_incidents(tx: Transaction, endpoint: str | None = None) -> list[Incident]:
    """Every open incident, of one endpoint if given."""
    where = [incidents.c.endpoint == endpoint] if endpoint else []
    return incidents.all(tx, incidents.c.state == "open", *where)
