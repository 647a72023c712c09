"""``pomona evaluations``: datasets that applications are judged by."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pomona.cli.console import Json, Limit, client, done, out, show_one, show_rows

app = typer.Typer(no_args_is_help=True, help="Evaluation datasets: questions, and what would be right.")

Dataset = Annotated[str, typer.Argument(help="The dataset's id; `pomona evaluations ls` shows it.")]


@app.command("ls")
def list_(
    where: Annotated[str, typer.Option("--where", "-w", help="E.g. \"name LIKE 'support%'\".")] = "",
    limit: Limit = 30,
    json: Json = False,
) -> None:
    """List evaluation datasets, last changed first.

    Example: pomona evaluations ls -w "tags.team = 'support'"
    """
    with client() as pomona:
        show_rows(
            pomona.evaluations.list(filter=where, limit=limit),
            [
                ("dataset", lambda d: d.id),
                ("name", lambda d: d.name),
                ("records", lambda d: d.rows),
                ("digest", lambda d: d.digest),
                ("changed by", lambda d: d.updated_by),
            ],
            json=json,
            empty="no evaluation datasets yet: mlflow.genai.datasets.create_dataset makes one",
        )


@app.command()
def show(dataset: Dataset, limit: Limit = 10, json: Json = False) -> None:
    """Show a dataset, the runs that read it, and its first records.

    Example: pomona evaluations show d-5a6b... -n 50
    """
    with client() as pomona:
        found = pomona.evaluations.get(dataset)
        rows = [] if json else list(pomona.evaluations.records(dataset, limit=limit))
    if json:
        show_one(found, json=True)
        return
    out.print(
        f"[bold]{found.dataset.name}[/bold]  {found.dataset.rows:,} records  [dim]{found.dataset.id}[/dim]"
    )
    show_rows(
        found.runs,
        [("run", lambda u: u.run), ("name", lambda u: u.name), ("digest then", lambda u: u.digest)],
        json=False,
        empty="no run read it yet",
    )
    show_rows(
        rows,
        [
            ("record", lambda r: r.id),
            ("inputs", lambda r: msgspec.to_builtins(r.inputs)),
            ("expectations", lambda r: r.expectations),
            ("tags", lambda r: r.tags),
        ],
        json=False,
        empty="no records yet: merge_records adds them",
    )


@app.command()
def export(
    dataset: Dataset, to: Annotated[Path, typer.Argument(help="A file ending in .csv, .parquet or .jsonl.")]
) -> None:
    """Write a dataset's records to a file; inputs, outputs and expectations are JSON texts.

    Example: pomona evaluations export d-5a6b... questions.parquet
    """
    with client() as pomona, out.status(f"writing {to}"):
        written = pomona.evaluations.export(dataset, to)
    done(f"{written} ({written.stat().st_size:,} bytes)")
