"""Experiments and their tags in SQL."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text, delete, func, insert, select, update

from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.core.ports import Transaction
from pomona.sql import from_us, metadata
from pomona.training.records.runs import Experiment
from pomona.training.store.statements import chunks, insert_new, upsert

BigKey = BigInteger().with_variant(Integer, "sqlite")

experiments = Table(
    "experiments",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(500), nullable=False, unique=True),
    Column("artifact_location", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)
experiment_tags = Table(
    "experiment_tags",
    metadata,
    Column("experiment", BigInteger, primary_key=True, autoincrement=False),
    Column("key", String(250), primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
_IMPORTED = 1_000_000_000  # MLflow's file store names its experiments by 18 digits
_add_default = insert_new(experiments)
_set_tag = upsert(experiment_tags)


def add_default(tx: Transaction, *, location: str, now_ms: int) -> None:
    """Experiment 0, where runs go that name none."""
    row = {"id": 0, "name": "Default", "artifact_location": location, "state": "active"}
    tx.execute(_add_default, row | {"created_ms": now_ms, "updated_ms": now_ms})


def add(tx: Transaction, *, name: str, location: str, tags: dict[str, str], now_ms: int) -> int:
    """A new experiment; returns its number.

    Raises:
        Conflict: If the name is taken, by a deleted one too.
    """
    if tx.execute(select(experiments.c.id).where(experiments.c.name == name)).first() is not None:
        raise Conflict(f"Experiment(name={name}) already exists.", hint="deleted experiments keep their name")
    number = next_number(tx)
    row = {"id": number, "name": name, "artifact_location": location, "state": "active"}
    tx.execute(insert(experiments), row | {"created_ms": now_ms, "updated_ms": now_ms})
    set_tags(tx, number, tags)
    return number


def next_number(tx: Transaction) -> int:
    """The number of the next experiment; the very large ones that imports bring along do not count."""
    newest = tx.execute(select(func.max(experiments.c.id)).where(experiments.c.id < _IMPORTED)).scalar()
    return int(newest or 0) + 1


def change(tx: Transaction, number: int, **values: Any) -> None:
    """Overwrite columns of one experiment."""
    tx.execute(update(experiments).where(experiments.c.id == number).values(**values))


def get(tx: Transaction, number: int) -> Experiment:
    """The experiment with this number.

    Raises:
        NotFound: If there is none.
    """
    row = tx.execute(select(experiments).where(experiments.c.id == number)).first()
    if row is None:
        raise NotFound(f"No Experiment with id={number} exists", hint="`pomona runs experiments` lists them")
    return loaded(tx, [row])[0]


def active(tx: Transaction, number: int) -> Experiment:
    """As ``get``, but only an experiment that is not deleted.

    Raises:
        Invalid: If it is deleted.
    """
    found = get(tx, number)
    if found.state != "active":
        raise Invalid(
            f"The experiment {number} must be in the 'active' state. Current state is {found.state}.",
            hint="restore it first",
        )
    return found


def find(tx: Transaction, name: str) -> Experiment | None:
    """The experiment with this name, active or deleted."""
    row = tx.execute(select(experiments).where(experiments.c.name == name)).first()
    return None if row is None else loaded(tx, [row])[0]


def rename(tx: Transaction, number: int, name: str, *, now_ms: int) -> None:
    """Give an experiment another name.

    Raises:
        Conflict: If another one has it.
    """
    taken = find(tx, name)
    if taken is not None and taken.id != str(number):
        raise Conflict(f"Experiment(name={name}) already exists.")
    change(tx, number, name=name, updated_ms=now_ms)


def set_tags(tx: Transaction, number: int, tags: dict[str, str]) -> None:
    """Add or overwrite tags."""
    if tags:
        tx.execute(
            _set_tag, [{"experiment": number, "key": key, "value": value} for key, value in tags.items()]
        )


def remove_tag(tx: Transaction, number: int, key: str) -> bool:
    """Drop a tag; False if it was not there."""
    wanted = (experiment_tags.c.experiment == number, experiment_tags.c.key == key)
    return bool(tx.execute(delete(experiment_tags).where(*wanted)).rowcount)


def tags_of(tx: Transaction, number: int) -> dict[str, str]:
    """All tags of one experiment."""
    query = select(experiment_tags.c.key, experiment_tags.c.value).where(
        experiment_tags.c.experiment == number
    )
    return {row.key: row.value for row in tx.execute(query)}


def loaded(tx: Transaction, rows: list[Any]) -> list[Experiment]:
    """Rows as records, with their tags."""
    tags: dict[int, dict[str, str]] = {row.id: {} for row in rows}
    for numbers in chunks(list(tags)):
        query = select(experiment_tags).where(experiment_tags.c.experiment.in_(numbers))
        for row in tx.execute(query):
            tags[row.experiment][row.key] = row.value
    return [
        Experiment(
            id=str(row.id),
            name=row.name,
            artifact_location=row.artifact_location,
            state=row.state,
            created_at=from_us(row.created_ms * 1000),
            updated_at=from_us(row.updated_ms * 1000),
            tags=tags[row.id],
        )
        for row in rows
    ]
