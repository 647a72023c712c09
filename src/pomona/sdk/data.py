"""Datasets and their versions from Python."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pomona.core.records import Record
from pomona.data.checks.records import CheckHistory
from pomona.data.comparison.records import Comparison
from pomona.data.marts.records import SqlQuery
from pomona.data.records import Check, CommitMode, Committed, Dataset, DataVersion, NewDataset, QualityReport
from pomona.sdk.session import Session, part
from pomona.stats.records import TableProfile

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from mlflow.data.meta_dataset import MetaDataset

CHECKS = list[Check]
HISTORIES = list[CheckHistory]
VERSIONS = list[DataVersion]  # `list` is a method below
ROWS = list[dict[str, Any]]


class Selection(Record, frozen=True, kw_only=True):
    """Which part of a version is meant: these columns, ``since <= time < until``."""

    columns: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def query(self) -> dict[str, str | None]:
        """As the API's query."""
        return {
            "columns": ",".join(self.columns) if self.columns is not None else None,
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
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
    ) -> "Version":
        """A part of this version: the columns and rows are chosen where they are stored."""
        narrowed = Selection(
            columns=tuple(columns) if columns is not None else self.selection.columns,
            since=since or self.selection.since,
            until=until or self.selection.until,
        )
        return Version(self._session, self.record, selection=narrowed)

    def to_arrow(self) -> "pa.Table":
        """The rows as an Arrow table."""
        from pomona.sdk.tables import decode

        path = f"/api/v1/data-versions/{self.id}/rows"
        return decode(self._session.call("GET", path, query=self.selection.query()).body)

    def to_polars(self) -> "pl.DataFrame":
        """The rows as a Polars frame."""
        import polars as pl

        return pl.DataFrame(pl.from_arrow(self.to_arrow()))

    def to_pandas(self) -> "pd.DataFrame":
        """The rows as a pandas frame."""
        return self.to_arrow().to_pandas()

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


class Data:
    """``client.data``: what a model may learn from."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(
        self,
        name: str,
        *,
        key: Sequence[str] = (),
        time_column: str | None = None,
        purposes: Sequence[str] = (),
        description: str = "",
        hypothesis: str | None = None,
        checks: Sequence[Check] = (),
    ) -> Dataset:
        """Declare a dataset: the ``key`` names a row, the ``time_column`` says when it happened."""
        new = NewDataset(
            name=name,
            key=tuple(key),
            time_column=time_column,
            purposes=tuple(purposes),
            description=description,
            hypothesis=hypothesis,
            checks=tuple(checks),
        )
        return self._session.post("/api/v1/datasets", new, Dataset)

    def dataset(self, ref: str) -> Dataset:
        """One dataset, by id or name."""
        return self._session.get(f"/api/v1/datasets/{_part(ref)}", Dataset)

    def list(self, *, limit: int | None = None) -> Iterator[Dataset]:
        """Datasets, newest first."""
        return self._session.all("/api/v1/datasets", Dataset, limit=limit)

    def commit(
        self,
        dataset: str,
        table: Any,
        *,
        mode: CommitMode = "full",
        onto: str | None = None,
        note: str = "",
        as_of: datetime | None = None,
        allow_empty: bool = False,
    ) -> Version:
        """Keep a table as the dataset's next version; content that is there already makes no new one.

        Args:
            table: pandas, Polars or Arrow table, or the path of a ``.parquet`` or ``.csv`` file.
            mode: ``full``: the whole table as it is now; ``append``: rows behind those there are
                (sent twice, they are stored once if the dataset has a key).
            onto: The version this builds on; default the newest that is not quarantined.
            as_of: When the source was so (freshness counts from here); default now.

        Raises:
            Invalid: If the table breaks a rule; nothing is stored.
            Conflict: If another commit came first, or an append repeats keys that are there.
        """
        from pomona.sdk.tables import encode

        body, kind = encode(table)
        query = {
            "mode": mode,
            "onto": onto,
            "note": note or None,
            "as_of": as_of.isoformat() if as_of else None,
            "allow_empty": allow_empty or None,
        }
        with body:
            path = f"/api/v1/datasets/{_part(dataset)}/versions"
            reply = self._session.call("POST", path, body=body, query=query, headers={"content-type": kind})
        done = msgspec.json.decode(reply.body, type=Committed)
        return Version(self._session, done.version, created=done.created)

    def commit_file(self, dataset: str, path: str | Path, **options: Any) -> Version:
        """``commit`` of a Parquet or CSV file."""
        return self.commit(dataset, Path(path), **options)

    def version(self, ref: str) -> Version:
        """The version named by ``flights``, ``flights@v3``, ``flights@newest`` or an id."""
        found = self._session.get(f"/api/v1/data-versions/{_part(ref)}", DataVersion)
        return Version(self._session, found)

    def versions(self, dataset: str) -> Sequence[Version]:
        """Every version of a dataset, newest first."""
        found = self._session.get(f"/api/v1/datasets/{_part(dataset)}/versions", VERSIONS)
        return [Version(self._session, record) for record in found]

    def read(
        self,
        ref: str,
        columns: Sequence[str] | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> "pa.Table":
        """Rows of a version as an Arrow table: these columns, ``since <= time < until``."""
        return self.version(ref).select(columns, since=since, until=until).to_arrow()

    def sql(self, sql: str, *, limit: int | None = None) -> "pa.Table":
        """The rows of one SELECT over datasets, as an Arrow table; at most 5 million.

        Datasets stand after FROM by name, quoted where the name is no plain word:
        ``client.data.sql('select count(*) from "credit/loans@v3"')``. The dialect is DuckDB's.

        Raises:
            Invalid: If it cannot be read, or fails on a value.
            Refused: If it is anything but one SELECT over datasets.
            TooLarge: If it needs too much memory, or takes longer than two minutes.
        """
        from pomona.sdk.tables import decode

        body = msgspec.json.encode(SqlQuery(sql=sql, limit=limit))
        return decode(self._session.call("POST", "/api/v1/sql", body=body).body)

    def profile(self, ref: str) -> TableProfile:
        """One summary per column of a version."""
        return self.version(ref).profile()

    def preview(self, ref: str, *, limit: int = 20) -> Sequence[dict[str, Any]]:
        """The first rows as plain values."""
        path = f"/api/v1/data-versions/{_part(ref)}/preview"
        return self._session.get(path, ROWS, limit=limit)

    def declare_checks(self, dataset: str, checks: Sequence[Check]) -> Dataset:
        """Replace the checks of a dataset; the next commit runs them, ``recheck`` runs them now."""
        return self._session.put(f"/api/v1/datasets/{_part(dataset)}/checks", [*checks], Dataset)

    def suggest_checks(self, ref: str) -> Sequence[Check]:
        """Checks that a version meets, with room for what is usual to change: a beginning."""
        return self._session.get(f"/api/v1/data-versions/{_part(ref)}/quality/suggestion", CHECKS)

    def try_checks(self, ref: str, checks: Sequence[Check]) -> QualityReport:
        """What these checks find on a version; nothing is stored, and its mark stays."""
        path = f"/api/v1/data-versions/{_part(ref)}/quality/trial"
        return self._session.post(path, [*checks], QualityReport)

    def check_history(self, dataset: str) -> Sequence[CheckHistory]:
        """What each check found on the versions, oldest version first."""
        return self._session.get(f"/api/v1/datasets/{_part(dataset)}/checks/history", HISTORIES)

    def compare(self, before: str, after: str) -> Comparison:
        """Two versions column by column, in the same bins; the column that moved most first."""
        return self._session.get(f"/api/v1/data-versions/{_part(before)}/compare/{_part(after)}", Comparison)

    def recheck(self, ref: str) -> QualityReport:
        """Run the checks on a version once more, as they are declared now."""
        path = f"/api/v1/data-versions/{_part(ref)}/quality"
        return self._session.post(path, None, QualityReport)


def _part(ref: str) -> str:
    """A name with its project as one part of a path: ``nyc/flights@v3`` is ``nyc~flights@v3`` there."""
    return part(ref.replace("/", "~"))
