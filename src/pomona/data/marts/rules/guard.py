"""Which functions an SQL text may call. Asked twice: as sqlglot reads the text, and as DuckDB does."""

import re
from collections.abc import Iterable

from pomona.core.errors import Invalid, Refused

MAX_CHARS = 100_000
TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest", "json_each", "json_tree"})
_REFUSED = re.compile(
    # Files, the network, other databases, plain memory, and SQL that hides in a string.
    r"(read|write|sniff|scan|copy|load|import|export|attach|install)_\w*|\w*_scan(_\w*)?|glob|getenv"
    r"|query(_table)?|json_(de)?serialize_\w+|json_execute_\w+|from_substrait\w*|python_map_function"
    # The engine itself and its settings.
    r"|pragma_\w+|duckdb_\w+|pg_\w+|parquet_\w+|current_setting|set_config|getvariable|which_secret"
    r"|(force_)?checkpoint|(enable|disable)_\w+|truncate_duckdb_logs|parse_duckdb_log_message|write_log"
    r"|current_(query|query_id|connection_id|transaction_id)|txid_current|inet_\w+|has_\w+_privilege"
    r"|nextval|currval|get_block_size|in_search_path|(shobj|obj|col)_description|test_\w+|seq_scan|summary"
    r"|__internal_\w+|finalize|stats|create_sort_key|sleep_ms|setseed|add_parquet_key|sql_auto_complete"
)
_VOLATILE = re.compile(
    r"random|rand|uuid|gen_random_uuid|uuidv[47]|now|today|transaction_timestamp"
    r"|(get_)?(current|local)_?(local)?(time(stamp)?|date)?"
)
_ALLOWED_LOOKALIKES = frozenset({"parquet_escape", "pg_typeof"})


def check_text(sql: str) -> None:
    """Refuse what is no SQL text at all.

    Raises:
        Invalid: If it is empty, too long or holds a zero byte.
    """
    if not sql.strip():
        raise Invalid("the SQL is empty", hint="write one SELECT, e.g. `select * from loans`")
    if len(sql) > MAX_CHARS:
        raise Invalid(f"the SQL has more than {MAX_CHARS:,} characters", hint="split it into several marts")
    if "\0" in sql:
        raise Invalid("the SQL holds a zero byte", hint="send plain text")


def check_functions(names: Iterable[str]) -> None:
    """Refuse a function that reaches out of the given tables.

    Raises:
        Refused: Naming it.
    """
    for name in names:
        if name.lower() not in _ALLOWED_LOOKALIKES and _REFUSED.fullmatch(name.lower()):
            raise refusal(f"the function {name}()")


def check_table_functions(names: Iterable[str]) -> None:
    """Refuse a function in FROM that is not known to make rows from its arguments alone.

    Raises:
        Refused: Naming it.
    """
    for name in names:
        if name.lower() not in TABLE_FUNCTIONS:
            raise refusal(f"the table function {name}()")


def volatile(names: Iterable[str]) -> list[str]:
    """Those functions that give something else at each call, sorted."""
    return sorted({name.lower() for name in names if _VOLATILE.fullmatch(name.lower())})


def refusal(what: str, *, line: int | None = None) -> Refused:
    """Why something has no place in SQL over datasets."""
    at = f"line {line}: " if line else ""
    return Refused(
        f"{at}{what} is not allowed here",
        hint='one SELECT over datasets: their names stand after FROM, e.g. "credit/loans@v3"',
        extra={"line": line} if line else None,
    )
