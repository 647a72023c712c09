"""What an import writes: experiments under their own numbers, runs by the hundred, marks of what is done."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from sqlalchemy import Column, String, Table, insert, select

from pomona.core.ports import Transaction
from pomona.registry.importing.records import OldExperiment, OldModel, OldRun, Point
from pomona.sql import metadata
from pomona.training.records.runs import DatasetInput, Metric
from pomona.training.rules import paths
from pomona.training.store import experiments, inputs, logged_models, metrics, runs
from pomona.training.store.statements import KEEP, chunks, into, overwrite, upsert

imported = Table(
    "imported",
    metadata,
    Column(
        "what", String(400), primary_key=True
    ),  # a run, a logged model, or ``version <model>/<number>`` ...
    Column("facts", String(64), nullable=False),  # digest of what was read there; no digest: not all is here
    Column("files", String(64), nullable=False),  # digest of the list of its files; empty: they are not here
    sqlite_with_rowid=False,
)
_set_mark = upsert(imported)
_RUN_COLUMNS = [column.name for column in runs.runs.c if column.name != "id"]
_INTO_RUNS = f"INSERT INTO runs ({', '.join(_RUN_COLUMNS)})"
_INTO_PARAMS, _INTO_TAGS, _SET_TAGS = into(runs.params), into(runs.tags), overwrite(runs.tags)
_WIDEST = 250  # characters of a name or key
Mark = tuple[str, str]


def marks(tx: Transaction, whats: Sequence[str]) -> dict[str, Mark]:
    """What was taken of these, as it was when it was taken."""
    found: dict[str, Mark] = {}
    for part in chunks(list(whats)):
        for row in tx.execute(select(imported).where(imported.c.what.in_(part))):
            found[row.what] = (row.facts, row.files)
    return found


def mark(tx: Transaction, done: Mapping[str, Mark]) -> None:
    """Remember what was taken."""
    rows = [{"what": what, "facts": facts, "files": files} for what, (facts, files) in done.items()]
    if rows:
        tx.execute(_set_mark, rows)


def trust_name(owner: str) -> str:
    """The mark of a run or logged model whose code somebody answered for: the job that was told so."""
    return f"trust {owner}"


def home(tx: Transaction, old: OldExperiment) -> int:
    """The experiment of this name, made under its own number if that is free."""
    found = experiments.find(tx, old.name)
    if found is None:
        number = _number(tx, old.id)
        row = {
            "id": number,
            "name": old.name,
            "artifact_location": paths.experiment_uri(number),
            "state": old.state,
            "created_ms": old.created_ms,
            "updated_ms": old.updated_ms,
        }
        tx.execute(insert(experiments.experiments), row)
    else:
        number = int(found.id)
    experiments.set_tags(tx, number, old.tags)
    return number


def _number(tx: Transaction, wanted: str) -> int:
    table = experiments.experiments
    if wanted.isdecimal() and int(wanted) < 2**63:
        number = int(wanted)
        if tx.execute(select(table.c.id).where(table.c.id == number)).first() is None:
            return number
    return experiments.next_number(tx)


def put_runs(
    tx: Transaction, experiment: int, new: Sequence[OldRun], changed: Sequence[OldRun]
) -> dict[str, int]:
    """Runs with their params and tags; returns their numbers."""
    location = experiments.get(tx, experiment).artifact_location
    tx.insert_rows(_INTO_RUNS, [_row(run, experiment, location) for run in new])
    batch = [*new, *changed]
    numbers: dict[str, int] = {}
    for part in chunks([run.id for run in batch]):
        numbers |= metrics.run_numbers(tx, part)
    for run in changed:
        values = dict(zip(_RUN_COLUMNS, _row(run, experiment, location), strict=True))
        runs.change(tx, numbers[run.id], **{name: values[name] for name in _CHANGING})
    names = {key for run in batch for key in (*run.params, *run.tags)}
    ids = runs.key_ids(tx, sorted(names), {})
    params = [(numbers[run.id], ids[key], value) for run in batch for key, value in run.params.items()]
    tags = [(numbers[run.id], ids[key], value) for run in batch for key, value in run.tags.items()]
    tx.insert_rows(_INTO_PARAMS, params, KEEP)
    tx.insert_rows(_INTO_TAGS, tags, _SET_TAGS)
    return numbers


_CHANGING = ("name", "user_id", "status", "state", "started_ms", "ended_ms", "deleted_ms")


def _row(run: OldRun, experiment: int, location: str) -> tuple[object, ...]:
    values: dict[str, object] = {
        "run_id": run.id,
        "experiment": experiment,
        "name": run.name[:_WIDEST],
        "user_id": run.user[:256],
        "status": run.status,
        "state": run.state,
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "deleted_ms": run.deleted_ms,
        "artifact_uri": paths.run_uri(location, run.id),
    }
    return tuple(values[name] for name in _RUN_COLUMNS)


def put_inputs(
    tx: Transaction, experiment: int, run: OldRun, number: int, read: Sequence[DatasetInput]
) -> None:
    """What a run read and wrote."""
    inputs.add(tx, number, experiment, read)
    inputs.add_models(tx, number, "in", run.model_inputs)
    inputs.add_models(tx, number, "out", run.model_outputs)


def put_points(tx: Transaction, numbers: Mapping[str, int], points: Iterable[Point]) -> None:
    """Metric values; one that is there already stays once."""
    piece = list(points)
    ids = runs.key_ids(tx, sorted({key for _, key, _, _, _ in piece}), {})
    for run, values in groupby(piece, key=lambda point: point[0]):
        logged = [
            Metric(key=key, value=value, timestamp=at_ms, step=step) for _, key, step, at_ms, value in values
        ]
        metrics.add(tx, numbers[run], logged, ids)


def put_model(tx: Transaction, experiment: int, old: OldModel, *, known: bool) -> None:
    """A logged model, its tags, params and metrics."""
    values = {
        "name": old.name,
        "model_type": old.model_type,
        "source_run": old.source_run,
        "status": old.status,
        "state": old.state,
        "updated_ms": old.updated_ms,
    }
    if known:
        logged_models.change(tx, old.id, **values)
    else:
        location = experiments.get(tx, experiment).artifact_location
        row = {"model_id": old.id, "experiment": experiment, "created_ms": old.created_ms}
        uri = paths.logged_model_uri(location, old.id)
        logged_models.add(tx, row | values | {"artifact_uri": uri})
    logged_models.set_pairs(tx, logged_models.params, old.id, old.params)
    logged_models.set_pairs(tx, logged_models.tags, old.id, old.tags)
    by_run: dict[str, list[Metric]] = {}
    for one in old.metrics:
        logged = Metric(
            key=one.key,
            value=one.value,
            timestamp=one.at_ms,
            step=one.step,
            model_id=old.id,
            dataset_name=one.dataset_name,
            dataset_digest=one.dataset_digest,
        )
        by_run.setdefault(one.run_id or old.source_run or "", []).append(logged)
    for run, values_of_run in by_run.items():
        logged_models.add_metrics(tx, run, values_of_run)


def models_here(tx: Transaction, ids: Sequence[str]) -> set[str]:
    """Those of these logged models that are here, whoever brought them."""
    found: set[str] = set()
    for part in chunks(list(ids)):
        query = select(logged_models.models.c.model_id).where(logged_models.models.c.model_id.in_(part))
        found |= set(tx.execute(query).scalars())
    return found
