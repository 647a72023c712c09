"""Daily full exports of one table: Pomona beside DVC, DuckLake and Lance, in one run.

Usage: python bench/data.py [--rows N] [--days N] [--lake-days N] [--repeats N] [--peers VENV]

Each step is a process of its own on every side and the tool's own start counts on every side, except
where a row says otherwise. What a peer does not have (DVC: a row diff) it is given the shortest way to.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import exports

PEERS = [
    "dvc==3.67.1",
    "duckdb==1.5.5",
    "duckdb-extension-ducklake==1.5.5",
    "pylance==14.0.2",
    "polars==2.1.0",
]
HERE = Path(__file__).parent
COMMIT = """
import sys, pomona
client = pomona.connect(home=sys.argv[1])
if sys.argv[3] == "0":
    client.data.create("t", key=["id"], time_column="at")
print(client.data.commit("t", sys.argv[2]).record.digest)
"""
DIFF = """
import json, sys, time, pomona
client = pomona.connect(home=sys.argv[1])
client.data.versions("t")  # what handles rows is loaded when it is first needed: that is start
began = time.perf_counter()
found = client.data.diff(*sys.argv[2:]).summary
print(json.dumps({"seconds": time.perf_counter() - began, "added": found.added,
                  "removed": found.removed, "changed": found.changed}))
"""
READ = """
import sys, time
from pathlib import Path
import pyarrow.parquet as pq
from pomona.app import open_app
app = open_app(Path(sys.argv[1]))
took = []
for again in range(4):
    began = time.perf_counter()
    if sys.argv[2] == "plain":
        rows = pq.read_table(sys.argv[3]).num_rows
    else:
        rows = app.data.read(sys.argv[3]).num_rows
    took.append(time.perf_counter() - began)
print(sorted(took[1:])[1])
app.close()
"""


class Bench:
    """One run: exports are made day by day and given to each side."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.folder = folder
        self.python = Path(options.peers or folder / "peers") / "bin" / "python"
        self.seconds: dict[str, list[float]] = {}
        self.bytes: dict[str, int] = {}
        self.lake_bytes: dict[str, int] = {}

    def run(self) -> dict[str, object]:
        """Everything; returns what was measured."""
        self.prepare()
        table = exports.rows(self.options.rows)
        for day in range(self.options.days):
            table = table if day == 0 else exports.next_day(table, day)
            export = self.folder / f"day-{day}.parquet"
            exports.write(table, export)
            self.commit(export, day)
            if day < self.options.lake_days:
                for lake in ("ducklake", "lance"):
                    self.note(f"{lake} merge", self.merge(lake, export), day)
            self.note("dvc add", self.dvc_add(export), day)
            if day == self.options.lake_days - 1:
                self.lake_bytes = {
                    side: size_of(self.folder / side) for side in ("pomona", "ducklake", "lance")
                }
            if 1 < day < self.options.days - 1:
                export.unlink()
            print(
                f"day {day}: { ({name: round(took[-1], 2) for name, took in self.seconds.items()}) }",
                flush=True,
            )
        self.bytes = {side: size_of(self.folder / side) for side in ("pomona", "dvc")}
        self.diffs()
        self.reads(self.folder / f"day-{self.options.days - 1}.parquet")
        return self.report()

    def prepare(self) -> None:
        """The peers' environment and empty folders."""
        if not self.python.exists():
            venv.create(self.folder / "peers", with_pip=True)
            subprocess.run([self.python, "-m", "pip", "install", "-q", *PEERS], check=True)
        for side in ("pomona", "dvc", "ducklake", "lance"):
            (self.folder / side).mkdir()
        self.dvc("init", "--no-scm", "-q")
        self.dvc("config", "core.analytics", "false")

    def commit(self, export: Path, day: int) -> None:
        """Pomona: one process, one commit."""
        began = time.perf_counter()
        run([sys.executable, "-c", COMMIT, str(self.folder / "pomona"), str(export), str(day)])
        self.note("pomona commit", time.perf_counter() - began, day)

    def dvc_add(self, export: Path) -> float:
        """DVC: the export is put where the last one was, then added."""
        tracked = self.folder / "dvc" / "t.parquet"
        tracked.unlink(missing_ok=True)
        shutil.copyfile(export, tracked)
        began = time.perf_counter()
        self.dvc("add", "-q", "t.parquet")
        return time.perf_counter() - began

    def dvc(self, *words: str) -> None:
        """One call of DVC."""
        environment = os.environ | {"DVC_NO_ANALYTICS": "1"}
        command = [str(self.python.with_name("dvc")), *words]
        subprocess.run(command, cwd=self.folder / "dvc", env=environment, check=True)

    def merge(self, lake: str, export: Path) -> float:
        """A lake: one process, one merge."""
        began = time.perf_counter()
        run([str(self.python), str(HERE / "lakes.py"), lake, str(self.folder / lake), str(export)])
        return time.perf_counter() - began

    def diffs(self) -> None:
        """The last two days on both sides; the answers must be the same."""
        first, last = self.folder / "day-0.parquet", self.folder / "day-1.parquet"
        for _ in range(self.options.repeats):
            ours = json.loads(run([sys.executable, "-c", DIFF, str(self.folder / "pomona"), "t@v1", "t@v2"]))
            theirs = json.loads(
                run([str(self.python), str(HERE / "lakes.py"), "diff", str(first), str(last), "id"])
            )
            self.note("pomona diff (without start)", ours.pop("seconds"), 1)
            self.note("dvc diff (without start)", theirs.pop("seconds"), 1)
            assert ours == theirs, (ours, theirs)

    def reads(self, export: Path) -> None:
        """The newest version, and the same rows as one plain Parquet file; files in the page cache."""
        home, ref = str(self.folder / "pomona"), f"t@v{self.options.days}"
        for _ in range(self.options.repeats):
            for name, words in (
                ("pomona read", [home, "version", ref]),
                ("pyarrow read", [home, "plain", str(export)]),
            ):
                self.note(f"{name} (without start)", float(run([sys.executable, "-c", READ, *words])), 1)

    def note(self, name: str, seconds: float, day: int) -> None:
        """Keep a time; the first day is another kind of work and has a name of its own."""
        self.seconds.setdefault(name if day else f"{name}, first", []).append(seconds)

    def report(self) -> dict[str, object]:
        """Figures, ratios, goals."""
        took = {name: median(values) for name, values in self.seconds.items()}
        plain = took["pyarrow read (without start)"]
        lakes = {lake: took[f"{lake} merge"] for lake in ("ducklake", "lance")}
        return {
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "rows": self.options.rows,
            "days": self.options.days,
            "median seconds": {name: round(value, 3) for name, value in sorted(took.items())},
            "bytes": self.bytes,
            f"bytes after {self.options.lake_days} days": self.lake_bytes,
            "ratios": {
                "storage: dvc / pomona (goal 20)": self.bytes["dvc"] / self.bytes["pomona"],
                "next day: dvc add / commit (goal 2.5)": took["dvc add"] / took["pomona commit"],
                "row diff: dvc / pomona (goal 20)": took["dvc diff (without start)"]
                / took["pomona diff (without start)"],
                **{
                    f"next day: {lake} / commit (goal 2)": value / took["pomona commit"]
                    for lake, value in lakes.items()
                },
                **{
                    f"storage: pomona / {lake} (goal 1.05 or less)": self.lake_bytes["pomona"]
                    / self.lake_bytes[lake]
                    for lake in lakes
                },
                "read: pomona / pyarrow (goal 1.2 or less)": took["pomona read (without start)"] / plain,
            },
        }


def run(command: list[str]) -> str:
    """A process's output; its errors are shown and end the run."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def size_of(folder: Path) -> int:
    """Bytes of every file below a folder, each inode once."""
    inodes = {
        stat.st_ino: stat.st_size for path in folder.rglob("*") if (stat := path.lstat()) and path.is_file()
    }
    return sum(inodes.values())


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--lake-days", type=int, default=6, help="days that DuckLake and Lance are given")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", type=Path, help="an environment with the peers; default: one is made")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "data.json")
    options = parser.parse_args()
    # Modules are compiled once on every side, as a user's are.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="bench-data-") as folder:
        found = Bench(options, Path(folder)).run()
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
