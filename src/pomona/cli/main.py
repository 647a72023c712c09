"""The ``pomona`` command and its groups, one per stage of the circle."""

import sys
from typing import Annotated

import typer

from pomona import __version__
from pomona.cli import (
    business,
    circle,
    data,
    entries,
    evaluations,
    files,
    imports,
    jobs,
    loop,
    marts,
    models,
    monitoring,
    prompts,
    releases,
    run_studies,
    serving,
    sources,
    traces,
    up,
    webhooks,
)
from pomona.cli.console import complain, out
from pomona.core.errors import PomonaError

app = typer.Typer(
    name="pomona",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="One system from a business idea to money, and round again. Start with [bold]pomona up[/bold].",
)
app.command()(up.up)
app.command()(up.login)
app.command()(circle.status)
app.command()(circle.trace)
app.command()(circle.events)
app.command()(circle.doctor)
app.add_typer(business.app, name="hypothesis", rich_help_panel="Stages")
app.add_typer(sources.app, name="sources", rich_help_panel="Stages")
app.add_typer(data.app, name="data", rich_help_panel="Stages")
app.add_typer(files.app, name="files", rich_help_panel="Stages")
app.add_typer(marts.app, name="marts", rich_help_panel="Stages")
app.add_typer(entries.app, name="train", rich_help_panel="Stages")
app.add_typer(run_studies.app, name="runs", rich_help_panel="Stages")
app.add_typer(traces.app, name="traces", rich_help_panel="Stages")
app.add_typer(evaluations.app, name="evaluations", rich_help_panel="Stages")
app.add_typer(imports.app, name="import", rich_help_panel="Stages")
app.add_typer(models.app, name="models", rich_help_panel="Stages")
app.add_typer(prompts.app, name="prompts", rich_help_panel="Stages")
app.add_typer(webhooks.app, name="webhooks", rich_help_panel="Stages")
app.add_typer(releases.endpoints, name="endpoints", rich_help_panel="Stages")
app.add_typer(releases.app, name="releases", rich_help_panel="Stages")
app.command(rich_help_panel="Stages")(serving.predict)
app.add_typer(serving.predictions, name="predictions", rich_help_panel="Stages")
app.add_typer(serving.outcomes, name="outcomes", rich_help_panel="Stages")
app.add_typer(monitoring.monitors, name="monitors", rich_help_panel="Stages")
app.add_typer(monitoring.incidents, name="incidents", rich_help_panel="Stages")
app.add_typer(loop.app, name="loop", rich_help_panel="Stages")
app.add_typer(jobs.app, name="jobs", rich_help_panel="Work")


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(f"pomona {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Where to: --home, POMONA_HOME or ./.pomona; POMONA_URL and POMONA_TOKEN for a server elsewhere."""


def run() -> None:
    """The console script: run a command, print errors with their hint, exit 1 on them."""
    if sys.argv[1:2] == ["model"]:  # as people say it of one
        sys.argv[1] = "models"
    try:
        app()
    except PomonaError as error:
        complain(error)
        sys.exit(1)


if __name__ == "__main__":
    run()
