"""Prompts, versions, aliases and tags in SQL."""

from collections.abc import Mapping

from sqlalchemy import Column, Index, Integer, String, Text, delete, select

from pomona.core.errors import NotFound
from pomona.core.ports import Transaction
from pomona.registry.prompts.records import Prompt, PromptVersion
from pomona.registry.versioned import Versioned, alias_table, tag_table
from pomona.sql import RecordTable, UtcTime

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
aliases = alias_table("prompt_aliases", "prompt_id")
tags = tag_table("prompt_tags")  # of prompts and of versions: their ids differ
_kept = Versioned(
    prompts,
    versions,
    kind=Prompt,
    version_kind=PromptVersion,
    owner="prompt_id",
    field="prompt",
    aliases=aliases,
    tags=tags,
    version_tags=tags,
)
next_number, newest_of = _kept.next_number, _kept.newest
move_alias, drop_aliases = _kept.move_alias, _kept.drop_aliases
search, search_versions = _kept.search, _kept.search_versions


def find(tx: Transaction, name: str) -> Prompt | None:
    """The prompt with this name, or None."""
    return _kept.find(tx, prompts.c.name == name)


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
    found = find(tx, ref) or _kept.find(tx, prompts.c.id == ref)
    if found is None:
        raise NotFound(f"no prompt {ref[:300]!r}", hint="`pomona prompts ls` lists them")
    return found


def find_number(tx: Transaction, owner: Prompt, number: int) -> PromptVersion | None:
    """The version of a prompt with this number, or None."""
    return _kept.find_version(tx, versions.c.prompt_id == owner.id, versions.c.number == number)


def version(tx: Transaction, owner: Prompt, number: int) -> PromptVersion:
    """One version of a prompt.

    Raises:
        NotFound: If there is none with this number.
    """
    found = find_number(tx, owner, number)
    if found is None:
        raise NotFound(f"Model Version (name={owner.name}, version={number}) not found")
    return found


def find_version(tx: Transaction, version_id: str) -> PromptVersion | None:
    """The version with this id, or None."""
    return _kept.find_version(tx, versions.c.id == version_id)


def versions_below(tx: Transaction, prompt_id: str, below: int | None, *, limit: int) -> list[PromptVersion]:
    """Versions of a prompt, newest first, from below a number on."""
    where = () if below is None else (versions.c.number < below,)
    return _kept.all_versions(tx, versions.c.prompt_id == prompt_id, *where, limit=limit)


def set_tags(tx: Transaction, owner: str, values: Mapping[str, str]) -> None:
    """Add or overwrite tags of a prompt or a version."""
    _kept.set_tags(tx, tags, owner, values)


def drop_tag(tx: Transaction, owner: str, key: str) -> bool:
    """Remove a tag; False if it was not there."""
    return _kept.drop_tag(tx, tags, owner, key)


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
