"""MLflow's tracking protocol beside `mlflow server`: logging, search, histories, artifacts, start, memory.

    python bench/tracking.py             about a quarter of an hour; writes bench/results/tracking.json
    python bench/tracking.py --quick     the same path in about three minutes, numbers of no value

Both sides hold the same runs (``filled.py``), run at the same time on this machine and are measured in turns.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import filled
from calls import METRICS_A_CALL, STEPS, Tracking
from load import BadAnswer, run_burst
from peers import HEALTH, Mlflow, Pomona
from report import Report
from servers import memory_mb
from turns import Pace, Turns, new_report, note, options, pace_of, say, tell

WRITERS = 8
RESULTS = Path(__file__).with_name("results") / "tracking.json"
FILTER = "metrics.val_accuracy > 0.7 and params.optimizer = 'adam'"
ORDER = "metrics.val_accuracy DESC"
ARTIFACT_BYTES = 100_000_000


class Logging(Turns):
    """Empty servers: start, memory, log-metric, log-batch."""

    def track(self) -> None:
        """Everything."""
        pairs = [
            (
                Pomona.in_folder(self.folder / f"tracking-{turn}"),
                Mlflow.server(self.folder / f"mlflow-{turn}"),
            )
            for turn in range(self.pace.repeats)
        ]
        with ExitStack() as keep:
            for ours, theirs in pairs:
                keep.close()
                start = self.report.row("start to first answer, tracking", "s", "less", 4)
                a = self.start(keep, ours, ours.port, HEALTH, start.pomona)
                b = self.start(keep, theirs, theirs.port, HEALTH, start.mlflow)
                idle = self.report.row("memory idle: all of `pomona up` / `mlflow server`", "MB", "less", 5)
                self.rest()
                idle.pomona.append(memory_mb(a.pids()))
                idle.mlflow.append(memory_mb(b.pids()))
            ours, theirs = pairs[-1]
            for _ in range(self.pace.repeats):
                self._log(ours.tracking, "pomona")
                self._log(theirs.tracking, "mlflow")
            self._after(ours, theirs)

    def _after(self, ours: Pomona, theirs: Mlflow) -> None:
        """More to measure while both run."""

    def _log(self, server: Tracking, side: str) -> None:
        single = self.report.row("log-metric, 1 client", "calls/s", "more", 15)
        run_id = server.new_run()
        burst, cost_ms = self.burst(server.port, [server.metrics(run_id)])
        note(single, side, burst, cost_ms)
        what = "values of log-metric, acknowledged = kept"
        self.same(f"{side}: {what}", burst.acknowledged, server.stored(run_id, "loss"))
        batch = self.report.row(f"log-batch of {METRICS_A_CALL}, {WRITERS} clients", "metrics/s", "more", 50)
        runs = [server.new_run() for _ in range(WRITERS)]
        burst, cost_ms = self.burst(server.port, [server.batches(run_id) for run_id in runs])
        note(batch, side, burst, cost_ms, per_answer=METRICS_A_CALL)
        stored = sum(server.stored(run_id, "metric_0") for run_id in runs)
        what = "values of one metric in log-batch, acknowledged = kept"
        self.same(f"{side}: {what}", burst.acknowledged * STEPS, stored)


class Everything(Logging):
    """And artifacts; then servers that hold many runs."""

    def _after(self, ours: Pomona, theirs: Mlflow) -> None:
        size = ARTIFACT_BYTES // 50 if self.pace.quick else ARTIFACT_BYTES
        payload = os.urandom(1 << 20) * (size >> 20)
        for _ in range(self.pace.repeats):
            for side, server in (("pomona", ours.tracking), ("mlflow", theirs.tracking)):
                path = f"bench/{time.time_ns()}.bin"
                up = self.report.row("artifact up, 100 MB", "s", "less", 2)
                _, took = self.once(server.port, server.put_artifact(path, payload))
                getattr(up, side).append(took)
                down = self.report.row("artifact down, 100 MB", "s", "less", 2)
                body, took = self.once(server.port, server.get_artifact(path))
                getattr(down, side).append(took)
                if body != payload:
                    raise BadAnswer(f"{side}: the artifact is not what was sent")

    def filled(self) -> None:
        """Search and history with the same 10,000 runs on both sides, one of them with 100,000 points."""
        runs, points = (500, 5_000) if self.pace.quick else (10_000, 100_000)
        ours = Pomona.in_folder(self.folder / "filled")
        theirs = Mlflow.server(self.folder / "mlflow-filled")
        say(f"filling both sides with {runs:,} runs")
        long_run = filled.both(ours.folder / "home", theirs.folder / "mlflow.db", runs=runs, points=points)
        with ExitStack() as keep:
            self.start(keep, ours, ours.port, HEALTH, [])
            self.start(keep, theirs, theirs.port, HEALTH, [])
            sides = (("pomona", ours.tracking), ("mlflow", theirs.tracking))
            for _ in range(self.pace.repeats):
                found = {side: self._search(side, server) for side, server in sides}
                if found["mlflow"] != found["pomona"]:
                    raise BadAnswer("the two sides found other runs")
                got = {side: self._history(side, server, long_run) for side, server in sides}
                self.same("both gave the same history", got["mlflow"], got["pomona"])

    def _search(self, side: str, server: Tracking) -> list[str]:
        row = self.report.row("search of 10,000 runs: two conditions, by a metric", "ms", "less", 30)
        body, took = self.once(server.port, server.search(FILTER, ORDER))
        getattr(row, side).append(took * 1000)
        return [run["info"]["run_id"] for run in json.loads(body)["runs"]]

    def _history(self, side: str, server: Tracking, run_id: str) -> int:
        row = self.report.row("metric history of 100,000 points", "s", "less", 20)
        self.rest()
        began = time.perf_counter()
        count = server.stored(run_id, "loss")
        getattr(row, side).append(time.perf_counter() - began)
        return count

    def grown(self) -> None:
        """Pomona alone: search in 200,000 runs; log-batch with 10 million values stored."""
        runs = 1_000 if self.pace.quick else 250_000  # of 40 values each
        empty, full = Pomona.in_folder(self.folder / "empty"), Pomona.in_folder(self.folder / "grown")
        say(f"filling one side with {runs:,} runs")
        filled.ours(full.folder / "home", runs=runs, experiments=1)
        rates: dict[str, list[float]] = {"empty": [], "full": []}
        with ExitStack() as keep:
            for side in (empty, full):
                self.start(keep, side, side.port, HEALTH, [])
            for _ in range(self.pace.repeats):
                _, took = self.once(full.port, full.tracking.search(FILTER, ORDER))
                self.report.alone.setdefault(f"search of {runs:,} runs, ms", []).append(took * 1000)
                for name, side in (("empty", empty), ("full", full)):
                    rates[name].append(self._rate(side.tracking))
        self.report.alone[f"log-batch, metrics/s, {runs * 40:,} values stored"] = rates["full"]
        self.report.alone["log-batch, metrics/s, empty"] = rates["empty"]
        share = median(rates["full"]) / median(rates["empty"])
        self.report.alone["log-batch, rate with values stored / empty (goal 0.8)"] = [share]

    def _rate(self, server: Tracking) -> float:
        clients: list[Iterator[bytes]] = [server.batches(server.new_run()) for _ in range(WRITERS)]
        self.rest()
        pace = self.pace
        return (
            run_burst(server.port, clients, seconds=pace.burst_s, warm_up_s=pace.warm_up_s).per_s
            * METRICS_A_CALL
        )


def measure(folder: Path, pace: Pace, report: Report) -> None:
    """The whole table."""
    bench = Everything(folder, pace, report)
    bench.track()
    bench.filled()
    bench.grown()


def main() -> None:
    """Measure, print, keep."""
    given = options(__doc__)
    pace = pace_of(given)
    report = new_report(pace)
    with TemporaryDirectory(prefix="pomona-bench-") as folder:
        measure(Path(folder), pace, report)
    tell(report, given, RESULTS)


if __name__ == "__main__":
    main()
