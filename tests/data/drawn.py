"""Tables of any type for property tests."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import strategies as st

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001
TYPES: dict[pa.DataType, st.SearchStrategy[object]] = {
    pa.bool_(): st.booleans(),
    pa.int8(): st.integers(-128, 127),
    pa.uint8(): st.integers(0, 255),
    pa.uint32(): st.integers(0, 2**32 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.string(): st.text(max_size=8),
    pa.binary(): st.binary(max_size=8),
    pa.binary(3): st.binary(min_size=3, max_size=3),
    pa.date32(): st.dates(),
    pa.time64("us"): st.times(),
    pa.timestamp("us"): MOMENTS,
    pa.timestamp("s"): MOMENTS.map(lambda moment: moment.replace(microsecond=0)),
    pa.time32("s"): st.times().map(lambda clock: clock.replace(microsecond=0)),
    pa.duration("s"): st.integers(0, 999).map(lambda seconds: timedelta(seconds=seconds)),
    pa.large_string(): st.text(max_size=3),
    pa.timestamp("us", "Europe/Berlin"): MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC)),
    pa.duration("us"): st.timedeltas(timedelta(-1000), timedelta(1000)),
    pa.decimal128(12, 3): st.decimals(-999_999, 999_999, places=3),
    pa.dictionary(pa.int32(), pa.string()): st.sampled_from(["pear", "apple", ""]),
    pa.list_(pa.int64()): st.lists(st.integers(-5, 5), max_size=3),
    pa.list_(pa.duration("us")): st.lists(st.timedeltas(timedelta(-9), timedelta(9)), max_size=2),
    pa.struct([("x", pa.uint16()), ("y", pa.string())]): st.fixed_dictionaries(
        {"x": st.integers(0, 9), "y": st.text(max_size=3)}
    ),
    pa.null(): st.none(),
}
PATTERNS = ("*", "^.*$", "^i.*$")  # names that Polars takes for patterns where it is asked carelessly


@st.composite
def tables(draw: st.DrawFn, *, min_rows: int = 0) -> pa.Table:
    """A table with an integer key and a few columns of any type, with nulls, NaN and odd names."""
    rows = draw(st.integers(min_rows, 12))
    named = st.text(
        st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=5
    ) | st.sampled_from(PATTERNS)
    names = draw(st.lists(named, unique=True, max_size=4).filter(lambda n: "id" not in n))
    keys = draw(st.lists(st.integers(-50, 50), min_size=rows, max_size=rows, unique=True))
    columns: dict[str, pa.Array] = {"id": pa.array(keys, pa.int64())}
    for name in names:
        kind, values = draw(st.sampled_from(sorted(TYPES.items(), key=str)))
        drawn = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        plain = kind.value_type if pa.types.is_dictionary(kind) else kind
        array = pa.array(drawn, plain)
        columns[name] = array.dictionary_encode() if plain is not kind else array
    return pa.table(columns)


def plain(table: pa.Table) -> list[str]:
    """Rows as text: NaN equals NaN there."""
    return [repr(row) for row in table.to_pylist()]
