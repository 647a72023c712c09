"""``pomona data diff``: how one version became another, row by row."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.text import Text

from pomona.cli.console import Json, client, done, out, show_one, show_rows
from pomona.cli.transfers import writing
from pomona.core.errors import Invalid

if TYPE_CHECKING:
    from pomona.data.diff.records import ColumnDiff, Diff, RowDiff, RowKind
    from pomona.sdk.diffs import VersionDiff

Before = Annotated[str, typer.Argument(help="A version, e.g. loans@v2.")]
After = Annotated[
    str | None,
    typer.Argument(help="The later one; default: BEFORE is, against its parent."),
]
_KINDS: "tuple[RowKind, ...]" = ("added", "removed", "changed")
_LONGEST = 40  # characters of a value


def diff(
    before: Before,
    after: After = None,
    rows: Annotated[int, typer.Option("--rows", "-n", help="Show so many rows of each kind.")] = 5,
    kind: Annotated[str, typer.Option(help="Only added, removed or changed rows.")] = "all",
    to: Annotated[Path | None, typer.Option("--out", help="Write the rows: .parquet or .csv.")] = None,
    json: Json = False,
) -> None:
    """Show how one version became another: rows added, removed and changed, exactly.

    Only what the two do not share is read. `moved` is the population stability index beyond what chance
    explains: 0.1 is a little, 0.25 much.

    Example: pomona data diff loans@v2 loans@v3 --rows 20
    """
    if kind not in ("all", *_KINDS):
        raise Invalid(f"there are no {kind!r} rows", hint="--kind all, added, removed or changed")
    with client() as pomona:
        found = pomona.data.diff(before, after)
        if to is not None:
            _write(found, kind, to)
        elif json:
            show_one(found.summary, json=True)
        else:
            _show(found.summary)
            for one in _KINDS:
                if kind in ("all", one):
                    _show_rows(found, one, rows)


def _show(found: "Diff") -> None:
    same = found.rows_after - found.added - found.changed
    out.print(
        f"[bold]{found.before}[/bold] to [bold]{found.after}[/bold]: "
        f"[green]+{found.added:,} added[/green], [red]-{found.removed:,} removed[/red], "
        f"[yellow]~{found.changed:,} changed[/yellow], {same:,} the same"
    )
    if found.same:
        out.print("[dim]both hold the same rows in the same columns[/dim]")
        return
    told = [column for column in found.columns if column.changed or column.change != "same" or _moved(column)]
    if told:
        show_rows(
            told,
            [
                ("column", lambda c: c.name),
                ("what became of it", _what),
                ("rows changed", lambda c: c.changed),
                ("moved", _moved),
            ],
            json=False,
            empty="",
        )


def _what(column: "ColumnDiff") -> Text | None:
    if column.change == "same":
        return None
    kinds = f": {column.type_before} to {column.type_after}" if column.change == "retyped" else ""
    return Text(column.change + kinds, style="yellow")


def _moved(column: "ColumnDiff") -> Text | None:
    if column.moved is None or column.moved < 0.1:
        return None
    return Text(f"{column.moved:.3f}", style="red" if column.moved >= 0.25 else "yellow")


def _show_rows(found: "VersionDiff", kind: "RowKind", limit: int) -> None:
    total = getattr(found.summary, kind)
    if not total or limit < 1:
        return
    page = found.page(kind, limit=min(limit, 1000))
    out.print(f"\n[bold]{kind}[/bold]")
    for row in page.rows:
        out.print(_line(row, page.key), soft_wrap=True)
    if total > len(page.rows):
        out.print(f"[dim]and {total - len(page.rows):,} more; --rows shows them, --out writes all[/dim]")


def _line(row: "RowDiff", key: tuple[str, ...]) -> str:
    sign, tone = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}[row.kind]
    values = row.after or row.before or {}
    named = " ".join(f"{escape(name)}=[bold]{_value(values.get(name))}[/bold]" for name in key)
    if row.kind != "changed":
        told = " ".join(
            f"[dim]{escape(name)}[/dim]={_value(value)}" for name, value in values.items() if name not in key
        )
    else:
        was, now = row.before or {}, row.after or {}
        told = ", ".join(
            f"[dim]{escape(name)}[/dim] [red]{_value(was.get(name))}[/red] → "
            f"[green]{_value(now.get(name))}[/green]"
            for name in row.columns
        )
    return f"[{tone}]{sign}[/{tone}] {named} {told}".replace("  ", " ")


def _value(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value) if isinstance(value, str) else str(value)
    return escape(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")


def _write(found: "VersionDiff", kind: str, path: Path) -> None:
    rows = {"all": found.all, "added": found.added, "removed": found.removed, "changed": found.changed}[
        kind
    ]()
    count = writing(rows.batches(), path)
    done(f"{count:,} rows that differ between {found.summary.before} and {found.summary.after} in {path}")
