"""Joins the loop's parts to the stages it watches."""

from typing import TYPE_CHECKING

from pomona.core.ports import Clock, Database, Ledger
from pomona.jobs.service import JobService
from pomona.loop.facts import FactFinder
from pomona.loop.reacting import Decider, Reactor
from pomona.loop.service import LoopService
from pomona.loop.steering import Steering
from pomona.loop.ticking import Ticker
from pomona.monitoring.service import MonitoringService
from pomona.releases.service import ReleaseService
from pomona.serving.service import ServingService

if TYPE_CHECKING:
    from pomona.data.service import DataService


def wire_loop(
    database: Database,
    clock: Clock,
    ledger: Ledger,
    *,
    jobs: JobService,
    facts: FactFinder,
    data: "DataService",
    releases: ReleaseService,
    serving: ServingService,
    monitoring: MonitoringService,
) -> LoopService:
    """The loop over these services."""
    decider = Decider(clock, jobs, facts)
    reactor = Reactor(database, ledger, decider=decider, facts=facts, monitoring=monitoring, data=data)
    return LoopService(
        database,
        clock,
        releases,
        facts=facts,
        decider=decider,
        reactor=reactor,
        ticker=Ticker(database, clock, decider=decider, facts=facts, predictions=serving),
        steering=Steering(ledger, releases, serving),
    )
