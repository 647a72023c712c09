"""Connections to PostgreSQL: how each is set up, and how long a server that is away is waited for."""

import time
from typing import TYPE_CHECKING, Any

from pomona.core.errors import MissingExtra
from pomona.storage.address import Address
from pomona.storage.postgres.errors import is_away

if TYPE_CHECKING:
    import psycopg

WRITE_LOCK = 0x506F6D6F6E61  # "Pomona" in hexadecimal: who holds this advisory lock may write
PATIENCE_S = 5.0  # a server that is restarted is back by then
_DEFAULTS = {
    "connect_timeout": 10,
    "application_name": "pomona",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "client_encoding": "UTF8",
}
LOCK_WAIT_S = 30.0
# A process that stops in the middle of a write must not hold up all others for ever. Compiling queries
# takes longer than ours run.
_SETTINGS = """
    SET lock_timeout = {lock_ms}; SET idle_in_transaction_session_timeout = '120s';
    SET jit = off; SET timezone = 'UTC'
"""


class Dial:
    """Connects; a server that has answered before and is away is waited for a moment."""

    def __init__(
        self, address: Address, *, lock_wait_s: float = LOCK_WAIT_S, patience_s: float = PATIENCE_S
    ) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise MissingExtra("psycopg", "postgres") from error
        self._unreachable = psycopg.OperationalError
        self._address = address
        self._lock_wait_s = lock_wait_s
        self._patience_s = patience_s
        self._away_since: float | None = 0.0  # until it has answered once it is not waited for

    def connect(self) -> "psycopg.Connection[Any]":
        """A connection in autocommit: who uses it says BEGIN."""
        while True:
            try:
                connection = connect(self._address, lock_wait_s=self._lock_wait_s)
            except self._unreachable as error:
                now = time.monotonic()
                if self._away_since is None:
                    self._away_since = now
                if not is_away(error) or now - self._away_since > self._patience_s:
                    raise
                time.sleep(0.1)
            else:
                self._away_since = None
                return connection


def connect(address: Address, *, lock_wait_s: float = LOCK_WAIT_S) -> "psycopg.Connection[Any]":
    """One connection, now or never."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.types.numeric import Int8Dumper

    given = conninfo_to_dict(address.url)
    defaults: dict[str, Any] = {name: value for name, value in _DEFAULTS.items() if name not in given}
    connection = psycopg.connect(address.url, autocommit=True, **defaults)
    try:
        connection.execute(_SETTINGS.format(lock_ms=round(lock_wait_s * 1000)))
        connection.adapters.register_loader("numeric", _number_loader())
        # One type for all whole numbers, else a statement is prepared anew for each mixture of sizes.
        connection.adapters.register_dumper(int, Int8Dumper)
    except BaseException:
        connection.close()
        raise
    return connection


def _number_loader() -> "type[psycopg.adapt.Loader]":
    from psycopg.adapt import Loader

    class Number(Loader):
        """``numeric``, which a sum of whole numbers is here, as other databases answer it."""

        def load(self, data: Any) -> int | float:
            text = bytes(data)
            return int(text) if text.lstrip(b"-").isdigit() else float(text)

    return Number
