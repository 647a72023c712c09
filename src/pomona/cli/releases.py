"""``pomona endpoints`` and ``pomona releases``: what is served, and how a candidate is proved."""

from typing import Annotated

import typer

from pomona.cli.console import Json, Limit, client, done, out, show_one, show_rows

endpoints = typer.Typer(no_args_is_help=True, help="Endpoints: named routes of the gateway.")
app = typer.Typer(no_args_is_help=True, help="Releases: champion and canary, verdicts, promotion.")

ReleaseId = Annotated[str, typer.Argument(help="The release's id (rel_...).")]
Reason = Annotated[str, typer.Option(help="Why; it should still make sense in a year.")]


@endpoints.command()
def create(
    name: Annotated[str, typer.Argument(help="A short name, e.g. late-flights.")],
    model: Annotated[str, typer.Option(help="The registered model it serves.")],
    hypothesis: Annotated[str | None, typer.Option(help="Its payoffs and threshold are copied.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Say yes above this probability.")] = None,
    positive_class: Annotated[str | None, typer.Option(help="The label counted as yes.")] = None,
    unit_column: Annotated[str | None, typer.Option(help="Input column that names the unit.")] = None,
) -> None:
    """Name a route; it answers once a release is started on it."""
    with client() as pomona:
        made = pomona.endpoints.create(
            name,
            model=model,
            hypothesis=hypothesis,
            threshold=threshold,
            positive_class=positive_class,
            unit_column=unit_column,
        )
    done(f"endpoint {made.name} ({made.id})")


@endpoints.command("ls")
def list_endpoints(limit: Limit = 50, json: Json = False) -> None:
    """List endpoints, newest first."""
    with client() as pomona:
        show_rows(
            pomona.endpoints.list(limit=limit),
            [
                ("name", lambda e: e.name),
                ("model", lambda e: e.model),
                ("threshold", lambda e: e.threshold),
                ("created", lambda e: e.created_at),
            ],
            json=json,
            empty="no endpoint yet: `pomona endpoints create --help` shows how to make one",
        )


@endpoints.command("show")
def show_endpoint(ref: Annotated[str, typer.Argument(help="Id or name.")], json: Json = False) -> None:
    """Show an endpoint and what it serves now."""
    with client() as pomona:
        show_one(pomona.endpoints.get(ref), json=json)
        active = None if json else pomona.releases.active(ref)
        if active is not None:
            show_one(active, title="serves")


@app.command("ls")
def list_(
    endpoint: Annotated[str | None, typer.Option(help="Only of this endpoint.")] = None,
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List releases, newest first."""
    with client() as pomona:
        show_rows(
            pomona.releases.list(endpoint=endpoint, limit=limit),
            [
                ("id", lambda r: r.id),
                ("endpoint", lambda r: r.endpoint),
                ("strategy", lambda r: r.strategy),
                ("state", lambda r: r.state),
                ("share", lambda r: f"{r.share:.0%}" if r.candidate else None),
                ("started", lambda r: r.started_at),
                ("why", lambda r: r.verdict.reason if r.verdict else r.reason),
            ],
            json=json,
            empty="no release yet: `pomona releases start --help` shows how to start one",
        )


@app.command()
def show(release_id: ReleaseId, json: Json = False) -> None:
    """Show a release and its verdicts."""
    with client() as pomona:
        show_one(pomona.releases.get(release_id), json=json)
        if not json:
            show_rows(
                pomona.releases.verdicts(release_id),
                [
                    ("as of", lambda v: v.verdict.at),
                    ("verdict", lambda v: v.verdict.action),
                    ("by", lambda v: v.by),
                    ("reason", lambda v: v.verdict.reason),
                ],
                json=False,
                empty="no verdict yet: it comes with the first outcomes",
            )


@app.command()
def start(
    endpoint: Annotated[str, typer.Argument(help="Id or name of the endpoint.")],
    version: Annotated[str, typer.Argument(help="mv_..., name/3 or name@alias.")],
    reason: Reason,
    champion: Annotated[bool, typer.Option("--champion", help="Serve it to everyone at once.")] = False,
    share: Annotated[float, typer.Option(help="Share of units the candidate answers.")] = 0.3,
    max_days: Annotated[float, typer.Option(help="Days after which the better estimate wins.")] = 14.0,
    force: Annotated[str | None, typer.Option(help="Why it may serve past its gate.")] = None,
) -> None:
    """Serve a model version: as a canary beside the champion, or at once with --champion."""
    from pomona.releases.records import CanaryPolicy

    with client() as pomona:
        made = pomona.releases.start(
            endpoint,
            version,
            reason=reason,
            strategy="champion" if champion else "canary",
            policy=None if champion else CanaryPolicy(share=share, max_days=max_days),
            force=force,
        )
    done(f"{made.strategy} release {made.id} on {made.endpoint}")


@app.command()
def promote(release_id: ReleaseId, reason: Reason) -> None:
    """Make a canary's candidate the champion, by hand."""
    with client() as pomona:
        ended = pomona.releases.promote(release_id, reason=reason)
    done(f"{ended.candidate} is the champion of {ended.endpoint}")


@app.command()
def rollback(release_id: ReleaseId, reason: Reason) -> None:
    """Take a canary's candidate back, by hand."""
    with client() as pomona:
        ended = pomona.releases.roll_back(release_id, reason=reason)
    done(f"{ended.champion} stays champion of {ended.endpoint}")


@app.command()
def verdicts(release_id: ReleaseId) -> None:
    """Print every verdict with its full evidence as JSON lines."""
    from pomona.core.records import to_json

    with client() as pomona:
        for stored in pomona.releases.verdicts(release_id):
            out.print(to_json(stored).decode(), markup=False, soft_wrap=True)
