"""Use cases: ask for approval, approve, reject; how many approvals a model's versions need."""

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Invalid
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.registry_events import ApprovalPolicySet, ApprovalStated
from pomona.registry import store as shelf
from pomona.registry.approvals import rules, store
from pomona.registry.approvals.records import NewPolicy, NewStatement, Policy, Standing, Statement
from pomona.registry.service import RegistryService


class ApprovalService:
    """Keeps what people say about versions."""

    def __init__(self, database: Database, clock: Clock, registry: RegistryService) -> None:
        self._database = database
        self._clock = clock
        self._registry = registry

    def standing(self, ref: str) -> Standing:
        """Where the approval of a version stands.

        Raises:
            NotFound: If there is no such version.
        """
        version = self._registry.version(ref)
        return self._database.read(lambda tx: store.standing(tx, version))

    def statement(self, statement_id: str) -> Statement:
        """One statement about a version.

        Raises:
            NotFound: If there is none with this id.
        """
        return self._database.read(lambda tx: store.statements.get(tx, statement_id))

    def state(self, ref: str, new: NewStatement) -> Standing:
        """Say something about a version, as the current actor.

        Raises:
            NotFound: If there is no such version.
            Refused: If the actor made the version, or is not asked.
            Invalid: If the actor is no person, or a rejection does not say why.
        """
        version = self._registry.version(ref)
        actor = current_actor()

        def work(tx: Transaction) -> Standing:
            authors, policy = store.authors_of(version), store.policy_of(tx, version)
            rules.check_statement(new.kind, new.comment, actor, authors=authors, policy=policy)
            now = self._clock.now()
            said = Statement(
                id=new_id("apr", now),
                place=store.statements.count(tx, store.statements.c.version == version.id) + 1,
                version=version.id,
                model=version.model,
                number=version.number,
                digest=version.digest,
                kind=new.kind,
                comment=new.comment,
                by=actor,
                at=now,
            )
            store.statements.insert(tx, said)
            tx.link(said.id, "evidence", version.id)
            tx.emit(
                ApprovalStated(
                    subject=version.id,
                    model=version.model,
                    number=version.number,
                    kind=new.kind,
                    comment=new.comment,
                )
            )
            return store.standing(tx, version)

        return self._database.write(work)

    def policy(self, model: str) -> Policy:
        """How many approvals a model's versions need.

        Raises:
            NotFound: If there is no such model.
        """
        found = self._registry.model(model)
        return Policy(model=found.name, needed=found.approvals_needed, approvers=found.approvers)

    def set_policy(self, model: str, new: NewPolicy) -> Policy:
        """Say how many approvals a model's versions need from now on.

        Raises:
            NotFound: If there is no such model.
            Invalid: If it could never be met, or asks for less than before and does not say why.
        """
        rules.check_policy(new)
        approvers = tuple(name.strip() for name in new.approvers)

        def work(tx: Transaction) -> Policy:
            found = shelf.model(tx, model)
            if new.needed < found.approvals_needed and len(new.reason.strip()) < 3:
                raise Invalid(
                    "to ask for fewer approvals needs a reason", hint="one that still makes sense in a year"
                )
            changed = msgspec.structs.replace(found, approvals_needed=new.needed, approvers=approvers)
            self._registry.shelf.touch(tx, changed, self._clock.now())
            tx.emit(
                ApprovalPolicySet(
                    subject=found.id,
                    model=model,
                    needed=new.needed,
                    was=found.approvals_needed,
                    approvers=list(approvers),
                    reason=new.reason,
                )
            )
            return Policy(model=model, needed=new.needed, approvers=approvers)

        return self._database.write(work)
