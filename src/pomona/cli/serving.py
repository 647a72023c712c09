"""``pomona predict``, ``pomona predictions`` and ``pomona outcomes``."""

import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pomona.cli.console import Json, Limit, client, done, out, show_one, show_rows
from pomona.cli.keeping import progress

if TYPE_CHECKING:
    from pomona.serving.records import ValueRow

predictions = typer.Typer(
    no_args_is_help=True, help="Predictions: what was answered, by which model, to whom."
)
outcomes = typer.Typer(
    no_args_is_help=True, help="Outcomes: what came true, late or early, told once or twice."
)


def predict(
    endpoint: Annotated[str, typer.Argument(help="Name of the endpoint.")],
    rows: Annotated[str | None, typer.Argument(help="A row or a list of rows as JSON.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Rows: .json, .jsonl, .csv or .parquet; - is standard input.")
    ] = None,
    unit_column: Annotated[
        str | None, typer.Option(help="Column that names the unit; it is sent too.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(help="Column with your id of the row; it is not sent.")
    ] = None,
    json: Json = False,
) -> None:
    """Ask an endpoint for predictions.

    Example: pomona predict late-flights '{"carrier": "UA", "hour": 17, "distance": 1400}'
    """
    from pomona.core.errors import Invalid

    if (rows is None) == (file is None):
        raise Invalid("give rows as JSON or with --file", hint="e.g. pomona predict NAME '{\"hour\": 17}'")
    found = _decode(rows) if rows is not None else _read(file or Path("-"))
    ids = [str(row.pop(id_column)) for row in found] if id_column else None
    units = [str(row[unit_column]) for row in found] if unit_column else None
    with client() as pomona:
        answers = pomona.gateway.predict(endpoint, found, units=units, ids=ids)
    show_rows(
        answers,
        [
            ("prediction", lambda p: p.prediction_id),
            ("output", lambda p: p.output),
            ("decision", lambda p: p.decision),
            ("arm", lambda p: p.arm),
            ("model version", lambda p: p.model_version),
        ],
        json=json,
        empty="no rows",
    )


@predictions.command("ls")
def list_predictions(
    endpoint: Annotated[str | None, typer.Option(help="Only of this endpoint.")] = None,
    release: Annotated[str | None, typer.Option(help="Only of this release.")] = None,
    arm: Annotated[str | None, typer.Option(help="champion or candidate.")] = None,
    unit: Annotated[str | None, typer.Option(help="Only about this unit.")] = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List predictions, newest event time first."""
    with client() as pomona:
        show_rows(
            pomona.predictions.list(endpoint=endpoint, release=release, arm=arm, unit=unit, limit=limit),
            [
                ("prediction", lambda p: p.id),
                ("at", lambda p: p.at),
                ("endpoint", lambda p: p.endpoint),
                ("about", lambda p: p.unit),
                ("arm", lambda p: p.arm),
                ("output", lambda p: p.output),
                ("decision", lambda p: p.decision),
                ("actual", lambda p: p.actual),
                ("value", lambda p: p.value),
            ],
            json=json,
            empty="no prediction yet: `pomona predict ENDPOINT ROW` asks for one",
        )


@predictions.command("show")
def show_prediction(
    prediction_id: Annotated[str, typer.Argument(help="Id of the prediction.")], json: Json = False
) -> None:
    """Show one prediction: input, answer, model version, arm, outcomes, money."""
    with client() as pomona:
        show_one(pomona.predictions.get(prediction_id), json=json)


@predictions.command("value")
def value(
    endpoint: Annotated[str, typer.Argument(help="Name of the endpoint.")],
    by_day: Annotated[bool, typer.Option("--by-day", help="Days instead of months.")] = False,
    json: Json = False,
) -> None:
    """Show what an endpoint earned, per month and model version, with and without the model."""
    with client() as pomona:
        ledger = pomona.predictions.value(endpoint, period="day" if by_day else "month")
        served = {row.model_version for row in ledger.rows} if not json else set()
        versions = {known: pomona.models.version(known).version for known in served}
    if json:
        show_one(ledger, json=True)
        return
    show_rows(
        _by_version(ledger.rows),
        [
            (ledger.period, lambda r: r[0].isoformat() if by_day else f"{r[0]:%Y-%m}"),
            ("model version", lambda r: f"{versions[r[1]].model} v{versions[r[1]].number}"),
            ("predictions", lambda r: r[2]),
            ("matched", lambda r: r[3]),
            (f"with model, {ledger.currency}", lambda r: f"{r[4]:,}"),
            (f"without, {ledger.currency}", lambda r: f"{r[5]:,}"),
        ],
        json=False,
        empty="no prediction yet",
    )
    out.print(f"In all: {ledger.uplift:,} {ledger.currency} more than without the model")


@predictions.command("tables")
def tables(
    endpoint: Annotated[str | None, typer.Argument(help="Name of the endpoint; default all.")] = None,
    json: Json = False,
) -> None:
    """Show the datasets that hold predictions and outcomes, and how many rows wait for their next version.

    Example: pomona predictions tables churn
    """
    with client() as pomona:
        show_rows(
            pomona.predictions.tables(endpoint),
            [
                ("dataset", lambda t: t.dataset),
                ("newest", lambda t: t.version.rpartition("@")[2] if t.version else "none yet"),
                ("rows", lambda t: f"{t.rows:,}"),
                ("waiting", lambda t: f"{t.waiting:,}"),
                ("last batch", lambda t: t.written_at),
                ("due", lambda t: t.due_at),
                ("problem", lambda t: t.problem or ""),
            ],
            json=json,
            empty="no prediction yet: `pomona predict ENDPOINT ROW` asks for one",
        )


@predictions.command("write")
def write(endpoint: Annotated[str, typer.Argument(help="Name of the endpoint.")], json: Json = False) -> None:
    """Write the predictions and outcomes that wait to their datasets now.

    Example: pomona predictions write churn
    """
    with client() as pomona, progress("write", quiet=json) as told:
        made = pomona.predictions.write_tables(endpoint, on_progress=told)
    if json:
        show_one(made, json=True)
    elif not made.versions:
        done("nothing waits: everything is written")
    else:
        done(f"{', '.join(made.versions)}: {made.predictions:,} predictions, {made.outcomes:,} outcomes")


def _by_version(rows: "list[ValueRow]") -> list[tuple[date, str, int, int, Decimal, Decimal]]:
    """One line per period and model version, whatever releases and arms it served in."""
    sums: dict[tuple[date, str], list[Any]] = {}
    for row in rows:
        held = sums.setdefault((row.period, row.model_version), [0, 0, Decimal(0), Decimal(0)])
        for index, amount in enumerate((row.predictions, row.matched, row.value, row.value_without)):
            held[index] += amount
    return [(period, version, *held) for (period, version), held in sums.items()]


@outcomes.command("record")
def record(
    file: Annotated[
        Path | None,
        typer.Option(help="JSON lines, CSV or Parquet with prediction_id and value (and at, name, seq)."),
    ] = None,
    prediction: Annotated[str | None, typer.Option(help="Id of one prediction.")] = None,
    value: Annotated[
        float | None, typer.Option(help="What came true for it; 1 and 0 for yes and no.")
    ] = None,
) -> None:
    """Tell what came true. Telling it again changes nothing; a correction takes the next seq.

    Example: pomona outcomes record --file landed.csv
    """
    import msgspec

    from pomona.core.errors import Invalid
    from pomona.serving.records import NewOutcome

    if file is not None:
        try:
            items = msgspec.convert(_read(file), list[NewOutcome], strict=False)
        except msgspec.ValidationError as error:
            raise Invalid(
                str(error), hint="columns: prediction_id, value; at, name, seq if you have them"
            ) from None
    elif prediction is not None and value is not None:
        items = [NewOutcome(prediction_id=prediction, value=value)]
    else:
        raise Invalid("nothing to record", hint="--file, or --prediction and --value")
    with client() as pomona:
        receipt = pomona.outcomes.record(items)
    done(
        f"{receipt.matched:,} matched, {receipt.waiting:,} wait for their prediction, "
        f"{receipt.repeated:,} known already, {receipt.conflicts:,} in conflict"
    )
    for note in receipt.notes[:10]:
        out.print(f"  {note.prediction_id}: {note.status}: {note.detail}")


@outcomes.command("waiting")
def waiting(json: Json = False) -> None:
    """List outcomes whose prediction is not known."""
    with client() as pomona:
        show_rows(
            pomona.outcomes.waiting(),
            [
                ("prediction", lambda o: o.prediction_id),
                ("name", lambda o: o.name),
                ("value", lambda o: o.value),
                ("at", lambda o: o.at),
                ("recorded", lambda o: o.recorded_at),
            ],
            json=json,
            empty="none: every outcome has found its prediction",
        )


def _decode(text: str) -> list[dict[str, Any]]:
    import msgspec

    from pomona.core.errors import Invalid

    try:
        found = msgspec.json.decode(text, type=dict[str, Any] | list[dict[str, Any]])
    except msgspec.MsgspecError as error:
        raise Invalid(f"the rows are not JSON objects: {error}", hint='like {"hour": 17}') from None
    return found if isinstance(found, list) else [found]


def _read(file: Path) -> list[dict[str, Any]]:
    from pomona.core.errors import Invalid, NotFound

    if str(file) == "-":
        return list(_lines(sys.stdin.read()))
    if not file.is_file():
        raise NotFound(f"no file {file}", hint="give the path of an existing file")
    if file.suffix == ".json":
        return _decode(file.read_text())
    if file.suffix in (".jsonl", ".ndjson"):
        return list(_lines(file.read_text()))
    if file.suffix not in (".csv", ".parquet"):
        raise Invalid(f"cannot read {file.name}", hint=".json, .jsonl, .csv or .parquet")
    import polars as pl

    frame = pl.read_csv(file) if file.suffix == ".csv" else pl.read_parquet(file)
    return frame.to_dicts()


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        if line.strip():
            yield from _decode(line)
