"""A version's card and its history."""

from datetime import datetime

from pomona.business.records import Hypothesis
from pomona.core.records import Record
from pomona.data.records import Dataset, DataVersion
from pomona.registry.approvals.records import Standing
from pomona.registry.records import GateResult, ModelVersion, Seal
from pomona.training.records.runs import Run


class CardFacts(Record, frozen=True, kw_only=True):
    """What the ledger knows of a version; None where nothing is known."""

    version: ModelVersion
    run: Run | None = None
    hypothesis: Hypothesis | None = None
    dataset: Dataset | None = None
    data: DataVersion | None = None
    gates: tuple[GateResult, ...] = ()  # newest first
    standing: Standing
    seal: Seal | None = None
    packages: dict[str, str] = {}


class Section(Record, frozen=True, kw_only=True):
    """A part of a card. ``generated``: the ledger writes it, else a person does."""

    key: str
    title: str
    text: str
    generated: bool


class NewCard(Record, frozen=True, kw_only=True):
    """A card as somebody edited it. ``based_on``: the revision they began with (0: none yet)."""

    text: str
    based_on: int | None = None
    comment: str = ""


class CardRevision(Record, frozen=True, kw_only=True):
    """A card as it was saved once."""

    id: str
    place: int  # 1 is the first of its version
    version: str
    text: str
    comment: str
    by: str
    at: datetime


class CardEdit(Record, frozen=True, kw_only=True):
    """Who saved which revision when."""

    place: int
    comment: str
    by: str
    at: datetime


class Card(Record, frozen=True, kw_only=True):
    """A version's card as it is now: what people wrote, and what the ledger knows today.

    ``text`` is Markdown behind a YAML header; generated parts stand between comments
    (``<!-- pomona:data 1f2e3d4c -->``). One that was edited by hand has lost its comments and stays as it is.
    """

    version: str
    model: str
    number: int
    text: str
    revision: int  # 0: nobody edited it yet
    unwritten: tuple[str, ...]  # titles of people's parts that still are as they were made
    edits: tuple[CardEdit, ...]  # newest first
