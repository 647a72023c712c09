"""What models and prompts have in common in SQL: a name, versions under it, aliases, tags, and searches."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Select,
    String,
    Table,
    Text,
    delete,
    exists,
    func,
    select,
    true,
)

from pomona.core.errors import Tampered
from pomona.core.ports import Transaction
from pomona.core.records import Record, from_json
from pomona.sql import RecordTable, metadata
from pomona.training.records.search import Comparison, SortKey
from pomona.training.store.statements import chunks, compare, upsert

T = TypeVar("T", bound=Record)
V = TypeVar("V", bound=Record)
R = TypeVar("R", bound=Record)


def alias_table(name: str, owner: str) -> Table:
    """Which version each alias names; ``owner``: the column of the one whose alias it is."""
    return Table(
        name,
        metadata,
        Column(owner, String(64), primary_key=True),
        Column("alias", String(255), primary_key=True),
        Column("number", BigInteger, nullable=False),
    )


def tag_table(name: str) -> Table:
    """Tags of whatever has the id ``owner``."""
    return Table(
        name,
        metadata,
        Column("owner", String(64), primary_key=True),
        Column("key", String(250), primary_key=True),
        Column("value", Text, nullable=False),
    )


class Versioned(Generic[T, V]):
    """Named things with versions. Records come with the tags, aliases and newest number they have now.

    Args:
        things, kind: Their table (with ``name`` and ``updated_at``) and their class.
        versions, version_kind: The same of versions (with ``number`` and the times); ``owner`` is the column
            with the thing's id, ``field`` the field of the record that holds its name.
        aliases, tags, version_tags: See ``alias_table`` and ``tag_table``; both tags may be in one.
        there, ready: Which things and versions searches find, and what counts as newest; default: all.
    """

    def __init__(
        self,
        things: RecordTable[T],
        versions: RecordTable[V],
        *,
        kind: type[T],
        version_kind: type[V],
        owner: str,
        field: str,
        aliases: Table,
        tags: Table,
        version_tags: Table,
        there: ColumnElement[bool] | None = None,
        ready: ColumnElement[bool] | None = None,
    ) -> None:
        self._things = things.c
        self._versions = versions.c
        self._joined = versions.table.join(things.table, things.c.id == versions.c[owner])
        self._kind = kind
        self._version_kind = version_kind
        self._owner = versions.c[owner]
        self._field = field
        self._aliases = aliases
        self._named = aliases.c[owner]
        self._tags = tags
        self._version_tags = version_tags
        self._there = true() if there is None else there
        self._ready = true() if ready is None else ready
        self._set_alias = upsert(aliases)
        self._set_tag = {table.name: upsert(table) for table in (tags, version_tags)}

    def find(self, tx: Transaction, *where: ColumnElement[bool]) -> T | None:
        """The thing that fits, or None."""
        row = tx.execute(select(self._things.id, self._things.body).where(*where)).first()
        return None if row is None else self._loaded(tx, [row])[0]

    def as_now(self, tx: Transaction, things: Sequence[T]) -> list[T]:
        """Things with the tags, aliases and newest numbers that they have now."""
        ids = [thing.id for thing in things]  # type: ignore[attr-defined]
        tags, names = _grouped(tx, self._tags, ids), self._aliases_of(tx, ids)
        latest: dict[str, int] = {}
        for part in chunks(ids):
            latest |= {row.owner: row.number for row in tx.execute(self._numbers(part))}
        return [
            msgspec.structs.replace(thing, tags=tags[of], aliases=names.get(of, {}), latest=latest.get(of))
            for of, thing in zip(ids, things, strict=True)
        ]

    def find_version(self, tx: Transaction, *where: ColumnElement[bool]) -> V | None:
        """The version that fits, or None."""
        found = self.all_versions(tx, *where, limit=1)
        return found[0] if found else None

    def all_versions(self, tx: Transaction, *where: ColumnElement[bool], limit: int | None = None) -> list[V]:
        """Every version that fits, the highest number first."""
        query = self._rows().where(*where).order_by(self._versions.number.desc()).limit(limit)
        return self._loaded_versions(tx, list(tx.execute(query)))

    def newest(self, tx: Transaction, ids: list[str]) -> dict[str, V]:
        """The newest version of each thing that has one, by the thing's id."""
        found: list[Any] = []
        for part in chunks(ids):
            of = self._numbers(part).subquery()
            same = (of.c.owner == self._owner) & (of.c.number == self._versions.number)
            found += tx.execute(self._rows().join(of, same))
        loaded = self._loaded_versions(tx, found)
        return {row.owner: version for row, version in zip(found, loaded, strict=True)}

    def newest_by(self, tx: Transaction, column: ColumnElement[str], ids: list[str]) -> dict[str, list[V]]:
        """By thing its newest version for each value of a column of versions, the highest number first."""
        found: dict[str, list[V]] = {owner: [] for owner in ids}
        for part in chunks(ids):
            of = self._numbers(part).group_by(column).subquery()
            same = (of.c.owner == self._owner) & (of.c.number == self._versions.number)
            rows = list(tx.execute(self._rows().join(of, same).order_by(self._versions.number.desc())))
            for row, version in zip(rows, self._loaded_versions(tx, rows), strict=True):
                found[row.owner].append(version)
        return found

    def next_number(self, tx: Transaction, owner: str) -> int:
        """The number of the next version; as long as its row stays, none is given out again."""
        query = select(func.max(self._versions.number)).where(self._owner == owner)
        return int(tx.execute(query).scalar() or 0) + 1

    def move_alias(self, tx: Transaction, owner: str, alias: str, number: int) -> None:
        """Let an alias name this version."""
        tx.execute(self._set_alias, {self._named.name: owner, "alias": alias, "number": number})

    def drop_aliases(self, tx: Transaction, owner: str, *where: ColumnElement[bool]) -> list[str]:
        """Remove aliases; returns them."""
        chosen, names = (self._named == owner, *where), self._aliases.c.alias
        found = [str(alias) for alias in tx.execute(select(names).where(*chosen)).scalars()]
        tx.execute(delete(self._aliases).where(*chosen))
        return found

    def set_tags(self, tx: Transaction, table: Table, owner: str, values: Mapping[str, str]) -> None:
        """Add or overwrite tags of a thing or a version."""
        rows = [{"owner": owner, "key": key, "value": value} for key, value in values.items()]
        if rows:
            tx.execute(self._set_tag[table.name], rows)

    def drop_tag(self, tx: Transaction, table: Table, owner: str, key: str) -> bool:
        """Remove a tag; False if it was not there."""
        return bool(tx.execute(delete(table).where(table.c.owner == owner, table.c.key == key)).rowcount)

    def search(
        self,
        tx: Transaction,
        conditions: Sequence[Comparison],
        order: Sequence[SortKey],
        *,
        limit: int,
        offset: int,
    ) -> tuple[list[T], bool]:
        """One page of things, by name unless ``order`` says otherwise, and whether there is more."""
        columns = {"name": self._things.name}
        query = select(self._things.id, self._things.body).where(self._there)
        for condition in conditions:
            query = query.where(_condition(condition, self._things.id, self._tags, columns))
        for key in order:
            column = self._things.name if key.key == "name" else self._things.updated_at
            query = query.order_by(column.asc() if key.ascending else column.desc())
        rows = list(tx.execute(query.order_by(self._things.name).limit(limit + 1).offset(offset)))
        return self._loaded(tx, rows[:limit]), len(rows) > limit

    def search_versions(
        self,
        tx: Transaction,
        conditions: Sequence[Comparison],
        order: Sequence[SortKey],
        *,
        limit: int,
        offset: int,
    ) -> tuple[list[V], bool]:
        """One page of versions, newest first unless ``order`` says otherwise, and whether there is more."""
        columns: dict[str, ColumnElement[Any]] = {
            "name": self._things.name,
            "version_number": self._versions.number,
            "run_id": self._versions.run_id,
            "source_path": self._versions.source,
            "creation_timestamp": self._versions.created_at,
            "last_updated_timestamp": self._versions.updated_at,
        }
        query = self._rows().where(self._ready)
        for condition in conditions:
            query = query.where(_condition(condition, self._versions.id, self._version_tags, columns))
        for key in order:
            column = columns[key.key]
            query = query.order_by(column.asc() if key.ascending else column.desc())
        if not order:
            query = query.order_by(self._versions.updated_at.desc())
        query = query.order_by(self._things.name, self._versions.number.desc())
        rows = list(tx.execute(query.limit(limit + 1).offset(offset)))
        return self._loaded_versions(tx, rows[:limit]), len(rows) > limit

    def _rows(self) -> Select[Any]:
        owner, versions = self._owner.label("owner"), self._versions
        columns = (versions.id, owner, versions.number, versions.body, self._things.name)
        return select(*columns).select_from(self._joined)

    def _numbers(self, ids: list[str]) -> Select[Any]:
        """The newest number of each."""
        query = select(self._owner.label("owner"), func.max(self._versions.number).label("number"))
        return query.where(self._owner.in_(ids), self._ready).group_by(self._owner)

    def _loaded(self, tx: Transaction, rows: list[Any]) -> list[T]:
        return self.as_now(tx, [from_json(row.body, self._kind) for row in rows])

    def _loaded_versions(self, tx: Transaction, rows: list[Any]) -> list[V]:
        tags = _grouped(tx, self._version_tags, [row.id for row in rows])
        names = self._aliases_of(tx, list({row.owner for row in rows}))
        found = []
        for row in rows:
            own = tuple(alias for alias, number in names.get(row.owner, {}).items() if number == row.number)
            now: dict[str, Any] = {self._field: row.name, "tags": tags[row.id], "aliases": own}
            found.append(msgspec.structs.replace(_read(row, self._version_kind), **now))
        return found

    def _aliases_of(self, tx: Transaction, ids: list[str]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        columns = (self._named.label("owner"), self._aliases.c.alias, self._aliases.c.number)
        for part in chunks(ids):
            query = select(*columns).where(self._named.in_(part)).order_by(self._aliases.c.alias)
            for row in tx.execute(query):
                found.setdefault(row.owner, {})[row.alias] = row.number
        return found


def _read(row: Any, kind: type[R]) -> R:
    try:
        return from_json(row.body, kind)
    except msgspec.DecodeError as error:
        raise Tampered(
            f"{row.name}/{row.number}: its row cannot be read", hint="restore the database from a backup"
        ) from error


def _condition(
    condition: Comparison, owner: ColumnElement[Any], tags: Table, columns: Mapping[str, ColumnElement[Any]]
) -> ColumnElement[bool]:
    if condition.entity == "attribute":
        return compare(columns[condition.key], condition.op, condition.value)
    tagged = exists().where(tags.c.owner == owner, tags.c.key == condition.key)
    return tagged.where(compare(tags.c.value, condition.op, condition.value))


def _grouped(tx: Transaction, table: Table, ids: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {owner: {} for owner in ids}
    for part in chunks(ids):
        for row in tx.execute(select(table).where(table.c.owner.in_(part)).order_by(table.c.key)):
            found[row.owner][row.key] = row.value
    return found
