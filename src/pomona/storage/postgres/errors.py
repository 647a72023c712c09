"""What PostgreSQL says when it cannot, as errors a person can act on. No message holds a password."""

from typing import NamedTuple

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pomona.core.errors import Invalid, PomonaError, StorageFull, Unavailable
from pomona.storage.address import Address, database_name
from pomona.storage.writer import CommitFailed

_REPEATABLE = {"40001", "40P01"}  # serialization failure, deadlock
_SAFE = "everything acknowledged so far is safe, this write was not stored"


class _Told(NamedTuple):
    kind: type[PomonaError]
    detail: str
    hint: str


# By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_STATE = {
    "53100": _Told(StorageFull, "the disk of the database takes no more data", f"free some space; {_SAFE}"),
    "58030": _Told(StorageFull, "the disk of the database fails", f"look into the server's log; {_SAFE}"),
    "53200": _Told(Unavailable, "the database has no memory left", "try again when it is quieter"),
    "53300": _Told(
        Unavailable,
        "the database takes no more connections",
        "raise max_connections of the server; each process of Pomona takes up to 16",
    ),
    "55P03": _Told(
        Unavailable, "another process holds the database for too long", "try again; `pomona doctor` shows who"
    ),
    "40P01": _Told(Unavailable, "the database is locked by others in a circle", "try again"),
    "40001": _Told(Unavailable, "others changed the same records meanwhile", "try again"),
    "57014": _Told(Unavailable, "the database broke the query off", "raise statement_timeout of its user"),
    "25P03": _Told(Unavailable, "a write took longer than two minutes", "try again with less at once"),
    "25006": _Told(
        Unavailable,
        "the database can only be read",
        "is it a standby, or is default_transaction_read_only set? Use the primary's address",
    ),
    "42501": _Told(
        Unavailable,
        "the database's user may not do this",
        "let it own the database: ALTER DATABASE ... OWNER TO its name",
    ),
    "54000": _Told(Invalid, "a text is too long for the database's index", "shorten it"),
}
# A refused connection has no SQLSTATE, only a message; the server's own language is English by default.
_BY_MESSAGE = {
    "password authentication failed": _Told(
        Unavailable,
        "the database does not accept the password of its user",
        "give it in POMONA_DATABASE, PGPASSWORD or ~/.pgpass",
    ),
    "no password supplied": _Told(
        Unavailable, "the database asks for a password", "give it in POMONA_DATABASE, PGPASSWORD or ~/.pgpass"
    ),
    "no pg_hba.conf entry": _Told(
        Unavailable, "the database lets nobody in from here", "add this host to its pg_hba.conf"
    ),
    "too many clients": _BY_STATE["53300"],
    "remaining connection slots": _BY_STATE["53300"],
}
_STARTING = ("starting up", "shutting down", "in recovery", "not yet accepting")
_REFUSED = ("refused", "reset by peer", "closed the connection", "No such file", "timeout expired")


def is_away(error: BaseException) -> bool:
    """Whether the server does not run at the moment, as while it is restarted."""
    text = str(error)
    return any(word in text for word in (*_STARTING, *_REFUSED))


def is_lost(error: BaseException) -> bool:
    """Whether the connection ended under a statement."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = state_of(error) or ""
    return state.startswith("08") or state in ("57P01", "57P02", "57P03")


def state_of(error: BaseException) -> str | None:
    """The SQLSTATE of an error, ours or the driver's."""
    found = getattr(getattr(error, "orig", None) or error, "sqlstate", None)
    return None if found is None else str(found)


def passes(error: BaseException) -> bool:
    """Whether nothing was stored, and the same transaction may succeed when it is run again."""
    if isinstance(error, CommitFailed):  # cut off there, it may have been stored
        cause = error.__cause__
        return cause is not None and state_of(cause) in _REPEATABLE
    return state_of(error) in _REPEATABLE or is_lost(error)


def translate(error: BaseException, address: Address, *, committing: bool = False) -> BaseException:
    """The database's words as an error of ours; any other error as it is."""
    if isinstance(error, PoolTimeout):
        return Unavailable("every connection to the database is in use", hint="try again when it is quieter")
    origin = getattr(error, "orig", None) or error
    if isinstance(origin, PomonaError) or type(origin).__module__.partition(".")[0] != "psycopg":
        return error
    told = _BY_STATE.get(state_of(origin) or "") or _by_message(str(origin), address)
    if told is not None and not committing:
        return told.kind(told.detail, hint=told.hint)
    if committing and (is_lost(error) or is_away(origin)):
        return Unavailable(
            f"{address} went away while it stored this: it may be there or not",
            hint="send it again with the same Idempotency-Key, or look whether it is there",
        )
    if told is not None:
        return told.kind(told.detail, hint=told.hint)
    if is_lost(error) or is_away(origin):
        return Unavailable(
            f"the database {address} does not answer", hint="start it; nothing of this request was stored"
        )
    if type(origin).__name__ == "DataError" or (state_of(origin) or "").startswith("22"):
        return Invalid(f"the database cannot hold this: {_first_line(origin)}", hint="change the value")
    return error


def _by_message(text: str, address: Address) -> _Told | None:
    for words, told in _BY_MESSAGE.items():
        if words in text:
            return told
    if "connection" in text and "does not exist" in text:
        name = database_name(address)
        if f'database "{name}" does not exist' in text:
            return _Told(Unavailable, f"there is no database {name}", f"createdb -E UTF8 -T template0 {name}")
        return _Told(Unavailable, "the database does not know its user", "CREATE ROLE ... LOGIN")
    if "could not translate host name" in text or "resolve host" in text:
        return _Told(Unavailable, f"no host of that name: {address}", "a typo?")
    return None


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
