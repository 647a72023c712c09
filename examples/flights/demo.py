"""The whole circle on the flights of 2013, from an idea to a year in production.

    python examples/flights/demo.py            # leaves Pomona running, prints its address
    python examples/flights/demo.py --exit     # stops it at the end

The script plays the world: an analyst who starts the project, the months that arrive, flights that depart
and land. Whatever happens to the model in that year, the platform decides by itself.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl
from flights import FEATURES, HOME_ZONE, KEY, LABEL, TIME, UNIT, flights_of_2013
from ledger import (
    frozen_first_model,
    incident_table,
    money_table,
    retraining_table,
    silence,
    version_table,
)
from local import Memory, Refused, Server, prepare
from project import (
    FIRST_MONTHS,
    NAME,
    SERVING_BEGINS,
    TARGET,
    commit,
    declare_dataset,
    months_committed,
    release_first,
    state_hypothesis,
    store_entry,
    triggers,
    watch,
)
from rich.console import Console
from story import Display, Names, Story
from stream import Step, served, steps

import pomona
from pomona.core.errors import Conflict, NotFound, PomonaError
from pomona.sdk.client import read_token
from pomona.serving.records import NewOutcome

FIRST_SERVED_MONTH = max(FIRST_MONTHS) + 1


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was asked for."""

    home: Path
    port: int
    gateway_port: int
    exit: bool
    keep: bool
    last_month: int
    hours: int
    browser: bool


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; returns the exit code."""
    options = parse(arguments)
    console = Console()
    signal.signal(signal.SIGTERM, _as_interrupt)
    memory, began = Memory(), time.monotonic()
    try:
        goes_on = prepare(options.home, keep=options.keep)
    except Refused as refused:
        console.print(f"[red]{refused}[/red]", soft_wrap=True)
        return 1
    console.print(f"{'Going on in' if goes_on else 'A fresh home:'} {options.home}", soft_wrap=True)
    server = Server(
        options.home, port=options.port, gateway_port=options.gateway_port, browser=options.browser
    )
    try:
        with server.client() as client:
            run(client, options, console)
            took = time.monotonic() - began
            console.print(
                f"\nTook {took:.0f} s, and at most {memory.peak_mb:,.0f} MB of memory in all "
                f"({', '.join(f'{name} {held:,.0f}' for name, held in sorted(memory.parts.items()))})."
            )
            if not options.exit:
                stay(client, server, console)
    except KeyboardInterrupt:
        console.print("\nStopping ...")
    except (Refused, PomonaError) as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        return 1
    finally:
        server.stop()
    console.print(f"Stopped. `pomona up --home {options.home}` goes on from here.", soft_wrap=True)
    return 0


def parse(arguments: list[str] | None) -> Options:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--home", type=Path, default=Path(".pomona-demo"), help="where Pomona keeps everything"
    )
    parser.add_argument(
        "--keep", action="store_true", help="go on in a home that is there, do not start anew"
    )
    parser.add_argument("--exit", action="store_true", help="stop the server at the end")
    parser.add_argument("--until", default="2013-12", metavar="MONTH", help="the last month, e.g. 2013-05")
    parser.add_argument("--port", type=int, default=7700, help="API, UI and MLflow protocol")
    parser.add_argument("--gateway-port", type=int, default=7701, help="the gateway that answers predictions")
    parser.add_argument("--hours", type=int, default=12, choices=(1, 2, 3, 6, 12), help="length of a step")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    given = parser.parse_args(arguments)
    try:
        until = datetime.strptime(given.until, "%Y-%m")  # noqa: DTZ007 - a month has no zone
    except ValueError:
        parser.error(f"--until {given.until}: a month such as 2013-05")
    if until.year != 2013 or until.month < FIRST_SERVED_MONTH:
        parser.error(f"--until {given.until}: a month from 2013-03 to 2013-12")
    return Options(
        home=given.home.absolute(),
        port=given.port,
        gateway_port=given.gateway_port,
        exit=given.exit,
        keep=given.keep,
        last_month=until.month,
        hours=given.hours,
        browser=sys.stdout.isatty() and not given.no_browser and not given.exit,
    )


def run(client: pomona.Client, options: Options, console: Console) -> None:
    """The project's first days, the year, and what came of it."""
    console.print("Reading the flights of 2013 ...")
    flights = flights_of_2013()
    year = served(flights, first_month=FIRST_SERVED_MONTH, last_month=options.last_month)
    with Display(console, flights=year.height) as display:
        begin(client, flights, display)
        live(client, flights, year, display, hours=options.hours)
    close(client, year, options, console)


def begin(client: pomona.Client, flights: pl.DataFrame, display: Display) -> None:
    """The analyst's days: idea, data, first model, decision, release, triggers. What is there stays."""
    done = begun(client)
    if done == "watched":
        return
    display.say(
        "\n[bold]The idea[/bold]: warn passengers of late flights. A right warning is worth 40 USD, a false "
        f"one costs 15. It pays from {TARGET:.2f} USD a flight. Budget: 10 days, 5,000 USD.\n"
    )
    story = Story(client, display.tell, after=_last_event(client))
    with suppress(Conflict):
        state_hypothesis(client)
    with suppress(Conflict):
        declare_dataset(client)
    for month in FIRST_MONTHS[months_committed(client) :]:
        version = commit(client, flights, month)
        story.catch_up(version.record.as_of)
    store_entry(client)
    if done == "nothing":
        release_first(client)
    story.catch_up(SERVING_BEGINS)
    watch(client)
    client.settle()
    display.say(
        "\n[bold]The year[/bold]: each flight asks when it is to depart, and the truth comes when it has "
        "landed. Nobody intervenes. A new model is trained when inputs or answers move away from the "
        f"training data (on-drift), when two weeks in a row earn less than {TARGET:.2f} USD a flight "
        "(on-low-value), when the data has doubled (on-twice-the-data), and each quarter on the last three "
        "months alone (quarterly-short-memory). It must beat the present model on two weeks that neither has "
        "seen (the gate), then on 30% of the real flights (the canary).\n"
    )


def begun(client: pomona.Client) -> Literal["nothing", "released", "watched"]:
    """How far a demo that goes on had come with its project."""
    try:
        if client.releases.active(NAME) is None:
            return "nothing"
        watched = len(list(client.loop.triggers(endpoint=NAME))) == len(triggers())
    except NotFound:
        return "nothing"
    return "watched" if watched else "released"


def live(
    client: pomona.Client, flights: pl.DataFrame, year: pl.DataFrame, display: Display, *, hours: int
) -> None:
    """The year: news comes in, flights ask, and the platform is given the time to react."""
    world = World(client, flights, display)
    newest = next(client.predictions.list(endpoint=NAME, limit=1), None)
    for step in steps(year, hours=hours):
        if newest is not None and step.until <= newest.at:
            continue  # a demo that goes on: all of this step was answered
        world.pass_through(step)


class World:
    """What is outside of the platform: exports arrive, flights land, flights depart."""

    def __init__(self, client: pomona.Client, flights: pl.DataFrame, display: Display) -> None:
        self._client = client
        self._flights = flights
        self._display = display
        self._story = Story(client, display.tell, after=_last_event(client))
        self._months = months_committed(client)
        self._shown: date | None = None

    def pass_through(self, step: Step) -> None:
        """One step: the news first, then its departures. All has its consequences before time goes on."""
        for month in step.exports:
            if month > self._months:
                commit(self._client, self._flights, month)
                self._months = month
        self.report(step.landed)
        self._settle(step.since)
        self.ask(step.departing)
        self._settle(step.since)
        self._show(step.until - timedelta(seconds=1))

    def report(self, landed: pl.DataFrame) -> None:
        """The flights that landed, and whether each was late."""
        if landed.height:
            name = self._client.predictions.id_of
            self._client.outcomes.record(
                NewOutcome(prediction_id=name(NAME, flight), value=late, at=at)
                for flight, late, at in landed.select(KEY, LABEL, "landed_at").iter_rows()
            )

    def ask(self, departing: pl.DataFrame) -> None:
        """A prediction for each flight, at its scheduled departure."""
        if departing.height:
            self._client.predict(
                NAME,
                departing.select(FEATURES),
                units=departing[UNIT].to_list(),
                ids=departing[KEY].to_list(),
                at=departing[TIME].to_list(),
            )

    def _settle(self, now: datetime) -> None:
        self._client.settle()
        self._story.catch_up(now)

    def _show(self, now: datetime) -> None:
        """Where the year is, once a day; the sum when a month is over (New York time, as the flights)."""
        today, before = now.astimezone(ZoneInfo(HOME_ZONE)).date(), self._shown
        if today == before:
            return
        self._shown = today
        ledger = self._client.predictions.value(NAME)
        self._display.at(now, flights=ledger.predictions, money=ledger.value)
        if before is not None and before.month != today.month:
            self._display.month(before, ledger)


def close(client: pomona.Client, year: pl.DataFrame, options: Options, console: Console) -> None:
    """Two predictions traced back to the idea, what the loop did, and the ledger of money."""
    names = Names(client)
    for title, prediction in traced(client):
        console.print(f"\n[bold]pomona trace {prediction}[/bold]  ({title})")
        trace = [sys.executable, "-m", "pomona.cli.main", "trace", prediction]
        said = subprocess.run(
            trace, env=environment(options.home, console), capture_output=True, text=True, check=False
        )
        console.print((said.stdout or said.stderr).rstrip(), markup=False, highlight=False)
    ledger = client.predictions.value(NAME)
    for table in (
        incident_table(client, names),
        retraining_table(client, names),
        version_table(ledger, names),
        money_table(ledger, frozen_first_model(client, read_token(options.home), year)),
    ):
        console.print()
        console.print(table)
    console.print(silence(client))


def traced(client: pomona.Client) -> list[tuple[str, str]]:
    """A late flight that was rightly warned of, from before and from after the first promotion."""
    found = []
    releases = list(client.releases.list(endpoint=NAME))[::-1]
    promoted = next((release for release in releases if release.state == "promoted"), None)
    wanted = {"answered by the first model": releases[0].champion}
    if promoted is not None and promoted.candidate is not None:
        wanted["answered after the first promotion"] = promoted.candidate
    for title, version in wanted.items():
        answers = client.predictions.list(endpoint=NAME, model_version=version, matched=True, limit=400)
        good = next((answer for answer in answers if answer.decision and answer.actual), None)
        if good is not None:
            found.append((f"{good.key}, {title}", good.id))
    return found


def stay(client: pomona.Client, server: Server, console: Console) -> None:
    """Leave the server running until Ctrl-C (or until it ends)."""
    console.print(f"\nPomona runs; look at it: [bold]{client.login_link()}[/bold]", soft_wrap=True)
    console.print(
        f"The link logs in once; `pomona login --home {server.home}` makes another.", soft_wrap=True
    )
    console.print(f"In a terminal: `export POMONA_HOME={server.home}`, then `pomona status`.", soft_wrap=True)
    console.print("Ctrl-C here stops it.")
    server.process.wait()


def environment(home: Path, console: Console) -> dict[str, str]:
    """For commands that shall talk to the demo's server, and write as wide as we do."""
    return os.environ | {"POMONA_HOME": str(home), "COLUMNS": str(console.width)}


def _last_event(client: pomona.Client) -> int:
    newest = next(iter(client.circle.events(limit=1)), None)
    return newest.seq if newest is not None else 0


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
