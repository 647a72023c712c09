"""Versioned tables in a folder keep the contract, and survive a sweep that was killed."""

import os
from pathlib import Path

import pytest

from pomona.core.errors import Tampered
from pomona.core.ports import Tables
from pomona.storage.delta.tables import delta_tables
from pomona.testing.tables import TABLE, TablesContract


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return delta_tables(tmp_path)


class TestDeltaTables(TablesContract):
    """In a folder of this machine."""


def test_a_file_put_once_more_counts_as_young(tables: Tables, tmp_path: Path) -> None:
    digest = tables.files.put(TABLE, b"pear")
    os.utime(tmp_path / TABLE / f"{digest}.parquet", (0, 0))
    tables.files.put(TABLE, b"pear")
    assert tables.files.remove(TABLE, [digest], spare_s=3600) == set()


def test_what_a_killed_writer_left_is_swept(tables: Tables, tmp_path: Path) -> None:
    tables.files.put(TABLE, b"pear")
    left = tmp_path / TABLE / ".incoming-abc"
    left.write_bytes(b"half")
    assert left.name in tables.files.stored(TABLE)
    assert tables.files.remove(TABLE, [left.name], spare_s=3600) == set()
    assert tables.files.remove(TABLE, [left.name], spare_s=0) == {left.name}
    assert not left.exists()


def test_a_sweep_killed_while_it_judged_a_file_loses_nothing(tables: Tables, tmp_path: Path) -> None:
    digest = tables.files.put(TABLE, b"pear")
    path = tmp_path / TABLE / f"{digest}.parquet"
    path.rename(path.with_name(f".incoming-gone-{path.name}"))
    with tables.files.open(TABLE, digest) as stream:
        assert bytes(stream.read()) == b"pear"


def test_verifying_sees_a_change_that_reading_has_forgotten_to_look_for(
    tables: Tables, tmp_path: Path
) -> None:
    digest = tables.files.put(TABLE, b"pear")
    path = tmp_path / TABLE / f"{digest}.parquet"
    tables.files.open(TABLE, digest).close()
    before = path.stat()
    path.chmod(0o644)
    path.write_bytes(b"peas")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(Tampered):
        tables.files.verify(TABLE, digest)
