"""``pomona webhooks``: addresses that are told what happens in the registry."""

import os
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from pomona.cli.console import Json, Limit, client, done, err, out, show_one, show_rows
from pomona.core.errors import Invalid

if TYPE_CHECKING:
    from pomona.registry.webhooks.records import Delivery

app = typer.Typer(no_args_is_help=True, help="Webhooks: who is told what happens to models and prompts.")

Ref = Annotated[str, typer.Argument(help="The webhook's name or id.")]


@app.command("ls")
def list_(limit: Limit = 50, json: Json = False) -> None:
    """List webhooks, newest first."""
    with client() as pomona:
        show_rows(
            pomona.webhooks.list(limit=limit),
            [
                ("webhook", lambda w: w.name),
                ("state", lambda w: "active" if w.status == "ACTIVE" else "paused"),
                ("events", lambda w: w.events[0] + (f" +{len(w.events) - 1}" if len(w.events) > 1 else "")),
                ("last", lambda w: w.last and w.last.state),
                ("told", lambda w: w.last and w.last.last_at),
                ("address", lambda w: w.url),
            ],
            json=json,
            empty="no webhook yet: `pomona webhooks new NAME URL --event model_version.created`",
        )


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Letters, digits, . _ and -.")],
    url: Annotated[str, typer.Argument(help="Where to post to; plain http only inside an own network.")],
    event: Annotated[
        list[str] | None, typer.Option("--event", "-e", help="`pomona webhooks events`; repeatable.")
    ] = None,
    secret_env: Annotated[
        str | None,
        typer.Option("--secret-env", help="The environment variable that holds the secret to sign with."),
    ] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
) -> None:
    """Register an address that is told of events.

    Example: pomona webhooks new deploys https://ci.example/hook -e model_version_alias.created

    Example: pomona webhooks new chat https://chat.example/x -e prompt.created --secret-env HOOK_SECRET
    """
    secret = None
    if secret_env is not None:
        secret = os.environ.get(secret_env)
        if not secret:
            raise Invalid(f"there is no environment variable {secret_env}", hint="it holds the secret itself")
    with client() as pomona:
        made = pomona.webhooks.create(name, url, event or (), secret=secret, description=description)
    done(f"{made.name} ({made.id}) is told of {', '.join(made.events)}{', signed' if made.signed else ''}")


@app.command()
def events(json: Json = False) -> None:
    """List the events that webhooks can be told of."""
    with client() as pomona:
        columns = [("event", lambda e: e.name), ("when", lambda e: e.means)]
        show_rows(pomona.webhooks.events(), columns, json=json, empty="")


@app.command()
def show(ref: Ref, json: Json = False) -> None:
    """Show a webhook and what it was told lately.

    Example: pomona webhooks show deploys
    """
    with client() as pomona:
        found, told = pomona.webhooks.get(ref), pomona.webhooks.deliveries(ref)
    if json:
        show_one({"webhook": found, "deliveries": told}, json=True)
        return
    state = "active" if found.status == "ACTIVE" else "paused"
    out.print(f"[bold]{found.name}[/bold]  {state}, {'signed' if found.signed else 'not signed'}, {found.id}")
    out.print(escape(found.url))
    out.print(f"[dim]is told of[/dim] {', '.join(found.events)}\n")
    show_rows(
        told,
        [
            ("delivery", lambda d: d.id[:8]),
            ("at", lambda d: d.last_at),
            ("event", lambda d: d.event),
            ("about", lambda d: d.about),
            ("state", lambda d: d.state),
            ("answer", _answer),
            ("took", lambda d: f"{d.tries[-1].seconds * 1000:,.0f} ms"),
            ("tries", lambda d: len(d.tries)),
        ],
        json=False,
        empty="it was told nothing yet: `pomona webhooks test NAME`",
    )


@app.command("test")
def try_out(
    ref: Ref, event: Annotated[str | None, typer.Option("--event", "-e", help="An example of which.")] = None
) -> None:
    """Tell a webhook an example, now. Exit 1 if it does not take it.

    Example: pomona webhooks test deploys
    """
    with client() as pomona:
        told = pomona.webhooks.test(ref, event)
    last = told.tries[-1]
    if told.state == "delivered":
        done(f"{told.event}: {_answer(told)} after {last.seconds * 1000:,.0f} ms")
        return
    err.print(f"[red]✗[/red] {told.event}: {_answer(told)} after {last.seconds * 1000:,.0f} ms")
    raise typer.Exit(1)


@app.command()
def pause(ref: Ref) -> None:
    """Tell a webhook nothing until it is resumed; what happens meanwhile it is not told later."""
    with client() as pomona:
        done(f"{pomona.webhooks.pause(ref).name} is paused")


@app.command()
def resume(ref: Ref) -> None:
    """Tell a paused webhook again."""
    with client() as pomona:
        done(f"{pomona.webhooks.resume(ref).name} is told again")


@app.command()
def rm(ref: Ref) -> None:
    """Forget a webhook, its secret and its history."""
    with client() as pomona:
        pomona.webhooks.delete(ref)
    done(f"{ref} is forgotten")


def _answer(told: "Delivery") -> str:
    last = told.tries[-1]
    return last.error or f"{last.status} {last.body[:60]}".strip()
