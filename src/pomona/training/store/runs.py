"""Runs, params and tags in SQL: integer keys inside, the protocol's ids at the edge."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from pomona.core.errors import Invalid, NotFound
from pomona.core.ports import Transaction
from pomona.sql import metadata
from pomona.training.store.experiments import BigKey
from pomona.training.store.statements import chunks, head_of, insert_new, upsert

runs = Table(
    "runs",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("run_id", String(32), nullable=False, unique=True),
    Column("experiment", BigInteger, nullable=False),
    Column("name", String(250), nullable=False),
    Column("user_id", String(256), nullable=False),
    Column("status", String(10), nullable=False),
    Column("state", String(8), nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("deleted_ms", BigInteger),
    Column("artifact_uri", Text, nullable=False),
    Index("runs_by_start", "experiment", "state", "started_ms", "run_id"),
    Index("runs_by_experiment", "experiment", "id"),
    Index("runs_by_time", "state", "started_ms", "run_id"),
    Index("runs_by_name", "state", "name"),
    Index("runs_by_status", "state", "status", "started_ms"),
)
keys = Table(
    "tracking_keys",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(250), nullable=False, unique=True),
)
params = Table(
    "run_params",
    metadata,
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Text, nullable=False),
    Index("run_params_by_key", "key", "run"),
    sqlite_with_rowid=False,
)
Index("run_params_by_value", params.c.key, head_of(params.c.value), params.c.run)
tags = Table(
    "run_tags",
    metadata,
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("value", Text, nullable=False),
    Index("run_tags_by_key", "key", "run"),
    sqlite_with_rowid=False,
)
Index("run_tags_by_value", tags.c.key, head_of(tags.c.value), tags.c.run)
_set_tag = upsert(tags)
_add_key = insert_new(keys, but=["id"])
_target = select(runs.c.id, runs.c.run_id, runs.c.experiment, runs.c.state, runs.c.status, runs.c.name).where(
    runs.c.run_id == bindparam("run_id")
)  # built once: it runs with every call that logs
_STATES = "SELECT run_id, id, state FROM runs WHERE run_id IN"


def add(tx: Transaction, row: dict[str, Any], run_tags: Mapping[str, str]) -> int:
    """A new run and its tags; returns its number."""
    number = int(tx.execute(insert(runs), row).inserted_primary_key[0])
    set_tags(tx, number, run_tags)
    return number


def target(tx: Transaction, run_id: str) -> Any:
    """The run's number, experiment, state and status.

    Raises:
        NotFound: If there is no such run.
    """
    row = tx.execute(_target, {"run_id": run_id}).first()
    if row is None:
        raise missing(run_id)
    return row


def active(tx: Transaction, run_id: str) -> Any:
    """As ``target``, but only a run that is not deleted.

    Raises:
        Invalid: If it is deleted.
    """
    row = target(tx, run_id)
    if row.state != "active":
        raise inactive(run_id, row.state)
    return row


def states(tx: Transaction, run_ids: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Number and lifecycle state of those runs that exist; of 500 at most."""
    return {run_id: (number, state) for run_id, number, state in tx.select_rows(_STATES, run_ids)}


def missing(run_id: str) -> NotFound:
    """The error for a run that does not exist."""
    return NotFound(f"Run with id={run_id} not found", hint="`pomona runs ls` lists them")


def inactive(run_id: str, state: str) -> Invalid:
    """The error for a run that takes nothing more."""
    return Invalid(
        f"The run {run_id} must be in the 'active' state. Current state is {state}.",
        hint="restore it first",
    )


def whole_ids(tx: Transaction, beginning: str) -> list[str]:
    """Ids that begin so; two are enough to know that it fits several."""
    where = runs.c.run_id.between(beginning, f"{beginning}~")
    return [str(run_id) for run_id in tx.execute(select(runs.c.run_id).where(where).limit(2)).scalars()]


def change(tx: Transaction, number: int, **values: Any) -> None:
    """Overwrite columns of one run."""
    tx.execute(update(runs).where(runs.c.id == number).values(**values))


def change_all(tx: Transaction, experiment: int, **values: Any) -> None:
    """Overwrite columns of every run of an experiment."""
    tx.execute(update(runs).where(runs.c.experiment == experiment).values(**values))


def key_ids(tx: Transaction, names: Iterable[str], known: Mapping[str, int]) -> dict[str, int]:
    """The number of each name, given out on first use. ``known`` saves the look-up."""
    found = {name: known[name] for name in names if name in known}
    missing = [name for name in dict.fromkeys(names) if name not in found]
    if missing:
        found |= stored_keys(tx, missing)
        new = [{"name": name} for name in missing if name not in found]
        if new:
            tx.execute(_add_key, new)
            found |= stored_keys(tx, [row["name"] for row in new])
    return found


def stored_keys(tx: Transaction, names: Iterable[str]) -> dict[str, int]:
    """The numbers of those names that have one."""
    found: dict[str, int] = {}
    for part in chunks(list(names)):
        query = select(keys.c.name, keys.c.id).where(keys.c.name.in_(part))
        found |= {row.name: row.id for row in tx.execute(query)}
    return found


def stored_params(
    tx: Transaction, number: int, wanted: Iterable[str], ids: Mapping[str, int]
) -> dict[str, str]:
    """The values that these params of a run have already."""
    names = {ids[name]: name for name in wanted}
    query = select(params.c.key, params.c.value).where(params.c.run == number, params.c.key.in_(names))
    return {names[row.key]: row.value for row in tx.execute(query)}


def add_params(tx: Transaction, number: int, new: Mapping[str, str], ids: Mapping[str, int]) -> None:
    """Store params that the run does not have yet."""
    if new:
        tx.execute(insert(params), [{"run": number, "key": ids[k], "value": v} for k, v in new.items()])


def set_tags(
    tx: Transaction, number: int, wanted: Mapping[str, str], ids: Mapping[str, int] | None = None
) -> None:
    """Add or overwrite tags of a run."""
    if wanted:
        numbers = ids or key_ids(tx, wanted, {})
        tx.execute(_set_tag, [{"run": number, "key": numbers[k], "value": v} for k, v in wanted.items()])


def remove_tag(tx: Transaction, number: int, name: str) -> bool:
    """Drop a tag; False if it was not there."""
    key = select(keys.c.id).where(keys.c.name == name).scalar_subquery()
    return bool(tx.execute(delete(tags).where(tags.c.run == number, tags.c.key == key)).rowcount)


def tag(tx: Transaction, number: int, name: str) -> str | None:
    """One tag's value."""
    query = select(tags.c.value).join(keys, keys.c.id == tags.c.key)
    value = tx.execute(query.where(tags.c.run == number, keys.c.name == name)).scalar()
    return None if value is None else str(value)


def pairs(tx: Transaction, table: Table, numbers: list[int]) -> dict[int, dict[str, str]]:
    """Params or tags of many runs: run number -> name -> value."""
    found: dict[int, dict[str, str]] = {number: {} for number in numbers}
    for part in chunks(numbers):
        query = (
            select(table.c.run, keys.c.name, table.c.value)
            .join(keys, keys.c.id == table.c.key)
            .where(table.c.run.in_(part))
            .order_by(table.c.run, table.c.key)
        )
        for run, name, value in tx.execute(query):
            found[run][name] = value
    return found
