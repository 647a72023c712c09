"""Files of an object store that speaks S3: listed, fetched to disk, then read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore.store import S3Config

from pomona.core.errors import Invalid, NotFound, PomonaError, Refused, Unavailable
from pomona.data.sources import rules
from pomona.data.sources.door import Ask, Site, Stream
from pomona.data.sources.kinds import formats
from pomona.data.sources.kinds.files import told
from pomona.data.sources.records import SourceKindInfo, SourceTable

_EXAMPLE = "s3://shop-exports/orders/2026-*.parquet"
_MOST_FILES = 10_000
_MAGIC = "*?["
_OPTIONS = formats.OPTIONS | {
    "region": "the bucket's region; default us-east-1",
    "endpoint": "the URL of a store that is not Amazon's, e.g. http://minio:9000",
}


class S3:
    """See ``SourceKind``. A feed's table is another key or pattern of the same bucket."""

    info: ClassVar = SourceKindInfo(
        name="s3",
        title="S3 object store",
        location=_EXAMPLE,
        credentials="ACCESS_KEY:SECRET_KEY, or ACCESS_KEY:SECRET_KEY:SESSION_TOKEN; none for a public bucket",
        takes="files",
        options=_OPTIONS,
    )

    def check(self, location: str, options: dict[str, str]) -> None:
        parts = urlsplit(location)
        if parts.scheme != "s3" or not parts.netloc or any(mark in parts.netloc for mark in _MAGIC):
            raise Invalid("the location is no S3 URL", hint=f"e.g. {_EXAMPLE}", extra={"field": "location"})
        formats.check_options(options)
        endpoint = options.get("endpoint")
        if endpoint is not None:
            rules.check_no_password(endpoint)
            if urlsplit(endpoint).scheme not in ("http", "https") or not urlsplit(endpoint).hostname:
                raise Invalid(
                    "the endpoint is no URL", hint="e.g. http://minio:9000", extra={"field": "options"}
                )

    def ping(self, site: Site) -> str:
        found = _listed(site, _pattern(site, None))
        size = sum(one["size"] for one in found)
        return f"{len(found):,} object{'' if len(found) == 1 else 's'}, {size:,} bytes"

    def tables(self, site: Site) -> list[SourceTable]:
        return [SourceTable(name=one["path"]) for one in _listed(site, _pattern(site, None))[:2000]]

    @contextmanager
    def open(self, site: Site, ask: Ask) -> Iterator[Stream]:
        found = _listed(site, _pattern(site, ask.table))
        newest: datetime = max(one["last_modified"] for one in found)
        files = []
        with _in_words(site):
            store = _store(site)
            for number, one in enumerate(found):
                name = one["path"]
                path = site.scratch / f"{number}-{Path(name).name[-80:]}"
                _save(store, one, path)
                files.append((name, formats.opened(path, name, site.options, ask.known)))
        table = formats.as_one(files)
        bucket = urlsplit(site.location).netloc
        yield Stream(
            schema=table.schema,
            batches=table.batches(ask),
            query=told([f"s3://{bucket}/{one['path']} ({one['e_tag'] or 'no etag'})" for one in found]),
            snapshot_at=rules.utc(newest),
            total=table.rows if ask.since is None else None,
        )


def _pattern(site: Site, table: str | None) -> str:
    return (table or urlsplit(site.location).path).lstrip("/")


def _store(site: Site) -> S3Store:
    endpoint = site.options.get("endpoint")
    if endpoint is not None:
        parts = urlsplit(endpoint)
        site.guard.address(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    # Whatever keys lie in this machine's environment are not the source's: only the referenced ones count.
    keys: S3Config = {"region": site.options.get("region", "us-east-1"), "skip_signature": True}
    keys |= {"access_key_id": "", "secret_access_key": ""}
    if site.secret is not None:
        access, _, rest = site.secret.reveal().partition(":")
        secret, _, session = rest.partition(":")
        keys |= {"access_key_id": access, "secret_access_key": secret, "skip_signature": False}
        if session or "AWS_SESSION_TOKEN" in os.environ:
            keys["session_token"] = session
    if endpoint is not None:
        keys["endpoint"] = endpoint
    return S3Store(
        urlsplit(site.location).netloc,
        config=keys,
        client_options={"allow_http": True, "connect_timeout": "10s", "timeout": "120s"},
        retry_config={"max_retries": 2},
    )


def _listed(site: Site, pattern: str) -> list[Any]:
    """What fits the pattern, in the order of the names."""
    place = min((pattern.find(mark) for mark in _MAGIC if mark in pattern), default=len(pattern))
    prefix = pattern[:place].rpartition("/")[0]
    found: list[Any] = []
    with _in_words(site):
        for chunk in obstore.list(_store(site), prefix or None, chunk_size=1000):
            found += [one for one in chunk if fnmatchcase(one["path"], pattern)]
            if len(found) > _MOST_FILES:
                raise Invalid(f"more than {_MOST_FILES:,} objects fit {pattern!r}", hint="narrow the pattern")
    if not found:
        raise NotFound(f"no object {pattern!r} in the bucket", hint="is the key or pattern right?")
    return sorted(found, key=lambda one: str(one["path"]))


def _save(store: S3Store, one: Any, path: Path) -> None:
    answer = obstore.get(store, one["path"], options={"if_match": one["e_tag"]} if one["e_tag"] else None)
    with path.open("wb") as out:
        for piece in answer.stream(min_chunk_size=1 << 20):
            out.write(piece)


@contextmanager
def _in_words(site: Site) -> Iterator[None]:
    try:
        yield
    except (BaseError, FileNotFoundError, PermissionError) as error:
        raise _explained(error, site) from None


def _explained(error: Exception, site: Site) -> PomonaError:
    secrets = site.secret.reveal().split(":") if site.secret else []
    said = rules.redact(" ".join(str(error).split())[:400], *secrets)
    low = said.lower()
    if isinstance(error, PermissionError) or "403" in said or "401" in said or "accessdenied" in low:
        return Refused(
            "the object store refused to let us in",
            hint="does credentials refer to ACCESS_KEY:SECRET_KEY, and may that key list and read?",
        )
    if isinstance(error, FileNotFoundError) or "nosuchbucket" in low or "404" in said:
        return NotFound(f"the bucket or object is not there: {said}", hint="is the name right?")
    if "precondition" in low or "412" in said:
        return Unavailable("an object changed while it was read", hint="the extraction begins again")
    return Unavailable(
        f"the object store does not answer: {said}",
        hint="nothing was stored, the newest version stays; is the endpoint right, and the store up?",
    )
