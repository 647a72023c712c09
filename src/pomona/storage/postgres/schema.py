"""What a PostgreSQL database must be like, and how our columns become so.

Texts are compared byte by byte, as SQLite does it, whatever the database's own collation: the same query
gives the same answers and the same order on both. They have no maximal length, for the same reason.
"""

from sqlalchemy import Connection, text

from pomona.core.errors import Invalid

_OLDEST = 13
_OTHERWISE = text("""
    SELECT c.relname AS name, string_agg(
        format('ALTER COLUMN %I TYPE text COLLATE "C"', a.attname), ', ' ORDER BY a.attnum) AS changes
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_type t ON t.oid = a.atttypid
    JOIN pg_collation o ON o.oid = a.attcollation
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
      AND a.attnum > 0 AND NOT a.attisdropped
      AND t.typname IN ('varchar', 'text') AND (t.typname = 'varchar' OR o.collname <> 'C')
    GROUP BY c.relname ORDER BY c.relname
""")


def check(connection: Connection) -> None:
    """Refuse a database that would not keep what it is given.

    Raises:
        Invalid: If it is too old, or not in UTF-8.
    """
    version = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    if version < _OLDEST:
        raise Invalid(f"the database is PostgreSQL {version}", hint=f"{_OLDEST} or newer is needed")
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise Invalid(
            f"the database's encoding is {encoding}, not UTF8",
            hint="make another one: createdb -E UTF8 -T template0 NAME",
        )


def make_bytewise(connection: Connection) -> None:
    """Let every text column compare bytes; those that do already are left alone."""
    for row in connection.execute(_OTHERWISE).all():
        connection.exec_driver_sql(f'ALTER TABLE "{row.name}" {row.changes}')
