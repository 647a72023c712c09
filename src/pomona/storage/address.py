"""Where a home's records are: SQLite in its folder, or the PostgreSQL database it was told to use.

The address is kept in the home folder without its password, so that every later command finds the same
records. The password comes with the address, or from where every PostgreSQL client looks:
``PGPASSWORD``, ``~/.pgpass`` or a service file.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from pomona.core.errors import Conflict, Invalid

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_FILE = "database.url"
_SECRETS = ("password", "sslpassword")
_EXAMPLE = "e.g. postgresql://ann@db.example.org/pomona"


@dataclass(frozen=True)
class Address:
    """A PostgreSQL database. ``url`` may hold a password and is never shown; ``shown`` holds none."""

    url: str = field(repr=False)
    shown: str

    def __str__(self) -> str:
        return self.shown


def parse(text: str) -> Address:
    """The address in a URL.

    Raises:
        Invalid: If it is no URL of a PostgreSQL database. The message does not repeat a password.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise Invalid("the database's address is no URL", hint=_EXAMPLE) from None
    if parts.scheme not in SCHEMES:
        raise Invalid(
            f"the database's address begins with {parts.scheme or 'nothing'}:, not with postgresql:",
            hint=f"{_EXAMPLE}; without an address the records are in SQLite in the home folder",
        )
    if not parts.path.strip("/"):
        raise Invalid("the address names no database", hint=_EXAMPLE)
    where = parts.hostname or ""
    where = f"[{where}]" if ":" in where else where
    where = f"{where}:{port}" if port else where
    user = f"{parts.username}@" if parts.username else ""
    options = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in _SECRETS]
    query = urlencode(options, quote_via=quote)
    shown = urlunsplit(("postgresql", f"{user}{where}", parts.path, query, ""))
    url = urlunsplit(("postgresql", parts.netloc, parts.path, parts.query, ""))
    return Address(url=url, shown=shown)


def database_name(address: Address) -> str:
    """The database's own name."""
    return unquote(urlsplit(address.url).path.strip("/"))


def address_of(home: Path, given: str | None = None) -> Address | None:
    """Where the records of a home are: ``given``, or what it used before.

    None: in SQLite, in the folder itself.

    Raises:
        Conflict: If the home has its records somewhere else already.
        Invalid: If the address cannot be read.
    """
    wanted = parse(given) if given else None
    kept = _kept(home)
    if wanted is None:
        return kept
    if kept is not None and kept.shown != wanted.shown:
        raise Conflict(
            f"{home} has its records in {kept}, not in {wanted}",
            hint=f"leave POMONA_DATABASE and --database out, or choose another --home; if the database "
            f"has moved, write its new address into {home / _FILE}",
        )
    if kept is None and (home / "pomona.db").exists():
        raise Conflict(
            f"{home} has its records in SQLite (pomona.db), not in {wanted}",
            hint="choose another --home for the new database, or leave --database out",
        )
    return wanted


def keep(home: Path, address: Address) -> None:
    """Let every later command on this home find the same database."""
    path = home / _FILE
    if _kept(home) is None:
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(f"{address.shown}\n", encoding="utf-8")
        fresh.replace(path)


def _kept(home: Path) -> Address | None:
    path = home / _FILE
    return parse(path.read_text(encoding="utf-8")) if path.is_file() else None
