"""What the peers do with the same exports; run by the Python of the peers' environment.

Usage: lakes.py ducklake|lance FOLDER EXPORT.parquet      merge an export
       lakes.py diff BEFORE.parquet AFTER.parquet KEY     DVC has no row diff: read both, join
Prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def ducklake(folder: Path, export: Path) -> dict[str, float]:
    """The whole export merged into a DuckLake table."""
    import duckdb
    import duckdb_extension_ducklake

    (extension,) = Path(duckdb_extension_ducklake.__file__).parent.glob(
        "extensions/*/ducklake.duckdb_extension"
    )
    engine = duckdb.connect()
    engine.execute(f"INSTALL '{extension}'; LOAD ducklake")
    engine.execute(f"ATTACH 'ducklake:{folder}/catalog.ducklake' AS lake (DATA_PATH '{folder}/data')")
    columns = [row[0] for row in engine.execute(f"DESCRIBE FROM '{export}'").fetchall()]
    began = time.perf_counter()
    if not engine.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 't'").fetchall():
        engine.execute(f"CREATE TABLE lake.t AS FROM '{export}'")
    else:
        values = [name for name in columns if name != columns[0]]
        differs = " OR ".join(f"t.{name} IS DISTINCT FROM s.{name}" for name in values)
        engine.execute("BEGIN")  # one MERGE may not both update and delete there
        engine.execute(f"DELETE FROM lake.t WHERE {columns[0]} NOT IN (SELECT {columns[0]} FROM '{export}')")
        engine.execute(
            f"MERGE INTO lake.t AS t USING (FROM '{export}') AS s ON t.{columns[0]} = s.{columns[0]}"
            f" WHEN MATCHED AND ({differs}) THEN UPDATE"
            " WHEN NOT MATCHED THEN INSERT"
        )
        engine.execute("COMMIT")
    return {"seconds": time.perf_counter() - began, "rows": _count(engine, "lake.t")}


def lance(folder: Path, export: Path) -> dict[str, float]:
    """One merge_insert of the whole export into a Lance dataset."""
    import lance as lance_format
    import pyarrow.parquet as pq

    table = pq.read_table(export)
    key, *values = table.column_names
    began = time.perf_counter()
    path = str(folder / "t.lance")
    if not Path(path).exists():
        lance_format.write_dataset(table, path)
    else:
        differs = " OR ".join(f"(target.{name} IS DISTINCT FROM source.{name})" for name in values)
        merge = lance_format.dataset(path).merge_insert(key)
        merge = merge.when_matched_update_all(differs).when_not_matched_insert_all()
        merge.when_not_matched_by_source_delete().execute(table)
    return {"seconds": time.perf_counter() - began, "rows": lance_format.dataset(path).count_rows()}


def diff(before: Path, after: Path, key: str) -> dict[str, float]:
    """Rows added, removed, changed between two Parquet files."""
    import polars as pl

    began = time.perf_counter()
    old, new = pl.read_parquet(before), pl.read_parquet(after)
    both = new.join(old, on=key, how="inner", suffix=" was")
    names = [name for name in new.columns if name != key]
    changed = both.select(
        pl.any_horizontal(pl.col(n).ne_missing(pl.col(f"{n} was")) for n in names).sum()
    ).item()
    return {
        "seconds": time.perf_counter() - began,
        "added": new.height - both.height,
        "removed": old.height - both.height,
        "changed": changed,
    }


def _count(engine: object, table: str) -> int:
    return int(engine.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # type: ignore[attr-defined]


if __name__ == "__main__":
    what, *words = sys.argv[1:]
    if what == "diff":
        print(json.dumps(diff(Path(words[0]), Path(words[1]), words[2])))
    else:
        print(json.dumps({"ducklake": ducklake, "lance": lance}[what](Path(words[0]), Path(words[1]))))
