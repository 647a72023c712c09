"""Table storage in a folder of this machine."""

from pathlib import Path

from pomona.core.ports import Tables
from pomona.storage.delta.files import DeltaFiles, DeltaVectors
from pomona.storage.delta.log import DeltaLog


def delta_tables(root: Path) -> Tables:
    """The doors to versioned tables in ``root``, one folder each."""
    return Tables(DeltaFiles(root), DeltaVectors(root), DeltaLog(root))
