"""``pomona up``: everything on this machine with one command."""

from pathlib import Path
from typing import Annotated

import typer

from pomona.cli.console import out


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
    from pomona.cli.running import become
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
    become(options, browser=not no_browser)


def login() -> None:
    """Print a new one-time login link for the server that holds this folder."""
    from pomona.cli.console import client

    with client() as pomona:
        out.print(pomona.login_link(), soft_wrap=True)
