"""The worker process: runs jobs, and between them does the circle's housekeeping.

Housekeeping is what must happen soon after something happened: fold the gateway's journal, close
monitoring windows, let the loop react to new events, steer canaries, start scheduled jobs. Each part
is cheap when nothing is due, and exactly-once by its own transaction.
"""

import argparse
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path

from pomona.app import App, open_app
from pomona.core.actors import acting_as
from pomona.core.errors import PomonaError
from pomona.core.later import later
from pomona.data.keeping.records import ERASE, REBASE, VERIFY
from pomona.data.sources.records import EXTRACT
from pomona.jobs.worker import Worker, Workflow
from pomona.loop.facts import KIND as RETRAIN
from pomona.loop.marts import JOB_KIND as BUILD_MART
from pomona.loop.marts import MartReactor
from pomona.loop.upkeep import UpkeepReactor
from pomona.loop.webhooks import WebhookReactor
from pomona.process import Bell, is_dead_here, stop_with_parent, take_database
from pomona.registry.importing.service import KIND as IMPORT
from pomona.registry.webhooks.service import JOB_KIND as DELIVER
from pomona.serving.archive.service import KIND as APPEND
from pomona.training.service.entries import TRAIN

log = logging.getLogger("pomona.worker")


_PLACES = {
    TRAIN: "trainer",
    RETRAIN: "retraining",
    EXTRACT: "extraction",
    IMPORT: "importing",
    BUILD_MART: "mart_builder",
    DELIVER: "companions.webhooks",
    APPEND: "archive",
    VERIFY: "keeping.verifier",
    REBASE: "keeping.rebaser",
    ERASE: "keeping.eraser",
}
"""Where an app has the workflow of each kind of job."""


class Workflows(Mapping[str, Workflow]):
    """What the worker of an app can run, by the kind of job; what a kind needs is loaded at its first job."""

    def __init__(self, app: App) -> None:
        self._app = app

    def __getitem__(self, kind: str) -> Workflow:
        flow: Workflow = attrgetter(_PLACES[kind])(self._app).workflow()
        return flow

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


def chores_of(app: App) -> Mapping[str, Callable[[], int]]:
    """What a worker does between jobs, in this order; each returns how much it did.

    One that finds nothing to do loads nothing: an idle worker stays small.
    """
    return {
        "journal": app.serving.fold,
        "append tables": app.archive.enqueue_due,
        "windows": app.monitoring.evaluate,
        "reactions": app.loop.react,
        "marts": MartReactor(app.database, app.ledger, later(lambda: app.marts)).react,
        "webhooks": WebhookReactor(app.database, app.ledger, app.companions.webhooks).react,
        "upkeep": UpkeepReactor(app.database, app.ledger, later(lambda: app.keeping.rebaser)).react,
        "canaries": app.loop.steer,
        "ticks": app.loop.tick,
        "schedules": app.jobs.tick,
    }


class Housekeeper:
    """Does what is due, once or until all is quiet."""

    def __init__(
        self,
        app: App,
        *,
        workflows: Mapping[str, Workflow] | None = None,
        chores: Mapping[str, Callable[[], int]] | None = None,
    ) -> None:
        self._app = app
        self._worker = Worker(app.jobs, Workflows(app) if workflows is None else workflows, app.home / "jobs")
        self._chores = chores_of(app) if chores is None else chores
        self._failing: set[str] = set()
        self._bell = Bell(app.home)

    def keep_house(self) -> int:
        """One round of every chore; returns how much was done. A failing chore does not stop the others."""
        done = 0
        with acting_as("loop"):
            for name, chore in self._chores.items():
                try:
                    done += chore()
                    self._failing.discard(name)
                except Exception as error:  # noqa: BLE001 - the edge: what fails in one must not starve the others
                    self._report(name, error)
        return done

    def run_one(self) -> bool:
        """Run one due job, if there is one."""
        return self._worker.run_one()

    def settle(self) -> None:
        """Chores and jobs until nothing is due."""
        while self.keep_house() or self.run_one():
            pass

    def run_until(self, stop: threading.Event, *, idle_s: float = 0.2) -> None:
        """Chores in a thread of their own, jobs in this one, until ``stop`` is set."""
        self._bell.listen()
        chores = threading.Thread(target=self._chores_until, args=(stop, idle_s), name="chores", daemon=True)
        chores.start()
        self._worker.run_until(stop, idle_s=idle_s)
        chores.join(timeout=10)

    def _chores_until(self, stop: threading.Event, idle_s: float) -> None:
        while not stop.is_set():
            try:
                busy = self._round()
            except Exception:  # the edge of this thread: a full disk in one round must not end all rounds
                log.exception("housekeeping failed")
                busy = False
            if not busy:
                self._bell.wait(idle_s)

    def _round(self) -> bool:
        rung = self._bell.rung()
        # A job that ends during the round may leave news for the next one: no job before, and nothing
        # done in the round, is what makes it quiet.
        idle = rung > self._bell.answered() and not self._app.jobs.open()
        busy = self.keep_house() > 0
        if idle and not busy and not self._failing:
            self._bell.answer(rung)
        return busy

    def _report(self, name: str, error: Exception) -> None:
        if name not in self._failing:  # once per outage, not five times a second
            expected = isinstance(error, PomonaError)
            log.error("%s: %s", name, error, exc_info=None if expected else error)
            self._failing.add(name)


def main() -> None:
    """Run a worker for a home folder until SIGTERM."""
    parser = argparse.ArgumentParser(description="Run jobs and housekeeping of a Pomona home.")
    parser.add_argument("--home", type=Path, required=True)
    home = parser.parse_args().home
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop_with_parent()
    app = open_app(home, address=take_database())
    freed = app.jobs.take_over(is_dead_here)
    if freed:
        log.info("took over %d job(s) from a worker that is gone", freed)
    Housekeeper(app).run_until(stop)
    app.close()


if __name__ == "__main__":
    main()
