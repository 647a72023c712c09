"""Incidents: opened by a window that alarms, closed by good ones or by a new champion."""

import msgspec

from pomona.core.events import IncidentClosed, IncidentOpened, WindowClosed
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.monitoring import rules, store
from pomona.monitoring.records import Incident, Monitor, Window
from pomona.releases.records import Endpoint


class Incidents:
    """Keeps windows and what they do to incidents, each in one transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def keep(self, monitor: Monitor, endpoint: Endpoint, window: Window) -> None:
        """Store a window, tell of it, and open, worsen, calm or close the incident of its kind."""
        self._database.write(lambda tx: self._keep(tx, monitor, endpoint, window))

    def close_outdated(self, endpoint: Endpoint, champion: str) -> int:
        """Incidents of a model that no longer serves are over; returns how many were closed."""

        def outdated(tx: Transaction) -> list[Incident]:
            return [i for i in store.open_incidents(tx, endpoint.name) if i.model_version != champion]

        def close(tx: Transaction) -> int:
            found = outdated(tx)
            for incident in found:
                self._close(tx, incident, f"a new champion serves: {champion}")
            return len(found)

        return self._database.write(close) if self._database.read(outdated) else 0

    def _keep(self, tx: Transaction, monitor: Monitor, endpoint: Endpoint, window: Window) -> None:
        if store.has_window(tx, monitor.id, window.kind, window.start):
            return  # another process was faster
        store.windows.insert(tx, window)
        tx.link(window.id, "monitors", endpoint.id)
        tx.emit(
            WindowClosed(
                subject=window.id,
                endpoint=window.endpoint,
                start=window.start,
                end=window.end,
                state=window.state,
                kind=window.kind,
                score=window.score,
                threshold=window.threshold,
                summary=window.summary,
            )
        )
        self._follow_up(tx, monitor, endpoint, window)

    def _follow_up(self, tx: Transaction, monitor: Monitor, endpoint: Endpoint, window: Window) -> None:
        incident = store.open_incident(tx, window.endpoint, window.kind)
        before = store.windows_before(tx, monitor.id, window.kind, window.start, limit=20)
        change = rules.change_of(incident, window, before, monitor.thresholds)
        if change == "open":
            bad = [window, *rules.running_alarms(window, before)]
            self._open(tx, monitor, endpoint, bad[::-1])
        elif incident is not None and change == "worsen":
            store.incidents.replace(tx, rules.worsened(incident, window))
            tx.link(incident.id, "evidence", window.id)
        elif incident is not None and change == "calm":
            store.incidents.replace(tx, msgspec.structs.replace(incident, calm=incident.calm + 1))
        elif incident is not None and change == "close":
            calm = incident.calm + 1
            self._close(tx, incident, "a good window" if calm == 1 else f"{calm} good windows in a row")

    def _open(self, tx: Transaction, monitor: Monitor, endpoint: Endpoint, bad: list[Window]) -> None:
        now, window = self._clock.now(), bad[-1]
        incident = Incident(
            id=new_id("inc", now),
            monitor=monitor.id,
            endpoint=window.endpoint,
            kind=window.kind,
            model_version=window.model_version,
            summary=window.summary,
            score=window.score,
            threshold=window.threshold,
            windows=tuple(one.id for one in bad),
            since=bad[0].start,
            opened_at=now,
        )
        store.incidents.insert(tx, incident)
        tx.link(incident.id, "monitors", endpoint.id)
        for one in bad:
            tx.link(incident.id, "evidence", one.id)
        tx.emit(
            IncidentOpened(
                subject=incident.id,
                endpoint=incident.endpoint,
                kind=incident.kind,
                summary=incident.summary,
                score=incident.score,
                threshold=incident.threshold,
                window_end=window.end,
            )
        )

    def _close(self, tx: Transaction, incident: Incident, reason: str) -> None:
        closed = msgspec.structs.replace(
            incident, state="closed", closed_at=self._clock.now(), close_reason=reason
        )
        store.incidents.replace(tx, closed)
        tx.emit(IncidentClosed(subject=incident.id, endpoint=incident.endpoint, reason=reason))
