"""``pomona data erase``: show what would be touched, ask for the subject once more, erase."""

from typing import TYPE_CHECKING, Annotated

import typer

from pomona.cli.console import Json, client, done, err, out, show_one, show_rows
from pomona.cli.keeping import progress

if TYPE_CHECKING:
    from pomona.data.keeping.records import ErasurePlan


def erase(
    subject: Annotated[str, typer.Option(help="Whose rows: column=value, e.g. customer_id=42.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept, so do not name whom.")] = "",
    dataset: Annotated[list[str] | None, typer.Option(help="Only this dataset; repeatable.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be touched.")] = False,
    confirm: Annotated[str | None, typer.Option(help="The subject once more, instead of typing it.")] = None,
    json: Json = False,
) -> None:
    """Take a person's rows out of every version, and every copy of the values out of the store.

    Shows first which datasets, versions, predictions and models are touched; then the subject must be typed
    once more. What stays is a signed record of which files were replaced by which.

    Example: pomona data erase --subject customer_id=42 --reason "request of 3 May"
    """
    from pomona.core.errors import Invalid
    from pomona.data.keeping.records import DISTINCT

    column, equals, value = subject.partition("=")
    if not equals or not value:
        raise Invalid(f"{subject!r} names no subject", hint="write column=value, e.g. customer_id=42")
    with client() as pomona:
        plan = pomona.data.plan_erasure(column, value, datasets=dataset or ())
        if dry_run:
            show_one(plan, json=True) if json else _show(plan)
            return
        if not json:
            _show(plan)
        if plan.nothing:
            raise typer.Exit(1)
        typed = confirm if confirm is not None else typer.prompt("Type the subject to erase it")
        with progress("erase", quiet=json) as told:
            made = pomona.data.erase(
                column, value, reason=reason, confirm=typed, datasets=dataset or (), on_progress=told
            )
    if json:
        show_one(made, json=True)
        return
    rows = sum(file.rows for file in made.files)
    done(f"{made.id}: {rows:,} rows are gone from {len(made.versions)} versions")
    for path in made.left:
        err.print(f"[yellow]the value still stands in[/yellow] {path}", highlight=False)
    if len(value) < DISTINCT:
        err.print(f"[yellow]a value of fewer than {DISTINCT} characters is not looked for elsewhere[/yellow]")


def erasures(json: Json = False) -> None:
    """List erasures: when, why, how much, and whether the record is what was signed.

    Example: pomona data erasures
    """
    with client() as pomona:
        show_rows(
            pomona.data.erasures(),
            [
                ("erasure", lambda e: e.record.id),
                ("at", lambda e: e.record.at),
                ("by", lambda e: e.record.by),
                ("column", lambda e: e.record.column),
                ("reason", lambda e: e.record.reason),
                ("rows", lambda e: sum(file.rows for file in e.record.files)),
                ("versions", lambda e: len(e.record.versions)),
                ("state", lambda e: e.record.state),
                ("signed", lambda e: e.signed),
            ],
            json=json,
            empty="nothing was ever erased",
        )


def _show(plan: "ErasurePlan") -> None:
    show_rows(
        plan.versions,
        [("version", lambda v: v.ref), ("rows of the subject", lambda v: v.rows)],
        json=False,
        empty=f"no version of {', '.join(plan.datasets) or 'any dataset'} has such a row",
    )
    out.print(f"{plan.rows:,} different rows in {plan.files} files", highlight=False)
    for place in plan.places:
        if place.count:
            out.print(f"{place.what}: {place.count:,}", highlight=False)
    if plan.models:
        out.print(
            f"[yellow]trained on them, and not changed:[/yellow] {', '.join(plan.models)}", highlight=False
        )
    if plan.marts:
        out.print(
            f"[yellow]built from them without this column; look yourself:[/yellow] {', '.join(plan.marts)}",
            highlight=False,
        )


def add_to(app: typer.Typer) -> None:
    """Make these commands of ``pomona data``."""
    app.command()(erase)
    app.command()(erasures)
