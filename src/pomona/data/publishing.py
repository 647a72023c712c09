"""A dataset's versions as other engines see them: the log of a Delta table, made from the catalogue.

The catalogue is the truth. Which version each entry of the log shows stands in SQL, written with the
version; the log itself follows afterwards and is caught up after a crash.
"""

import pyarrow as pa

from pomona.core.ports import Blobs, Database, Tables, Transaction
from pomona.core.tables import TableState
from pomona.data import store
from pomona.data.records import DataVersion
from pomona.data.tables.canonical import stored_schema


class Publisher:
    """Writes what the log lacks."""

    def __init__(self, database: Database, blobs: Blobs, tables: Tables) -> None:
        self._database = database
        self._blobs = blobs
        self._tables = tables

    def catch_up(self, dataset_id: str) -> int:
        """Publish the entries that are in the catalogue only; how many there were."""
        count = 0
        # Somebody who began the log at the same time may have known fewer: who comes last looks again.
        while missing := self._publish_missing(dataset_id):
            count += missing
        return count

    def _publish_missing(self, dataset_id: str) -> int:
        head = self._tables.log.head(dataset_id)
        entries = self._database.read(lambda tx: _entries(tx, dataset_id, after=head - 1))
        states = [self._state(version) for version in (entries[1:] if head >= 0 else entries)]
        if states:
            before = self._state(entries[0]) if head >= 0 else None
            self._tables.log.publish(dataset_id, states, first=head + 1, before=before)
        return len(states)

    def restart(self, dataset_id: str) -> None:
        """Write the whole log anew, as the catalogue is now."""
        entries = self._database.read(lambda tx: _entries(tx, dataset_id, after=-1))
        states = [self._state(version) for version in entries]
        self._tables.log.publish(dataset_id, states, first=0, before=None)

    def where(self, dataset_id: str) -> str:
        """The address of a dataset's Delta table."""
        return self._tables.log.where(dataset_id)

    def _state(self, version: DataVersion) -> TableState:
        schema = pa.ipc.read_schema(pa.py_buffer(self._blobs.get(version.arrow)))
        return TableState(
            files=version.files,
            schema=stored_schema(schema).serialize().to_pybytes(),
            at=version.created_at,
            operation=f"{version.mode} v{version.number}",
        )


def _entries(tx: Transaction, dataset_id: str, *, after: int) -> list[DataVersion]:
    """What the entries with a greater number show, in order."""
    shown = store.log_after(tx, dataset_id, after)
    versions = {version_id: store.versions.get(tx, version_id) for version_id in set(shown)}
    return [versions[version_id] for version_id in shown]
