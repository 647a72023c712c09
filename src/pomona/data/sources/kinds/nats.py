"""A NATS JetStream stream: every message beyond the last offset, once, as rows of JSON objects.

Messages are first written to disk, so that the columns of all of them are known before the first batch,
and the broker is not held up. What is no JSON object is a row, too, its text in ``_unreadable``: a message
is never lost because another program wrote it badly.
"""

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import TimeoutError as LateError
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

import pyarrow as pa
from nats.aio.client import Client
from nats.errors import Error
from nats.errors import TimeoutError as NoAnswerError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from pomona.core.errors import Conflict, Invalid, NotFound, PomonaError, Refused, Unavailable
from pomona.data.sources import rules
from pomona.data.sources.door import OFFSET, PUBLISHED, Ask, Site, Stream
from pomona.data.sources.kinds.jsonl_files import JsonLinesFile
from pomona.data.sources.kinds.sql import check_url
from pomona.data.sources.records import SourceColumn, SourceKindInfo, SourceTable

T = TypeVar("T")
SUBJECT, UNREADABLE = "_subject", "_unreadable"
_EXAMPLE = "nats://broker.example:4222"
_FETCH = 1_000
_WAIT_S = 20.0
_OWN = {OFFSET: pa.int64(), PUBLISHED: pa.string(), SUBJECT: pa.string(), UNREADABLE: pa.string()}
_COLUMNS = tuple(SourceColumn(name=name, type="own") for name in _OWN)


class Nats:
    """See ``SourceKind``. A feed's table is a stream, or ``stream/subject`` for a part of one."""

    info: ClassVar = SourceKindInfo(
        name="nats",
        title="NATS JetStream",
        location=_EXAMPLE,
        credentials="a token, or user:password",
        takes="topic",
    )

    def check(self, location: str, options: dict[str, str]) -> None:
        check_url(location, ("nats", "tls"), _EXAMPLE)

    def ping(self, site: Site) -> str:
        with _connected(site) as (client, run):
            run(client.flush(5))
            return f"NATS {client.connected_server_version}"

    def tables(self, site: Site) -> list[SourceTable]:
        with _connected(site) as (client, run):
            found = run(client.jetstream().streams_info())
        return [
            SourceTable(name=str(one.config.name), columns=_COLUMNS, rows=one.state.messages) for one in found
        ]

    @contextmanager
    def open(self, site: Site, ask: Ask) -> Iterator[Stream]:
        stream, _, subject = str(ask.table).partition("/")
        spool = site.scratch / "messages.jsonl"
        since = int(ask.since.value) if ask.since is not None else 0
        at = datetime.now(UTC)
        spool.touch()
        with _connected(site) as (client, run):
            last = run(_spooled(client, site, spool, stream, subject or None, since, ask.limit))
        table = JsonLinesFile(spool, known=_OWN)
        yield Stream(
            schema=_published_as_time(table.schema),
            batches=_batches(table),
            query=f"{stream}{'/' + subject if subject else ''}, offsets {since + 1} to {last}",
            snapshot_at=at,
            total=table.rows,
        )


async def _spooled(
    client: Any, site: Site, spool: Path, stream: str, subject: str | None, since: int, limit: int | None
) -> int:
    """Write every message beyond ``since`` that is there now to a file; returns the last offset."""
    script = client.jetstream()
    try:
        state = (await script.stream_info(stream)).state
    except NotFoundError:
        raise NotFound(
            f"no stream {stream!r} on this server", hint="`pomona sources tables` lists the streams"
        ) from None
    _check_range(site, stream, since, state.first_seq, state.last_seq)
    first, last = max(since + 1, state.first_seq), state.last_seq
    if first > last:
        return int(last)
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=first,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=60.0,
        mem_storage=True,
    )
    consumer = await script.pull_subscribe(subject or "", stream=stream, config=config)
    try:
        left = (await consumer.consumer_info()).num_pending
        left = left if limit is None else min(left, limit)
        with spool.open("wb") as out:
            while left > 0:
                messages = await consumer.fetch(min(_FETCH, left), timeout=_WAIT_S)
                fresh = [m for m in messages if m.metadata.sequence.stream <= last]
                out.writelines(_line(message) for message in fresh)
                left -= len(messages)
                if len(fresh) < len(messages):
                    break
    finally:
        with suppress(Error):
            await consumer.unsubscribe()
    return int(last)


def _check_range(site: Site, stream: str, since: int, first: int, last: int) -> None:
    if since > last:
        raise Conflict(
            f"{stream} ends at offset {last:,}, but {since:,} were read: it was emptied and began again",
            hint="extract once with --full to begin again, too",
        )
    if since and first > since + 1:
        site.log(
            f"{first - since - 1:,} messages of {stream} (from offset {since + 1:,} on) were dropped "
            "by the broker before they were read: extract more often, or let the stream keep them longer"
        )


def _line(message: Any) -> bytes:
    meta = message.metadata
    row: dict[str, Any] = {}
    text = None
    try:
        found = json.loads(message.data)
        if isinstance(found, dict):
            row = found
        else:
            text = message.data.decode()
    except (ValueError, RecursionError):
        text = message.data.decode(errors="replace")
    own = {
        OFFSET: meta.sequence.stream,
        PUBLISHED: meta.timestamp.astimezone(UTC).isoformat(),
        SUBJECT: message.subject,
        UNREADABLE: text,
    }
    return json.dumps(own | {name: value for name, value in row.items() if name not in own}).encode() + b"\n"


def _published_as_time(schema: pa.Schema) -> pa.Schema:
    place = schema.get_field_index(PUBLISHED)
    return schema if place < 0 else schema.set(place, pa.field(PUBLISHED, pa.timestamp("us", "UTC")))


def _batches(table: JsonLinesFile) -> Iterator[pa.RecordBatch]:
    wanted = _published_as_time(table.schema)
    for batch in table.batches(table.schema):
        columns = [batch.column(field.name).cast(field.type) for field in wanted]
        yield pa.record_batch(columns, schema=wanted)


@contextmanager
def _connected(site: Site) -> Iterator[tuple[Any, Any]]:
    """A client on a loop of its own thread, and how to run something there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="pomona-nats", daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    try:
        with _in_words(site):
            client = run(_connect(site))
            try:
                yield client, run
            finally:
                with suppress(Error, LateError):
                    run(client.close())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _connect(site: Site) -> Any:
    secret = site.secret.reveal() if site.secret else None
    logins: dict[str, Any] = {}
    if secret is not None:
        user, colon, password = secret.partition(":")
        logins = {"user": user, "password": password} if colon else {"token": secret}
    elif urlsplit(site.location).username:
        logins = {"user": urlsplit(site.location).username or "", "password": ""}
    client = Client()
    said: list[str] = []

    async def note(error: Exception) -> None:
        said.append(str(error))

    try:
        await client.connect(
            site.location,
            connect_timeout=5,
            allow_reconnect=False,
            max_reconnect_attempts=1,  # else the first connection, too, is tried for two minutes
            reconnect_time_wait=1,
            error_cb=note,
            name="pomona",
            **logins,
        )
    except (Error, OSError) as error:
        transport: Any = client._transport  # noqa: SLF001 - a refused login leaves its connection open
        if transport is not None:
            transport.close()
            await asyncio.sleep(0)
        raise _explained(said[0] if said else str(error), site) from None
    return client


@contextmanager
def _in_words(site: Site) -> Iterator[None]:
    try:
        yield
    except NoAnswerError:
        raise _explained("it took too long", site) from None
    except (Error, OSError) as error:
        raise _explained(str(error), site) from None


def _explained(text: str, site: Site) -> PomonaError:
    said = rules.redact(text, site.secret.reveal() if site.secret else None)
    if "authorization" in said.lower() or "permissions" in said.lower():
        return Refused(
            f"NATS refused: {said}", hint="does credentials refer to a token, or user:password, that may?"
        )
    if "jetstream" in said.lower() and "not enabled" in said.lower():
        return Invalid("this NATS server keeps no streams", hint="start it with JetStream: nats-server -js")
    return Unavailable(
        f"NATS does not answer, or not any more: {said}",
        hint="nothing was stored, the newest version stays; is the address right, and the server up?",
    )
