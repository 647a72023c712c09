"""The daily exports that both sides are given: a table that changes a little every day.

18 columns: a key, six measured numbers, four whole ones, three of words, a time, a day, a flag, an amount.
Each day 1 % of the rows change two numbers, 0.1 % are gone, 0.2 % are new; everything follows from the day.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

KEY = "id"
CHANGED, NEW, GONE = 0.01, 0.002, 0.001


def rows(count: int, *, start: int = 0) -> pa.Table:
    """New rows with the keys ``start``, ``start + 1``, ..."""
    draw = np.random.default_rng(start)
    columns: dict[str, object] = {KEY: np.arange(start, start + count, dtype=np.int64)}
    columns |= {f"measure_{n}": draw.normal(size=count).round(3) for n in range(6)}
    columns |= {f"count_{n}": draw.integers(0, 10 ** (n + 1), count) for n in range(4)}
    for n in range(3):
        words = pa.array([f"value-{word}" for word in range(10 ** (n + 1))])
        picked = pa.array(draw.integers(0, len(words), count, dtype=np.int32))
        columns[f"word_{n}"] = pa.DictionaryArray.from_arrays(picked, words).cast(pa.string())
    micros = 1_700_000_000_000_000 + draw.integers(0, 10**13, count)
    columns["at"] = pa.array(micros, pa.timestamp("us", "UTC"))
    columns["day"] = pa.array(draw.integers(19_000, 20_000, count).astype("int32"), pa.date32())
    columns["yes"] = draw.random(count) < 0.3
    columns["amount"] = draw.integers(0, 10**6, count) / 100
    return pa.table(columns)


def next_day(table: pa.Table, day: int) -> pa.Table:
    """The export of the day after."""
    draw, count = np.random.default_rng(1_000_000_007 + day), table.num_rows
    changed = draw.choice(count, int(count * CHANGED), replace=False)
    for name, step in (("measure_0", 1.0), ("measure_3", -1.0)):
        values = table.column(name).to_numpy().copy()
        values[changed] += step
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    kept = np.ones(count, bool)
    kept[draw.choice(count, int(count * GONE), replace=False)] = False
    table = table.filter(pa.array(kept))
    after = int(table.column(KEY)[-1].as_py()) + 1
    return pa.concat_tables([table, rows(int(count * NEW), start=after)])


def write(table: pa.Table, path: Path) -> None:
    """The export as a file, as pandas or Polars would write it."""
    pq.write_table(table, path)
