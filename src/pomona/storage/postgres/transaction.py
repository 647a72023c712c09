"""A unit of work on PostgreSQL; what differs is how many rows are sent at once."""

from pomona.storage.ledger import SqlTransaction


class PostgresTransaction(SqlTransaction):
    """Transaction over one SQLAlchemy connection to PostgreSQL."""
