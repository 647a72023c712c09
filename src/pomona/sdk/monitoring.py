"""Monitors, windows and incidents from Python."""

from collections.abc import Iterator

from pomona.monitoring.records import (
    Acknowledgement,
    Incident,
    IncidentState,
    Monitor,
    NewMonitor,
    Thresholds,
    Window,
    WindowKind,
)
from pomona.sdk.session import Session, part

IGNORED = tuple[str, ...]  # the names of columns


class Monitors:
    """``client.monitors``: what is watched, and the windows that were read."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(
        self,
        endpoint: str,
        *,
        window_hours: float = 168.0,
        grace_hours: float = 1.0,
        mature_share: float = 0.95,
        max_wait_hours: float = 72.0,
        metric: str | None = None,
        baseline: float | None = None,
        ignore: IGNORED = (),
        thresholds: Thresholds | None = None,
    ) -> Monitor:
        """Watch an endpoint in windows of event time, from its first prediction on.

        Args:
            grace_hours: Wait so long past a window's end for late predictions.
            mature_share, max_wait_hours: Quality is read when so many predictions have their outcome,
                or when so much event time has passed since the window's end.
            metric: What quality is; default the hypothesis'.
            baseline: What the metric was; default what the champion reached on its hold-out.
            ignore: Input columns that change by nature.
        """
        new = NewMonitor(
            endpoint=endpoint,
            window_hours=window_hours,
            grace_hours=grace_hours,
            mature_share=mature_share,
            max_wait_hours=max_wait_hours,
            metric=metric,
            baseline=baseline,
            ignore=tuple(ignore),
            thresholds=thresholds or Thresholds(),
        )
        return self._session.post("/api/v1/monitors", new, Monitor)

    def get(self, ref: str) -> Monitor:
        """One monitor, by id or endpoint."""
        return self._session.get(f"/api/v1/monitors/{part(ref)}", Monitor)

    def list(self, *, limit: int | None = None) -> Iterator[Monitor]:
        """Monitors, newest first."""
        return self._session.all("/api/v1/monitors", Monitor, limit=limit)

    def windows(
        self, *, endpoint: str | None = None, kind: WindowKind | None = None, limit: int | None = None
    ) -> Iterator[Window]:
        """Windows with their readings, newest first."""
        return self._session.all("/api/v1/windows", Window, limit=limit, endpoint=endpoint, kind=kind)

    def window(self, window_id: str) -> Window:
        """One window."""
        return self._session.get(f"/api/v1/windows/{part(window_id)}", Window)


class Incidents:
    """``client.incidents``: what is wrong now, and what was."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self, *, endpoint: str | None = None, state: IncidentState | None = None, limit: int | None = None
    ) -> Iterator[Incident]:
        """Incidents, newest first."""
        return self._session.all(
            "/api/v1/incidents", Incident, limit=limit, endpoint=endpoint, incident_state=state
        )

    def get(self, incident_id: str) -> Incident:
        """One incident."""
        return self._session.get(f"/api/v1/incidents/{part(incident_id)}", Incident)

    def acknowledge(self, incident_id: str, *, note: str = "") -> Incident:
        """Say that a person has seen it; it stays open until it is over."""
        path = f"/api/v1/incidents/{part(incident_id)}/acknowledge"
        return self._session.post(path, Acknowledgement(note=note), Incident)
