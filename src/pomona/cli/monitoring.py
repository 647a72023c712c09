"""``pomona monitors`` and ``pomona incidents``: what is watched, what is wrong."""

from typing import Annotated

import typer

from pomona.cli.console import Json, Limit, client, done, show_one, show_rows

monitors = typer.Typer(no_args_is_help=True, help="Monitors: drift and quality in windows of event time.")
incidents = typer.Typer(no_args_is_help=True, help="Incidents: what is wrong with what is served.")

Endpoint = Annotated[str | None, typer.Option(help="Only of this endpoint.")]
IncidentId = Annotated[str, typer.Argument(help="The incident's id (inc_...).")]


@monitors.command()
def create(
    endpoint: Annotated[str, typer.Argument(help="Id or name of the endpoint.")],
    window_hours: Annotated[float, typer.Option(help="Length of a window in hours of event time.")] = 168.0,
    metric: Annotated[str | None, typer.Option(help="What quality is; default the hypothesis'.")] = None,
    floor: Annotated[float | None, typer.Option(help="Quality alarms below; default the target.")] = None,
    drift_alarm: Annotated[float, typer.Option(help="Drift beyond noise that alarms.")] = 0.25,
    min_rows: Annotated[int, typer.Option(help="A window with fewer rows is not judged.")] = 300,
    ignore: Annotated[list[str] | None, typer.Option(help="Input column to leave out; repeatable.")] = None,
) -> None:
    """Watch an endpoint from its first prediction on."""
    from pomona.monitoring.records import Thresholds

    thresholds = Thresholds(
        drift_alarm=drift_alarm, drift_warn=min(0.1, drift_alarm), floor=floor, min_rows=min_rows
    )
    with client() as pomona:
        made = pomona.monitors.create(
            endpoint,
            window_hours=window_hours,
            metric=metric,
            ignore=tuple(ignore or ()),
            thresholds=thresholds,
        )
    done(f"monitor {made.id} watches {made.endpoint}")


@monitors.command("ls")
def list_monitors(limit: Limit = 50, json: Json = False) -> None:
    """List monitors, newest first."""
    with client() as pomona:
        show_rows(
            pomona.monitors.list(limit=limit),
            [
                ("id", lambda m: m.id),
                ("endpoint", lambda m: m.endpoint),
                ("window (h)", lambda m: m.window_hours),
                ("metric", lambda m: m.metric or "the hypothesis'"),
                ("created", lambda m: m.created_at),
            ],
            json=json,
            empty="no monitor yet: `pomona monitors create ENDPOINT`",
        )


@monitors.command("show")
def show_monitor(
    ref: Annotated[str, typer.Argument(help="Id, or the endpoint's name.")],
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """Show a monitor and its newest windows."""
    with client() as pomona:
        monitor = pomona.monitors.get(ref)
        show_one(monitor, json=json)
        if not json:
            show_rows(
                pomona.monitors.windows(endpoint=monitor.endpoint, limit=limit),
                [
                    ("from", lambda w: w.start),
                    ("kind", lambda w: w.kind),
                    ("state", lambda w: w.state),
                    ("rows", lambda w: w.rows),
                    ("what", lambda w: w.summary),
                ],
                json=False,
                empty="no window is over yet",
            )


@incidents.command("ls")
def list_incidents(
    endpoint: Endpoint = None,
    open_only: Annotated[bool, typer.Option("--open", help="Only open ones.")] = False,
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List incidents, newest first."""
    with client() as pomona:
        show_rows(
            pomona.incidents.list(endpoint=endpoint, state="open" if open_only else None, limit=limit),
            [
                ("id", lambda i: i.id),
                ("endpoint", lambda i: i.endpoint),
                ("kind", lambda i: i.kind),
                ("state", lambda i: i.state),
                ("since", lambda i: i.since),
                ("seen by", lambda i: i.acknowledged_by),
                ("what", lambda i: i.summary),
            ],
            json=json,
            empty="no incident: nothing that is watched is wrong",
        )


@incidents.command("show")
def show_incident(incident_id: IncidentId, json: Json = False) -> None:
    """Show an incident."""
    with client() as pomona:
        show_one(pomona.incidents.get(incident_id), json=json)


@incidents.command()
def ack(
    incident_id: IncidentId, note: Annotated[str, typer.Option(help="What you found or will do.")] = ""
) -> None:
    """Say that you have seen it; it stays open until it is over."""
    with client() as pomona:
        seen = pomona.incidents.acknowledge(incident_id, note=note)
    done(f"incident {seen.id} is acknowledged by {seen.acknowledged_by}")
