"""One file per stage; each handler decodes, calls one use case, and encodes."""

from pomona.server.routes.business import DecisionRoutes, HypothesisRoutes
from pomona.server.routes.jobs import JobRoutes, ScheduleRoutes
from pomona.server.routes.ledger import EventRoutes

HANDLERS = [
    HypothesisRoutes,
    DecisionRoutes,
    JobRoutes,
    ScheduleRoutes,
    EventRoutes,
]
