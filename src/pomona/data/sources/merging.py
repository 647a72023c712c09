"""New and changed rows put over the rows that are there, by their key."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from pomona.data.tables import canonical, stack, to_polars


def upserted(old: pa.Table, new: pa.Table, key: Sequence[str]) -> pa.Table:
    """``old`` with the rows of ``new`` in it: those with a key that is there replace it.

    Of several new rows with one key the last counts.
    """
    fitted = canonical(new, old.schema)
    names = list(key)
    last = to_polars(fitted.select(names)).with_row_index("__row").unique(names, keep="last")["__row"].sort()
    fresh = fitted.take(last.to_arrow())
    kept = (
        to_polars(old.select(names))
        .with_row_index("__row")
        .join(to_polars(fresh.select(names)), on=names, how="anti", nulls_equal=True)["__row"]
    )
    return stack(old.take(pl.Series(kept).to_arrow()), fresh)
