"""Saved views in SQL."""

from sqlalchemy import Column, Index, String

from pomona.sql import RecordTable
from pomona.training.records.studies import SavedView

saved_views = RecordTable(
    "saved_views",
    SavedView,
    Column("page", String(20), nullable=False),
    Column("name", String(100), nullable=False),
    Index("saved_views_by_name", "page", "name", unique=True),
    what="saved view",
    hint="`pomona runs views` lists them",
)
