"""Prompts, versions, aliases and tags in SQL."""

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

from pomona.core.errors import NotFound
from pomona.core.ports import Transaction
from pomona.core.records import from_json
from pomona.registry.prompts.records import Prompt, PromptVersion
from pomona.sql import RecordTable, UtcTime, metadata
from pomona.training.records.search import Comparison, SortKey
from pomona.training.store.statements import chunks, compare, upsert

prompts = RecordTable(
    "prompts",
    Prompt,
    Column("name", String(256), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    what="prompt",
)
versions = RecordTable(
    "prompt_versions",
    PromptVersion,
    Column("prompt_id", String(64), nullable=False),
    Column("number", Integer, nullable=False),
    Column("run_id", String(64)),
    Column("source", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index("prompt_versions_by_number", "prompt_id", "number", unique=True),
    what="prompt version",
)
aliases = Table(
    "prompt_aliases",
    metadata,
    Column("prompt_id", String(64), primary_key=True),
    Column("alias", String(255), primary_key=True),
    Column("number", BigInteger, nullable=False),
)
tags = Table(  # of prompts and of versions: their ids differ
    "prompt_tags",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("key", String(250), primary_key=True),
    Column("value", Text, nullable=False),
)
_set_alias, _set_tag = upsert(aliases), upsert(tags)


def find(tx: Transaction, name: str) -> Prompt | None:
    """The prompt with this name, or None."""
    row = tx.execute(select(prompts.c.id, prompts.c.body).where(prompts.c.name == name)).first()
    return None if row is None else _loaded(tx, [row])[0]


def get(tx: Transaction, name: str) -> Prompt:
    """The prompt with this name.

    Raises:
        NotFound: If there is none.
    """
    found = find(tx, name)
    if found is None:
        raise NotFound(f"Registered Model with name={name} not found", hint="no prompt has this name")
    return found


def named(tx: Transaction, ref: str) -> Prompt:
    """The prompt with this name or id.

    Raises:
        NotFound: If there is none.
    """
    found = find(tx, ref)
    if found is not None:
        return found
    rows = list(tx.execute(select(prompts.c.id, prompts.c.body).where(prompts.c.id == ref)))
    if not rows:
        raise NotFound(f"no prompt {ref[:300]!r}", hint="`pomona prompts ls` lists them")
    return _loaded(tx, rows)[0]


def version(tx: Transaction, owner: Prompt, number: int) -> PromptVersion:
    """One version of a prompt.

    Raises:
        NotFound: If there is none with this number.
    """
    query = _versions().where(versions.c.prompt_id == owner.id, versions.c.number == number)
    row = tx.execute(query).first()
    if row is None:
        raise NotFound(f"Model Version (name={owner.name}, version={number}) not found")
    return _loaded_versions(tx, [row])[0]


def find_version(tx: Transaction, version_id: str) -> PromptVersion | None:
    """The version with this id, or None."""
    rows = list(tx.execute(_versions().where(versions.c.id == version_id)))
    return _loaded_versions(tx, rows)[0] if rows else None


def newest_of(tx: Transaction, prompt_ids: list[str]) -> dict[str, PromptVersion]:
    """The newest version of each prompt that has one, by the prompt's id."""
    newest = select(versions.c.prompt_id, func.max(versions.c.number).label("number"))
    found: list[Any] = []
    for part in chunks(prompt_ids):
        of = newest.where(versions.c.prompt_id.in_(part)).group_by(versions.c.prompt_id).subquery()
        same = (of.c.prompt_id == versions.c.prompt_id) & (of.c.number == versions.c.number)
        found += tx.execute(_versions().join(of, same))
    return {one.prompt_id: one for one in _loaded_versions(tx, found)}


def versions_below(tx: Transaction, prompt_id: str, below: int | None, *, limit: int) -> list[PromptVersion]:
    """Versions of a prompt, newest first, from below a number on."""
    query = _versions().where(versions.c.prompt_id == prompt_id).order_by(versions.c.number.desc())
    if below is not None:
        query = query.where(versions.c.number < below)
    return _loaded_versions(tx, list(tx.execute(query.limit(limit))))


def next_number(tx: Transaction, prompt_id: str) -> int:
    """The number of the next version."""
    query = select(func.max(versions.c.number)).where(versions.c.prompt_id == prompt_id)
    return int(tx.execute(query).scalar() or 0) + 1


def set_tags(tx: Transaction, owner: str, values: Mapping[str, str]) -> None:
    """Add or overwrite tags of a prompt or a version."""
    if values:
        tx.execute(_set_tag, [{"owner": owner, "key": key, "value": value} for key, value in values.items()])


def drop_tag(tx: Transaction, owner: str, key: str) -> bool:
    """Remove a tag; False if it was not there."""
    return bool(tx.execute(delete(tags).where(tags.c.owner == owner, tags.c.key == key)).rowcount)


def move_alias(tx: Transaction, prompt_id: str, alias: str, number: int) -> None:
    """Let an alias name this version."""
    tx.execute(_set_alias, {"prompt_id": prompt_id, "alias": alias, "number": number})


def drop_aliases(tx: Transaction, prompt_id: str, *where: ColumnElement[bool]) -> list[str]:
    """Remove aliases; returns them."""
    chosen = (aliases.c.prompt_id == prompt_id, *where)
    found = [str(alias) for alias in tx.execute(select(aliases.c.alias).where(*chosen)).scalars()]
    tx.execute(delete(aliases).where(*chosen))
    return found


def remove_version(tx: Transaction, found: PromptVersion) -> None:
    """Drop a version with its tags."""
    tx.execute(delete(tags).where(tags.c.owner == found.id))
    versions.remove(tx, versions.c.id == found.id)


def remove(tx: Transaction, owner: Prompt) -> None:
    """Drop a prompt with its versions, aliases and tags."""
    ids = select(versions.c.id).where(versions.c.prompt_id == owner.id)
    tx.execute(delete(tags).where(tags.c.owner.in_(ids)))
    tx.execute(delete(tags).where(tags.c.owner == owner.id))
    tx.execute(delete(aliases).where(aliases.c.prompt_id == owner.id))
    versions.remove(tx, versions.c.prompt_id == owner.id)
    prompts.remove(tx, prompts.c.id == owner.id)


def search(
    tx: Transaction, conditions: Sequence[Comparison], order: Sequence[SortKey], *, limit: int, offset: int
) -> tuple[list[Prompt], bool]:
    """One page of prompts, by name unless ``order`` says otherwise, and whether there is more."""
    query = select(prompts.c.id, prompts.c.body)
    for condition in conditions:
        query = query.where(_condition(condition, prompts.c.id, {"name": prompts.c.name}))
    for key in order:
        column = prompts.c.name if key.key == "name" else prompts.c.updated_at
        query = query.order_by(column.asc() if key.ascending else column.desc())
    rows = list(tx.execute(query.order_by(prompts.c.name).limit(limit + 1).offset(offset)))
    return _loaded(tx, rows[:limit]), len(rows) > limit


def search_versions(
    tx: Transaction, conditions: Sequence[Comparison], order: Sequence[SortKey], *, limit: int, offset: int
) -> tuple[list[PromptVersion], bool]:
    """One page of versions, newest first unless ``order`` says otherwise, and whether there is more."""
    columns: dict[str, ColumnElement[Any]] = {
        "name": prompts.c.name,
        "version_number": versions.c.number,
        "run_id": versions.c.run_id,
        "source_path": versions.c.source,
        "creation_timestamp": versions.c.created_at,
        "last_updated_timestamp": versions.c.updated_at,
    }
    query = _versions()
    for condition in conditions:
        query = query.where(_condition(condition, versions.c.id, columns))
    for key in order:
        column = columns[key.key]
        query = query.order_by(column.asc() if key.ascending else column.desc())
    if not order:
        query = query.order_by(versions.c.updated_at.desc())
    query = query.order_by(prompts.c.name, versions.c.number.desc())
    rows = list(tx.execute(query.limit(limit + 1).offset(offset)))
    return _loaded_versions(tx, rows[:limit]), len(rows) > limit


def _condition(
    condition: Comparison, owner: ColumnElement[Any], columns: Mapping[str, ColumnElement[Any]]
) -> ColumnElement[bool]:
    if condition.entity == "attribute":
        return compare(columns[condition.key], condition.op, condition.value)
    tagged = exists().where(tags.c.owner == owner, tags.c.key == condition.key)
    return tagged.where(compare(tags.c.value, condition.op, condition.value))


def _versions() -> Select[Any]:
    joined = versions.table.join(prompts.table, prompts.c.id == versions.c.prompt_id)
    chosen = (versions.c.id, versions.c.prompt_id, versions.c.number, versions.c.body, prompts.c.name)
    return select(*chosen).select_from(joined)


def _loaded(tx: Transaction, rows: list[Any]) -> list[Prompt]:
    ids = [row.id for row in rows]
    found_tags = _grouped(tx, ids)
    named: dict[str, dict[str, int]] = {prompt_id: {} for prompt_id in ids}
    latest: dict[str, int] = {}
    for part in chunks(ids):
        for row in tx.execute(select(aliases).where(aliases.c.prompt_id.in_(part)).order_by(aliases.c.alias)):
            named[row.prompt_id][row.alias] = row.number
        newest = select(versions.c.prompt_id, func.max(versions.c.number)).group_by(versions.c.prompt_id)
        latest |= {row[0]: row[1] for row in tx.execute(newest.where(versions.c.prompt_id.in_(part)))}
    return [
        msgspec.structs.replace(
            from_json(row.body, Prompt),
            tags=found_tags[row.id],
            aliases=named[row.id],
            latest=latest.get(row.id),
        )
        for row in rows
    ]


def _loaded_versions(tx: Transaction, rows: list[Any]) -> list[PromptVersion]:
    found_tags = _grouped(tx, [row.id for row in rows])
    named: dict[tuple[str, int], list[str]] = {}
    for part in chunks(list({row.prompt_id for row in rows})):
        for row in tx.execute(select(aliases).where(aliases.c.prompt_id.in_(part)).order_by(aliases.c.alias)):
            named.setdefault((row.prompt_id, row.number), []).append(row.alias)
    return [
        msgspec.structs.replace(
            from_json(row.body, PromptVersion),
            prompt=row.name,
            tags=found_tags[row.id],
            aliases=tuple(named.get((row.prompt_id, row.number), ())),
        )
        for row in rows
    ]


def _grouped(tx: Transaction, ids: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {owner: {} for owner in ids}
    for part in chunks(ids):
        for row in tx.execute(select(tags).where(tags.c.owner.in_(part))):
            found[row.owner][row.key] = row.value
    return found
