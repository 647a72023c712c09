"""What databases share: the SQL of a question, its parameters, addresses with a user, rows as batches."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import pyarrow as pa

from pomona.core.errors import Invalid, TooLarge
from pomona.data.records import Scalar
from pomona.data.sources import rules
from pomona.data.sources.door import Ask, Site

BATCH_ROWS = 65_536
CONNECT_S = 10
LOOK_S = 60.0
"""A first look at a source may take so long; an extraction, whatever it needs."""
SINCE = "pomona_since"
_NAMED = re.compile(r"(?<![:\w\\]):([A-Za-z_]\w*)(?!:)")
Quote = Callable[[str], str]


def double_quoted(name: str) -> str:
    """An identifier of standard SQL."""
    return '"' + name.replace('"', '""') + '"'


def back_quoted(name: str) -> str:
    """An identifier of MySQL."""
    return "`" + name.replace("`", "``") + "`"


def bare(ask: Ask, quote_name: Quote) -> str:
    """The question as a person wrote it: the query, or everything in the table."""
    if ask.query is not None:
        return ask.query.strip().rstrip(";").rstrip()
    parts = str(ask.table).split(".", 1)
    return f"SELECT * FROM {'.'.join(quote_name(part) for part in parts)}"


def bounded(ask: Ask, quote_name: Quote, *, columns: str = "*") -> str:
    """The question with the cursor's and the sample's bounds around it; ``:pomona_since`` is the cursor."""
    asked = bare(ask, quote_name)
    # The line break ends a comment that the query may end with.
    inner = f"SELECT {columns} FROM (\n{asked}\n) AS pomona_source"
    plain = ask.since is None and columns == "*"
    whole = asked if plain and ask.table is not None else inner
    if ask.since is not None:
        whole += f" WHERE {quote_name(ask.since.column)} {'>=' if ask.inclusive else '>'} :{SINCE}"
    return f"{whole} LIMIT {ask.limit}" if ask.limit is not None else whole


def parameters_of(ask: Ask) -> dict[str, Any]:
    """The question's parameters, the cursor's value among them."""
    return ask.parameters | ({SINCE: rules.value_of(ask.since)} if ask.since is not None else {})


def told_parameters(ask: Ask) -> dict[str, Scalar]:
    """The parameters as a version keeps them."""
    return ask.parameters | ({SINCE: ask.since.value} if ask.since is not None else {})


def rewritten(sql: str, names: Iterable[str], write: Callable[[str], str]) -> str:
    """``sql`` with each ``:name`` written another way; a colon behind a backslash is only a colon."""
    known = set(names)

    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in known:
            raise Invalid(
                f"the query names a parameter :{name} that was not given",
                hint="give it a value, or write \\: for a colon",
                extra={"parameter": name},
            )
        return write(name)

    return _NAMED.sub(one, sql).replace("\\:", ":")


def with_password(site: Site) -> str:
    """The URL with the password put in, for the driver's eyes only."""
    if site.secret is None:
        return site.location
    parts = urlsplit(site.location)
    user = quote(unquote(parts.username or ""), safe="")
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}:{quote(site.secret.reveal(), safe='')}@{host}").geturl()


def check_url(location: str, schemes: Sequence[str], example: str) -> None:
    """Refuse a URL of another scheme, or without a host or database."""
    try:
        parts = urlsplit(location)
        good = parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise Invalid(
            f"the location is no URL of a {schemes[0]} server",
            hint=f"e.g. {example}",
            extra={"field": "location"},
        )


def to_batches(
    rows: Iterable[Sequence[Any]], schema: pa.Schema, *, size: int = BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Rows of a driver as batches of a schema.

    Raises:
        Invalid: Naming the column whose values are not of its type.
    """
    piece: list[Sequence[Any]] = []
    for row in rows:
        piece.append(row)
        if len(piece) >= size:
            yield _batch(piece, schema)
            piece = []
    if piece:
        yield _batch(piece, schema)


def guessed(name: str, values: Iterable[Any]) -> pa.DataType:
    """The type that holds every value of a column whose source names none; null if there is no value."""
    found = [value for value in values if value is not None]
    if not found:
        return pa.null()
    try:
        return pa.array(found).type
    except (pa.ArrowException, TypeError, OverflowError):
        named = ", ".join(sorted({type(value).__name__ for value in found}))
        raise Invalid(
            f"column {name!r} mixes {named}", hint="cast it to one type in the query", extra={"column": name}
        ) from None


def too_slow() -> TooLarge:
    """A first look that took too long."""
    return TooLarge(
        f"the question took longer than {LOOK_S:g} s and was stopped",
        hint="ask for less in the query; an extraction may take as long as it needs",
    )


def now() -> datetime:
    """When this machine asks: the snapshot's time of a source without a clock of its own."""
    return datetime.now(UTC)


def _batch(rows: list[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for place, field in enumerate(schema):
        try:
            columns.append(pa.array([row[place] for row in rows], field.type))
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise Invalid(
                f"column {field.name!r} holds values that are not {field.type}: {type(error).__name__}",
                hint="cast it to one type in the query",
                extra={"column": field.name, "type": str(field.type)},
            ) from None
    return pa.record_batch(columns, schema=schema)
