"""Pomona beside MLflow in one run: predictions a second, metrics a second, start and memory.

    python bench/first.py             about ten minutes; writes bench/results/first.json
    python bench/first.py --quick     the same path in about two minutes, numbers of no value

Both sides run at the same time on this machine, on loopback, and are measured in turns (A B A B), while
the other one rests. Each number is the median of several short bursts.
"""

from __future__ import annotations

import json
import math
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from load import BadAnswer, ask, request
from peers import HEALTH, Mlflow, Pomona, part_memory_mb
from scoring import Row as Cells
from scoring import Scoring
from servers import memory_mb
from tracking import Logging
from turns import Turns, new_report, note, options, pace_of, say, tell

CLIENTS = {1: None, 16: 12.0, 64: 35.0}  # and the ratio promised
RESULTS = Path(__file__).with_name("results") / "first.json"


class Serving(Turns):
    """The serving half: start to first prediction, memory, predictions a second."""

    def serve(self) -> None:
        """Everything."""
        ours, files = Pomona.in_folder(self.folder / "serving"), self.folder / "model"
        with ExitStack() as keep:
            self.start(keep, ours, ours.port, HEALTH, [])
            say("training the model, registering and releasing it")
            ours.serve(files)
        theirs = Mlflow.models_serve(self.folder / "mlflow-serve", files)
        rows: list[Cells] = json.loads((files / "rows.json").read_text())
        asked = ours.scorings()
        with ExitStack() as keep:
            for turn in range(self.pace.repeats):
                keep.close()
                start = self.report.row("start to first prediction", "s", "less", 4)
                first = asked[-1].message(rows[turn])
                a = self.start(keep, ours, ours.gateway_port, first, start.pomona)
                first = theirs.scoring.message(rows[turn])
                b = self.start(keep, theirs, theirs.port, first, start.mlflow)
                idle = self.report.row("memory idle: gateway / `mlflow models serve`", "MB", "less", 5)
                self.rest()
                idle.pomona.append(part_memory_mb(a, "pomona-gateway"))
                idle.mlflow.append(memory_mb(b.pids()))
            self._agree([*asked, theirs.scoring], rows[:16])
            self._predict(ours, asked, theirs.scoring, rows)

    def _predict(self, ours: Pomona, asked: list[Scoring], theirs: Scoring, rows: list[Cells]) -> None:
        status = request("GET", "/status", token=ours.token)
        before, answered = _journalled(ours.gateway_port, status), 0
        for _ in range(self.pace.repeats):
            for clients, goal in CLIENTS.items():
                peer = self.burst(theirs.port, theirs.clients(clients, rows))
                for way in asked:
                    burst, cost_ms = self.burst(way.port, way.clients(clients, rows))
                    answered += burst.acknowledged
                    plural = "client" if clients == 1 else "clients"
                    figure = f"predictions, {clients} {plural}, {way.name}"
                    row = self.report.row(figure, "/s", "more", goal)
                    note(row, "pomona", burst, cost_ms)
                    note(row, "mlflow", *peer)
        self.rest()
        journalled = _journalled(ours.gateway_port, status) - before
        self.same("pomona: predictions in the journal, acknowledged = kept", answered, journalled)

    def _agree(self, ways: list[Scoring], rows: list[Cells]) -> None:
        """Every way must give the same predictions, or the comparison is none."""
        wanted = ways[-1].answers(rows)
        for way in ways:
            found = way.answers(rows)
            if not all(math.isclose(a, b, rel_tol=1e-9) for a, b in zip(found, wanted, strict=True)):
                raise BadAnswer(f"{way.name} predicts {found}, {ways[-1].name} {wanted}")
        self.report.checks["same predictions"] = f"{len(rows)} rows, {len(ways)} ways"


def _journalled(port: int, status: bytes) -> int:
    frames: int = json.loads(ask(port, status))["journal"]["frames"]
    return frames


def main() -> None:
    """Measure, print, keep."""
    given = options(__doc__)
    pace = pace_of(given)
    report = new_report(pace)
    with TemporaryDirectory(prefix="pomona-bench-") as folder:
        Logging(Path(folder), pace, report).track()
        Serving(Path(folder), pace, report).serve()
    tell(report, given, RESULTS)


if __name__ == "__main__":
    main()
