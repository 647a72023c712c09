"""Uncommitted changes in SQL, without their patches."""

from collections.abc import Collection

from pomona.core.ports import Transaction
from pomona.sql import RecordTable
from pomona.training.code.records import CodeChanges

code_changes = RecordTable(
    "code_changes",
    CodeChanges,
    key="digest",
    what="uncommitted changes",
    hint="the run's page says what is known of its code",
)


def named(tx: Transaction, digests: Collection[str]) -> dict[str, CodeChanges]:
    """What is kept under these digests."""
    found = code_changes.all(tx, code_changes.c.digest.in_(sorted(digests)))
    return {one.digest: one for one in found}
