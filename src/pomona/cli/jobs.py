"""``pomona jobs``: durable work."""

from typing import Annotated

import typer

from pomona.cli.console import Json, Limit, client, done, out, show_one, show_rows

app = typer.Typer(no_args_is_help=True, help="Durable work: retraining, training, schedules.")

JobId = Annotated[str, typer.Argument(help="The job's id (job_...).")]


@app.command("ls")
def list_(
    kind: Annotated[str | None, typer.Option(help="Only this kind, e.g. retrain.")] = None,
    state: Annotated[str | None, typer.Option(help="Only this state, e.g. failed.")] = None,
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List jobs, newest first."""
    with client() as pomona:
        show_rows(
            pomona.jobs.list(kind=kind, state=state, limit=limit),
            [
                ("id", lambda j: j.id),
                ("kind", lambda j: j.kind),
                ("state", lambda j: j.state),
                ("done", lambda j: f"{j.progress:.0%}"),
                ("created", lambda j: j.created_at),
                ("note", lambda j: j.error or j.note),
            ],
            json=json,
            empty="no jobs yet; triggers and `pomona train run` start them",
        )


@app.command()
def show(job_id: JobId, json: Json = False) -> None:
    """Show a job and its finished steps."""
    with client() as pomona:
        show_one(pomona.jobs.get(job_id), json=json)
        if not json:
            show_rows(
                pomona.jobs.steps(job_id),
                [
                    ("step", lambda s: s.name),
                    ("finished", lambda s: s.finished_at),
                    ("result", lambda s: s.result),
                ],
                json=False,
                empty="no step finished yet",
            )


@app.command()
def log(job_id: JobId) -> None:
    """Print a job's log."""
    with client() as pomona:
        out.print(pomona.jobs.log(job_id), markup=False)


@app.command()
def cancel(job_id: JobId) -> None:
    """Cancel a waiting job now, a running one at its next check."""
    with client() as pomona:
        done(f"job {pomona.jobs.cancel(job_id).id} is cancelled")


@app.command()
def retry(job_id: JobId) -> None:
    """Queue an ended, unfinished job again; finished steps are not run again."""
    with client() as pomona:
        done(f"job {pomona.jobs.retry(job_id).id} is queued again")
