"""Pomona's file sets beside DVC in one run: first add, status, the next version, a fresh checkout.

    python bench/filesets.py --dvc /path/to/dvc              writes bench/results/filesets.json
    python bench/filesets.py --dvc /path/to/dvc --quick      a twentieth of the files, numbers of no value

Both do the same work on copies of the same folder, in turns (A B A B ...), from the command line: the
start of both tools is in every time. `pomona up` runs, as it does for its users; DVC needs no server.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from report import Report
from turns import Pace, new_report

SMALL, SMALL_BYTES = 20_000, (4_000, 6_240)  # about 5 KB each
LARGE_BYTES = 1 << 30
CHANGED = 0.01
RESULTS = Path(__file__).with_name("results") / "filesets.json"
ADD = ("files", "add", "bench", "data")
STATUS = ("files", "status", "data")
POMONA = str(Path(sys.executable).with_name("pomona"))


@dataclass(frozen=True)
class Size:
    """How much there is."""

    files: int
    large: int


class Side:
    """One of the two tools, in a folder of its own."""

    def __init__(self, name: str, folder: Path, command: str, environment: dict[str, str]) -> None:
        self.name, self.folder, self.command = name, folder, command
        self.environment = {**os.environ, **environment}
        self.data = folder / "data"

    def run(self, *words: str, code: int = 0) -> tuple[float, float]:
        """Seconds on the clock and of the processor that a command takes.

        Raises:
            RuntimeError: If it fails.
        """
        os.sync()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        done = subprocess.run(
            [self.command, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != code:
            raise RuntimeError(f"{self.name} {' '.join(words)}: {done.stdout[-500:]} {done.stderr[-2000:]}")
        return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dvc", required=True, help="the dvc command, from an environment of its own")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    size = Size(SMALL // 20, LARGE_BYTES // 20) if options.quick else Size(SMALL, LARGE_BYTES)
    version = subprocess.run([options.dvc, "--version"], capture_output=True, text=True, check=True)
    report = new_report(Pace(0.0, 0.0, options.repeats))
    report.machine["dvc"] = version.stdout.strip()
    with TemporaryDirectory(prefix="pomona-bench-") as place:
        source = Path(place) / "source"
        fill(source, size)
        for turn in range(options.repeats):
            measure(Path(place) / f"turn{turn}", source, options.dvc, size, report)
            print(f"turn {turn + 1} of {options.repeats}\n{report.markdown()}", flush=True)
    report.machine["load after"] = " ".join(f"{one:.1f}" for one in os.getloadavg())
    print("\nprocessor time, median s:", {k: round(median(v), 2) for k, v in CPU.items()})
    report.checks |= {f"cpu s, {name}": f"{median(seen):.2f}" for name, seen in CPU.items()}
    if not options.quick:
        report.write(RESULTS)
        RESULTS.write_text(RESULTS.read_text().replace('"mlflow": ', '"dvc": '))  # the other side, here
    print(report.markdown().replace("MLflow", "DVC"))


CPU: dict[str, list[float]] = {}


def measure(place: Path, source: Path, dvc: str, size: Size, report: Report) -> None:
    """One turn: both tools, each step side by side."""
    place.mkdir()
    ours, theirs = sides(place, dvc)
    with server(ours):
        ours.run("files", "create", "bench")
        theirs.run("init", "--no-scm", "-q")
        theirs.run("config", "core.analytics", "false")
        for side in (ours, theirs):
            shutil.copytree(source, side.data)
        both = (ours, theirs, report)
        steps(*both, "first add", 6, ADD, ("add", "data"))
        steps(*both, "status, nothing changed", 20, STATUS, ("status",))
        for side in (ours, theirs):
            change(side.data, size)
        steps(
            ours,
            theirs,
            report,
            "status, 1 % changed",
            None,
            ("files", "status", "data"),
            ("status",),
            code=1,
        )
        steps(
            ours, theirs, report, "add, 1 % changed", None, ("files", "add", "bench", "data"), ("add", "data")
        )
        kept = stored(ours.folder / "home" / "filesets"), stored(theirs.folder / ".dvc" / "cache")
        row = report.row("stored, two versions", "MB", "less")
        row.pomona.append(kept[0] / 1e6)
        row.mlflow.append(kept[1] / 1e6)
        for side in (ours, theirs):
            shutil.rmtree(side.data)
        steps(*both, "fresh checkout", 4, ("files", "checkout", "bench", "data"), ("checkout",))
        same(ours.data, theirs.data, report)
    shutil.rmtree(place)


def steps(
    ours: Side,
    theirs: Side,
    report: Report,
    figure: str,
    goal: float | None,
    our_words: tuple[str, ...],
    their_words: tuple[str, ...],
    *,
    code: int = 0,
) -> None:
    """One step on both sides."""
    row = report.row(figure, "s", "less", goal)
    for side, words, seen, expected in (
        (ours, our_words, row.pomona, code),
        (theirs, their_words, row.mlflow, 0),
    ):
        wall, cpu = side.run(*words, code=expected)
        seen.append(wall)
        CPU.setdefault(f"{figure}, {side.name}", []).append(cpu)


def sides(place: Path, dvc: str) -> tuple[Side, Side]:
    """Both tools, each in its own folder."""
    for name in ("pomona", "dvc"):
        (place / name).mkdir()
    ours = place / "pomona"
    environment = {"POMONA_HOME": str(ours / "home"), "POMONA_CACHE": str(ours / "cache")}
    return Side("pomona", ours, POMONA, environment), Side(
        "dvc", place / "dvc", dvc, {"DVC_NO_ANALYTICS": "1"}
    )


class server:  # noqa: N801 - reads as a statement
    """`pomona up` while the block runs."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def __enter__(self) -> None:
        from servers import free_port

        ports = ("--port", str(free_port()), "--gateway-port", str(free_port()))
        self._process = subprocess.Popen(
            [POMONA, "up", "--home", "home", *ports, "--no-browser"],
            cwd=self._side.folder,
            env=self._side.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends = time.monotonic() + 120
        while not (self._side.folder / "home" / "server.json").exists():
            if self._process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError("pomona up did not start")
            time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(60)


def fill(root: Path, size: Size) -> None:
    """The folder that both get a copy of."""
    draw = random.Random(1)
    for number in range(size.files):
        folder = root / f"class{number % 100:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"image_{number:05d}.bin").write_bytes(draw.randbytes(draw.randint(*SMALL_BYTES)))
    with (root / "large.bin").open("wb") as out:
        for _ in range(size.large >> 20):
            out.write(draw.randbytes(1 << 20))


def change(root: Path, size: Size) -> None:
    """1 % of the small files get other bytes; so does 1 % of the large one, in one place."""
    draw = random.Random(2)
    for number in draw.sample(range(size.files), int(size.files * CHANGED)):
        path = root / f"class{number % 100:02d}" / f"image_{number:05d}.bin"
        path.write_bytes(draw.randbytes(draw.randint(*SMALL_BYTES)))
    with (root / "large.bin").open("r+b") as out:
        out.seek(size.large // 3)
        out.write(draw.randbytes(int(size.large * CHANGED)))


def stored(root: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def same(one: Path, other: Path, report: Report) -> None:
    """Both checkouts must hold the same bytes, else there is no result."""
    compare: Callable[[Path], dict[str, int]] = lambda root: {  # noqa: E731
        str(path.relative_to(root)): hash(path.read_bytes()) for path in root.rglob("*") if path.is_file()
    }
    ours, theirs = compare(one), compare(other)
    if ours != theirs:
        raise RuntimeError(f"the checkouts differ in {len(ours.items() ^ theirs.items())} files")
    report.checks["files in both checkouts"] = f"{len(ours):,}, equal"


if __name__ == "__main__":
    main()
