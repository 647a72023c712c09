"""Hypotheses and decisions in SQL."""

from sqlalchemy import Column, Index, String

from pomona.business.records import Decision, Hypothesis
from pomona.sql import RecordTable

hypotheses = RecordTable(
    "hypotheses",
    Hypothesis,
    Column("name", String(100), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    hint="`pomona hypothesis ls` lists them",
)
decisions = RecordTable(
    "decisions",
    Decision,
    Column("hypothesis", String(64), nullable=False),
    Index("decisions_by_hypothesis", "hypothesis", "id"),
)
