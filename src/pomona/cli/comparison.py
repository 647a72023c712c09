"""``pomona data compare``: two versions side by side, column by column."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from pomona.cli.console import Json, client, out, show_one, show_rows

if TYPE_CHECKING:
    from pomona.data.comparison.records import ColumnComparison
    from pomona.stats.records import ColumnProfile

Before = Annotated[str, typer.Argument(help="A version, e.g. flights@v2.")]
After = Annotated[str, typer.Argument(help="The version beside it, e.g. flights@v3.")]

_BARS = " ▁▂▃▄▅▆▇█"


def compare(before: Before, after: After, json: Json = False) -> None:
    """Show how the columns of two versions differ, the one that moved most first.

    `moved` is the population stability index beyond what chance explains: 0.1 is a little, 0.25 much.

    Example: pomona data compare flights@v2 flights@v3
    """
    with client() as pomona:
        found = pomona.data.compare(before, after)
    if json:
        show_one(found, json=True)
        return
    out.print(f"[bold]{found.before}[/bold] {found.rows_before:,} rows")
    change = _change(found.rows_before, found.rows_after)
    out.print(f"[bold]{found.after}[/bold] {found.rows_after:,} rows ({change})")
    show_rows(
        found.columns,
        [
            ("column", lambda c: c.name),
            ("moved", _moved),
            ("before", lambda c: Text(_bars(c.before))),
            ("after", lambda c: Text(_bars(c.after))),
            ("mean", lambda c: _pair(_mean(c.before), _mean(c.after))),
            ("different", lambda c: _pair(_distinct(c.before), _distinct(c.after))),
            ("missing", lambda c: _pair(f"{c.missing_before:.2%}", f"{c.missing_after:.2%}")),
        ],
        json=False,
        empty="no columns",
    )


def _moved(column: "ColumnComparison") -> Text | str | None:
    if column.change != "same":
        kinds = f" {column.type_before} -> {column.type_after}" if column.change == "retyped" else ""
        return Text(column.change + kinds, style="yellow")
    if column.drift is None:
        return None
    tone = "red" if column.moved >= 0.25 else "yellow" if column.moved >= 0.1 else "dim"
    return Text(f"{column.moved:.3f}", style=tone)


def _bars(profile: "ColumnProfile | None") -> str:
    from pomona.stats.records import CategoryProfile

    if profile is None or not profile.count:
        return ""
    counts = list(profile.top.values())[:20] if isinstance(profile, CategoryProfile) else profile.counts[:40]
    highest = max(counts, default=0) or 1
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // highest)] for count in counts)


def _mean(profile: "ColumnProfile | None") -> str | None:
    from pomona.stats.records import NumericProfile

    return f"{profile.mean:,.4g}" if isinstance(profile, NumericProfile) and profile.count else None


def _distinct(profile: "ColumnProfile | None") -> str | None:
    return f"{profile.distinct:,}" if profile is not None and profile.distinct is not None else None


def _pair(before: str | None, after: str | None) -> str | None:
    if before == after:
        return before
    return f"{before or '-'} -> {after or '-'}"


def _change(before: int, after: int) -> str:
    return f"{after / before - 1:+.1%}" if before else "from nothing"
