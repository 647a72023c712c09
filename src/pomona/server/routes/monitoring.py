"""Stage 6 over HTTP: monitors, windows, incidents."""

from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.records import Page
from pomona.monitoring.records import (
    Acknowledgement,
    Incident,
    IncidentState,
    Monitor,
    NewMonitor,
    Window,
    WindowKind,
)
from pomona.server.wiring import Wired


class MonitorRoutes(Controller):
    """Monitors."""

    path = "/api/v1/monitors"
    tags = ("monitoring",)

    @post(sync_to_thread=True)
    def create(self, app: Wired, data: JSONBody[NewMonitor]) -> Monitor:
        """Watch an endpoint in windows of event time."""
        return app.monitoring.create(data)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[Monitor]:
        """Monitors, newest first."""
        return app.monitoring.monitors(cursor=cursor, limit=limit)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> Monitor:
        """One monitor, by id or endpoint."""
        return app.monitoring.monitor(ref)


class WindowRoutes(Controller):
    """Windows."""

    path = "/api/v1/windows"
    tags = ("monitoring",)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        endpoint: FromQuery[str | None] = None,
        kind: FromQuery[WindowKind | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[Window]:
        """Windows with their readings, newest first."""
        return app.monitoring.windows(endpoint=endpoint, kind=kind, cursor=cursor, limit=limit)

    @get("/{window_id:str}", sync_to_thread=True)
    def show(self, app: Wired, window_id: FromPath[str]) -> Window:
        """One window: its readings, histograms of reference and window."""
        return app.monitoring.window(window_id)


class IncidentRoutes(Controller):
    """Incidents."""

    path = "/api/v1/incidents"
    tags = ("monitoring",)

    @get(sync_to_thread=True)
    def page(
        self,
        app: Wired,
        endpoint: FromQuery[str | None] = None,
        incident_state: FromQuery[IncidentState | None] = None,
        cursor: FromQuery[str | None] = None,
        limit: FromQuery[int] = 50,
    ) -> Page[Incident]:
        """Incidents, newest first."""
        return app.monitoring.incidents(
            endpoint=endpoint, incident_state=incident_state, cursor=cursor, limit=limit
        )

    @get("/{incident_id:str}", sync_to_thread=True)
    def show(self, app: Wired, incident_id: FromPath[str]) -> Incident:
        """One incident."""
        return app.monitoring.incident(incident_id)

    @post("/{incident_id:str}/acknowledge", sync_to_thread=True)
    def acknowledge(
        self, app: Wired, incident_id: FromPath[str], data: JSONBody[Acknowledgement]
    ) -> Incident:
        """Say that a person has seen it."""
        return app.monitoring.acknowledge(incident_id, data)
