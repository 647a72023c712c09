"""Two sides measured in turns (A B A B): started, let come to rest, given bursts, and checked."""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from load import WARM_UP_S, BadAnswer, Burst, Requests, ask, run_burst
from peers import Mlflow, Pomona, seconds_to_answer
from report import Report, Row
from servers import Server, cpu_s, settle

PACKAGES = ("mlflow", "scikit-learn", "uvicorn")


@dataclass(frozen=True)
class Pace:
    """How long and how often."""

    burst_s: float
    warm_up_s: float
    repeats: int

    @property
    def quick(self) -> bool:
        """Only to see that everything works."""
        return self.repeats == 1


class Turns:
    """Measures into a report."""

    def __init__(self, folder: Path, pace: Pace, report: Report) -> None:
        self.folder, self.pace, self.report = folder, pace, report
        self._servers: dict[int, Server] = {}  # by port

    def start(
        self, keep: ExitStack, side: Pomona | Mlflow, port: int, message: bytes, took: list[float]
    ) -> Server:
        """Start a server, wait for its first good answer, let it come to rest."""
        began = time.perf_counter()
        server = keep.enter_context(side.run())
        took.append(seconds_to_answer(server, port, message, began=began))
        say(f"{server.name} answers after {took[-1]:.1f} s")
        self._servers |= dict.fromkeys(side.ports, server)
        self.rest()
        return server

    def burst(self, port: int, clients: list[Requests]) -> tuple[Burst, float]:
        """A burst, and the milliseconds of processor time that one answer cost the server."""
        self.rest()
        gc.collect()
        server = self._servers[port]
        used = cpu_s(server.pids())
        found = run_burst(port, clients, seconds=self.pace.burst_s, warm_up_s=self.pace.warm_up_s)
        cost_ms = 1000 * (cpu_s(server.pids()) - used) / found.acknowledged
        say(f"{server.name}, {len(clients)} clients: {found.per_s:,.0f} answers/s, {cost_ms:.2f} ms each")
        return found, cost_ms

    def once(self, port: int, message: bytes) -> tuple[bytes, float]:
        """The body of one answer, and the seconds until it was there whole."""
        self.rest()
        began = time.perf_counter()
        body = ask(port, message)
        took = time.perf_counter() - began
        say(f"{self._servers[port].name}: {took * 1000:,.1f} ms for {len(body):,} bytes")
        return body, took

    def rest(self) -> None:
        """Nobody is measured while another still works on what it was sent."""
        running = {server.process.pid: server for server in self._servers.values() if server.alive()}
        settle([pid for server in running.values() for pid in server.pids()])

    def same(self, what: str, wanted: object, found: object) -> None:
        """Both must be equal, or there is no result.

        Raises:
            BadAnswer: If they are not.
        """
        if wanted != found:
            raise BadAnswer(f"{what}: {wanted} wanted, {found} found")
        self.report.checks[what] = f"{wanted}"


def note(row: Row, side: str, burst: Burst, cost_ms: float, *, per_answer: int = 1) -> None:
    """A burst becomes one repeat of a side's figure."""
    figures = row.pomona if side == "pomona" else row.mlflow
    figures.append(burst.per_s * per_answer)
    times = {"p50": burst.quantile_ms(0.5), "p99": burst.quantile_ms(0.99), "cpu": cost_ms}
    row.ms_an_answer.setdefault(side, []).append(times)


def say(line: str) -> None:
    """Progress, kept apart from the report."""
    print(line, file=sys.stderr, flush=True)


def options(about: str | None) -> argparse.Namespace:
    """The command line of a bench: --quick, --repeats, --seconds, --json."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short burst of everything: is it working?")
    parser.add_argument("--repeats", type=int, default=3, help="bursts of which the median is taken")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a burst")
    parser.add_argument("--json", type=Path, help="where the report goes (not kept by --quick unless named)")
    return parser.parse_args()


def pace_of(given: argparse.Namespace) -> Pace:
    """What the command line asks for."""
    return Pace(0.3, 0.1, 1) if given.quick else Pace(given.seconds, WARM_UP_S, given.repeats)


def new_report(pace: Pace) -> Report:
    """An empty report of this machine."""
    facts = {
        "cores": str(os.cpu_count()),
        "load before": _load(),
        "python": platform.python_version(),
        "system": platform.system(),
        **{name: version(name) for name in PACKAGES},
    }
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return Report(started=started, machine=facts, burst_s=pace.burst_s, repeats=pace.repeats)


def tell(report: Report, given: argparse.Namespace, results: Path) -> None:
    """Print the tables and keep the report."""
    report.machine["load after"] = _load()
    print(report.markdown(), report.times(), sep="\n\n")
    for name, value in (report.machine | report.checks).items():
        print(f"- {name}: {value}")
    if median(float(value) for value in report.machine["load before"].split(", ")) > 0.5:
        print("- The machine was busy with other work: both sides are slower than they could be.")
    target = given.json or (None if given.quick else results)
    if target is not None:
        report.write(target)


def _load() -> str:
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())
