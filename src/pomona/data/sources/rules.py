"""What a source and a feed must be; where the next extraction begins; what an error may say."""

import ipaddress
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pomona.core.errors import Invalid
from pomona.data.records import Cursor
from pomona.data.sources.records import NewFeed, NewSource, Question

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_SECRET_WORDS = (
    "passw",
    "pwd",
    "secret",
    "token",
    "signature",
    "api_key",
    "apikey",
    "access_key",
    "credential",
)
_SECRET_KEYS = ("sig", "key", "auth", "authorization", "passfile", "sslpassword", "servicefile", "service")
_SETTING = re.compile(r"(?:^|[;&\s])\s*([\w .-]+?)\s*=")  # inside a value: `odbc_connect=UID=a;PWD=b`
_MASK = "***"

# Never a source of data: the addresses by which clouds hand a machine its own credentials.
_METADATA = frozenset(map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254", "192.0.0.192")))


def check_source(new: NewSource) -> None:
    """Refuse a source that cannot be kept as it is written.

    Raises:
        Invalid: Naming the field; never repeating a password that came with it.
    """
    if not NAME.fullmatch(new.name):
        raise Invalid(
            f"{new.name!r} is no name of a source",
            hint="lower-case letters, digits and . _ -, e.g. shop-orders",
            extra={"field": "name"},
        )
    if not new.location.strip() or "\x00" in new.location:
        raise Invalid("the location is empty", hint="a URL or a path", extra={"field": "location"})
    check_no_password(new.location)
    if any(_is_secret(name) for name in new.options):
        raise Invalid(
            "an option looks like a password", hint="use credentials=env:NAME", extra={"field": "options"}
        )
    check_reference(new.credentials)


def check_no_password(url: str, field: str = "location") -> None:
    """Refuse a URL, or what stands behind one, that carries a password; without repeating it."""
    if field == "location" and "://" not in url:
        return
    try:
        parts = urlsplit(url)
        carries = parts.password is not None
    except ValueError:
        raise Invalid(f"the {field} is no URL", hint="scheme://host/path", extra={"field": field}) from None
    if carries or _has_secret(parts.query) or _has_secret(parts.fragment):
        raise Invalid(
            f"the {field} carries a password or token, which would be stored and shown",
            hint="leave it out; put it into an environment variable or a file and name that: "
            "credentials=env:SHOP_PASSWORD or credentials=file:/run/secrets/shop",
            extra={"field": field},
        )


def check_options(options: dict[str, str], known: dict[str, str], kind: str) -> None:
    """Refuse options that a kind does not have: what is misspelt would be kept, shown and never used.

    Raises:
        Invalid: Naming one, never its value.
    """
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise Invalid(
            f"{kind} has no option {unknown[0]!r}",
            hint=f"it has: {', '.join(sorted(known))}" if known else "it has none",
            extra={"field": "options"},
        )


def check_reference(reference: str | None) -> None:
    """Refuse credentials that are anything but a reference."""
    if reference is None:
        return
    kind, _, rest = reference.partition(":")
    good = (kind == "env" and _VARIABLE.fullmatch(rest)) or (kind == "file" and rest.startswith("/"))
    if not good or "\x00" in rest:
        raise Invalid(
            "credentials must say where the password is, not what it is",
            hint="env:NAME for an environment variable, file:/absolute/path for a file",
            extra={"field": "credentials"},
        )
    if kind == "env" and rest.upper().startswith("POMONA_"):
        raise Invalid(
            f"{rest} is Pomona's own",
            hint="give the source a variable of its own",
            extra={"field": "credentials"},
        )


def check_feed(new: NewFeed, takes: str) -> None:
    """Refuse a feed that cannot work.

    Args:
        takes: What the source's kind can be asked for: ``sql``, ``files`` or ``topic``.
    """
    check_question(new.table, new.query, takes)
    if new.overlap < 0 or new.overlap != new.overlap:
        raise Invalid("the overlap is negative", hint="0 or more", extra={"field": "overlap"})
    if takes == "topic" and (new.mode != "append" or new.cursor is not None):
        raise Invalid(
            "messages of a topic are appended, by their offset",
            hint="mode=append, and no cursor",
            extra={"field": "mode"},
        )
    if new.cursor is not None and new.mode == "full":
        raise Invalid(
            "a cursor takes only new rows, but full means that they are all there are",
            hint="mode=append for rows that never change, mode=delta for rows that do",
            extra={"field": "mode"},
        )
    if new.overlap and (new.cursor is None or new.mode != "delta"):
        raise Invalid(
            "rows of an overlap are read twice, so they must replace one another",
            hint="an overlap needs a cursor, mode=delta and a dataset with a key",
            extra={"field": "overlap"},
        )


def check_question(table: str | None, query: str | None, takes: str) -> None:
    """Refuse a question that asks for nothing, or for two things."""
    if query is not None and takes != "sql":
        raise Invalid("this source knows no SQL", hint="name a table instead", extra={"field": "query"})
    if query is not None and (table is not None or not query.strip()):
        raise Invalid("either a table or a query", hint="leave one of them out", extra={"field": "query"})
    if takes == "files" and table is not None:
        check_no_password(table, "table")  # a path beside the location; it is stored and shown, too
    if takes != "files" and not (table or query):
        raise Invalid(
            "it is not said what to take",
            hint="a table (`pomona sources tables NAME` lists them) or a query",
            extra={"field": "table"},
        )


def check_rows(question: Question) -> None:
    """Refuse a sample that is no sample."""
    if not 1 <= question.rows <= 1000:
        raise Invalid(
            f"{question.rows} rows are not between 1 and 1000",
            hint="a sample is a first look",
            extra={"field": "rows"},
        )


def check_keyed(new: NewFeed, key: tuple[str, ...]) -> None:
    """Refuse to replace rows of a dataset whose rows have no name."""
    if new.mode == "delta" and not key:
        raise Invalid(
            f"{new.dataset} has no key, so no row can replace another",
            hint="declare the dataset with a key, or take mode=append",
            extra={"field": "mode"},
        )


def cursor_of(column: str, value: Any) -> Cursor:
    """A value of the cursor's column as it is kept.

    Raises:
        Invalid: If it is of a type that does not grow.
    """
    for kind, name in (
        (bool, None),
        (int, "integer"),
        (float, "number"),
        (datetime, "time"),
        (date, "date"),
        (str, "text"),
    ):
        if isinstance(value, kind) and name is not None:
            text = (
                value
                if isinstance(value, str)
                else repr(value)
                if isinstance(value, int | float)
                else value.isoformat()
            )
            return Cursor(column=column, type=name, value=text)  # type: ignore[arg-type]
        if isinstance(value, kind):
            break
    raise Invalid(
        f"the cursor {column!r} holds {type(value).__name__}, which cannot be a cursor",
        hint="a column of numbers, times, dates or text that only grows",
    )


def value_of(cursor: Cursor) -> Any:
    """The value back from a cursor.

    >>> value_of(cursor_of("id", 7)), value_of(cursor_of("at", datetime(2026, 1, 2)))
    (7, datetime.datetime(2026, 1, 2, 0, 0))
    """
    read: dict[str, Any] = {
        "integer": int,
        "number": float,
        "time": datetime.fromisoformat,
        "date": date.fromisoformat,
        "text": str,
    }
    return read[cursor.type](cursor.value)


def start_of(seen: Cursor | None, overlap: float) -> tuple[Cursor | None, bool]:
    """Where the next extraction begins, and whether the rows that equal it are asked for again.

    >>> start_of(cursor_of("id", 7), 2)[0].value
    '5'

    Raises:
        Invalid: If an overlap cannot be taken from a cursor of text.
    """
    if seen is None or not overlap:
        return seen, False
    value = value_of(seen)
    if seen.type == "text":
        raise Invalid(
            f"the cursor {seen.column!r} is text, which has no distance to look back by",
            hint="use a column of numbers or times as the cursor, or no overlap",
        )
    if seen.type == "time":
        back = value - timedelta(seconds=overlap)
    elif seen.type == "date":
        back = value - timedelta(days=-(-overlap // 86_400))
    else:
        back = type(value)(value - overlap)
    return cursor_of(seen.column, back), True


def redact(text: str, *secrets: str | None) -> str:
    """A message without the secrets in it, however they are written there."""
    for secret in secrets:
        for part in _parts(secret):
            text = text.replace(part, _MASK)
    return re.sub(r"(?<=://)[^/@\s]+:[^/@\s]+(?=@)", _MASK, text)


def is_metadata(address: str) -> bool:
    """Whether this is where a machine learns its own credentials, or an address that only means nearby."""
    ip = _plain(address)
    return ip.is_link_local or ip in _METADATA or ip.is_multicast


def is_private(address: str) -> bool:
    """Whether only this machine or its network can be meant."""
    ip = _plain(address)
    return ip.is_loopback or ip.is_unspecified or not ip.is_global


def is_allowed(host: str, address: str, allowed: str) -> bool:
    """Whether a list like ``files.local, 10.1.0.0/16`` names this host or holds this address."""
    for entry in filter(None, (part.strip().lower() for part in allowed.split(","))):
        if entry == host.lower():
            return True
        try:
            if _plain(address) in ipaddress.ip_network(entry, strict=False):
                return True
        except ValueError:
            continue
    return False


def utc(value: datetime | None) -> datetime | None:
    """A time of a source in UTC; one without a zone is taken to be UTC."""
    if value is None:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        return inner or ip
    return ip


def _is_secret(name: str) -> bool:
    low = name.lower()
    return low in _SECRET_KEYS or any(word in low for word in _SECRET_WORDS)


def _has_secret(settings: str) -> bool:
    """Whether a query string, or a driver's settings inside one of its values, names a secret."""
    found = parse_qsl(settings, keep_blank_values=True)
    return any(_is_secret(name) or any(map(_is_secret, _SETTING.findall(value))) for name, value in found)


def _parts(secret: str | None) -> list[str]:
    """The secret and its halves (user:password), longest first; too short ones would mask everything."""
    if not secret:
        return []
    from urllib.parse import quote, quote_plus

    whole = {secret, *secret.split(":", 1)[1:]}
    return sorted(
        {form for text in whole if len(text) > 2 for form in (text, quote(text, safe=""), quote_plus(text))},
        key=len,
        reverse=True,
    )
