"""Approval by another person: who may, what counts, and what it stops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.test_service import trained

from pomona.core.actors import acting_as
from pomona.core.errors import Invalid, Refused
from pomona.core.ports import Clock, Database, Ledger
from pomona.registry.approvals import rules
from pomona.registry.approvals.records import NewPolicy, NewStatement, Policy, Statement, StatementKind
from pomona.registry.approvals.service import ApprovalService
from pomona.registry.records import ModelVersion, NewVersion
from pomona.registry.service import RegistryService
from pomona.testing.clock import FakeClock
from pomona.training.service.tracking import TrackingService

AT = FakeClock().now()
NAMES = ["ann", "bob", "eve"]
KINDS: list[StatementKind] = ["requested", "approved", "rejected", "withdrawn"]


def said(kind: StatementKind, by: str, digest: str = "d") -> Statement:
    return Statement(
        id="apr_1",
        place=1,
        version="mv_1",
        model="m",
        number=1,
        digest=digest,
        kind=kind,
        comment="",
        by=by,
        at=AT,
    )


@pytest.fixture
def approvals(database: Database, clock: Clock, registry: RegistryService) -> ApprovalService:
    return ApprovalService(database, clock, registry)


@pytest.fixture
def pears(tracking: TrackingService, registry: RegistryService) -> ModelVersion:
    with acting_as("ann"):
        return registry.register("pears", NewVersion(run_id=trained(tracking, auc=0.75)))


def speak(approvals: ApprovalService, by: str, kind: StatementKind, comment: str = "") -> str:
    with acting_as(by):
        return approvals.state("pears/1", NewStatement(kind=kind, comment=comment)).missing


def test_without_a_policy_nothing_changes(
    approvals: ApprovalService, registry: RegistryService, pears: ModelVersion
) -> None:
    assert approvals.standing("pears/1").missing == ""
    assert registry.set_alias("pears", "champion", 1).aliases == ("champion",)


def test_a_champion_needs_another_person(
    approvals: ApprovalService, registry: RegistryService, ledger: Ledger, pears: ModelVersion
) -> None:
    approvals.set_policy("pears", NewPolicy(needed=1))
    with pytest.raises(
        Refused, match="may not become champion: 1 approval of another person missing, and nobody"
    ):
        registry.set_alias("pears", "champion", 1)
    with pytest.raises(Refused, match="approval"):
        registry.set_alias("pears", "champion", 1, force="I am in a hurry")
    with pytest.raises(Refused, match="may not become Production"):
        registry.shelf.move_stage("pears", 1, "Production")
    with pytest.raises(Refused):
        registry.check_approved(pears)
    registry.set_alias("pears", "challenger", 1)
    registry.shelf.move_stage("pears", 1, "Staging")
    assert "missing" in speak(approvals, "ann", "requested", "please")
    with pytest.raises(Refused, match="ann made this version"):
        speak(approvals, "ann", "approved")
    for nobody in ("local", "admin", "system", "job:job_1"):
        with pytest.raises(Invalid, match="is no person"):
            speak(approvals, nobody, "approved")
    assert speak(approvals, "bob", "approved", "good") == ""
    registry.set_alias("pears", "champion", 1)
    assert registry.shelf.move_stage("pears", 1, "Production").stage == "Production"
    told = [(entry.actor, entry.data["kind"]) for entry in ledger.entries(types=["registry.approval_stated"])]
    assert told == [("ann", "requested"), ("bob", "approved")]
    moved = [entry.data["stage"] for entry in ledger.entries(types=["registry.stage_moved"])]
    assert moved == ["Staging", "Production"]


def test_whose_run_it_was_is_an_author_too(
    approvals: ApprovalService, registry: RegistryService, tracking: TrackingService
) -> None:
    run = tracking.start(user="bob")
    made = trained(tracking, auc=0.7)
    assert run.user == "bob"
    with acting_as("ann"):
        version = registry.register("pears", NewVersion(run_id=made))
    assert version.created_by == "ann"
    assert "ann" in approvals.standing("pears/1").authors


def test_a_rejection_stops_it_until_somebody_asks_again(
    approvals: ApprovalService, registry: RegistryService, pears: ModelVersion
) -> None:
    approvals.set_policy("pears", NewPolicy(needed=1))
    speak(approvals, "bob", "approved")
    with pytest.raises(Invalid, match="says why"):
        speak(approvals, "eve", "rejected")
    assert speak(approvals, "eve", "rejected", "no winter data") == "eve rejected it"
    with pytest.raises(Refused, match="eve rejected it"):
        registry.set_alias("pears", "champion", 1)
    assert speak(approvals, "ann", "requested", "winter was added") == ""  # bob's word still counts
    assert "1 approval" in speak(approvals, "bob", "withdrawn")


def test_only_those_who_are_asked_count(approvals: ApprovalService, pears: ModelVersion) -> None:
    approvals.set_policy("pears", NewPolicy(needed=1, approvers=("bob", "ann")))
    with pytest.raises(Refused, match="eve is not among those"):
        speak(approvals, "eve", "approved")
    assert "of bob, ann missing" in approvals.standing("pears/1").missing
    assert speak(approvals, "bob", "approved") == ""


def test_less_is_asked_for_only_with_a_reason(
    approvals: ApprovalService, ledger: Ledger, pears: ModelVersion
) -> None:
    approvals.set_policy("pears", NewPolicy(needed=2))
    with pytest.raises(Invalid, match="needs a reason"):
        approvals.set_policy("pears", NewPolicy(needed=0))
    approvals.set_policy("pears", NewPolicy(needed=0, reason="a toy by now"))
    told = ledger.entries(types=["registry.policy_set"])[-1]
    assert (told.data["was"], told.data["needed"], told.data["reason"]) == (2, 0, "a toy by now")


@pytest.mark.parametrize(
    "policy",
    [
        NewPolicy(needed=-1),
        NewPolicy(needed=99),
        NewPolicy(needed=1, approvers=("admin",)),
        NewPolicy(needed=2, approvers=("bob",)),
        NewPolicy(needed=1, approvers=("bob", "bob")),
    ],
    ids=["negative", "many", "nobody", "too few", "twice"],
)
def test_a_policy_that_could_never_be_met_is_refused(
    approvals: ApprovalService, pears: ModelVersion, policy: NewPolicy
) -> None:
    with pytest.raises(Invalid):
        approvals.set_policy("pears", policy)


def test_the_gate_says_who_had_agreed(
    approvals: ApprovalService, registry: RegistryService, pears: ModelVersion
) -> None:
    from pomona.registry.records import GateCheck

    approvals.set_policy("pears", NewPolicy(needed=2))
    speak(approvals, "bob", "approved")
    found = registry.check_gate("pears/1", GateCheck(metric="roc_auc"))
    assert found.approved_by == ("bob",)
    assert found.approval_missing.startswith("1 approval")


@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.sampled_from(NAMES), st.sampled_from(["d", "x"])), max_size=12
    )
)
def test_an_approval_never_rests_on_the_author_or_on_other_files(
    words: list[tuple[StatementKind, str, str]],
) -> None:
    policy = Policy(model="m", needed=1)
    statements = [said(kind, by, digest) for kind, by, digest in reversed(words)]
    found = rules.standing(policy, {"ann"}, statements, digest="d")
    assert "ann" not in found.approved_by + found.rejected_by
    assert not set(found.approved_by) & set(found.rejected_by)
    own = {by for kind, by, digest in words if kind == "approved" and digest == "d" and by != "ann"}
    assert set(found.approved_by) <= own
    if not found.missing:
        assert found.approved_by
        assert not found.rejected_by


def test_nobody_becomes_another_person_by_writing_their_name_otherwise(
    approvals: ApprovalService, registry: RegistryService, pears: ModelVersion
) -> None:
    approvals.set_policy("pears", NewPolicy(needed=2))
    for name in ("Ann", " ann", "ANN", "\uff41nn"):
        with pytest.raises(Refused, match="made this version"):
            speak(approvals, name, "approved")
    speak(approvals, "bob", "approved")
    assert speak(approvals, "Bob ", "approved").startswith("1 approval")  # still one person
    assert speak(approvals, "eve", "approved") == ""
    with pytest.raises(Invalid):
        approvals.set_policy("pears", NewPolicy(needed=1, approvers=("bob", "BOB")))


def test_who_made_a_version_cannot_approve_a_copy_of_it(
    approvals: ApprovalService, registry: RegistryService, pears: ModelVersion
) -> None:
    with acting_as("bob"):
        registry.register("pears", NewVersion(source="models:/pears/1"))
    approvals.set_policy("pears", NewPolicy(needed=1))
    with acting_as("ann"), pytest.raises(Refused, match="made this version"):
        approvals.state("pears/2", NewStatement(kind="approved"))
