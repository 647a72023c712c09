"""Use cases around checks: try them, look at their history and at the rows that fail them, propose some."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import select

from pomona.core.errors import Invalid, NotFound
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.data import rules, store
from pomona.data.checks.records import CheckHistory, CheckPoint, FailingRows
from pomona.data.checks.suggesting import suggest_checks
from pomona.data.quality.conditions import columns_needed, failing, obstacle, without_nan
from pomona.data.quality.inspection import Inspection, known_rows
from pomona.data.quality.repeats import Repeats, row_hashes
from pomona.data.records import Check, DataVersion, QualityReport
from pomona.data.service import DataService
from pomona.data.tables.frames import json_rows, to_polars

CHUNK_ROWS = 1_000_000
MOST_ROWS = 100_000  # failing rows in one answer
MOST_VERSIONS = 200  # in a history


class CheckService:
    """What a person does with checks beyond declaring them."""

    def __init__(self, database: Database, clock: Clock, data: DataService) -> None:
        self._database = database
        self._clock = clock
        self._data = data

    def history(self, ref: str) -> list[CheckHistory]:
        """What each check found on the newest versions, those of the newest version first.

        Raises:
            NotFound: If there is no such dataset.
        """
        dataset = self._data.dataset(ref)
        found = self._database.read(lambda tx: _reports(tx, dataset.id))
        points: dict[str, list[CheckPoint]] = defaultdict(list)
        last: dict[str, Check] = {}
        for version, report in found:
            for result in report.results:
                last.pop(result.name, None)  # put it at the end, where the newest are
                last[result.name] = result.check
                points[result.name].append(
                    CheckPoint(
                        version=version.id,
                        number=version.number,
                        at=version.as_of,
                        quality=result.quality,
                        failing=result.failing,
                        share=result.share,
                        value=result.value,
                        detail=result.detail,
                    )
                )
        newest = [result.name for result in found[-1][1].results] if found else []
        names = [*newest, *(name for name in last if name not in newest)]
        return [CheckHistory(name=n, check=last[n], points=tuple(points[n])) for n in names]

    def suggest(self, ref: str) -> list[Check]:
        """Checks that a version meets, as a beginning.

        Raises:
            NotFound: If there is no such version.
        """
        version = self._data.resolve(ref)
        dataset = self._data.dataset(version.dataset_id)
        return suggest_checks(dataset, version, self._data.profile(version.id))

    def attempt(self, ref: str, checks: Sequence[Check]) -> QualityReport:
        """What these checks find on a version; nothing is stored, and its mark stays.

        Raises:
            Invalid: If a check says nothing or contradicts itself.
        """
        version = self._data.resolve(ref)
        dataset = self._data.dataset(version.dataset_id)
        rules.check_checks(checks, time_column=dataset.time_column)
        parent = self._data.resolve(version.parent) if version.parent else None
        inspection = Inspection(
            checks,
            key=dataset.key,
            time_column=dataset.time_column,
            rows_before=parent.rows if parent else None,
            as_of=version.as_of,
            parent_profile=self._data.profile(parent.id) if parent else None,
            related=self._related,
        )
        for chunk in self._chunks(version):
            inspection.add(chunk)
        results = inspection.finish(self._data.profile(version.id))
        now = self._clock.now()
        quality = rules.worst([result.quality for result in results])
        return QualityReport(
            id=new_id("rep", now), version=version.id, quality=quality, results=results, at=now
        )

    def failing(self, ref: str, name: str, *, offset: int = 0, limit: int = 1000) -> pa.Table:
        """Rows of a version that fail a check, in the version's order, all columns.

        Args:
            name: Of the check, as its report or its dataset names it.

        Raises:
            NotFound: If the version was not checked so, and the dataset declares no such check.
            Invalid: If the check is not on rows, or cannot be asked of this version.
        """
        if not (offset >= 0 and 1 <= limit <= MOST_ROWS):
            raise Invalid(f"at most {MOST_ROWS} rows are shown at once", hint="use offset and limit")
        version = self._data.resolve(ref)
        check = self._check(version, name)
        parts, skip, room = [], offset, limit
        for chunk, broken in self._broken(version, check):
            found = chunk.filter(pa.array(broken))
            kept = found.slice(skip, room)
            skip, room = max(0, skip - found.num_rows), room - kept.num_rows
            parts.append(kept)
            if room <= 0:
                break
        return pa.concat_tables(parts) if parts else self._data.read(version.id).slice(0, 0)

    def failing_page(self, ref: str, name: str, *, offset: int = 0, limit: int = 50) -> FailingRows:
        """``failing`` as plain values, with how many there are in all."""
        version = self._data.resolve(ref)
        table = self.failing(version.id, name, offset=offset, limit=limit)
        results = self._data.report(version.id).results
        counted = next((result.failing for result in results if result.name == name), table.num_rows)
        return FailingRows(
            check=self._check(version, name),
            failing=max(counted, offset + table.num_rows),
            offset=offset,
            rows=tuple(json_rows(to_polars(table))),
        )

    def _check(self, version: DataVersion, name: str) -> Check:
        known = {result.name: result.check for result in self._data.report(version.id).results}
        declared = self._data.dataset(version.dataset_id).checks
        known = {rules.name_of(check): check for check in declared} | known
        if name not in known:
            raise NotFound(
                f"{version.dataset}@v{version.number} has no check {name!r}",
                hint=f"its checks: {', '.join(known) or 'none'}",
            )
        return known[name]

    def _broken(self, version: DataVersion, check: Check) -> Iterator[tuple[pa.Table, NDArray[np.bool_]]]:
        if check.kind == "missing":
            check = msgspec.structs.replace(check, kind="not_null")
        if check.kind not in rules.ROW_KINDS:
            raise Invalid(
                f"{rules.name_of(check)!r} looks at the table as a whole: no single rows fail it",
                hint="its report says what it found",
            )
        repeated = None
        for chunk in self._chunks(version):
            reason = obstacle(check, chunk.schema)
            if reason:
                raise Invalid(f"{rules.name_of(check)!r} cannot be asked: {reason}")
            if check.kind == "unique" and repeated is None:
                repeated = self._repeated(version, check)
            frame = without_nan(to_polars(chunk.select(list(columns_needed(check)))))
            if repeated is not None:
                same = pl.Series(row_hashes(frame)).is_in(repeated.implode())
                whole = frame.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
                yield chunk, (same & whole).to_numpy()
            else:
                known = known_rows(check, chunk.schema, self._related)
                yield chunk, frame.select(failing(check, known)).to_series().to_numpy()

    def _repeated(self, version: DataVersion, check: Check) -> pl.Series:
        repeats = Repeats()
        columns = list(columns_needed(check))
        for chunk in self._chunks(version, columns):
            repeats.add(without_nan(to_polars(chunk)))
        return pl.Series(repeats.finish()[1])

    def _chunks(self, version: DataVersion, columns: list[str] | None = None) -> Iterator[pa.Table]:
        batches = self._data.batches(version.id, columns=columns)
        empty = True
        for batch in batches:
            for start in range(0, batch.num_rows, CHUNK_ROWS):
                empty = False
                yield pa.Table.from_batches([batch.slice(start, CHUNK_ROWS)])
        if empty:
            yield batches.schema.empty_table()

    def _related(self, ref: str, columns: list[str]) -> pl.DataFrame:
        return to_polars(self._data.read(ref, columns=columns))


def _reports(tx: Transaction, dataset_id: str) -> list[tuple[DataVersion, QualityReport]]:
    """The newest versions with what was found on each last, oldest first."""
    columns = store.versions.c
    newest = store.versions.all(
        tx, columns.dataset_id == dataset_id, order_by=[columns.number.desc()], limit=MOST_VERSIONS
    )
    ids = select(columns.id).where(columns.dataset_id == dataset_id)
    last = {report.version: report for report in store.reports.all(tx, store.reports.c.version.in_(ids))}
    return [(version, last[version.id]) for version in reversed(newest) if version.id in last]
