"""Models, versions, aliases, tags and gate results in SQL."""

from sqlalchemy import Column, Index, Integer, String, Text, delete, select

from pomona.core.errors import Conflict, NotFound
from pomona.core.ports import Transaction
from pomona.registry.prompts import store as prompts
from pomona.registry.prompts.rules import taken
from pomona.registry.records import GateResult, ModelVersion, RegisteredModel
from pomona.registry.versioned import Versioned, alias_table, tag_table
from pomona.sql import RecordTable, UtcTime

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
aliases = alias_table("model_aliases", "model_id")
model_tags = tag_table("registered_model_tags")
version_tags = tag_table("model_version_tags")
_READY = versions.c.status == "ready"
_kept = Versioned(
    models,
    versions,
    kind=RegisteredModel,
    version_kind=ModelVersion,
    owner="model_id",
    field="model",
    aliases=aliases,
    tags=model_tags,
    version_tags=version_tags,
    there=models.c.deleted_at.is_(None),
    ready=_READY,
)
next_number, move_alias = _kept.next_number, _kept.move_alias  # numbers of deleted ones stay theirs
models_now = _kept.as_now
set_tags, drop_tag = _kept.set_tags, _kept.drop_tag
search_models, search_versions = _kept.search, _kept.search_versions


def model(tx: Transaction, name: str) -> RegisteredModel:
    """The model with this name.

    Raises:
        NotFound: If there is none.
    """
    found = find_model(tx, name)
    if found is None:
        raise NotFound(f"Registered Model with name={name} not found", hint="`pomona models ls` lists them")
    return found


def model_with_id(tx: Transaction, model_id: str) -> RegisteredModel:
    """The model with this id.

    Raises:
        NotFound: If there is none.
    """
    found = _kept.find(tx, models.c.id == model_id)
    if found is None:
        raise NotFound(f"no model {model_id}", hint="`pomona models ls` lists them")
    return found


def find_model(tx: Transaction, name: str) -> RegisteredModel | None:
    """The model with this name, or None."""
    return _kept.find(tx, models.c.name == name)


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
    found = _kept.find_version(tx, versions.c.model_id == owner.id, versions.c.number == number, _READY)
    if found is None:
        raise NotFound(
            f"Model Version (name={owner.name}, version={number}) not found",
            hint=f"`pomona models show {owner.name}` lists them",
        )
    return found


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
    found = _kept.find_version(tx, versions.c.id == version_id)
    if found is None:
        raise NotFound(f"no model version {version_id!r}", hint="`pomona models ls` lists models")
    return found


def versions_of(tx: Transaction, model_id: str) -> list[ModelVersion]:
    """All versions of a model, newest first."""
    return _kept.all_versions(tx, versions.c.model_id == model_id, _READY)


def newest_by_stage(tx: Transaction, model_ids: list[str]) -> dict[str, list[ModelVersion]]:
    """The newest version in each stage, by the id of the model; the highest number first."""
    return _kept.newest_by(tx, versions.c.stage, model_ids)


def drop_alias(tx: Transaction, model_id: str, alias: str) -> bool:
    """Remove an alias; False if it was not there."""
    return bool(_kept.drop_aliases(tx, model_id, aliases.c.alias == alias))


def drop_aliases_of(tx: Transaction, model_id: str, number: int) -> list[str]:
    """Remove every alias of a version; returns them."""
    return _kept.drop_aliases(tx, model_id, aliases.c.number == number)


def latest_gate(tx: Transaction, version_id: str) -> GateResult | None:
    """What the gate said last about a version."""
    return gates.first(tx, gates.c.version == version_id, order_by=[gates.c.id.desc()])


def clear_model(tx: Transaction, model_id: str) -> None:
    """Drop the aliases and tags of a model."""
    tx.execute(delete(aliases).where(aliases.c.model_id == model_id))
    tx.execute(delete(model_tags).where(model_tags.c.owner == model_id))
