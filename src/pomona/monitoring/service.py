"""Use cases of stage 6: watch an endpoint, read its due windows, open and close incidents."""

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Conflict
from pomona.core.events import IncidentAcknowledged, MonitorCreated
from pomona.core.ids import kind_of, new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Page
from pomona.monitoring import rules, store
from pomona.monitoring.records import Acknowledgement, Incident, Monitor, NewMonitor, Window, WindowKind
from pomona.monitoring.watch import Endpoints, Watch


class MonitoringService:
    """Monitors, windows and incidents.

    Args:
        releases: Where endpoints are looked up.
        watch: Reads the windows that are due.
    """

    def __init__(self, database: Database, clock: Clock, releases: Endpoints, watch: Watch) -> None:
        self._database = database
        self._clock = clock
        self._releases = releases
        self._watch = watch

    def create(self, new: NewMonitor) -> Monitor:
        """Watch an endpoint from its first prediction on.

        Raises:
            Invalid: If a length or threshold will not do.
            NotFound: If there is no such endpoint.
            Conflict: If the endpoint has a monitor already.
        """
        rules.check_monitor(new)
        endpoint = self._releases.endpoint(new.endpoint)
        now = self._clock.now()
        fields = {name: getattr(new, name) for name in new.__struct_fields__}
        monitor = Monitor(
            **(fields | {"endpoint": endpoint.name}),
            id=new_id("mon", now),
            created_at=now,
            created_by=current_actor(),
        )

        def add(tx: Transaction) -> Monitor:
            store.monitors.unused(tx, "endpoint", endpoint.name)
            tx.emit(MonitorCreated(subject=monitor.id, endpoint=endpoint.name))
            tx.link(monitor.id, "monitors", endpoint.id)
            return store.monitors.insert(tx, monitor)

        return self._database.write(add)

    def monitor(self, ref: str) -> Monitor:
        """The monitor with this id, or of this endpoint.

        Raises:
            NotFound: If there is none.
        """

        def find(tx: Transaction) -> Monitor:
            found = (
                None if kind_of(ref) == "mon" else store.monitors.first(tx, store.monitors.c.endpoint == ref)
            )
            return found or store.monitors.get(tx, ref)

        return self._database.read(find)

    def monitors(self, *, cursor: str | None = None, limit: int = 50) -> Page[Monitor]:
        """Monitors, newest first."""
        return self._database.read(lambda tx: store.monitors.page(tx, cursor=cursor, limit=limit))

    def windows(
        self,
        *,
        endpoint: str | None = None,
        kind: WindowKind | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Window]:
        """Windows, newest first."""
        where = [store.windows.c.endpoint == endpoint] if endpoint else []
        where += [store.windows.c.kind == kind] if kind else []
        return self._database.read(lambda tx: store.windows.page(tx, *where, cursor=cursor, limit=limit))

    def window(self, window_id: str) -> Window:
        """One window with its readings.

        Raises:
            NotFound: If there is none with this id.
        """
        return self._database.read(lambda tx: store.windows.get(tx, window_id))

    def incidents(
        self,
        *,
        endpoint: str | None = None,
        incident_state: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Incident]:
        """Incidents, newest first."""
        where = [store.incidents.c.endpoint == endpoint] if endpoint else []
        where += [store.incidents.c.state == incident_state] if incident_state else []
        return self._database.read(lambda tx: store.incidents.page(tx, *where, cursor=cursor, limit=limit))

    def incident(self, incident_id: str) -> Incident:
        """One incident.

        Raises:
            NotFound: If there is none with this id.
        """
        return self._database.read(lambda tx: store.incidents.get(tx, incident_id))

    def open_incident(self, endpoint: str, kind: WindowKind) -> Incident | None:
        """The open incident of an endpoint and kind, if there is one."""
        return self._database.read(lambda tx: store.open_incident(tx, endpoint, kind))

    def incident_of(self, window: Window) -> Incident | None:
        """The open incident that a window belongs to, if there is one."""
        incident = self.open_incident(window.endpoint, window.kind)
        return incident if incident is not None and window.id in incident.windows else None

    def acknowledge(self, incident_id: str, ack: Acknowledgement) -> Incident:
        """A person has seen it and says so; the incident stays open until it is over.

        Raises:
            NotFound: If there is no such incident.
            Conflict: If somebody acknowledged it already.
        """

        def mark(tx: Transaction) -> Incident:
            incident = store.incidents.get(tx, incident_id)
            if incident.acknowledged_at is not None:
                raise Conflict(
                    f"incident {incident_id} was acknowledged by {incident.acknowledged_by} already",
                    hint="nothing is left to do here",
                )
            tx.emit(IncidentAcknowledged(subject=incident.id, endpoint=incident.endpoint, note=ack.note))
            seen = msgspec.structs.replace(
                incident, acknowledged_at=self._clock.now(), acknowledged_by=current_actor(), note=ack.note
            )
            return store.incidents.replace(tx, seen)

        return self._database.write(mark)

    def evaluate(self) -> int:
        """Read every window that is due and act on what it says; returns how many.

        Cheap when nothing was predicted, came true or was released since the last call. A window is read
        once per kind however often and wherever this runs.
        """
        return self._watch.evaluate()
