"""``pomona import``: what a team has in MLflow, taken over."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pomona.cli.console import Json, client, done, err, out, show_one, show_rows

if TYPE_CHECKING:
    from pomona.jobs.records import Job
    from pomona.registry.importing.records import ImportPreview, ImportReport, NewImport
    from pomona.sdk.client import Client

app = typer.Typer(no_args_is_help=True, help="Take over what there is elsewhere.")


@app.callback()
def group() -> None:
    """Take over what there is elsewhere."""


@app.command()
def mlflow(
    origin: Annotated[
        str,
        typer.Option("--from", help="A database's address, a server's URL, or a folder such as ./mlruns."),
    ],
    experiment: Annotated[
        list[str] | None, typer.Option("--experiment", "-e", help="Only this one, by name; repeatable.")
    ] = None,
    credentials: Annotated[
        str | None, typer.Option(help="Where the password or token is: env:NAME or file:/path.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is there.")] = False,
    artifacts: Annotated[
        str | None,
        typer.Option(help="The folder that artifacts lie below, if their addresses lead nowhere from here."),
    ] = None,
    no_artifacts: Annotated[bool, typer.Option("--no-artifacts", help="Leave files behind.")] = False,
    trust: Annotated[
        str | None, typer.Option(help="Why registered models with pickles may come in; the ledger keeps it.")
    ] = None,
    json: Json = False,
) -> None:
    """Take over experiments, runs, models, files, traces, prompts and the registry of MLflow. Ids stay.

    Evaluation datasets come, too, and webhooks: those without their secrets, disabled until you enable them.

    Do it again at any time: only what is new or changed there is taken. Nothing is written there.

    Example: pomona import mlflow --from sqlite:///mlflow.db --dry-run

    Example: pomona import mlflow --from postgresql://reader@db/mlflow --credentials env:MLFLOW_PASSWORD

    Example: pomona import mlflow --from http://old:5000 -e churn -e fraud --trust "our own, all reviewed"
    """
    from pomona.registry.importing.records import NewImport

    wanted = NewImport(
        origin=_absolute(origin),
        credentials=credentials,
        experiments=tuple(experiment or ()),
        files="leave" if no_artifacts else "copy",
        artifacts=str(Path(artifacts).absolute()) if artifacts else None,
        trust=trust,
    )
    with client() as pomona:
        if not dry_run:
            _show_report(_take(pomona, wanted), json=json)
            return
        found = pomona.imports.preview(wanted.origin, credentials=credentials, experiments=wanted.experiments)
    _show_preview(found, json=json)


def _take(pomona: "Client", wanted: "NewImport") -> "ImportReport":
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("waiting for a worker", total=1.0)

        def tell(job: "Job") -> None:
            bar.update(task, completed=job.progress, description=job.note or job.state)

        return pomona.imports.take(wanted, on_progress=tell)


def _show_preview(found: "ImportPreview", *, json: bool) -> None:
    if json:
        show_one(found, json=True)
        return
    show_rows(
        found.experiments,
        [
            ("experiment", lambda e: e.name),
            ("state", lambda e: e.state),
            ("runs", lambda e: e.runs),
            ("metric values", lambda e: e.points),
            ("logged models", lambda e: e.models),
            ("traces", lambda e: e.traces),
        ],
        json=False,
        empty="no such experiment there",
    )
    out.print(f"and {found.registered:,} registered models with {found.versions:,} versions")
    out.print(
        f"and {found.prompts:,} prompts with {found.prompt_versions:,} versions,"
        f" {found.evaluations:,} evaluation datasets, {found.webhooks:,} webhooks"
    )
    for name in found.missing:
        err.print(f"[yellow]not there:[/yellow] {name}")


def _show_report(report: "ImportReport", *, json: bool) -> None:
    if json:
        show_one(report, json=True)
        return
    show_rows(
        report.experiments,
        [
            ("experiment", lambda e: e.name),
            ("id", lambda e: e.id),
            ("runs", lambda e: e.runs),
            ("new", lambda e: e.new),
            ("changed", lambda e: e.changed),
            ("metric values", lambda e: e.points),
            ("models", lambda e: e.models),
            ("traces", lambda e: e.traces),
            ("files", lambda e: e.files),
            ("bytes", lambda e: e.bytes),
        ],
        json=False,
        empty="no experiment was taken",
    )
    if report.skipped:
        out.print("\n[bold]left behind[/bold]")
        show_rows(
            report.skipped,
            [
                ("how many", lambda s: s.count),
                ("what and why", lambda s: s.reason),
                ("such as", lambda s: ", ".join(s.examples)),
            ],
            json=False,
            empty="",
        )
    taken = report.registry
    done(
        f"{sum(e.new for e in report.experiments):,} new runs,"
        f" {sum(e.traces for e in report.experiments):,} traces, {taken.versions:,} model versions,"
        f" {taken.prompt_versions:,} prompt versions, {report.evaluations.datasets:,} evaluation datasets,"
        f" {taken.webhooks:,} webhooks (disabled) in {report.seconds:.1f} s"
    )


def _absolute(origin: str) -> str:
    """A path as the server, which may run in another folder, finds it."""
    if "://" not in origin:
        return str(Path(origin).absolute())
    head, _, path = origin.partition(":///")
    if head == "sqlite" and path and not path.startswith("/"):
        return f"sqlite:///{Path(path).absolute()}"
    return origin
