"""A version of a dataset from Python: what is known of it, and its rows in any library."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pomona.core.records import Record
from pomona.data.export.records import ExportFormat, Location
from pomona.data.export.rules import format_of
from pomona.data.records import Dataset, DataVersion, QualityReport
from pomona.sdk.rows import Rows
from pomona.sdk.session import Session
from pomona.sdk.transport import Transport
from pomona.stats.records import TableProfile

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from mlflow.data.meta_dataset import MetaDataset


class Selection(Record, frozen=True, kw_only=True):
    """Which part of a version is meant: columns, ``since <= time < until``, what may serve a purpose."""

    columns: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    purpose: str | None = None

    def query(self) -> dict[str, str | None]:
        """As the API's query."""
        return {
            "columns": ",".join(self.columns) if self.columns is not None else None,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "purpose": self.purpose,
        }


class Version:
    """A version of a dataset, or a part of one, and how to get at its rows.

    Attributes:
        record: What is known of it: number, digest, schema, row counts, quality.
        selection: The part that is meant; everything unless ``select`` narrowed it.
        created: After a commit: whether it made this version. False means that the content was
            there already, and that nothing was stored.
    """

    def __init__(
        self,
        session: Session,
        record: DataVersion,
        *,
        selection: Selection | None = None,
        created: bool = False,
    ) -> None:
        self._session = session
        self.record = record
        self.selection = selection or Selection()
        self.created = created

    @property
    def id(self) -> str:
        """The version's id."""
        return self.record.id

    @property
    def ref(self) -> str:
        """Dataset and number, e.g. ``flights@v3``."""
        return f"{self.record.dataset}@v{self.record.number}"

    @property
    def rows(self) -> int:
        """Rows of the whole version."""
        return self.record.rows

    def __repr__(self) -> str:
        record = self.record
        return f"<{self.ref} {record.digest[:12]} {record.rows} rows, {record.quality}>"

    def select(
        self,
        columns: Sequence[str] | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        purpose: str | None = None,
    ) -> "Version":
        """A part of this version: the columns and rows are chosen where they are stored.

        Args:
            purpose: What the rows are read for: the server refuses what the dataset may not serve, and
                leaves out rows without consent.
        """
        narrowed = Selection(
            columns=tuple(columns) if columns is not None else self.selection.columns,
            since=since or self.selection.since,
            until=until or self.selection.until,
            purpose=purpose or self.selection.purpose,
        )
        return Version(self._session, self.record, selection=narrowed)

    def whole(self) -> "Version":
        """The whole version again, without a selection."""
        return Version(self._session, self.record)

    def batches(self, *, limit: int | None = None) -> "pa.RecordBatchReader":
        """The rows as they come from the server, a few at a time: for versions larger than memory."""
        return self._rows(limit=limit).batches()

    def to_arrow(self) -> "pa.Table":
        """The rows as an Arrow table."""
        return self._rows().to_arrow()

    def to_polars(self) -> "pl.DataFrame":
        """The rows as a Polars frame."""
        return self._rows().to_polars()

    def to_pandas(self) -> "pd.DataFrame":
        """The rows as a pandas frame."""
        return self._rows().to_pandas()

    def to_duckdb(self, connection: "duckdb.DuckDBPyConnection | None" = None) -> "duckdb.DuckDBPyRelation":
        """The rows as a relation of DuckDB, which streams them: it can be queried once.

        Args:
            connection: Whose relation it is; default DuckDB's own one.
        """
        from pomona.sdk.engines import duckdb_relation

        return duckdb_relation(self.batches(), connection)

    def scan(self) -> "pl.LazyFrame":
        """The rows as a Polars query: on the machine of the store it reads only what the query needs.

        Elsewhere (or without the package ``deltalake``) the rows are fetched first.
        """
        from pomona.sdk.engines import scan

        return scan(self)

    def export(
        self,
        path: "str | Path",
        form: ExportFormat | None = None,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> "Path":
        """Write the selected rows as a file (or, as ``delta-plain``, a folder) for other programs.

        It is whole, or not there at all; a file that is there is replaced.

        Args:
            form: ``parquet``, ``csv``, ``jsonl``, or ``delta-plain``: a Delta table without deletion
                vectors, which old readers open. Default: what the path's end says.
            progress: Told the bytes written so far.

        Raises:
            Invalid: If the path does not say in which format.
            Conflict: If there is a folder of this name.
        """
        from pathlib import Path

        from pomona.sdk.exporting import save

        form = form or format_of(str(path))
        query = self.selection.query() | {"format": form}
        pieces = self._session.stream(f"/api/v1/data-versions/{self.id}/export", query)
        save(pieces, Path(path), form, progress)
        return Path(path)

    def describe(self, *, url: str | None = None) -> dict[str, Any]:
        """This version in Croissant (JSON-LD): what it is, its columns, the digest of its Parquet export.

        Args:
            url: Where that export will be; default: at the server.
        """
        path = f"/api/v1/data-versions/{self.id}/croissant"
        return self._session.get(path, dict[str, Any], url=url)

    def to_ray(self) -> Any:
        """The rows as a ``ray.data.Dataset``: each data file is read by a task of its own.

        Needs ``pip install 'pomona[ray]'`` and a server that Ray's workers reach (``pomona up``).
        """
        from pomona.sdk.ray_data import dataset_of

        return dataset_of(self)

    @property
    def transport(self) -> Transport:
        """The way to the server."""
        return self._session.transport

    @property
    def time_column(self) -> str | None:
        """The column that says when a row happened, if the dataset has one."""
        return self._session.get(f"/api/v1/datasets/{self.record.dataset_id}", Dataset).time_column

    @property
    def schema(self) -> "pa.Schema":
        """The Arrow schema of the selected rows."""
        return self.batches(limit=0).schema

    @property
    def location(self) -> Location:
        """Where other engines find it: ``pl.scan_delta(location.path, version=location.version)``."""
        return self._session.get(f"/api/v1/data-versions/{self.id}/location", Location)

    def _rows(self, *, limit: int | None = None) -> Rows:
        query = self.selection.query() | {"limit": None if limit is None else str(limit)}
        return Rows(self._session, f"/api/v1/data-versions/{self.id}/rows", query)

    def profile(self) -> TableProfile:
        """One summary per column, of the selected rows."""
        query = {name: value for name, value in self.selection.query().items() if name != "columns"}
        return self._session.get(f"/api/v1/data-versions/{self.id}/profile", TableProfile, **query)

    def quality(self) -> QualityReport:
        """What the checks found last."""
        return self._session.get(f"/api/v1/data-versions/{self.id}/quality", QualityReport)

    def failing(self, check: str, *, offset: int = 0, limit: int = 100_000) -> "pa.Table":
        """The rows that fail a check (by its name in ``quality()``), at most 100,000 at once."""
        from pomona.sdk.tables import decode

        query = {"check": check, "offset": offset, "limit": limit}
        path = f"/api/v1/data-versions/{self.id}/failing"
        return decode(self._session.call("GET", path, query=query).body)

    def to_mlflow(self) -> "MetaDataset":
        """As an MLflow dataset: ``mlflow.log_input(version.to_mlflow(), context="training")``.

        Its source names this version, so Pomona links the run to it.
        """
        from pomona.sdk.mlflow_data import dataset_of

        return dataset_of(self)
