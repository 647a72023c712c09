"""Uncommitted changes in a terminal: coloured to read; plain into a pipe, for ``git apply``."""

import sys
from typing import TYPE_CHECKING

from rich.text import Text

from pomona.cli.console import err, out

if TYPE_CHECKING:
    from pomona.training.code.records import RunDiff

_TONES = {"+": "green", "-": "red", "@": "cyan", "d": "bold", "#": "dim", "B": "dim"}


def show_patch(found: "RunDiff") -> None:
    """Print a run's uncommitted changes; what is to be known about them goes to standard error."""
    from pomona.training.code.rules import said_of

    err.print(f"[bold]{said_of(found.code) or 'no commit is known'}[/bold]")
    if found.hint:
        err.print(f"[dim]{found.hint}[/dim]")
    if not out.is_terminal:
        sys.stdout.write(found.text)
        return
    for line in found.text.splitlines():
        out.print(Text(line, style=_TONES.get(line[:1], "")), soft_wrap=True)
