"""Who said what about a model version, and what is still missing."""

from datetime import datetime
from typing import Literal

from pomona.core.records import Record

StatementKind = Literal["requested", "approved", "rejected", "withdrawn"]


class Policy(Record, frozen=True, kw_only=True):
    """How many people, none of them its author, must approve a version before it is champion or in the
    stage Production; ``approvers`` empty: any other person will do.
    """

    model: str
    needed: int = 0
    approvers: tuple[str, ...] = ()


class NewPolicy(Record, frozen=True, kw_only=True):
    """A model's policy as it shall be from now on, and why; the ledger keeps both."""

    needed: int
    approvers: tuple[str, ...] = ()
    reason: str = ""


class NewStatement(Record, frozen=True, kw_only=True):
    """What a person says: ``requested`` asks others, ``withdrawn`` takes back what was said before."""

    kind: StatementKind
    comment: str = ""


class Statement(Record, frozen=True, kw_only=True):
    """What a person said about a version, bound to the digest it had."""

    id: str
    place: int  # 1 is the first about this version
    version: str
    model: str
    number: int
    digest: str
    kind: StatementKind
    comment: str
    by: str
    at: datetime


class Standing(Record, frozen=True, kw_only=True):
    """Where the approval of a version stands. ``missing`` says in words what it lacks; empty: nothing."""

    needed: int
    approvers: tuple[str, ...]
    authors: tuple[str, ...]  # who may not approve it
    requested: bool
    approved_by: tuple[str, ...]
    rejected_by: tuple[str, ...]
    missing: str
    statements: tuple[Statement, ...]  # newest first
