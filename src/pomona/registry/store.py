"""Models, versions, aliases, tags and gate results in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    Select,
    String,
    Table,
    Text,
    delete,
    exists,
    func,
    select,
)

from pomona.core.errors import Conflict, NotFound, Tampered
from pomona.core.ports import Transaction
from pomona.core.records import from_json
from pomona.registry.prompts import store as prompts
from pomona.registry.prompts.rules import taken
from pomona.registry.records import GateResult, ModelVersion, RegisteredModel
from pomona.sql import RecordTable, UtcTime, metadata
from pomona.training.records.search import Comparison, SortKey
from pomona.training.store.statements import chunks, compare, upsert

models = RecordTable(
    "registered_models",
    RegisteredModel,
    Column("name", String(256), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("deleted_at", UtcTime),
    what="registered model",
    hint="`pomona models ls` lists them",
)
versions = RecordTable(
    "model_versions",
    ModelVersion,
    Column("model_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("run_id", String(64)),
    Column("source", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index("model_versions_by_number", "model_id", "number", unique=True),
    Index("model_versions_by_run", "run_id"),
    what="model version",
    hint="`pomona models show NAME` lists them",
)
gates = RecordTable(
    "gate_results",
    GateResult,
    Column("model", String(256), nullable=False),
    Column("version", String(64), nullable=False),
    Index("gate_results_by_version", "version", "id"),
    Index("gate_results_by_model", "model", "id"),
    what="gate result",
)
aliases = Table(
    "model_aliases",
    metadata,
    Column("model_id", String(64), primary_key=True),
    Column("alias", String(255), primary_key=True),
    Column("number", BigInteger, nullable=False),
)


def _tags(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("owner", String(64), primary_key=True),
        Column("key", String(250), primary_key=True),
        Column("value", Text, nullable=False),
    )


model_tags = _tags("registered_model_tags")
version_tags = _tags("model_version_tags")
_set_alias, _set_model_tag, _set_version_tag = upsert(aliases), upsert(model_tags), upsert(version_tags)


def model(tx: Transaction, name: str) -> RegisteredModel:
    """The model with this name.

    Raises:
        NotFound: If there is none.
    """
    found = tx.execute(select(models.c.id, models.c.body).where(models.c.name == name)).first()
    if found is None:
        raise NotFound(f"Registered Model with name={name} not found", hint="`pomona models ls` lists them")
    return loaded_models(tx, [found])[0]


def model_with_id(tx: Transaction, model_id: str) -> RegisteredModel:
    """The model with this id.

    Raises:
        NotFound: If there is none.
    """
    found = tx.execute(select(models.c.id, models.c.body).where(models.c.id == model_id)).first()
    if found is None:
        raise NotFound(f"no model {model_id}", hint="`pomona models ls` lists them")
    return loaded_models(tx, [found])[0]


def find_model(tx: Transaction, name: str) -> RegisteredModel | None:
    """The model with this name, or None."""
    found = tx.execute(select(models.c.id, models.c.body).where(models.c.name == name)).first()
    return None if found is None else loaded_models(tx, [found])[0]


def check_free(tx: Transaction, name: str) -> None:
    """Refuse a name that a model or a prompt has.

    Raises:
        Conflict: If one has it.
    """
    if prompts.find(tx, name) is not None:
        raise taken(name, wanted="registered model", by="prompt")
    if tx.execute(select(models.c.id).where(models.c.name == name)).first() is not None:
        raise Conflict(f"Registered Model (name={name}) already exists.", hint="register a version of it")


def version(tx: Transaction, owner: RegisteredModel, number: int) -> ModelVersion:
    """One version of a model.

    Raises:
        NotFound: If there is none with this number, or it is deleted.
    """
    query = _versions().where(versions.c.model_id == owner.id, versions.c.number == number)
    row = tx.execute(query.where(versions.c.status == "ready")).first()
    if row is None:
        raise NotFound(
            f"Model Version (name={owner.name}, version={number}) not found",
            hint=f"`pomona models show {owner.name}` lists them",
        )
    return loaded_versions(tx, [row])[0]


def version_named(tx: Transaction, name: str, number: int) -> tuple[RegisteredModel, ModelVersion]:
    """A model by its name, and one of its versions.

    Raises:
        NotFound: If there is no such version, of whatever model.
    """
    owner = find_model(tx, name)
    if owner is None:
        raise NotFound(
            f"Model Version (name={name}, version={number}) not found", hint="`pomona models ls` lists models"
        )
    return owner, version(tx, owner, number)


def version_by_id(tx: Transaction, version_id: str) -> ModelVersion:
    """The version with this id, deleted or not: the ledger goes on speaking of it.

    Raises:
        NotFound: If there is none.
    """
    row = tx.execute(_versions().where(versions.c.id == version_id)).first()
    if row is None:
        raise NotFound(f"no model version {version_id!r}", hint="`pomona models ls` lists models")
    return loaded_versions(tx, [row])[0]


def versions_of(tx: Transaction, model_id: str) -> list[ModelVersion]:
    """All versions of a model, newest first."""
    query = _versions().where(versions.c.model_id == model_id, versions.c.status == "ready")
    return loaded_versions(tx, list(tx.execute(query.order_by(versions.c.number.desc()))))


def next_number(tx: Transaction, model_id: str) -> int:
    """The number of the next version; numbers of deleted ones are not given out again."""
    query = select(func.max(versions.c.number)).where(versions.c.model_id == model_id)
    return int(tx.execute(query).scalar() or 0) + 1


def move_alias(tx: Transaction, model_id: str, alias: str, number: int) -> None:
    """Let an alias name this version."""
    tx.execute(_set_alias, {"model_id": model_id, "alias": alias, "number": number})


def drop_alias(tx: Transaction, model_id: str, alias: str) -> bool:
    """Remove an alias; False if it was not there."""
    where = (aliases.c.model_id == model_id, aliases.c.alias == alias)
    return bool(tx.execute(delete(aliases).where(*where)).rowcount)


def drop_aliases_of(tx: Transaction, model_id: str, number: int) -> list[str]:
    """Remove every alias of a version; returns them."""
    where = (aliases.c.model_id == model_id, aliases.c.number == number)
    found = [str(alias) for alias in tx.execute(select(aliases.c.alias).where(*where)).scalars()]
    tx.execute(delete(aliases).where(*where))
    return found


def set_tags(tx: Transaction, table: Table, owner: str, tags: Mapping[str, str]) -> None:
    """Add or overwrite tags of a model or a version."""
    if tags:
        statement = _set_model_tag if table is model_tags else _set_version_tag
        tx.execute(statement, [{"owner": owner, "key": key, "value": value} for key, value in tags.items()])


def drop_tag(tx: Transaction, table: Table, owner: str, key: str) -> None:
    """Remove a tag, if it is there."""
    tx.execute(delete(table).where(table.c.owner == owner, table.c.key == key))


def latest_gate(tx: Transaction, version_id: str) -> GateResult | None:
    """What the gate said last about a version."""
    return gates.first(tx, gates.c.version == version_id, order_by=[gates.c.id.desc()])


def clear_model(tx: Transaction, model_id: str) -> None:
    """Drop the aliases and tags of a model."""
    tx.execute(delete(aliases).where(aliases.c.model_id == model_id))
    tx.execute(delete(model_tags).where(model_tags.c.owner == model_id))


def search_models(
    tx: Transaction, conditions: Sequence[Comparison], order: Sequence[SortKey], *, limit: int, offset: int
) -> tuple[list[RegisteredModel], bool]:
    """One page of models, by name unless ``order`` says otherwise, and whether there is more."""
    query = select(models.c.id, models.c.body).where(models.c.deleted_at.is_(None))
    for condition in conditions:
        query = query.where(_condition(condition, models.c.id, model_tags, {"name": models.c.name}))
    for key in order:
        column = models.c.name if key.key == "name" else models.c.updated_at
        query = query.order_by(column.asc() if key.ascending else column.desc())
    rows = list(tx.execute(query.order_by(models.c.name).limit(limit + 1).offset(offset)))
    return loaded_models(tx, rows[:limit]), len(rows) > limit


def search_versions(
    tx: Transaction, conditions: Sequence[Comparison], order: Sequence[SortKey], *, limit: int, offset: int
) -> tuple[list[ModelVersion], bool]:
    """One page of versions, newest first unless ``order`` says otherwise, and whether there is more."""
    columns: dict[str, ColumnElement[Any]] = {
        "name": models.c.name,
        "version_number": versions.c.number,
        "run_id": versions.c.run_id,
        "source_path": versions.c.source,
        "creation_timestamp": versions.c.created_at,
        "last_updated_timestamp": versions.c.updated_at,
    }
    query = _versions().where(versions.c.status == "ready")
    for condition in conditions:
        query = query.where(_condition(condition, versions.c.id, version_tags, columns))
    for key in order:
        column = columns[key.key]
        query = query.order_by(column.asc() if key.ascending else column.desc())
    if not order:
        query = query.order_by(versions.c.updated_at.desc())
    query = query.order_by(models.c.name, versions.c.number.desc())
    rows = list(tx.execute(query.limit(limit + 1).offset(offset)))
    return loaded_versions(tx, rows[:limit]), len(rows) > limit


def _condition(
    condition: Comparison, owner: ColumnElement[Any], tags: Table, columns: Mapping[str, ColumnElement[Any]]
) -> ColumnElement[bool]:
    if condition.entity == "attribute":
        return compare(columns[condition.key], condition.op, condition.value)
    tagged = exists().where(tags.c.owner == owner, tags.c.key == condition.key)
    return tagged.where(compare(tags.c.value, condition.op, condition.value))


def _versions() -> Select[Any]:
    joined = versions.table.join(models.table, models.c.id == versions.c.model_id)
    return select(
        versions.c.id, versions.c.model_id, versions.c.number, versions.c.body, models.c.name
    ).select_from(joined)


def loaded_models(tx: Transaction, rows: list[Any]) -> list[RegisteredModel]:
    """Rows as records, with aliases, tags and the newest version's number."""
    ids = [row.id for row in rows]
    tags = _grouped_tags(tx, model_tags, ids)
    named: dict[str, dict[str, int]] = {model_id: {} for model_id in ids}
    latest: dict[str, int] = {}
    for part in chunks(ids):
        for row in tx.execute(select(aliases).where(aliases.c.model_id.in_(part)).order_by(aliases.c.alias)):
            named[row.model_id][row.alias] = row.number
        newest = select(versions.c.model_id, func.max(versions.c.number)).group_by(versions.c.model_id)
        where = (versions.c.model_id.in_(part), versions.c.status == "ready")
        latest |= {row[0]: row[1] for row in tx.execute(newest.where(*where))}
    return [
        msgspec.structs.replace(
            from_json(row.body, RegisteredModel),
            tags=tags[row.id],
            aliases=named[row.id],
            latest=latest.get(row.id),
        )
        for row in rows
    ]


def loaded_versions(tx: Transaction, rows: list[Any]) -> list[ModelVersion]:
    """Rows as records, with the model's present name, aliases and tags."""
    tags = _grouped_tags(tx, version_tags, [row.id for row in rows])
    named: dict[tuple[str, int], list[str]] = {}
    for part in chunks(list({row.model_id for row in rows})):
        for row in tx.execute(select(aliases).where(aliases.c.model_id.in_(part)).order_by(aliases.c.alias)):
            named.setdefault((row.model_id, row.number), []).append(row.alias)
    return [
        msgspec.structs.replace(
            _version(row),
            model=row.name,
            tags=tags[row.id],
            aliases=tuple(named.get((row.model_id, row.number), ())),
        )
        for row in rows
    ]


def _version(row: Any) -> ModelVersion:
    try:
        return from_json(row.body, ModelVersion)
    except msgspec.DecodeError as error:
        raise Tampered(
            f"{row.name}/{row.number}: its row cannot be read", hint="restore the database from a backup"
        ) from error


def _grouped_tags(tx: Transaction, table: Table, ids: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {owner: {} for owner in ids}
    for part in chunks(ids):
        for row in tx.execute(select(table).where(table.c.owner.in_(part)).order_by(table.c.key)):
            found[row.owner][row.key] = row.value
    return found
