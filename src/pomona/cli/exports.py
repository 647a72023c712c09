"""``pomona data export`` and ``describe``: versions for other programs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from pomona.cli.console import client, done, out
from pomona.cli.transfers import receiving

Ref = Annotated[str, typer.Argument(help="A version: loans, loans@v3, loans@newest or its id.")]
Format = Literal["parquet", "csv", "jsonl", "delta-plain"]


def export(
    ref: Ref,
    to: Annotated[Path, typer.Option("--out", "-o", help="The file (or, for delta-plain, the folder).")],
    form: Annotated[Format | None, typer.Option("--as", help="Default: what the file's end says.")] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Only this column; repeatable.")
    ] = None,
    since: Annotated[datetime | None, typer.Option(help="Rows from this time on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Rows before this time (UTC).")] = None,
) -> None:
    """Write a version to a file for other programs: whole, or not there at all.

    delta-plain is a Delta table without deletion vectors, at one version: any old reader opens it.

    Example: pomona data export loans@v3 --out loans.parquet

    Example: pomona data export loans --as delta-plain --out /shared/loans
    """
    with client() as pomona, receiving() as report:
        chosen = pomona.data.version(ref).select(column, since=utc(since), until=utc(until))
        chosen.export(to, form, progress=report)
    done(f"{chosen.ref} in {to}")


def describe(
    ref: Ref,
    _: Annotated[Literal["croissant"], typer.Option("--as", help="The vocabulary.")] = "croissant",
    url: Annotated[
        str | None, typer.Option(help="Where its Parquet export lies; default: at the server.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--out", "-o", help="Write it to a .json file.")] = None,
) -> None:
    """Describe a version for catalogues of data sets: Croissant, which is JSON-LD.

    It names the columns, their types, the key, and the digest of the version's Parquet export.

    Example: pomona data describe loans@v3 --as croissant --url loans.parquet --out croissant.json
    """
    with client() as pomona:
        version = pomona.data.version(ref)
        found = msgspec.json.format(msgspec.json.encode(version.describe(url=url)), indent=2).decode()
    if to is None:
        out.print(found, markup=False, soft_wrap=True)
    else:
        to.write_text(found + "\n", encoding="utf-8")
        done(f"{version.ref} described in {to}")


def utc(moment: datetime | None) -> datetime | None:
    """A time as it was typed is UTC unless it says otherwise."""
    return moment.replace(tzinfo=moment.tzinfo or UTC) if moment else None
