"""Pomona beside MLflow in one run: predictions a second, metrics a second, start and memory.

    python bench/first.py             about ten minutes; writes bench/results/first.json
    python bench/first.py --quick     the same path in about two minutes, numbers of no value

Both sides run at the same time on this machine, on loopback, and are measured in turns (A B A B), while
the other one rests. Each number is the median of several short bursts.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from load import WARM_UP_S, BadAnswer, Burst, Requests, ask, request, run_burst
from peers import HEALTH, Mlflow, Pomona, part_memory_mb, seconds_to_answer
from report import Report, Row
from scoring import Row as Cells
from scoring import Scoring
from servers import Server, cpu_s, memory_mb, settle
from tracking import METRICS_A_CALL, STEPS, Tracking

CLIENTS = {1: None, 16: 12.0, 64: 35.0}  # and the ratio promised
WRITERS = 8
RESULTS = Path(__file__).with_name("results") / "first.json"


@dataclass(frozen=True)
class Pace:
    """How long and how often."""

    burst_s: float
    warm_up_s: float
    repeats: int


class Bench:
    """Measures into a report."""

    def __init__(self, folder: Path, pace: Pace, report: Report) -> None:
        self._folder, self._pace, self._report = folder, pace, report
        self._servers: dict[int, Server] = {}  # by port

    def track(self) -> None:
        """The tracking half: start, memory, log-metric, log-batch."""
        pairs = [
            (
                Pomona.in_folder(self._folder / f"tracking-{turn}"),
                Mlflow.server(self._folder / f"mlflow-{turn}"),
            )
            for turn in range(self._pace.repeats)
        ]
        with ExitStack() as keep:
            for ours, theirs in pairs:
                keep.close()
                start = self._report.row("start to first answer, tracking", "s", "less", 4)
                a = self._start(keep, ours, ours.port, HEALTH, start.pomona)
                b = self._start(keep, theirs, theirs.port, HEALTH, start.mlflow)
                idle = self._report.row("memory idle: all of `pomona up` / `mlflow server`", "MB", "less", 5)
                self._rest()
                idle.pomona.append(memory_mb(a.pids()))
                idle.mlflow.append(memory_mb(b.pids()))
            ours, theirs = pairs[-1]
            for _ in range(self._pace.repeats):
                self._log(ours.tracking, "pomona")
                self._log(theirs.tracking, "mlflow")

    def _log(self, server: Tracking, side: str) -> None:
        single = self._report.row("log-metric, 1 client", "calls/s", "more", 15)
        run_id = server.new_run()
        burst, cost_ms = self._burst(server.port, [server.metrics(run_id)])
        _note(single, side, burst, cost_ms)
        self._same(f"{side}: values of log-metric", burst.acknowledged, server.stored(run_id, "loss"))
        batch = self._report.row(f"log-batch of {METRICS_A_CALL}, {WRITERS} clients", "metrics/s", "more", 20)
        runs = [server.new_run() for _ in range(WRITERS)]
        burst, cost_ms = self._burst(server.port, [server.batches(run_id) for run_id in runs])
        _note(batch, side, burst, cost_ms, per_answer=METRICS_A_CALL)
        stored = sum(server.stored(run_id, "metric_0") for run_id in runs)
        self._same(f"{side}: values of one metric in log-batch", burst.acknowledged * STEPS, stored)

    def serve(self) -> None:
        """The serving half: start to first prediction, memory, predictions a second."""
        ours, files = Pomona.in_folder(self._folder / "serving"), self._folder / "model"
        with ExitStack() as keep:
            self._start(keep, ours, ours.port, HEALTH, [])
            say("training the model, registering and releasing it")
            ours.serve(files)
        theirs = Mlflow.models_serve(self._folder / "mlflow-serve", files)
        rows: list[Cells] = json.loads((files / "rows.json").read_text())
        asked = ours.scorings()
        with ExitStack() as keep:
            for turn in range(self._pace.repeats):
                keep.close()
                start = self._report.row("start to first prediction", "s", "less", 4)
                first = asked[-1].message(rows[turn])
                a = self._start(keep, ours, ours.gateway_port, first, start.pomona)
                first = theirs.scoring.message(rows[turn])
                b = self._start(keep, theirs, theirs.port, first, start.mlflow)
                idle = self._report.row("memory idle: gateway / `mlflow models serve`", "MB", "less", 5)
                self._rest()
                idle.pomona.append(part_memory_mb(a, "pomona.serving.gateway"))
                idle.mlflow.append(memory_mb(b.pids()))
            self._agree([*asked, theirs.scoring], rows[:16])
            self._predict(ours, asked, theirs.scoring, rows)

    def _predict(self, ours: Pomona, asked: list[Scoring], theirs: Scoring, rows: list[Cells]) -> None:
        status = request("GET", "/status", token=ours.token)
        before, answered = _journalled(ours.gateway_port, status), 0
        for _ in range(self._pace.repeats):
            for clients, goal in CLIENTS.items():
                peer = self._burst(theirs.port, theirs.clients(clients, rows))
                for way in asked:
                    burst, cost_ms = self._burst(way.port, way.clients(clients, rows))
                    answered += burst.acknowledged
                    plural = "client" if clients == 1 else "clients"
                    figure = f"predictions, {clients} {plural}, {way.name}"
                    row = self._report.row(figure, "/s", "more", goal)
                    _note(row, "pomona", burst, cost_ms)
                    _note(row, "mlflow", *peer)
        self._rest()
        journalled = _journalled(ours.gateway_port, status) - before
        self._same("pomona: predictions in the journal", answered, journalled)

    def _start(
        self, keep: ExitStack, side: Pomona | Mlflow, port: int, message: bytes, took: list[float]
    ) -> Server:
        """Start a server, wait for its first good answer, let it come to rest."""
        began = time.perf_counter()
        server = keep.enter_context(side.run())
        took.append(seconds_to_answer(server, port, message, began=began))
        say(f"{server.name} answers after {took[-1]:.1f} s")
        self._servers |= dict.fromkeys(side.ports, server)
        self._rest()
        return server

    def _burst(self, port: int, clients: list[Requests]) -> tuple[Burst, float]:
        """A burst, and the milliseconds of processor time that one answer cost the server."""
        self._rest()
        gc.collect()
        server = self._servers[port]
        used = cpu_s(server.pids())
        burst = run_burst(port, clients, seconds=self._pace.burst_s, warm_up_s=self._pace.warm_up_s)
        cost_ms = 1000 * (cpu_s(server.pids()) - used) / burst.acknowledged
        say(f"{server.name}, {len(clients)} clients: {burst.per_s:,.0f} answers/s, {cost_ms:.2f} ms each")
        return burst, cost_ms

    def _rest(self) -> None:
        """Nobody is measured while another still works on what it was sent."""
        running = {server.process.pid: server for server in self._servers.values() if server.alive()}
        settle([pid for server in running.values() for pid in server.pids()])

    def _agree(self, ways: list[Scoring], rows: list[Cells]) -> None:
        """Every way must give the same predictions, or the comparison is none."""
        wanted = ways[-1].answers(rows)
        for way in ways:
            found = way.answers(rows)
            if not all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(found, wanted, strict=True)):
                raise BadAnswer(f"{way.name} predicts {found}, {ways[-1].name} {wanted}")
        self._report.checks["same predictions"] = f"{len(rows)} rows, {len(ways)} ways"

    def _same(self, what: str, acknowledged: int, kept: int) -> None:
        if kept != acknowledged:
            raise BadAnswer(f"{what}: {acknowledged} acknowledged, {kept} kept")
        self._report.checks[f"{what}, acknowledged = kept"] = f"{acknowledged}"


def _note(row: Row, side: str, burst: Burst, cost_ms: float, *, per_answer: int = 1) -> None:
    figures = row.pomona if side == "pomona" else row.mlflow
    figures.append(burst.per_s * per_answer)
    times = {"p50": burst.quantile_ms(0.5), "p99": burst.quantile_ms(0.99), "cpu": cost_ms}
    row.ms_an_answer.setdefault(side, []).append(times)


def _journalled(port: int, status: bytes) -> int:
    frames: int = json.loads(ask(port, status))["journal"]["frames"]
    return frames


def say(line: str) -> None:
    """Progress, kept apart from the report."""
    print(line, file=sys.stderr, flush=True)


def machine() -> dict[str, str]:
    """What the numbers depend on."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    packages = {name: version(name) for name in ("mlflow", "scikit-learn", "uvicorn")}
    return {
        "cores": str(os.cpu_count()),
        "load before": load,
        "python": platform.python_version(),
        "system": platform.system(),
        **packages,
    }


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one short burst of everything: is it working?")
    parser.add_argument("--repeats", type=int, default=3, help="bursts of which the median is taken")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a burst")
    parser.add_argument("--json", type=Path, help="where the report goes (not kept by --quick unless named)")
    given = parser.parse_args()
    pace = Pace(given.seconds, WARM_UP_S, given.repeats)
    if given.quick:
        pace = Pace(0.3, 0.1, 1)
    report = Report(
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=machine(),
        burst_s=pace.burst_s,
        repeats=pace.repeats,
    )
    busy = os.getloadavg()[0] > 0.5
    with TemporaryDirectory(prefix="pomona-bench-") as folder:
        bench = Bench(Path(folder), pace, report)
        bench.track()
        bench.serve()
    report.machine["load after"] = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(report.markdown(), report.times(), sep="\n\n")
    for name, value in (report.machine | report.checks).items():
        print(f"- {name}: {value}")
    if busy:
        print("- The machine was busy with other work: both sides are slower than they could be.")
    target = given.json or (None if given.quick else RESULTS)
    if target is not None:
        report.write(target)


if __name__ == "__main__":
    main()
