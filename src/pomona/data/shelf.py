"""Versions opened for reading: record, dataset, schema and files in one hand."""

from dataclasses import dataclass

import pyarrow as pa

from pomona.core.ports import Blobs, Tables
from pomona.data.committing import schema_of
from pomona.data.files import FileReader
from pomona.data.records import Dataset, DataVersion
from pomona.data.service import DataService


@dataclass(frozen=True)
class Book:
    """One version and how to read it."""

    version: DataVersion
    dataset: Dataset
    schema: pa.Schema  # canonical
    reader: FileReader

    @property
    def ref(self) -> str:
        """Dataset and number, e.g. ``loans@v3``."""
        return f"{self.version.dataset}@v{self.version.number}"


class Shelf:
    """Opens versions.

    Args:
        blobs: Where schemas are kept.
        tables: Where the rows are kept.
    """

    def __init__(self, data: DataService, blobs: Blobs, tables: Tables) -> None:
        self._data = data
        self._blobs = blobs
        self._tables = tables

    def open(self, ref: str) -> Book:
        """The version with this reference.

        Raises:
            NotFound: If there is none.
        """
        version = self._data.resolve(ref)
        dataset = self._data.dataset(version.dataset_id)
        schema = schema_of(self._blobs, version)
        reader = FileReader(self._tables, dataset.id, version.files, schema, dataset.time_column)
        return Book(version, dataset, schema, reader)
