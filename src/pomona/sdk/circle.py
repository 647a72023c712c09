"""The circle as a whole from Python: its state, traces, events, and the store's health."""

from collections.abc import Iterator

from pomona.circle.records import CircleState, Finding, Trace
from pomona.core.records import Entry, Link
from pomona.sdk.session import Session, part


class Circle:
    """``client.circle``: what crosses the stages."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def now(self) -> CircleState:
        """Each stage now, and what needs a person."""
        return self._session.get("/api/v1/circle", CircleState)

    def trace(self, record_id: str) -> Trace:
        """What stands behind a record (a prediction, a run, ...), and what came of it."""
        return self._session.get(f"/api/v1/trace/{part(record_id)}", Trace)

    def doctor(self) -> list[Finding]:
        """Check the store: chain, files, jobs."""
        return self._session.get("/api/v1/doctor", list[Finding])

    def links(self, record_id: str) -> list[Link]:
        """Every link that starts or ends at a record."""
        return self._session.get(f"/api/v1/links/{part(record_id)}", list[Link])

    def events(
        self, *, types: str | None = None, subject: str | None = None, limit: int = 100
    ) -> Iterator[Entry]:
        """Ledger entries, newest first; ``types`` may list several, separated by commas."""
        before = 0
        while limit > 0:
            size = min(limit, 500)
            found = self._session.get(
                "/api/v1/events",
                list[Entry],
                after=before,
                limit=size,
                newest_first=True,
                event_type=types,
                subject=subject,
            )
            yield from found
            limit -= len(found)
            if len(found) < size:
                return
            before = found[-1].seq
