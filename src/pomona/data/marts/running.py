"""SQL over dataset versions: what it reads and what is wrong with it, then its rows."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from pomona.core.errors import Invalid, TooLarge
from pomona.data.marts.engine import SqlEngine
from pomona.data.marts.records import (
    ColumnLineage,
    ColumnSource,
    MartInput,
    SqlPreview,
    SqlQuery,
    SqlWarning,
)
from pomona.data.marts.rules.marts import is_pinned, reproducibility
from pomona.data.records import DataVersion, Field
from pomona.data.service import DataService
from pomona.data.shelf import Part, Shelf
from pomona.data.tables.canonical import canonical_type, fields_of
from pomona.data.tables.frames import json_rows, to_polars

if TYPE_CHECKING:
    from pomona.data.marts.rules.columns import Traced
    from pomona.data.marts.rules.reading import Statement

PREVIEW_ROWS = 100
PREVIEW_S = 20.0
PREVIEW_INPUT_ROWS = 2_000_000  # an input with more is cut to so many rows for a preview
QUERY_S = 120.0
QUERY_ROWS = 5_000_000


@dataclass(frozen=True)
class Plan:
    """A statement, what it reads, and what can be said before it runs."""

    statement: "Statement"
    inputs: tuple[MartInput, ...]
    versions: Mapping[str, DataVersion]  # by the name in the SQL
    traced: "Traced | None"
    warnings: tuple[SqlWarning, ...]

    def lineage(self, fields: tuple[Field, ...]) -> tuple[ColumnLineage, ...]:
        """Where each column of the result comes from; empty if that could not be followed."""
        if self.traced is None or len(self.traced.sources) != len(fields):
            return ()
        by_name = {one.name: one for one in self.inputs}
        return tuple(
            ColumnLineage(
                column=field.name,
                type=field.type,
                sources=tuple(
                    ColumnSource(ref=by_name[table].ref, version=by_name[table].version, column=column)
                    for table, column in sources
                ),
            )
            for field, sources in zip(fields, self.traced.sources, strict=True)
        )


class SqlRunner:
    """Runs SQL over dataset versions.

    Args:
        data: Knows the versions.
        shelf: Reads them: for a purpose, and of rows held by consent only those it covers.
        engine: Where the SQL runs.
    """

    def __init__(self, data: DataService, shelf: Shelf, engine: SqlEngine) -> None:
        self._data = data
        self._shelf = shelf
        self._engine = engine

    def plan(self, sql: str, *, pins: Mapping[str, str] | None = None) -> Plan:
        """Read an SQL text and find the versions it means.

        Args:
            pins: Version ids by the name in the SQL, instead of what the names mean now.

        Raises:
            Invalid: If it cannot be read.
            Refused: If it is anything but one SELECT over datasets.
            NotFound: If it names a dataset or version that does not exist.
        """
        from pomona.data.marts.rules.columns import trace  # they load sqlglot: 0.1 s
        from pomona.data.marts.rules.leakage import find_leakage
        from pomona.data.marts.rules.reading import read_statement

        statement = read_statement(sql)
        self._engine.check(statement)
        versions = {name: self._data.resolve((pins or {}).get(name, name)) for name in statement.tables}
        columns = {name: [field.name for field in found.schema] for name, found in versions.items()}
        traced = trace(statement, columns)
        warnings = reproducibility(statement.functions)
        if isinstance(traced, SqlWarning):
            return Plan(
                statement=statement,
                inputs=_inputs(versions, columns),
                versions=versions,
                traced=None,
                warnings=(traced, *warnings),
            )
        times = {
            name: str(self._data.dataset(found.dataset_id).time_column)
            for name, found in versions.items()
            if self._data.dataset(found.dataset_id).time_column
        }
        return Plan(
            statement=statement,
            inputs=_inputs(versions, traced.read),
            versions=versions,
            traced=traced,
            warnings=(*find_leakage(traced.tree, times), *warnings),
        )

    def content_of(self, version: DataVersion) -> str:
        """What names a version's rows: a rebase keeps them in other files, so it counts as the one before."""
        while version.mode == "rebase" and version.parent:
            version = self._data.resolve(version.parent)
        return version.digest

    @contextmanager
    def rows(
        self,
        plan: Plan,
        *,
        timeout_s: float,
        may_go_on: Callable[[], None] | None = None,
        input_rows: int | None = None,
        purpose: str | None = None,
    ) -> Iterator[pa.RecordBatchReader]:
        """The result as a stream, read inside the block; only the columns the SQL needs are loaded.

        Args:
            input_rows: Read at most so many rows of each input.
            purpose: What the rows are read for; None: to look at them.

        Raises:
            Refused: If an input may not serve the purpose, or holds rows by consent and none was named.
        """
        with ExitStack() as stack:
            try:
                parts = Part(limit=input_rows, purpose=purpose)
                tables = {one.name: self._load(one, one.columns, parts) for one in plan.inputs}
                open_ = self._engine.session(plan.statement, tables, timeout_s=timeout_s, may_go_on=may_go_on)
                reader = stack.enter_context(open_)
            except Invalid as error:
                if error.extra.get("subtype") != "COLUMN_NOT_FOUND":
                    raise
                # Either there is no such column, or the columns were followed wrongly: DuckDB knows.
                tables = {one.name: self._load(one, None, parts) for one in plan.inputs}
                open_ = self._engine.session(plan.statement, tables, timeout_s=timeout_s, may_go_on=may_go_on)
                reader = stack.enter_context(open_)
            yield reader

    def preview(self, sql: str, *, purpose: str | None = None) -> SqlPreview:
        """The first rows of an SQL text, on samples of large inputs.

        Raises:
            Invalid: If it cannot be read, or a column could not be kept in a version.
            TooLarge: If even so it takes too long.
        """
        began = time.monotonic()
        plan = self.plan(sql)
        with self.rows(plan, timeout_s=PREVIEW_S, input_rows=PREVIEW_INPUT_ROWS, purpose=purpose) as reader:
            for field in reader.schema:
                canonical_type(field.name, field.type)
            fields = fields_of(reader.schema)
            found = _first(reader, PREVIEW_ROWS + 1)
        return SqlPreview(
            columns=fields,
            rows=json_rows(to_polars(found.slice(0, PREVIEW_ROWS))),
            more=found.num_rows > PREVIEW_ROWS,
            sampled=tuple(one.ref for one in plan.inputs if one.rows > PREVIEW_INPUT_ROWS),
            inputs=plan.inputs,
            lineage=plan.lineage(fields),
            warnings=plan.warnings,
            seconds=time.monotonic() - began,
        )

    def query(self, query: SqlQuery) -> pa.Table:
        """All rows of an SQL text, or the first ``limit``.

        Raises:
            TooLarge: If there are more than can be sent at once, or it takes too long.
        """
        if query.limit is not None and query.limit < 0:
            raise Invalid(f"limit {query.limit} is below zero", hint="leave it out for all rows")
        most = QUERY_ROWS + 1 if query.limit is None else min(query.limit, QUERY_ROWS)
        with self.rows(self.plan(query.sql), timeout_s=QUERY_S, purpose=query.purpose) as reader:
            found = _first(reader, most)
        if found.num_rows > QUERY_ROWS:
            raise TooLarge(
                f"the result has more than {QUERY_ROWS:,} rows",
                hint="ask for fewer (limit), or make it a mart and read its version",
            )
        return found

    def _load(self, one: MartInput, columns: tuple[str, ...] | None, part: Part) -> pa.RecordBatchReader:
        return self._shelf.stream(one.version, replace(part, columns=columns))


def _inputs(
    versions: Mapping[str, DataVersion], read: Mapping[str, tuple[str, ...] | list[str]]
) -> tuple[MartInput, ...]:
    return tuple(
        MartInput(
            name=name,
            ref=f"{found.dataset}@v{found.number}",
            dataset=found.dataset,
            version=found.id,
            digest=found.digest,
            pinned=is_pinned(name),
            rows=found.rows,
            columns=tuple(read[name]),
        )
        for name, found in versions.items()
    )


def _first(reader: pa.RecordBatchReader, most: int) -> pa.Table:
    return pa.Table.from_batches(list(_head(reader, most)), schema=reader.schema)


def _head(reader: pa.RecordBatchReader, most: int) -> Iterator[pa.RecordBatch]:
    left = most
    while left > 0 and (batch := next(reader, None)) is not None:
        yield batch.slice(0, left)
        left -= batch.num_rows
