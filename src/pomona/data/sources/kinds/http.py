"""A file behind a URL: fetched to disk, then read; every hop of it is asked about first.

The connection goes to the very address that was asked about, so that a name cannot point elsewhere
between the question and the connection.
"""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3

from pomona.core.errors import Invalid, NotFound, Refused, Unavailable
from pomona.data.sources import rules
from pomona.data.sources.door import Ask, Site, Stream
from pomona.data.sources.kinds import formats
from pomona.data.sources.kinds.sql import check_url
from pomona.data.sources.records import SourceKindInfo, SourceTable

_EXAMPLE = "https://files.example/exports/orders.csv"
_HOPS = 5
_CHUNK = 1 << 20
_TIMEOUT = urllib3.Timeout(connect=10, read=60)
_BY_TYPE = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "excel",
}


class Http:
    """See ``SourceKind``. A feed's table is a path beside the location; a redirect may be signed."""

    info: ClassVar = SourceKindInfo(
        name="http",
        title="A file on the web",
        location=_EXAMPLE,
        credentials="a bearer token, or user:password",
        takes="files",
        options=formats.OPTIONS,
    )

    def check(self, location: str, options: dict[str, str]) -> None:
        check_url(location, ("https", "http"), _EXAMPLE)
        formats.check_options(options)

    def ping(self, site: Site) -> str:
        with _got(site, site.location) as answer:
            size = answer.headers.get("content-length")
            kind = answer.headers.get("content-type", "a file").partition(";")[0]
            return f"{kind}, {int(size):,} bytes" if size and size.isdigit() else kind

    def tables(self, site: Site) -> list[SourceTable]:
        return [SourceTable(name=urlsplit(site.location).path.rsplit("/", 1)[-1] or "/")]

    @contextmanager
    def open(self, site: Site, ask: Ask) -> Iterator[Stream]:
        url = urljoin(site.location, ask.table) if ask.table else site.location
        name = urlsplit(url).path.rsplit("/", 1)[-1] or urlsplit(url).netloc
        with _got(site, url) as answer:
            path = site.scratch / f"body{''.join(Path(name).suffixes)[-20:]}"
            _save(answer, path)
            modified = _time(answer.headers.get("last-modified"))
            kind = _BY_TYPE.get(answer.headers.get("content-type", "").partition(";")[0].strip().lower())
        options = site.options if kind is None else {"format": kind} | site.options
        table = formats.as_one([(name, formats.opened(path, name, options, ask.known))])
        yield Stream(
            schema=table.schema, batches=table.batches(ask), query=url, snapshot_at=modified, total=table.rows
        )


@contextmanager
def _got(site: Site, url: str) -> Iterator[urllib3.BaseHTTPResponse]:
    secret = site.secret
    origin = _origin(urlsplit(site.location))  # not the URL's: a feed's table may name another server
    for _ in range(_HOPS):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused("the server sends elsewhere than to a web address", hint="name the file's own URL")
        same = _origin(parts) == origin  # a token is for the server it was given for
        with _pool(site, parts) as pool:
            headers = {"host": parts.netloc.rpartition("@")[2], "accept": "*/*", "user-agent": "pomona"}
            if secret is not None and same:
                headers["authorization"] = _authorization(secret.reveal())
            answer = _ask(pool, parts, headers)
            try:
                target = answer.get_redirect_location()
                if not target:
                    _check_status(answer, parts)
                    yield answer
                    return
                url = urljoin(url, target)
            finally:
                answer.close()
    raise Refused(f"the server sends on and on, more than {_HOPS} times", hint="name the file's own URL")


@contextmanager
def _pool(site: Site, parts: SplitResult) -> Iterator[urllib3.HTTPConnectionPool]:
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = site.guard.address(host, port)
    options: dict[str, Any] = {"timeout": _TIMEOUT, "maxsize": 1, "retries": False}
    if parts.scheme == "https":
        pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
            address, port, server_hostname=host, assert_hostname=host, **options
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port, **options)
    try:
        yield pool
    finally:
        pool.close()


def _ask(
    pool: urllib3.HTTPConnectionPool, parts: SplitResult, headers: dict[str, str]
) -> urllib3.BaseHTTPResponse:
    target = parts.path or "/"
    try:
        return pool.urlopen(
            "GET",
            f"{target}?{parts.query}" if parts.query else target,
            headers=headers,
            redirect=False,
            preload_content=False,
            assert_same_host=False,
        )
    except urllib3.exceptions.HTTPError as error:
        raise _away(parts.hostname or "", error) from None


def _save(answer: urllib3.BaseHTTPResponse, path: Path) -> None:
    try:
        with path.open("wb") as out:
            for piece in answer.stream(_CHUNK, decode_content=True):
                out.write(piece)
    except urllib3.exceptions.HTTPError as error:  # it ended early, too: urllib3 counts the bytes promised
        raise _away("the server", error) from None


def _away(host: str, error: Exception) -> Unavailable:
    return Unavailable(
        f"{host} does not answer, or not any more: {type(error).__name__}",
        hint="nothing was stored, the newest version stays; is the URL right, and the server up?",
    )


def _check_status(answer: urllib3.BaseHTTPResponse, parts: SplitResult) -> None:
    status = answer.status
    where = f"{parts.hostname}{parts.path}"
    if status in (401, 403, 407):
        raise Refused(
            f"{where} refused with {status}",
            hint="does credentials refer to a token (or user:password) that may?",
        )
    if status in (404, 410):
        raise NotFound(f"{where} is not there ({status})", hint="a typo, or was the file moved?")
    if status >= 500 or status == 429:
        raise Unavailable(f"{where} answered {status}", hint="the newest version stays; try again later")
    if status != 200:
        raise Invalid(f"{where} answered {status}", hint="the URL must answer with the file itself")


def _authorization(secret: str) -> str:
    return f"Basic {b64encode(secret.encode()).decode()}" if ":" in secret else f"Bearer {secret}"


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port


def _time(text: str | None) -> datetime | None:
    try:
        return rules.utc(parsedate_to_datetime(text)) if text else None
    except ValueError:
        return None
