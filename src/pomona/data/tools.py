"""What is done with data versions beyond keeping them: each tool is loaded, and made, when it is first used.

All of them handle rows, with Arrow and Polars, which a server that only tracks runs never needs.
"""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pomona.data.keeping.store
import pomona.data.marts.store
import pomona.data.sources.store
import pomona.data.store  # noqa: F401 - all four bring their tables in: migrations are held equal to them
from pomona.core.ports import Blobs, Clock, Records, Tables
from pomona.data.filesets.looking import FileSetReader
from pomona.data.filesets.service import FileSetService
from pomona.jobs.service import JobService

if TYPE_CHECKING:
    from pomona.data.checks.service import CheckService
    from pomona.data.comparison.service import ComparisonService
    from pomona.data.diff.service import DiffService
    from pomona.data.export.service import ExportService
    from pomona.data.marts.building import MartBuilder
    from pomona.data.marts.running import SqlRunner
    from pomona.data.marts.service import MartService
    from pomona.data.service import DataService
    from pomona.data.shelf import Shelf


class DataTools:
    """The tools, for a class that has what they work with."""

    home: Path
    clock: Clock
    database: Records
    blobs: Blobs
    tables: Tables
    jobs: JobService
    data: "DataService"
    files: FileSetService

    @cached_property
    def checks(self) -> "CheckService":
        """What is done with checks beyond declaring them."""
        from pomona.data.checks.service import CheckService

        return CheckService(self.database, self.clock, self.data)

    @cached_property
    def comparison(self) -> "ComparisonService":
        """Two data versions side by side."""
        from pomona.data.comparison.service import ComparisonService

        return ComparisonService(self.data)

    @cached_property
    def shelf(self) -> "Shelf":
        """Data versions, opened."""
        from pomona.data.shelf import Shelf

        return Shelf(self.data, self.blobs, self.tables)

    @cached_property
    def diff(self) -> "DiffService":
        """How one data version became another."""
        from pomona.data.diff.service import DiffService

        return DiffService(self.shelf, self.comparison)

    @cached_property
    def exports(self) -> "ExportService":
        """Data versions as files for others."""
        from pomona.data.export.service import ExportService

        return ExportService(self.shelf, self.tables.log)

    @cached_property
    def file_reader(self) -> FileSetReader:
        """Looks into versions of file sets."""
        return FileSetReader(self.files)

    @cached_property
    def sql(self) -> "SqlRunner":
        """SELECTs over data versions, behind a guard."""
        from pomona.data.marts.engine import SqlEngine
        from pomona.data.marts.running import SqlRunner

        return SqlRunner(self.data, self.shelf, SqlEngine(self.home / "spill"))

    @cached_property
    def marts(self) -> "MartService":
        """SQL over data versions, kept as versions."""
        from pomona.data.marts.service import MartService

        return MartService(self.database, self.clock, self.data, self.jobs, self.sql)

    @cached_property
    def mart_builder(self) -> "MartBuilder":
        """The job that fills marts."""
        from pomona.data.marts.building import MartBuilder

        return MartBuilder(self.database, self.clock, self.marts, self.data)
