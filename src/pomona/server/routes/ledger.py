"""What happened: the event log, its live feed, and links between records."""

import asyncio
from collections.abc import AsyncIterator

from litestar import Controller, get
from litestar.params import FromPath, FromQuery
from litestar.response import ServerSentEvent, ServerSentEventMessage

from pomona.app import App
from pomona.core.records import Entry, Link, to_json
from pomona.server.wiring import Wired

POLL_S = 0.3  # other processes (worker, gateway) write too, so the feed looks at the table


class EventRoutes(Controller):
    """Events and links."""

    path = "/api/v1"
    tags = ("ledger",)

    @get("/events", sync_to_thread=True)
    def entries(
        self,
        app: Wired,
        after: FromQuery[int] = 0,
        limit: FromQuery[int] = 100,
        newest_first: FromQuery[bool] = True,
        event_type: FromQuery[str | None] = None,
        subject: FromQuery[str | None] = None,
    ) -> list[Entry]:
        """Ledger entries; ``event_type`` may list several, separated by commas."""
        types = event_type.split(",") if event_type else []
        return app.ledger.entries(
            after=after,
            limit=min(max(limit, 1), 1000),
            newest_first=newest_first,
            types=types,
            subject=subject,
        )

    @get("/events/stream")
    async def stream(self, app: Wired, after: FromQuery[int | None] = None) -> ServerSentEvent:
        """Entries as they happen (server-sent events); ``after`` resumes without a gap."""
        start = after if after is not None else await asyncio.to_thread(app.ledger.last_seq)
        return ServerSentEvent(_follow(app, start))

    @get("/links/{record_id:str}", sync_to_thread=True)
    def links(self, app: Wired, record_id: FromPath[str]) -> list[Link]:
        """Every link that starts or ends at a record."""
        return app.ledger.links([record_id])


async def _follow(app: App, after: int) -> AsyncIterator[ServerSentEventMessage]:
    yield ServerSentEventMessage(comment="connected", retry=1000)
    quiet_s = 0.0
    while True:
        found = await asyncio.to_thread(app.ledger.entries, after=after, limit=500)
        for entry in found:
            yield ServerSentEventMessage(data=to_json(entry).decode(), id=str(entry.seq), event="entry")
            after = entry.seq
        quiet_s = 0.0 if found else quiet_s + POLL_S
        if quiet_s >= 15:
            yield ServerSentEventMessage(comment="still here")
            quiet_s = 0.0
        await asyncio.sleep(POLL_S)
