"""``pomona data``: declare datasets, commit versions, look at rows, profiles and checks."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from pomona.cli import comparison, diffs, erasing, exports, keeping
from pomona.cli.checks import app as checks_app
from pomona.cli.checks import check, read_checks, show_wrong
from pomona.cli.console import Json, Limit, client, done, out, show_one, show_rows
from pomona.cli.exports import utc
from pomona.cli.marts import read_sql
from pomona.cli.transfers import sending, writing
from pomona.core.errors import Invalid

app = typer.Typer(no_args_is_help=True, help="Datasets: immutable versions, their checks and profiles.")
app.command()(check)
app.add_typer(checks_app, name="checks")
app.command()(comparison.compare)
app.command()(diffs.diff)
app.command()(exports.export)
app.command()(exports.describe)
keeping.add_to(app)
erasing.add_to(app)

Name = Annotated[str, typer.Argument(help="The dataset's name, e.g. flights or nyc/flights.")]
Ref = Annotated[str, typer.Argument(help="A version: flights, flights@v3, flights@newest or its id.")]
ChecksFile = Annotated[
    Path | None, typer.Option("--checks", help="YAML or JSON file with a list of checks.", exists=True)
]


@app.command()
def create(
    name: Name,
    key: Annotated[list[str] | None, typer.Option(help="Column that names a row; repeatable.")] = None,
    time: Annotated[str | None, typer.Option(help="Column that says when a row happened.")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="What it may serve; repeatable.")] = None,
    description: Annotated[str, typer.Option(help="One sentence.")] = "",
    hypothesis: Annotated[str | None, typer.Option(help="Id or name.")] = None,
    subject_column: Annotated[
        list[str] | None, typer.Option(help="Column that names whom a row is about; repeatable.")
    ] = None,
    checks: ChecksFile = None,
) -> None:
    """Declare a dataset.

    Example: pomona data create flights --key flight_id --time scheduled --checks checks.yaml
    """
    declared = read_checks(checks).checks if checks else ()
    with client() as pomona:
        made = pomona.data.create(
            name,
            key=key or (),
            time_column=time,
            purposes=purpose or (),
            description=description,
            hypothesis=hypothesis,
            subject_columns=subject_column or (),
            checks=declared,
        )
    done(f"dataset {made.name} ({made.id})")


@app.command()
def commit(
    name: Name,
    file: Annotated[Path, typer.Argument(help="A .parquet or .csv file.", exists=True, dir_okay=False)],
    append: Annotated[bool, typer.Option("--append", help="The file holds new rows only.")] = False,
    delta: Annotated[
        bool,
        typer.Option("--delta", help="The file holds new and changed rows; _deleted marks removed ones."),
    ] = False,
    new_base: Annotated[bool, typer.Option("--new-base", help="Columns may be gone or retyped.")] = False,
    onto: Annotated[str | None, typer.Option(help="The version it builds on.")] = None,
    note: Annotated[str, typer.Option(help="What a reader should know.")] = "",
    as_of: Annotated[datetime | None, typer.Option(help="When the source was so (UTC).")] = None,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="No rows is right.")] = False,
) -> None:
    """Commit a file as the next version; content that is there already makes no new one.

    By default the file is the whole table as it is now, and only what changed is stored.

    Example: pomona data commit loans export.parquet

    Example: pomona data commit loans changes.parquet --delta
    """
    if append and delta:
        raise Invalid("a file is either appended or a delta", hint="give one of --append and --delta")
    with client() as pomona:
        with sending(file) as progress:
            version = pomona.data.commit(
                name,
                file,
                mode="append" if append else "delta" if delta else "full",
                new_base=new_base,
                onto=onto,
                note=note,
                as_of=utc(as_of),
                allow_empty=allow_empty,
                progress=progress,
            )
        record = version.record
        if not version.created:
            done(f"{version.ref} holds this content already; nothing was stored")
            return
        done(
            f"{version.ref} ({record.id}): {record.rows:,} rows, {record.rows_added:,} added, "
            f"{record.rows_changed:,} changed, {record.rows_removed:,} removed"
        )
        if record.quality != "green":
            show_wrong(version.quality())


@app.command("ls")
def list_(limit: Limit = 50, json: Json = False) -> None:
    """List datasets, newest first."""
    with client() as pomona:
        show_rows(
            pomona.data.list(limit=limit),
            [
                ("name", lambda d: d.name),
                ("key", lambda d: ", ".join(d.key) or None),
                ("time", lambda d: d.time_column),
                ("checks", lambda d: len(d.checks)),
                ("purposes", lambda d: ", ".join(d.purposes) or None),
                ("description", lambda d: d.description),
            ],
            json=json,
            empty="no dataset yet: `pomona data create --help` shows how to declare one",
        )


@app.command()
def versions(name: Name, json: Json = False) -> None:
    """List the versions of a dataset, newest first."""
    with client() as pomona:
        show_rows(
            [version.record for version in pomona.data.versions(name)],
            [
                ("version", lambda v: f"v{v.number}"),
                ("committed", lambda v: v.created_at),
                ("rows", lambda v: v.rows),
                ("added", lambda v: v.rows_added),
                ("changed", lambda v: v.rows_changed),
                ("removed", lambda v: v.rows_removed),
                ("quality", lambda v: v.quality),
                ("digest", lambda v: v.digest[:12]),
                ("note", lambda v: v.note),
            ],
            json=json,
            empty=f"no version yet: `pomona data commit {name} FILE` makes the first",
        )


@app.command()
def show(ref: Ref, json: Json = False) -> None:
    """Show a version: rows, files, digest, quality."""
    with client() as pomona:
        show_one(pomona.data.version(ref).record, json=json)


@app.command()
def read(
    ref: Ref,
    column: Annotated[list[str] | None, typer.Option(help="Only this column; repeatable.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Rows from this time on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Rows before this time (UTC).")] = None,
    purpose: Annotated[str | None, typer.Option(help="What the rows are read for.")] = None,
    to: Annotated[Path | None, typer.Option(help="Write a .parquet, .csv or .jsonl file.")] = None,
    limit: Limit = 20,
) -> None:
    """Print the first rows of a version, or write all of them to a file."""
    with client() as pomona:
        chosen = pomona.data.version(ref).select(column, since=utc(since), until=utc(until), purpose=purpose)
        if to is not None:
            rows = writing(chosen.batches(), to)
            done(f"{rows:,} rows of {chosen.ref} in {to}")
            return
        table = chosen.batches(limit=limit + 1).read_all()
    show_rows(
        table.slice(0, limit).to_pylist(),
        [(name, lambda row, name=name: row[name]) for name in table.column_names],  # type: ignore[misc]
        json=False,
        empty="no rows",
    )
    if table.num_rows > limit:
        out.print(f"[dim]the first {limit} of {chosen.rows:,}; --limit shows more, --to writes all[/dim]")


@app.command()
def sql(
    sql: Annotated[str, typer.Argument(help="One SELECT over datasets, or the path of a .sql file.")],
    to: Annotated[Path | None, typer.Option(help="Write a .parquet or .csv file.")] = None,
    purpose: Annotated[str | None, typer.Option(help="What the rows are read for.")] = None,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """Run one SELECT over datasets (DuckDB's dialect) and print its first rows, or write all of them.

    Example: pomona data sql "select carrier, count(*) n from flights group by all order by n desc"
    """
    with client() as pomona:
        table = pomona.data.sql(read_sql(sql), limit=limit if to is None else None, purpose=purpose)
    if to is not None:
        write_table(table, to)
        done(f"{table.num_rows:,} rows in {to}")
        return
    show_rows(
        table.to_pylist(),
        [(name, lambda row, name=name: row[name]) for name in table.column_names],  # type: ignore[misc]
        json=json,
        empty="no rows",
    )


@app.command()
def profile(ref: Ref, json: Json = False) -> None:
    """Show one summary per column."""
    with client() as pomona:
        found = pomona.data.profile(ref)
    if json:
        show_one(found, json=True)
        return
    show_rows(
        [(name, column) for name, column in found.columns.items()],
        [
            ("column", lambda row: row[0]),
            ("values", lambda row: row[1].count),
            ("missing", lambda row: row[1].missing),
            ("in short", lambda row: _in_short(row[1])),
        ],
        json=False,
        empty="no columns",
    )


def _in_short(column: Any) -> str:
    from pomona.stats.records import CategoryProfile, NumericProfile

    if isinstance(column, NumericProfile):
        if column.minimum is None or column.maximum is None:
            return "no numbers"
        return (
            f"{column.minimum:,.6g} to {column.maximum:,.6g}, mean {column.mean:,.4g}, std {column.std:,.4g}"
        )
    if isinstance(column, CategoryProfile):
        top = ", ".join(f"{value} ({rows:,})" for value, rows in list(column.top.items())[:4])
        return f"{column.distinct:,} different: {top}" if top else f"{column.distinct:,} different"
    return f"{column.earliest} to {column.latest}" if column.earliest else "no times"


def write_table(table: Any, path: Path) -> None:
    """Write a table as CSV if the name says so, else as Parquet."""
    if path.suffix == ".csv":
        import pyarrow.csv

        pyarrow.csv.write_csv(table, path)
    else:
        import pyarrow.parquet as pq

        pq.write_table(table, path)
