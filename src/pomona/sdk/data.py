"""Datasets and their versions from Python."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pomona.core.errors import Invalid
from pomona.data.checks.records import CheckHistory
from pomona.data.comparison.records import Comparison
from pomona.data.marts.records import SqlQuery
from pomona.data.records import (
    Check,
    Committed,
    Dataset,
    DataVersion,
    GivenMode,
    NewDataset,
    QualityReport,
    Upkeep,
)
from pomona.sdk.diffs import VersionDiff
from pomona.sdk.keeping import Keeping
from pomona.sdk.session import Session, part
from pomona.sdk.versions import Version
from pomona.stats.records import TableProfile

if TYPE_CHECKING:
    import pyarrow as pa

CHECKS = list[Check]
HISTORIES = list[CheckHistory]
VERSIONS = list[DataVersion]  # `list` is a method below
ROWS = list[dict[str, Any]]


class Data(Keeping):
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
        consent_column: str | None = None,
        subject_columns: Sequence[str] = (),
        upkeep: Upkeep | None = None,
    ) -> Dataset:
        """Declare a dataset: the ``key`` names a row, the ``time_column`` says when it happened.

        Args:
            purposes: What it may serve, e.g. ``training``; none: everything.
            consent_column: Says of each row whether it may be read: yes/no, or the purposes it may serve.
            subject_columns: Name whom a row is about: each erasure looks for its value there, too.
            upkeep: When a job rewrites its files.
        """
        new = NewDataset(
            name=name,
            key=tuple(key),
            time_column=time_column,
            purposes=tuple(purposes),
            description=description,
            hypothesis=hypothesis,
            checks=tuple(checks),
            consent_column=consent_column,
            subject_columns=tuple(subject_columns),
            upkeep=upkeep or Upkeep(),
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
        mode: GivenMode = "full",
        onto: str | None = None,
        note: str = "",
        as_of: datetime | None = None,
        allow_empty: bool = False,
        new_base: bool = False,
        producer: str | None = None,
        offset: int = 0,
        progress: Callable[[int, int], None] | None = None,
    ) -> Version:
        """Keep a table as the dataset's next version; content that is there already makes no new one.

        Args:
            table: pandas, Polars (frame or query) or Arrow table, a stream of Arrow batches, or the path of a
                ``.parquet`` or ``.csv`` file. Queries, streams and files are never held in memory.
            mode: ``full``: the whole table as it is now; ``append``: rows behind those there are
                (sent twice, they are stored once if the dataset has a key); ``delta``: rows to add or to
                change by key, and to remove where a column ``_deleted`` is true.
            onto: The version this builds on; default the newest that is not quarantined.
            as_of: When the source was so (freshness counts from here); default now.
            new_base: The table has a new shape: columns may be gone or of another type.
            producer, offset: Who sends these rows, and up to which of its own they go. They are stored
                with the version; sent again, the same or a lower offset gets the version that holds it.
            progress: Told the bytes sent, and all there are.

        Raises:
            Invalid: If the table breaks a rule; nothing is stored.
            Conflict: If another commit came first, or an append repeats keys that are there.
        """
        from pomona.sdk.tables import encode, told

        body, kind = encode(table)
        query = {
            "mode": mode,
            "onto": onto,
            "note": note or None,
            "as_of": as_of.isoformat() if as_of else None,
            "allow_empty": allow_empty or None,
            "new_base": new_base or None,
            "producer": producer,
            "offset": offset if producer is not None else None,
        }
        with body:
            path = f"/api/v1/datasets/{_part(dataset)}/versions"
            sent = told(body, progress) if progress else body
            reply = self._session.call("POST", path, body=sent, query=query, headers={"content-type": kind})
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

    def sql(self, sql: str, *, limit: int | None = None, purpose: str | None = None) -> "pa.Table":
        """The rows of one SELECT over datasets, as an Arrow table; at most 5 million.

        Datasets stand after FROM by name, quoted where the name is no plain word:
        ``client.data.sql('select count(*) from "credit/loans@v3"')``. The dialect is DuckDB's. Rows held by
        consent need a ``purpose``.

        Raises:
            Invalid: If it cannot be read, or fails on a value.
            Refused: If it is anything but one SELECT over datasets.
            TooLarge: If it needs too much memory, or takes longer than two minutes.
        """
        from pomona.sdk.tables import decode

        body = msgspec.json.encode(SqlQuery(sql=sql, limit=limit, purpose=purpose))
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

    def diff(self, before: str, after: str | None = None) -> VersionDiff:
        """How one version became another: rows added, removed and changed, exactly.

        Args:
            after: Default: ``before`` is the later one, compared with the version it was made from.

        Raises:
            Invalid: If they belong to datasets with different keys; or there is no version before.
        """
        if after is None:
            before, after = self._parent_of(before), before
        path = f"/api/v1/data-versions/{_part(before)}/diff/{_part(after)}"
        return VersionDiff(self._session, path)

    def _parent_of(self, ref: str) -> str:
        record = self.version(ref).record
        if record.parent is None:
            raise Invalid(
                f"{record.dataset}@v{record.number} has no version before", hint="name two versions"
            )
        return record.parent

    def recheck(self, ref: str) -> QualityReport:
        """Run the checks on a version once more, as they are declared now."""
        path = f"/api/v1/data-versions/{_part(ref)}/quality"
        return self._session.post(path, None, QualityReport)


def _part(ref: str) -> str:
    """A name with its project as one part of a path: ``nyc/flights@v3`` is ``nyc~flights@v3`` there."""
    return part(ref.replace("/", "~"))
