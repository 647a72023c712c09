"""``pomona loop``: when models are retrained, and why they were or were not."""

from typing import Annotated

import typer

from pomona.cli.console import Json, Limit, client, done, show_one, show_rows

app = typer.Typer(no_args_is_help=True, help="The loop: triggers, what they decided, retraining on request.")

TriggerRef = Annotated[str, typer.Argument(help="Id or name of the trigger.")]
Endpoint = Annotated[str | None, typer.Option(help="Only of this endpoint.")]


@app.command()
def trigger(
    name: Annotated[str, typer.Argument(help="A short name, e.g. retrain-on-drift.")],
    endpoint: Annotated[str, typer.Option(help="The endpoint whose model is retrained.")],
    kind: Annotated[str, typer.Option(help="request, schedule, drift, quality or data_volume.")],
    entry: Annotated[str, typer.Option(help="The training entry that is run.")],
    label: Annotated[str, typer.Option(help="The column that holds what came true.")],
    threshold: Annotated[float | None, typer.Option(help="Score of a window, or growth of the data.")] = None,
    cron: Annotated[str | None, typer.Option(help="schedule: five fields, UTC.")] = None,
    event_time: Annotated[
        bool, typer.Option("--event-time", help="schedule: tick on the predictions' own time.")
    ] = False,
    cooldown_days: Annotated[float, typer.Option(help="Least days between retrainings.")] = 0.0,
    budget: Annotated[int | None, typer.Option(help="Retrainings per 30 days.")] = None,
    holdout_days: Annotated[float, typer.Option(help="Newest days that models are judged on.")] = 14.0,
    share: Annotated[float, typer.Option(help="Share of units in the canary.")] = 0.3,
) -> None:
    """Say when a model is retrained.

    Example: pomona loop trigger on-drift --endpoint late --kind drift --entry gbt --label late
    """
    from pomona.core.errors import Invalid
    from pomona.loop.records import Recipe
    from pomona.releases.records import CanaryPolicy

    if kind not in ("request", "schedule", "drift", "quality", "data_volume"):
        raise Invalid(f"unknown kind {kind!r}", hint="request, schedule, drift, quality or data_volume")
    recipe = Recipe(entry=entry, label=label, holdout_days=holdout_days, policy=CanaryPolicy(share=share))
    with client() as pomona:
        made = pomona.loop.trigger(
            name,
            endpoint=endpoint,
            kind=kind,  # type: ignore[arg-type]
            recipe=recipe,
            threshold=threshold,
            cron=cron,
            clock="event" if event_time else "wall",
            cooldown_hours=24 * cooldown_days,
            budget=budget,
        )
    done(f"trigger {made.name} ({made.id})")


@app.command()
def triggers(endpoint: Endpoint = None, limit: Limit = 50, json: Json = False) -> None:
    """List triggers, newest first."""
    with client() as pomona:
        show_rows(
            pomona.loop.triggers(endpoint=endpoint, limit=limit),
            [
                ("name", lambda t: t.name),
                ("endpoint", lambda t: t.endpoint),
                ("kind", lambda t: t.kind),
                ("state", lambda t: "on" if t.enabled else "paused"),
                ("trains", lambda t: t.recipe.entry),
                ("next", lambda t: t.next_at),
            ],
            json=json,
            empty="no trigger yet: `pomona loop trigger --help` shows how to make one",
        )


@app.command()
def reactions(
    endpoint: Endpoint = None,
    trigger: Annotated[str | None, typer.Option(help="Only of this trigger.")] = None,
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List what triggers decided and why, newest first."""
    with client() as pomona:
        show_rows(
            pomona.loop.reactions(endpoint=endpoint, trigger=trigger, limit=limit),
            [
                ("as of", lambda r: r.facts.as_of),
                ("trigger", lambda r: r.trigger),
                ("fired", lambda r: "yes" if r.fired else "no"),
                ("why", lambda r: r.reason),
                ("came to", lambda r: f"{r.outcome}: {r.outcome_reason}" if r.outcome else r.job),
            ],
            json=json,
            empty="no reaction yet: nothing happened that a trigger watches",
        )


@app.command()
def show(
    reaction_id: Annotated[str, typer.Argument(help="The reaction's id (rea_...).")], json: Json = False
) -> None:
    """Show a reaction with the facts it rests on."""
    with client() as pomona:
        show_one(pomona.loop.reaction(reaction_id), json=json)


@app.command()
def request(
    trigger: TriggerRef,
    reason: Annotated[str, typer.Option(help="Why now.")],
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it has ended.")] = True,
) -> None:
    """Retrain now, by a trigger's recipe."""
    from pomona.core.errors import Refused

    with client() as pomona:
        asked = pomona.loop.retrain(trigger, reason=reason)
        if asked.job is None:
            raise Refused(f"not retrained: {asked.reason}", hint="`pomona jobs ls` shows what runs")
        if not wait:
            done(f"job {asked.job} retrains {asked.endpoint}")
            return
        job = pomona.jobs.wait(asked.job)
        if job.state != "done":
            raise Refused(f"job {job.id} is {job.state}: {job.error}", hint=f"`pomona jobs log {job.id}`")
        done(f"{job.result['outcome']}: {job.result['reason']}")


@app.command()
def pause(trigger: TriggerRef) -> None:
    """Let a trigger not fire until it is resumed."""
    with client() as pomona:
        done(f"trigger {pomona.loop.pause(trigger).name} is paused")


@app.command()
def resume(trigger: TriggerRef) -> None:
    """Let a trigger fire again."""
    with client() as pomona:
        done(f"trigger {pomona.loop.resume(trigger).name} is on")
