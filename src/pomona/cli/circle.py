"""``pomona status``, ``pomona trace``, ``pomona doctor``, ``pomona events``: the circle as a whole."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pomona.cli.console import Json, Limit, cell, client, out, show_one, show_rows

if TYPE_CHECKING:
    from pomona.circle.records import Trace


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
    for stage in [*state.stages, state.loop]:
        for need in stage.needs:
            out.print(f"[yellow]![/yellow] {stage.title}: {need.text}", soft_wrap=True)


def trace(
    record_id: Annotated[str, typer.Argument(help="A prediction, outcome, run, version, release ...")],
    json: Json = False,
) -> None:
    """Show which model, code, data and idea stand behind a record, and what came of it.

    Example: pomona trace prd_01k9...
    """
    with client() as pomona:
        found = pomona.circle.trace(record_id)
    if json:
        show_one(found, json=True)
    else:
        out.print(_table(found))
        if found.cut:
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


def _table(found: "Trace") -> Table:
    nodes = {node.id: node for node in found.nodes}
    reached = _reached(found)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 1, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for node_id in found.path:
        node = nodes[node_id]
        how = f"[dim]{reached[node_id]}[/dim]" if node_id in reached else ""
        state = f" ({cell(node.state)})" if node.state else ""
        lines = [f"[bold]{cell(node.title)}[/bold]{state}  {how}", f"[dim]{node.id}[/dim]"]
        lines += [f"[dim]{fact.label}:[/dim] {cell(fact.value)}" for fact in node.facts]
        table.add_row(node.kind, "\n".join(lines))
    return table


def _reached(found: "Trace") -> dict[str, str]:
    """By node, the link that leads to it from what was told before it, as half a sentence."""
    kinds = {node.id: node.kind for node in found.nodes}
    told: dict[str, str] = {}
    for edge in found.edges:
        says = edge.relation.replace("_", " ")
        if edge.target != found.root:
            told.setdefault(edge.target, f"<- {kinds[edge.source]} {says}")
        if edge.source != found.root:
            told.setdefault(edge.source, f"{says} {kinds[edge.target]}")
    return told
