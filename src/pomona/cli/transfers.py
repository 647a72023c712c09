"""Bytes on their way, shown while they go: uploads of large files, exports; rows into a file."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pomona.cli.console import err
from pomona.core.errors import Invalid

if TYPE_CHECKING:
    import pyarrow as pa

LARGE_BYTES = 50 << 20


@contextmanager
def sending(path: Path) -> Iterator[Callable[[int, int], None] | None]:
    """A bar while a large file is sent, then a sign that the server works on it; None for a small one."""
    if path.stat().st_size < LARGE_BYTES:
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("sending", total=None)

        def report(sent: int, size: int) -> None:
            whole = sent >= size
            bar.update(
                task,
                completed=sent,
                total=None if whole else size,  # no total: the bar pulses while the server compares
                description="comparing and storing" if whole else "sending",
            )

        yield report


@contextmanager
def receiving() -> Iterator[Callable[[int], None]]:
    """How much of an export has come."""
    from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

    columns = (SpinnerColumn(), TextColumn("exporting"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("exporting", total=None)
        yield lambda size: bar.update(task, completed=size)


def writing(rows: "pa.RecordBatchReader", path: Path) -> int:
    """Write rows to a ``.parquet`` or ``.csv`` file, whole or not at all; returns how many.

    Raises:
        Invalid: If the name says another format.
    """
    import pyarrow as pa

    from pomona.data.export.encoding import encoded
    from pomona.data.export.rules import format_of

    form = format_of(path.name)
    if form == "delta-plain":
        raise Invalid(f"{path} cannot be written", hint="end it in .parquet, .csv or .jsonl")
    count = 0

    def counted() -> Iterator["pa.RecordBatch"]:
        nonlocal count
        for batch in rows:
            count += batch.num_rows
            yield batch

    made = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        with made.open("wb") as out:
            for piece in encoded(pa.RecordBatchReader.from_batches(rows.schema, counted()), form):
                out.write(piece)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
    return count
