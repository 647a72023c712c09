"""``pomona runs``, of many runs: export, importance, tags, the archive and the bin, views."""

from pathlib import Path
from typing import Annotated

import typer

from pomona.cli.console import Json, client, done, out, show_rows
from pomona.cli.runs import Experiment, Hypothesis, Order, Step, Where, WhichValue, app
from pomona.core.errors import Invalid

__all__ = ["app"]

Runs = Annotated[list[str], typer.Argument(help="Ids of runs; their first 8 digits will do.")]


@app.command()
def export(
    to: Annotated[Path, typer.Argument(help="A file ending in .csv, .parquet or .jsonl.")],
    experiment: Experiment = None,
    hypothesis: Hypothesis = None,
    where: Where = "",
    order: Order = None,
    stat: WhichValue = "last",
    step: Step = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="At most 200,000.")] = 10_000,
) -> None:
    """Write runs to a file: a row for each, columns metrics.*, params.*, tags.*.

    Example: pomona runs export best.parquet -w "metrics.loss < 0.4" -o "metrics.loss ASC" -n 1000
    """
    with client() as pomona, out.status(f"writing {to}"):
        written = pomona.runs.export(
            to,
            experiment=experiment,
            hypothesis=hypothesis,
            filter=where,
            order_by=order,
            stat=stat,
            step=step,
            limit=limit,
        )
    done(f"{written} ({written.stat().st_size:,} bytes)")


@app.command()
def importance(
    metric: Annotated[str, typer.Argument(help="The metric to explain.")],
    experiment: Experiment = None,
    where: Where = "",
    limit: Annotated[int, typer.Option("--limit", "-n", help="The newest runs; at most 500.")] = 300,
    json: Json = False,
) -> None:
    """Say how much of a metric goes with each param (the effect size of Kruskal and Wallis' test).

    Example: pomona runs importance val_accuracy -e sweep -n 200
    """
    with client() as pomona:
        found = [run.id[:12] for run in pomona.runs.list(experiment=experiment, filter=where, limit=limit)]
        shares = pomona.runs.importance(found, metric) if found else []
    show_rows(
        shares,
        [
            ("param", lambda one: one.param),
            ("share", lambda one: f"{one.share:.1%}"),
            ("direction", lambda one: one.direction),
            ("by chance", lambda one: f"p = {one.p_value:.2g}"),
            ("runs", lambda one: one.runs),
        ],
        json=json,
        empty=f"nothing can be said: no param changes among runs that measured {metric}",
    )


@app.command()
def tag(
    run_ids: Runs,
    set_: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE; repeatable.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", help="KEY; repeatable.")] = None,
) -> None:
    """Set or remove tags of runs: of all that are named, or of none.

    Example: pomona runs tag 1f2e3d4c 5b6a7988 --set team=risk --remove draft
    """
    tags: dict[str, str | None] = dict.fromkeys(remove or ())
    for pair in set_ or ():
        key, equals, value = pair.partition("=")
        if not equals:
            raise Invalid(f"{pair!r} sets nothing", hint="--set KEY=VALUE")
        tags[key] = value
    if not tags:
        raise Invalid("no tag is named", hint="--set KEY=VALUE or --remove KEY")
    with client() as pomona:
        done(f"{pomona.runs.tag(run_ids, tags)} runs tagged")


@app.command()
def archive(run_ids: Runs) -> None:
    """Take runs out of the way: the pages no longer show them unless asked."""
    with client() as pomona:
        done(f"{pomona.runs.archive(run_ids)} runs archived")


@app.command()
def delete(run_ids: Runs) -> None:
    """Move runs to the bin; `pomona runs restore` brings them back."""
    with client() as pomona:
        done(f"{pomona.runs.delete(run_ids)} runs deleted")


@app.command()
def restore(run_ids: Runs) -> None:
    """Bring runs back, from the bin and from the archive."""
    with client() as pomona:
        done(f"{pomona.runs.restore(run_ids)} runs restored")


@app.command()
def views(json: Json = False) -> None:
    """List the views of runs that people keep, with their addresses."""
    with client() as pomona:
        pages = {"runs": "/training", "compare": "/training/compare"}
        show_rows(
            pomona.runs.views(),
            [
                ("name", lambda view: view.name),
                ("by", lambda view: view.created_by),
                ("address", lambda view: f"{pages[view.page]}?{view.query}"),
            ],
            json=json,
            empty="no view is kept yet: the page of runs keeps them",
        )
