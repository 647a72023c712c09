"""Permits rows to be read for a purpose, or refuses and writes that to the ledger."""

import msgspec

from pomona.core.errors import Refused
from pomona.core.events import ConsentApplied, PurposeRefused, PurposesDeclared
from pomona.core.ports import Database, Transaction
from pomona.data import purposes, store
from pomona.data.purposes import ConsentReader
from pomona.data.records import Consent, Dataset, DataVersion, Purposes, TimeWindow
from pomona.data.resolving import find_dataset
from pomona.data.tables.files import FileReader


class Permitter:
    """Says whether a version's rows may be read for a purpose, and which of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def declare(self, ref: str, declared: Purposes) -> Dataset:
        """What a dataset may serve from now on, and which column holds consent."""

        def put(tx: Transaction) -> Dataset:
            dataset = find_dataset(tx, ref)
            tx.emit(
                PurposesDeclared(
                    subject=dataset.id,
                    dataset=dataset.name,
                    purposes=list(declared.purposes),
                    consent_column=declared.consent_column,
                )
            )
            changed = msgspec.structs.replace(
                dataset, purposes=declared.purposes, consent_column=declared.consent_column
            )
            return store.datasets.replace(tx, changed)

        return self._database.write(put)

    def check(self, dataset: Dataset, version: DataVersion, purpose: str | None) -> None:
        """May this version be read for this purpose?

        Raises:
            Refused: If the dataset may not serve it; that is in the ledger then.
        """
        refused = purposes.refusal(dataset, purpose)
        if refused is not None:
            raise self._told(refused, dataset, version, purpose)

    def reader(
        self,
        dataset: Dataset,
        version: DataVersion,
        reader: FileReader,
        purpose: str | None,
        window: TimeWindow | None = None,
    ) -> FileReader | ConsentReader:
        """What reads the rows that may be read; how many are left out is in the ledger.

        Raises:
            Refused: If none may.
        """
        self.check(dataset, version, purpose)
        consented = self._consented(dataset, version, reader, purpose)
        if consented is None:
            return reader
        rows, left_out = consented.count(window)
        event = ConsentApplied(
            subject=version.id,
            dataset=dataset.name,
            number=version.number,
            purpose=consented.purpose,
            rows=rows,
            left_out=left_out,
        )
        self._database.write(lambda tx: tx.emit(event))
        return consented

    def consent(self, dataset: Dataset, version: DataVersion, reader: FileReader, purpose: str) -> Consent:
        """How many rows may be read for a purpose, and how many would be left out."""
        refused = purposes.refusal(dataset, purpose)
        if refused is not None:
            return Consent(purpose=purpose, rows=0, left_out=version.rows, refused=refused.detail)
        consented = self._consented(dataset, version, reader, purpose)
        rows, left_out = consented.count() if consented is not None else (version.rows, 0)
        return Consent(purpose=purpose, rows=rows, left_out=left_out)

    def _consented(
        self, dataset: Dataset, version: DataVersion, reader: FileReader, purpose: str | None
    ) -> ConsentReader | None:
        column = dataset.consent_column
        if column is None or purpose is None:
            return None
        if column not in reader.schema_of().names:
            refused = Refused(
                f"{dataset.name}@v{version.number} has no column {column!r}, which holds consent",
                hint="read a version that has it",
            )
            raise self._told(refused, dataset, version, purpose)
        purposes.check_consent_column(reader.schema_of(), column)
        return ConsentReader(reader, column, purpose)

    def _told(self, refused: Refused, dataset: Dataset, version: DataVersion, purpose: str | None) -> Refused:
        event = PurposeRefused(
            subject=version.id,
            dataset=dataset.name,
            number=version.number,
            purpose=purpose or "",
            reason=refused.detail,
        )
        self._database.write(lambda tx: tx.emit(event))
        return refused
