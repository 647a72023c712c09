"""``pomona up``: everything on this machine with one command."""

import os
import signal
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pomona.cli.console import out

if TYPE_CHECKING:
    from pomona.server.tree import TreeOptions


def up(
    home: Annotated[
        Path | None,
        typer.Option(help="Where Pomona keeps everything (default ./.pomona).", envvar="POMONA_HOME"),
    ] = None,
    host: Annotated[str, typer.Option(help="Bind address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="API, UI and MLflow protocol.")] = 7700,
    gateway_port: Annotated[int, typer.Option(help="The gateway that answers predictions.")] = 7701,
    database: Annotated[
        str | None,
        typer.Option(
            help="Keep the records in PostgreSQL: postgresql://user@host/database. Default: where they are "
            "already, for a new home SQLite in its folder.",
            envvar="POMONA_DATABASE",
        ),
    ] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="No token; loopback only.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Start API, web UI, MLflow protocol, gateway and a worker; Ctrl-C stops them all.

    Example: pomona up --home ./.pomona --port 7700

    Example: pomona up --database postgresql://ann@db.example.org/pomona
    """
    from pomona.sdk.client import home_folder
    from pomona.server.tree import TreeOptions

    options = TreeOptions(
        home=home_folder(home),
        host=host,
        port=port,
        gateway_port=gateway_port,
        auth=not no_auth,
        database=database,
    )
    _run(options, browser=not no_browser)


def _run(options: "TreeOptions", *, browser: bool) -> None:
    from pomona.core.errors import Unavailable
    from pomona.process import home_lock
    from pomona.server.tree import check_options, run_tree

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with home_lock(options.home, says=f"`pomona up` (pid {os.getpid()}) at {options.url}"):
        check_options(options)
        with run_tree(options) as tree:
            _greet(options.url, options.gateway_url, tree.login_url, tree.token, options.home)
            if browser:
                webbrowser.open(tree.login_url)
            ended = tree.watch(stop)
            out.print("\nStopping ...")
    if ended is not None:
        raise Unavailable(
            f"the {ended} stopped by itself", hint=f"see {options.home / 'logs' / (ended + '.log')}"
        )
    out.print("Stopped. Everything acknowledged is kept; `pomona up` goes on from here.")


def _greet(url: str, gateway_url: str, login_url: str, token: str | None, home: Path) -> None:
    out.print(f"\n[bold green]Pomona[/bold green] runs from {home}\n", soft_wrap=True)
    out.print(f"  Open       [bold]{login_url}[/bold]", soft_wrap=True)
    if token:
        out.print("             [dim](this link logs in once; `pomona login` makes another)[/dim]")
    out.print(f"  Gateway    {gateway_url}\n", soft_wrap=True)
    out.print("  Any MLflow client can log here; paste:")
    out.print(f"    export MLFLOW_TRACKING_URI={url}", soft_wrap=True)
    if token:
        out.print(f"    export MLFLOW_TRACKING_TOKEN={token}", soft_wrap=True)
    out.print("\n  Ctrl-C stops everything.\n")


def login() -> None:
    """Print a new one-time login link for the server that holds this folder."""
    from pomona.cli.console import client

    with client() as pomona:
        out.print(pomona.login_link(), soft_wrap=True)
