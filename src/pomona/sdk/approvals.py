"""Approvals from Python."""

import os
from collections.abc import Sequence

from pomona.core.records import from_json, to_json
from pomona.registry.approvals.records import NewPolicy, NewStatement, Policy, Standing, StatementKind
from pomona.sdk.session import Session, part


class Approvals:
    """``client.models.approvals``: who agreed to what may serve.

    ``by`` names who speaks; default: the environment's ``POMONA_ACTOR``.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, name: str, number: int) -> Standing:
        """Who approved or rejected a version, and what is still missing."""
        return self._session.get(_at(name, number), Standing)

    def request(self, name: str, number: int, comment: str = "", *, by: str | None = None) -> Standing:
        """Ask others to approve a version; what was said against it before does not count any more."""
        return self._state(name, number, "requested", comment, by)

    def approve(self, name: str, number: int, comment: str = "", *, by: str | None = None) -> Standing:
        """Agree that a version may serve.

        Raises:
            Refused: If whoever speaks made the version, or is not asked.
            Invalid: If nobody is named.
        """
        return self._state(name, number, "approved", comment, by)

    def reject(self, name: str, number: int, comment: str, *, by: str | None = None) -> Standing:
        """Say that a version may not serve, and why; errors as for ``approve``."""
        return self._state(name, number, "rejected", comment, by)

    def withdraw(self, name: str, number: int, comment: str = "", *, by: str | None = None) -> Standing:
        """Take back what one said before."""
        return self._state(name, number, "withdrawn", comment, by)

    def policy(self, name: str) -> Policy:
        """What a model's versions need before they are champion, or go to the stage Production."""
        return self._session.get(_policy(name), Policy)

    def set_policy(
        self,
        name: str,
        needed: int,
        *,
        approvers: Sequence[str] = (),
        reason: str = "",
        by: str | None = None,
    ) -> Policy:
        """Ask for so many approvals from now on, of anybody but the author, or of ``approvers``."""
        body = to_json(NewPolicy(needed=needed, approvers=tuple(approvers), reason=reason))
        return from_json(self._session.call("PUT", _policy(name), body=body, headers=named(by)).body, Policy)

    def _state(self, name: str, number: int, kind: StatementKind, comment: str, by: str | None) -> Standing:
        body = to_json(NewStatement(kind=kind, comment=comment))
        reply = self._session.call("POST", _at(name, number), body=body, headers=named(by))
        return from_json(reply.body, Standing)


def named(by: str | None) -> dict[str, str]:
    """The header that says who speaks: ``by``, else ``POMONA_ACTOR``; none if neither is given."""
    name = by or os.environ.get("POMONA_ACTOR")
    return {"x-pomona-actor": name.encode().decode("latin-1")} if name else {}  # headers are bytes


def _at(name: str, number: int) -> str:
    return f"/api/v1/models/{part(name)}/versions/{number}/approvals"


def _policy(name: str) -> str:
    return f"/api/v1/models/{part(name)}/approval-policy"
