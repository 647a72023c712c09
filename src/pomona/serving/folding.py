"""The gateway's journal moved into the predictions table, exactly once.

The place up to which a segment is folded is stored in the transaction that inserts its rows, and moved
by compare-and-set: whatever dies when, no row is lost and none comes twice.
"""

import logging
from functools import partial
from pathlib import Path

import msgspec

from pomona.core.events import PredictionsFolded
from pomona.core.ports import Clock, Database, Transaction
from pomona.serving import latencies, store
from pomona.serving.journal import JournalRow, read_rows, segments
from pomona.serving.matching import EndpointOf, Tally, Truth, tell_outcomes, write_truths
from pomona.serving.records import TRUTH, JournalSegment
from pomona.sql import from_us

CHUNK_ROWS = 5_000
KEEP_S = 86_400.0  # folded segments stay this long: a restarted gateway remembers its answers from them
KEEP_BYTES = 1 << 30

log = logging.getLogger("pomona.serving")


class Folder:
    """Reads one gateway's journal folder."""

    def __init__(self, database: Database, clock: Clock, journal: Path, endpoint_of: EndpointOf) -> None:
        self._database, self._clock, self._journal, self._endpoint_of = database, clock, journal, endpoint_of

    def fold(self) -> int:
        """Move every whole row not yet folded; returns how many predictions are new."""
        places = self._database.read(store.segments)
        paths = segments(self._journal)
        count = 0
        for path in paths:
            place = places.get(path.name) or self._start_of(path.name)
            if place.state == "open" and path.stat().st_size > place.offset:
                count += self._fold_segment(path, place)
        if len(paths) > 1 or len(places) > len(paths):
            self._close_and_delete(paths)
        return count

    def _start_of(self, name: str) -> JournalSegment:
        return JournalSegment(name=name, offset=0, rows=0, state="open", folded_at=self._clock.now())

    def _fold_segment(self, path: Path, place: JournalSegment) -> int:
        count = 0
        while True:
            rows, behind = read_rows(path, place.offset, limit=CHUNK_ROWS)
            if not rows:
                return count
            after = msgspec.structs.replace(
                place, offset=behind, rows=place.rows + len(rows), folded_at=self._clock.now()
            )
            added = self._database.write(partial(self._insert, place=place, after=after, rows=rows))
            if added is None:  # another process folds this journal too, and was faster
                return count
            count += added
            place = after

    def _insert(
        self, tx: Transaction, *, place: JournalSegment, after: JournalSegment, rows: list[JournalRow]
    ) -> int | None:
        if not store.advance(tx, place, after):
            return None
        fresh = store.insert_new(tx, rows, after.folded_at)
        latencies.count(tx, fresh)
        tally = Tally()
        for row in fresh:
            tally.add(row, predictions=1)
        waited = store.waiting_for(tx, [row.id for row in fresh])
        truths = [Truth(row.prediction_id, row.seq, row.value) for row in waited if row.name == TRUTH]
        tell_outcomes(tx, write_truths(tx, truths, self._endpoint_of, tally), self._endpoint_of)
        store.mark_matched(tx, waited, {row.id: row.endpoint for row in fresh}, after.folded_at)
        store.add_to_days(tx, tally.sums())
        self._tell(tx, fresh)
        return len(fresh)

    def _tell(self, tx: Transaction, fresh: list[JournalRow]) -> None:
        for name in {row.endpoint for row in fresh}:
            times = [row.at_us for row in fresh if row.endpoint == name]
            endpoint = self._endpoint_of(name)
            tx.emit(
                PredictionsFolded(
                    subject=endpoint.id if endpoint else name,
                    endpoint=name,
                    count=len(times),
                    until=from_us(max(times)),
                )
            )

    def _close_and_delete(self, paths: list[Path]) -> None:
        """Close segments the gateway writes no more; delete those closed long ago."""
        places = self._database.read(store.segments)
        names = {path.name for path in paths}
        for name in places.keys() - names:
            self._database.write(partial(store.forget_segment, name=name))
        kept_bytes = 0
        for path in reversed(paths[:-1]):
            place = places.get(path.name) or self._start_of(path.name)
            if place.state == "open":
                place = self._close(path, place)
            size, age_s = path.stat().st_size, self._clock.now().timestamp() - path.stat().st_mtime
            kept_bytes += size
            if place.state == "folded" and (age_s > KEEP_S or kept_bytes > KEEP_BYTES):
                path.unlink()

    def _close(self, path: Path, place: JournalSegment) -> JournalSegment:
        rows, _ = read_rows(path, place.offset, limit=1)
        if rows:
            return place  # the next fold takes them
        size = path.stat().st_size
        state = "folded" if size in (place.offset, 0) or (place.offset == 0 and size <= 8) else "damaged"
        if state == "damaged":
            log.warning(
                "journal segment %s: %d bytes behind the last whole row were never acknowledged",
                path.name,
                size - place.offset,
            )
        after = msgspec.structs.replace(place, state=state, folded_at=self._clock.now())
        return after if self._database.write(lambda tx: store.advance(tx, place, after)) else place
