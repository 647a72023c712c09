"""What every command shares: the client, tables, JSON output, errors with their hint."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console, ConsoleDimensions
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pomona.core.errors import PomonaError

if TYPE_CHECKING:
    from pomona.sdk.client import Client

_ENDLESS = 1_000_000  # columns of a pipe


class Paper(Console):
    """A console that breaks lines for a terminal only: a pipe or a file gets each line in one piece.

    ``COLUMNS`` in the environment asks for a width all the same.
    """

    @property
    def piped(self) -> bool:
        """Whether a program reads what is printed, not a person."""
        return not self.file.isatty() and not os.environ.get("COLUMNS", "").isdigit()

    @property  # type: ignore[misc]  # nobody sets it
    def size(self) -> ConsoleDimensions:
        """Columns and lines there are."""
        return ConsoleDimensions(_ENDLESS, 25) if self.piped else super().size

    def print_table(self, table: Table) -> None:
        """Print a table; in a pipe without the blanks that would fill its last column."""
        if not self.piped:
            self.print(table)
            return
        with self.capture() as drawn:
            self.print(table)
        self.file.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))


out = Paper(highlight=False)
err = Paper(stderr=True, highlight=False)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Limit = Annotated[int, typer.Option("--limit", "-n", help="Show at most this many.")]

_TONES = {
    **dict.fromkeys(("ok", "green", "go", "done", "promoted", "FINISHED", "passed", "READY"), "green"),
    **dict.fromkeys(("warn", "queued", "running", "open", "RUNNING", "waiting"), "yellow"),
    **dict.fromkeys(
        ("fail", "failed", "alarm", "killed", "critical", "rolled_back", "FAILED", "refused"), "red"
    ),
}


def client() -> "Client":
    """The SDK's client for this folder or ``POMONA_URL``."""
    from pomona.sdk.client import connect

    return connect()


def show_rows(
    items: Iterable[Any], columns: Sequence[tuple[str, Callable[[Any], Any]]], *, json: bool, empty: str
) -> None:
    """Print records as a table (or JSON lines); ``empty`` says what to do when there are none."""
    found = list(items)
    if json:
        for item in found:
            sys.stdout.write(msgspec.json.encode(item).decode() + "\n")
    elif not found:
        out.print(f"[dim]{empty}[/dim]")
    else:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for place, (title, _) in enumerate(columns):
            table.add_column(title, overflow="fold", no_wrap=place == 0)  # an id is copied in one piece
        for item in found:
            table.add_row(*(cell(value(item)) for _, value in columns))
        out.print_table(table)


def show_csv(items: Iterable[Any], columns: Sequence[tuple[str, Callable[[Any], Any]]]) -> None:
    """Print records as CSV with a head, for other programs: numbers whole, nothing as nothing."""
    import csv

    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow([title for title, _ in columns])
    for item in items:
        found = [value(item) for _, value in columns]
        lines.writerow([one.isoformat() if isinstance(one, datetime) else one for one in found])


def show_one(record: Any, *, json: bool = False, title: str = "") -> None:
    """Print one record, field by field (or as JSON)."""
    if json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(record)).decode() + "\n")
        return
    if title:
        out.print(f"[bold]{title}[/bold]")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in msgspec.to_builtins(record).items():
        if value not in (None, [], {}, ""):
            table.add_row(name.replace("_", " "), cell(value))
    out.print_table(table)


def cell(value: Any) -> str | Text:
    """One value for the eye; text with colours of its own stays so."""
    if isinstance(value, Text):
        return value
    if value is None:
        return "[dim]-[/dim]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, float):
        return f"{value:,.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    text = str(value)
    return f"[{_TONES[text]}]{text}[/]" if text in _TONES else text.replace("[", "\\[")


def done(text: str) -> None:
    """Say what was done."""
    out.print(f"[green]✓[/green] {text}")


def complain(error: PomonaError) -> None:
    """Print an error and its hint on standard error."""
    err.print(f"[bold red]Error:[/bold red] {escape(error.detail)}", soft_wrap=True)
    if error.hint:
        err.print(f"[yellow]Hint:[/yellow] {escape(error.hint)}", soft_wrap=True)
    traceback = error.extra.get("traceback")
    if traceback:
        err.print(str(traceback), markup=False)
