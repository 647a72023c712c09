"""Statements in SQL, and where the approval of a version stands."""

from sqlalchemy import Column, Index, Integer, String

from pomona.core.errors import NotFound
from pomona.core.ports import Transaction
from pomona.registry import store
from pomona.registry.approvals import rules
from pomona.registry.approvals.records import Policy, Standing, Statement
from pomona.registry.records import ModelVersion
from pomona.sql import RecordTable

statements = RecordTable(
    "model_approvals",
    Statement,
    Column("version", String(64), nullable=False),
    Column("place", Integer, nullable=False),
    Index("model_approvals_by_version", "version", "place"),
    what="statement about a version",
)


def policy_of(tx: Transaction, version: ModelVersion) -> Policy:
    """The policy of a version's model; of a deleted model none is left."""
    try:
        model = store.model_with_id(tx, version.model_id)
    except NotFound:
        return Policy(model=version.model)
    return Policy(model=model.name, needed=model.approvals_needed, approvers=model.approvers)


def standing(tx: Transaction, version: ModelVersion) -> Standing:
    """Where the approval of a version stands."""
    said = statements.all(
        tx,
        statements.c.version == version.id,
        order_by=[statements.c.place.desc(), statements.c.id.desc()],
        limit=500,
    )
    return rules.standing(policy_of(tx, version), authors_of(version), said, digest=version.digest)


def authors_of(version: ModelVersion) -> set[str]:
    """Who made a version: they cannot approve it themselves."""
    return {name for name in (version.created_by, version.run_user) if name}


def check_approved(tx: Transaction, version: ModelVersion, *, what: str) -> None:
    """Refuse what needs approvals that are not there.

    Raises:
        Refused: Saying what is missing.
    """
    found = standing(tx, version)
    rules.check_approved(found, what=what, named=f"{version.model}/{version.number}")
