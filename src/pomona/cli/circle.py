"""``pomona status``, ``pomona trace``, ``pomona doctor``, ``pomona events``: the circle as a whole."""

import sys
from typing import Annotated

import typer

from pomona.cli.console import Json, Limit, client, out, show_one, show_rows
from pomona.cli.lineage import own_line, table_of


def status(json: Json = False) -> None:
    """Show each stage of the circle now, and what needs a person."""
    with client() as pomona:
        state = pomona.circle.now()
    if json:
        show_one(state, json=True)
        return
    show_rows(
        [*state.stages, state.loop],
        [
            ("stage", lambda s: s.title),
            ("state", lambda s: s.state),
            ("now", lambda s: s.headline),
            ("", lambda s: ", ".join(f"{fact.label} {fact.value}" for fact in s.facts)),
        ],
        json=False,
        empty="",
    )
    for balance in state.money:
        earned = "" if balance.earned is None else f"earned {balance.earned:+,.2f} {balance.currency}"
        spent = "" if balance.spent is None else f"spent on training {balance.spent:,.2f} {balance.currency}"
        out.print("; ".join(one for one in (earned, spent) if one))
    for stage in [*state.stages, state.loop]:
        for need in stage.needs:
            out.print(f"[yellow]![/yellow] {stage.title}: {need.text}", soft_wrap=True)


def trace(
    record_id: Annotated[str, typer.Argument(help="A prediction, outcome, run, version, release ...")],
    every: Annotated[
        bool, typer.Option("--all", help="Also the incidents, retrainings and rivals of its neighbours.")
    ] = False,
    json: Json = False,
) -> None:
    """Show which model, code, data and idea stand behind a record, and what came of it.

    Example: pomona trace prd_01k9...
    """
    with client() as pomona:
        found = pomona.circle.trace(record_id)
    if json:
        show_one(found, json=True)
        return
    shown = found.path if every else own_line(found)
    out.print_table(table_of(found, shown))
    more = len(found.path) - len(shown)
    if more:
        out.print(f"[dim]{more} more records took part in it: --all shows them.[/dim]")
    elif found.cut:
        out.print("[dim]There is more; trace one of these records to go on.[/dim]")


def doctor(json: Json = False) -> None:
    """Check the store: the ledger's chain, every file by its digest, the queue. Exit 1 on damage."""
    with client() as pomona:
        findings = pomona.circle.doctor()
    show_rows(
        findings,
        [
            ("what", lambda f: f.what),
            ("state", lambda f: f.state),
            ("", lambda f: f.detail),
            ("hint", lambda f: f.hint or ""),
        ],
        json=json,
        empty="",
    )
    if any(finding.state == "fail" for finding in findings):
        sys.exit(1)


def events(
    types: Annotated[
        str | None, typer.Option("--type", help="Only these, e.g. loop.reaction_decided.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Only of this record.")] = None,
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List what happened, newest first."""
    with client() as pomona:
        show_rows(
            pomona.circle.events(types=types, subject=subject, limit=limit),
            [
                ("#", lambda e: e.seq),
                ("at", lambda e: e.at),
                ("what", lambda e: e.type),
                ("who", lambda e: e.actor),
                ("record", lambda e: e.subject),
                ("", lambda e: ", ".join(f"{k} {v}" for k, v in e.data.items() if v is not None)),
            ],
            json=json,
            empty="nothing happened yet",
        )
