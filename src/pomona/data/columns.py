"""One column's part of a profile: what its values are, as they come, and as some of them go again."""

from typing import Any

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pomona.data.memories import KeptColumn
from pomona.data.naming import Naming
from pomona.data.tables.frames import values_of
from pomona.stats.distinct import Distinct
from pomona.stats.histograms import finite_part
from pomona.stats.profiles import merge, profile_numeric, profile_times, without
from pomona.stats.records import CategoryProfile, ColumnProfile, NumericProfile, TimeProfile

_EDGE_ROWS = 100_000
_OUTGROWN = 10  # times as many rows as its reference: then the bins are chosen anew
_DIGITS = 1e-6  # of a sum of squares: what is left after more is gone is mostly rounding


class Column:
    """One column's summary so far.

    Numbers, booleans and durations (in seconds) by histogram, times by histogram, words by value. Of
    what has no order and no name (lists, structs, bytes) only the number of values is kept.

    Args:
        like: Whose bins are used.
        kept: With it the values are put behind those of ``like``, and may go again.
    """

    def __init__(self, like: ColumnProfile | None, kept: KeptColumn | None = None) -> None:
        self._like = like
        self._edges: Any = None  # chosen with the first values
        self._profile: ColumnProfile | None = None
        self._distinct = Distinct()
        self._naming = Naming()
        self._counted = False  # whether `_distinct` saw the values
        self._carried = kept is not None
        self._peak = 0.0
        self._gone: list[int] = []  # hashes of values at either end of which some went
        if like is not None and kept is not None:
            self._carry_on(like, kept)

    def add(self, column: pa.ChunkedArray) -> None:
        """Take in some values."""
        series = values_of(column)
        missing, values = series.null_count(), series.drop_nulls()
        found = self._summary(values, missing, 1)
        self._profile = found if self._profile is None else merge(self._profile, found)
        self._peak = max(self._peak, getattr(self._profile, "m2", 0.0))

    def remove(self, column: pa.ChunkedArray) -> None:
        """Some of the values that were carried on are there no more."""
        series = values_of(column)
        missing, values = series.null_count(), series.drop_nulls()
        found = self._summary(values, missing, -1)
        if self._profile is not None:
            self._note_ends(self._profile, found, values)
            self._profile = without(self._profile, found)

    def look_at(self, sample: pa.ChunkedArray) -> None:
        """Choose the bins."""
        values = values_of(sample).drop_nulls()
        kind = values.dtype
        if isinstance(kind, pl.Datetime) or kind == pl.Date:
            self._choose_times(instants_of(values))
        elif (numbers := numbers_of(values)) is not None:
            self._choose(numbers)

    def finish(self) -> ColumnProfile:
        """The profile of all values that are there."""
        profile = self._profile or CategoryProfile(count=0)
        distinct = min(self._distinct.count, profile.count) if self._counted else 0
        if isinstance(profile, CategoryProfile):
            top = self._naming.top()
            other = profile.count - sum(top.values())
            return msgspec.structs.replace(profile, distinct=distinct, top=top, other=other)
        return msgspec.structs.replace(profile, distinct=distinct)

    @property
    def unsure(self) -> bool:
        """Whether something can only be known from all values: they have to be read once more."""
        profile = self._profile
        if not self._carried or profile is None:
            return False
        if not isinstance(profile, CategoryProfile) and outgrown(
            self._like.count if self._like else 0, profile.count
        ):
            return True
        if isinstance(profile, TimeProfile) and profile.per != "day":
            return True  # perhaps there are few enough days now
        return self._distinct.worn or self._ends_went

    @property
    def unsure_of_ends(self) -> bool:
        """Whether it is ``unsure`` of nothing but the lowest and the highest value; see ``find_ends``."""
        profile = self._profile
        if not self._ends_went or self._distinct.worn or not self._like:
            return False
        if isinstance(profile, NumericProfile):
            return not outgrown(self._like.count, profile.count)
        return False

    def forget_ends(self) -> None:
        """The lowest and the highest number are looked for anew, see ``find_ends``."""
        if isinstance(self._profile, NumericProfile):
            self._profile = msgspec.structs.replace(self._profile, minimum=None, maximum=None)

    def find_ends(self, column: pa.ChunkedArray) -> None:
        """Look for the lowest and the highest number among these values; all are shown in turn."""
        profile, numbers = self._profile, numbers_of(values_of(column).drop_nulls())
        finite = finite_part(numbers) if numbers is not None else np.empty(0)
        if finite.size and isinstance(profile, NumericProfile):
            low, high = float(finite.min()), float(finite.max())
            self._profile = msgspec.structs.replace(
                profile,
                minimum=low if profile.minimum is None else min(low, profile.minimum),
                maximum=high if profile.maximum is None else max(high, profile.maximum),
            )

    @property
    def _ends_went(self) -> bool:
        return not all(self._distinct.bound is None and self._distinct.holds(hash_) for hash_ in self._gone)

    @property
    def imprecise(self) -> bool:
        """Whether so much went that its moments, and what it is correlated with, are mostly rounding."""
        profile = self._profile
        return isinstance(profile, NumericProfile) and self._carried and profile.m2 < _DIGITS * self._peak

    def kept(self) -> KeptColumn:
        """What the next profile has to know of this one."""
        return KeptColumn(
            hashes=self._distinct.hashes.astype("<u8").tobytes(),
            times=self._distinct.times.astype("<i8").tobytes(),
            bound=self._distinct.bound,
            counted=self._counted,
            words=dict(self._naming.rows),
            peak=self._peak,
        )

    def _carry_on(self, like: ColumnProfile, kept: KeptColumn) -> None:
        hashes, times = np.frombuffer(kept.hashes, "<u8"), np.frombuffer(kept.times, "<i8")
        self._distinct = Distinct.of(hashes.astype(np.uint64), times.astype(np.int64), kept.bound)
        self._naming = Naming(kept.words)
        self._counted, self._peak = kept.counted, kept.peak
        if isinstance(like, CategoryProfile):
            like = CategoryProfile(count=like.count, missing=like.missing)
        else:
            self._edges = like.edges
        self._profile = like

    def _note_ends(self, before: ColumnProfile, gone: ColumnProfile, values: pl.Series) -> None:
        """Whether the lowest or the highest value is among those that go."""
        if isinstance(before, NumericProfile) and isinstance(gone, NumericProfile):
            ends = {before.minimum, before.maximum} & {gone.minimum, gone.maximum} - {None}
            numbers = numbers_of(values)
            places = [int(np.flatnonzero(numbers == end)[0]) for end in ends]
        elif isinstance(before, TimeProfile) and isinstance(gone, TimeProfile):
            values = instants_of(values)
            lowest = [values.arg_min()] if gone.earliest == before.earliest else []
            highest = [values.arg_max()] if gone.latest == before.latest else []
            places = [place for place in (*lowest, *highest) if place is not None]
        else:
            return
        self._gone += [int(values.slice(place, 1).hash()[0]) for place in places]

    def _summary(self, values: pl.Series, missing: int, times: int) -> ColumnProfile:
        kind = values.dtype
        if isinstance(kind, pl.Datetime) or kind == pl.Date:
            instants = instants_of(values)
            self._choose_times(instants)
            self._count(instants, times)
            return profile_times(instants.to_numpy(), missing=missing, edges=self._edges)
        numbers = numbers_of(values)
        if numbers is not None:
            self._choose(numbers)
            found = profile_numeric(numbers, missing=missing, edges=self._edges)
            self._count(values.filter(values.is_not_nan()) if found.nan else values, times)
            return found
        if kind in (pl.String, pl.Time):
            words = values.cast(pl.String)
            self._count(words, times)
            if self._carried:
                self._naming.exchange(words, times)
            else:
                self._naming.add(words, exact=self._distinct.count)
        return CategoryProfile(count=len(values), missing=missing, other=len(values))

    def _choose(self, numbers: NDArray[np.float64]) -> None:
        if self._edges is None and not np.isnan(numbers).all():
            self._edges = self._inherited(NumericProfile, len(numbers))
            if self._edges is None:
                # Every row is counted, but where the bins begin is read off every n-th row: sorting a
                # million values costs more than all the rest, and moves an edge by less than noise.
                self._edges = profile_numeric(numbers[:: max(1, len(numbers) // _EDGE_ROWS)]).edges

    def _choose_times(self, instants: pl.Series) -> None:
        if self._edges is None and len(instants):
            self._edges = self._inherited(TimeProfile, len(instants))
            if self._edges is None:
                self._edges = profile_times(instants.to_numpy()).edges

    def _inherited(self, kind: type[NumericProfile | TimeProfile], rows: int) -> Any:
        like = self._like
        if not isinstance(like, kind) or outgrown(like.count, rows):
            return None
        return like.edges

    def _count(self, values: pl.Series, times: int) -> None:
        self._counted = True
        sketch, hashes = self._distinct, values.hash()
        if sketch.bound is not None:
            hashes = hashes.filter(hashes <= sketch.bound)
        elif len(hashes) > 16 * sketch.most:
            # The smallest of many are most likely below this: far fewer to sort.
            likely = hashes.filter(hashes <= int(2.0**64 * (4.0 * sketch.most / len(hashes))))
            hashes = likely if likely.n_unique() > sketch.most else hashes
        found = hashes.rename("hash").value_counts(name="rows")
        sketch.add(found["hash"].to_numpy(), times * found["rows"].cast(pl.Int64).to_numpy())


def outgrown(before: int, rows: int) -> bool:
    """Whether so many rows need other bins than those chosen for ``before``."""
    return before * _OUTGROWN < rows


def numbers_of(values: pl.Series) -> NDArray[np.float64] | None:
    """Numbers, booleans and durations (in seconds) as floats; None for other kinds."""
    if values.dtype == pl.Duration:
        return values.dt.total_microseconds().to_numpy() / 1e6
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return values.cast(pl.Float64).to_numpy()
    return None


def instants_of(values: pl.Series) -> pl.Series:
    """Times and days as UTC, in microseconds."""
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return values.cast(pl.Datetime("us"))
