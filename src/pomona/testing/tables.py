"""What every implementation of table storage promises. Inherit it and provide a ``tables`` fixture."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from blake3 import blake3

from pomona.core.errors import NotFound
from pomona.core.ports import Tables
from pomona.core.tables import DataFile, TableState

TABLE = "dat_1"


class TablesContract:
    """Immutable files named by their digest; vectors; what a sweep may take."""

    def test_a_file_is_named_by_its_digest_and_comes_back(self, tables: Tables) -> None:
        digest = tables.files.put(TABLE, b"pear")
        assert digest == blake3(b"pear").hexdigest()
        with tables.files.open(TABLE, digest) as stream:
            assert bytes(stream.read()) == b"pear"
        tables.files.verify(TABLE, digest)

    def test_an_unknown_file_is_not_found(self, tables: Tables) -> None:
        for ask in (tables.files.open, tables.files.verify):
            with pytest.raises(NotFound):
                ask(TABLE, "0" * 64)

    def test_each_table_has_files_of_its_own(self, tables: Tables) -> None:
        digest = tables.files.put(TABLE, b"pear")
        assert tables.files.stored("dat_2") == {}
        assert tables.files.stored(TABLE)[digest].size == 4

    def test_hidden_rows_come_back(self, tables: Tables) -> None:
        rows = [np.array([0, 7], np.uint64), np.array([2**33], np.uint64)]
        one, other = tables.vectors.put(TABLE, rows)
        assert (one.digest, one.hidden, other.hidden) == (other.digest, 2, 1)
        assert tables.vectors.get(TABLE, one).tolist() == [0, 7]
        assert tables.vectors.get(TABLE, other).tolist() == [2**33]
        tables.files.verify(TABLE, one.digest)

    def test_a_sweep_takes_files_and_vectors(self, tables: Tables) -> None:
        digest = tables.files.put(TABLE, b"pear")
        (vector,) = tables.vectors.put(TABLE, [np.array([3], np.uint64)])
        assert set(tables.files.stored(TABLE)) == {digest, vector.digest}
        assert tables.files.remove(TABLE, [digest, vector.digest, "0" * 64], spare_s=0) >= {digest}
        assert tables.files.stored(TABLE) == {}
        with pytest.raises(NotFound):
            tables.files.open(TABLE, digest)

    def test_a_sweep_spares_what_was_put_lately(self, tables: Tables) -> None:
        digest = tables.files.put(TABLE, b"pear")
        assert tables.files.remove(TABLE, [digest], spare_s=3600) == set()
        tables.files.verify(TABLE, digest)

    def test_the_log_has_no_entry_until_one_is_published(self, tables: Tables) -> None:
        assert tables.log.head(TABLE) == -1

    def test_a_file_put_again_after_a_sweep_is_there(self, tables: Tables) -> None:
        digest = tables.files.put(TABLE, b"pear")
        tables.files.remove(TABLE, [digest], spare_s=0)
        assert tables.files.put(TABLE, b"pear") == digest
        tables.files.verify(TABLE, digest)

    def test_a_plain_history_names_each_file_once_and_no_vector(self, tables: Tables) -> None:
        file = DataFile(digest="a" * 64, size=7, rows=3)
        schema = pa.schema([("id", pa.int64())]).serialize().to_pybytes()
        at = datetime(2026, 1, 1, tzinfo=UTC)
        state = TableState(files=(file,), schema=schema, at=at, operation="export")
        name, body = tables.log.plain(TABLE, state)
        assert name.startswith("_delta_log/")
        assert body.count(file.digest.encode()) == 1
        assert b"deletionVector" not in body
