"""DuckDB behind a guard: one SELECT over given Arrow tables, with limits, and nothing else in reach.

The connection lives in memory, opens no file and no address, loads no extension, sees no Python variable,
and its settings are locked before the text of a user comes near it. The statement has been read by
sqlglot (``rules.reading``); here DuckDB's own parser must agree on what it is and what it reads, so that
no text means one thing to the guard and another to the engine.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from pomona.core.errors import Invalid, PomonaError, Refused, StorageFull, TooLarge
from pomona.data.marts.rules import guard

if TYPE_CHECKING:
    import duckdb

    from pomona.data.marts.rules.reading import Statement

MEMORY_MB = 1024
THREADS = 2
SPILL_GB = 20
BATCH_ROWS = 65_536
_LOOK_S = 0.25  # how often the time of a running query is looked at
_ASK_S = 1.0  # how often it is asked whether it may go on
_INCOMING = "__incoming"
_FROM = frozenset(
    {"BASE_TABLE", "JOIN", "SUBQUERY", "TABLE_FUNCTION", "EMPTY", "EXPRESSION_LIST", "PIVOT", "CTE"}
)
_DIALECT = "the dialect is DuckDB's; a preview shows the first rows of a text at once"
_HINTS = {"Conversion": "`try_cast(x as int)` gives NULL where a value does not fit"}
_LOCK = (
    "SET errors_as_json = true",
    "SET TimeZone = 'UTC'",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
log = logging.getLogger("pomona.data")


class SqlEngine:
    """Runs statements that were read and found harmless.

    Args:
        spill: Folder for what does not fit into memory; emptied by DuckDB itself.
    """

    def __init__(self, spill: Path, *, memory_mb: int = MEMORY_MB, threads: int = THREADS) -> None:
        self._spill = spill
        self._memory_mb = memory_mb
        self._threads = threads

    def check(self, statement: "Statement") -> None:
        """Let DuckDB read a statement, too.

        Raises:
            Invalid: If DuckDB cannot read it; the place is named.
            Refused: If DuckDB sees anything but one SELECT over the same tables.
        """
        with self._connected() as connection:
            _check(connection, statement)

    @contextmanager
    def session(
        self,
        statement: "Statement",
        tables: Mapping[str, Any],
        *,
        timeout_s: float,
        may_go_on: Callable[[], None] | None = None,
    ) -> Iterator[pa.RecordBatchReader]:
        """The result of a statement, as a stream that is read inside the block.

        Args:
            tables: By the name in the statement: an Arrow table, or anything with an
                ``__arrow_c_stream__``; each is read once, and spills to the disk if it has to.
            timeout_s: Seconds for the whole block.
            may_go_on: Called now and then; what it raises ends the query and is raised here.

        Raises:
            Invalid: If the statement does not fit the tables, or fails on a value; the place is named.
            TooLarge: If it needs more memory than it gets, or more time.
        """
        with self._connected() as connection:
            _check(connection, statement)
            watch = _Watch(connection, timeout_s, may_go_on)
            with watch, _in_words(statement.sql, self._memory_mb, watch):
                for name, table in tables.items():
                    _load(connection, name, table)
                connection.execute(connection.extract_statements(statement.sql)[0])
                kinds = [str(column[1]) for column in connection.description or []]
                words = partial(_in_words, statement.sql, self._memory_mb, watch)
                yield _stream(connection.to_arrow_reader(BATCH_ROWS), kinds, words)

    @contextmanager
    def _connected(self) -> "Iterator[duckdb.DuckDBPyConnection]":
        self._spill.mkdir(mode=0o700, parents=True, exist_ok=True)
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{self._memory_mb}MB",
            "threads": str(self._threads),
            "temp_directory": str(self._spill),
            "max_temp_directory_size": f"{SPILL_GB}GB",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
        }
        import duckdb  # 34 MB that a process which never runs SQL need not hold

        connection = duckdb.connect(":memory:", config=config)
        try:
            for setting in _LOCK:
                connection.execute(setting)
            yield connection
        finally:
            connection.close()


class _Watch:
    """Ends a query that takes too long, or that nobody wants any more."""

    def __init__(
        self, connection: "duckdb.DuckDBPyConnection", timeout_s: float, may_go_on: Callable[[], None] | None
    ) -> None:
        self._connection = connection
        self._may_go_on = may_go_on
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="sql-watch", daemon=True)
        self.timeout_s = timeout_s
        self.timed_out = False
        self.stopped_by: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        began = asked = time.monotonic()
        while (now := time.monotonic()) - began < self.timeout_s and self.stopped_by is None:
            if self._done.wait(min(_LOOK_S, began + self.timeout_s - now)):
                return
            if now - asked >= _ASK_S:
                asked = now
                self._ask()
        self.timed_out = self.stopped_by is None
        while not self._done.is_set():  # a query that was just starting did not hear the first call
            self._connection.interrupt()
            self._done.wait(_LOOK_S)

    def _ask(self) -> None:
        if self._may_go_on is not None:
            try:
                self._may_go_on()
            except Exception as error:  # noqa: BLE001 - handed to the thread that waits for the query
                self.stopped_by = error


@contextmanager
def _in_words(sql: str, memory_mb: int, watch: _Watch | None = None) -> Iterator[None]:
    """DuckDB's errors, also those that come through an Arrow stream, as ours."""
    import duckdb

    try:
        yield
    except (duckdb.Error, pa.ArrowException, RuntimeError, OSError) as error:
        if isinstance(error, PomonaError):
            raise
        if watch is not None and watch.stopped_by is not None:
            raise watch.stopped_by from None
        raise _translated(error, sql, memory_mb, watch) from None


def _translated(error: Exception, sql: str, memory_mb: int, watch: _Watch | None) -> PomonaError:
    import duckdb

    said, fields = _said(error)
    kind = fields.get("exception_type", type(error).__name__)
    if watch is not None and watch.timed_out:
        return TooLarge(
            f"the SQL took longer than {watch.timeout_s:g} s and was stopped",
            hint="filter earlier, join on fewer rows, or allow it more time (timeout_s of a mart)",
        )
    if "Out of Memory" in (kind, said[:13]) or isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return TooLarge(
            f"the SQL needs more than {memory_mb} MB of memory",
            hint="select fewer columns, filter earlier, or build it in two marts",
        )
    if "No space left" in said:
        return StorageFull(
            "the disk takes no more of what this SQL sorts", hint="free some space, then try again"
        )
    if isinstance(error, duckdb.InternalException | duckdb.FatalException):
        log.error("DuckDB failed inside", exc_info=error)
        return Invalid("DuckDB failed inside on this SQL", hint="write it in another way; the log has more")
    return _placed(said, fields, sql)


def _said(error: Exception) -> tuple[str, dict[str, Any]]:
    """The message, and the fields of DuckDB's JSON if it is one."""
    text = str(error)
    start = text.find('{"exception_type"')
    if start >= 0:
        try:
            fields, _ = json.JSONDecoder().raw_decode(text[start:])
            return str(fields.get("exception_message", text)), fields
        except json.JSONDecodeError:
            pass
    return text, {}


def _placed(said: str, fields: dict[str, Any], sql: str) -> Invalid:
    message, _, more = said.partition("\n")
    candidates = str(fields.get("candidates") or "").replace(",", ", ")
    kind = str(fields.get("exception_type"))
    hint = f"did you mean {candidates}?" if candidates else more.strip() or _HINTS.get(kind, _DIALECT)
    subtype = {"subtype": fields["error_subtype"]} if "error_subtype" in fields else {}
    if not str(fields.get("position", "")).isdigit():
        return Invalid(message, hint=hint, extra=subtype)
    before = sql.encode()[: int(fields["position"])].decode(errors="replace")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return Invalid(
        f"line {line}, column {column}: {message}",
        hint=hint,
        extra={"line": line, "column": column} | subtype,
    )


def _load(connection: "duckdb.DuckDBPyConnection", name: str, table: Any) -> None:
    """Stream a table in: knowing its size, DuckDB joins ten times faster than over Arrow as it is."""
    connection.register(_INCOMING, table)
    quoted = name.replace('"', '""')
    connection.execute(f'CREATE TEMP TABLE "{quoted}" AS FROM {_INCOMING}')
    connection.unregister(_INCOMING)


def _check(connection: "duckdb.DuckDBPyConnection", statement: "Statement") -> None:
    import duckdb

    with _in_words(statement.sql, 0):
        parts = connection.extract_statements(statement.sql)
        row = connection.execute("SELECT json_serialize_sql(?)", [statement.sql]).fetchone()
    if len(parts) != 1 or parts[0].type != duckdb.StatementType.SELECT or parts[0].named_parameters:
        raise Refused("DuckDB sees more than one SELECT here", hint="write exactly one SELECT")
    read: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if read["error"] or len(read["statements"]) != 1:
        raise Refused("this is no SELECT for DuckDB", hint="write exactly one SELECT")
    nodes = list(_nodes(read["statements"][0]))
    _check_from(nodes)
    names = [str(node["function_name"]) for node in nodes if "function_name" in node]
    guard.check_functions(name for name in names if name)
    tables = {str(node["table_name"]).lower() for node in nodes if node.get("type") == "BASE_TABLE"}
    unknown = tables - {name.lower() for name in statement.tables} - _ctes(nodes)
    if unknown:
        raise Refused(f"{min(unknown)!r} is read in another way than it is written", hint="quote the name")


def _check_from(nodes: list[dict[str, Any]]) -> None:
    for node in nodes:
        source = node.get("from_table")
        if isinstance(source, dict):
            for part in _sources(source):
                _check_source(part)


def _sources(source: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield source
    for side in ("left", "right", "source"):
        if isinstance(source.get(side), dict) and "type" in source[side]:
            yield from _sources(source[side])


def _check_source(source: dict[str, Any]) -> None:
    kind = source["type"]
    if kind not in _FROM:
        raise guard.refusal(f"{kind} after FROM")
    if kind == "BASE_TABLE" and (
        source.get("schema_name") or source.get("catalog_name") or source.get("at_clause")
    ):
        raise guard.refusal("a schema or AT after a table's name")
    if kind == "TABLE_FUNCTION":
        guard.check_table_functions([str(source["function"]["function_name"])])


def _ctes(nodes: list[dict[str, Any]]) -> set[str]:
    entries = [entry for node in nodes for entry in (node.get("cte_map") or {}).get("map", [])]
    named = {str(entry["key"]).lower() for entry in entries}
    return named | {str(node["cte_name"]).lower() for node in nodes if node.get("cte_name")}


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]  # a stack of our own: a long AND nests deeper than Python likes
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            yield current
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)


def _stream(
    reader: pa.RecordBatchReader, kinds: list[str], words: Callable[[], AbstractContextManager[None]]
) -> pa.RecordBatchReader:
    """The batches, errors in words whoever reads them, HUGEINT as 64-bit integers.

    HUGEINT is what a SUM of integers is; the type of the result depends on no value.
    """
    huge = [place for place, kind in enumerate(kinds) if kind == "HUGEINT"]
    schema = reader.schema
    for place in huge:
        schema = schema.set(place, pa.field(schema.field(place).name, pa.int64()))

    def batches() -> Iterator[pa.RecordBatch]:
        while True:
            with words():
                batch = next(reader, None)
            if batch is None:
                return
            arrays = list(batch.columns)
            for place in huge:
                arrays[place] = _narrow(arrays[place], schema.field(place).name)
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _narrow(array: pa.Array, name: str) -> pa.Array:
    try:
        return array.cast(pa.int64())
    except pa.ArrowInvalid:
        raise Invalid(
            f"column {name!r} holds a whole number of more than 64 bits",
            hint=f"cast it in the SQL, e.g. `{name}::double`",
        ) from None
