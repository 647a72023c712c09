"""How one version became another, from Python."""

from typing import TYPE_CHECKING

from pomona.data.diff.records import Diff, RowDiffs, RowKind
from pomona.sdk.rows import Rows
from pomona.sdk.session import Session

if TYPE_CHECKING:
    pass


class VersionDiff:
    """The difference of two versions: ``.summary`` counts, the methods give the rows.

    Each of ``added()``, ``removed()``, ``changed()`` and ``all()`` has ``to_arrow()``, ``to_polars()``,
    ``to_pandas()`` and ``batches()``.
    """

    def __init__(self, session: Session, path: str) -> None:
        self._session = session
        self._path = path
        self.summary: Diff = session.get(path, Diff)

    def __repr__(self) -> str:
        found = self.summary
        return (
            f"<{found.before} to {found.after}: {found.added} added, {found.removed} removed, "
            f"{found.changed} changed>"
        )

    def added(self) -> Rows:
        """Rows that only the later version has."""
        return self._rows("added")

    def removed(self) -> Rows:
        """Rows that only the earlier version has."""
        return self._rows("removed")

    def changed(self) -> Rows:
        """Rows of both that differ: key, ``x_before`` and ``x_after`` of each column, and ``_changed``."""
        return self._rows("changed")

    def all(self) -> Rows:
        """Every row that differs, as ``changed()`` has them, and ``_change``: added, removed or changed."""
        return self._rows("all")

    def page(self, kind: RowKind, *, offset: int = 0, limit: int = 50) -> RowDiffs:
        """A few rows of a kind as plain values, before and after."""
        query = {"kind": kind, "offset": offset, "limit": limit}
        return self._session.get(f"{self._path}/preview", RowDiffs, **query)

    def _rows(self, kind: str) -> Rows:
        return Rows(self._session, f"{self._path}/rows", {"kind": kind})
