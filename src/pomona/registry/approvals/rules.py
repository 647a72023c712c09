"""Who may approve what, and whether enough people have."""

import unicodedata
from collections.abc import Collection, Sequence

from pomona.core.errors import Invalid, Refused
from pomona.registry.approvals.records import NewPolicy, Policy, Standing, Statement, StatementKind

_NOBODY = frozenset({"", "local", "admin", "system", "anonymous", "loop"})
_MOST = 20
_MOST_COMMENT = 10_000


def check_policy(new: NewPolicy) -> None:
    """Refuse a policy that could never be met.

    Raises:
        Invalid: Saying why.
    """
    if not 0 <= new.needed <= _MOST:
        raise Invalid(f"{new.needed} approvals are not between 0 and {_MOST}", hint="1 is common")
    names = [name.strip() for name in new.approvers]
    if any(not is_person(name) for name in names) or len({person(name) for name in names}) < len(names):
        raise Invalid(
            "an approver is named twice, or is no person", hint="name people as they name themselves"
        )
    if names and new.needed > len(names):
        raise Invalid(f"{new.needed} approvals of {len(names)} people", hint="name more people")


def is_person(actor: str) -> bool:
    """Whether an actor is somebody, rather than a program or whoever holds the token.

    >>> is_person("ann"), is_person("admin"), is_person("job:job_1")
    (True, False, False)
    """
    return person(actor) not in _NOBODY and not person(actor).startswith("job:")


def person(name: str) -> str:
    """By what a person is known: nobody becomes another by writing their name otherwise.

    >>> person("Ann "), person("ANN")
    ('ann', 'ann')
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _is_one_of(name: str, people: Collection[str]) -> bool:
    return person(name) in {person(one) for one in people}


def check_statement(
    kind: StatementKind, comment: str, actor: str, *, authors: Collection[str], policy: Policy
) -> None:
    """May this person say that?

    Raises:
        Refused: If they made the version themselves, or are not among those who are asked.
        Invalid: If nobody is named, or a rejection does not say why.
    """
    if len(comment) > _MOST_COMMENT:
        raise Invalid(f"the comment is longer than {_MOST_COMMENT:,} characters", hint="link to the rest")
    if kind == "requested":
        return
    if not is_person(actor):
        raise Invalid(
            f"{actor or 'nobody'!r} is no person, and an approval is one's own",
            hint="say who you are: --as NAME, POMONA_ACTOR, or the header X-Pomona-Actor",
        )
    if kind == "withdrawn":
        return
    if _is_one_of(actor, authors):
        raise Refused(
            f"{actor} made this version: another person must judge it",
            hint=f"not one of: {', '.join(sorted(authors))}",
        )
    if policy.approvers and not _is_one_of(actor, policy.approvers):
        raise Refused(
            f"{actor} is not among those who approve {policy.model}",
            hint=f"ask {', '.join(policy.approvers)}",
        )
    if kind == "rejected" and len(comment.strip()) < 3:
        raise Invalid("a rejection says why", hint="what would have to be different?")


def standing(
    policy: Policy, authors: Collection[str], statements: Sequence[Statement], *, digest: str
) -> Standing:
    """Where an approval stands: of each person the newest word counts; a new request wipes rejections.

    Args:
        statements: Newest first.
        digest: Of the version's files; what was said about others does not count.
    """
    latest: dict[str, StatementKind] = {}
    names: dict[str, str] = {}  # of a person, as they wrote it first
    requested = False
    for said in reversed(statements):
        if said.digest != digest:
            continue
        if said.kind == "requested":
            requested = True
            latest = {name: kind for name, kind in latest.items() if kind != "rejected"}
        elif not _is_one_of(said.by, authors) and (
            not policy.approvers or _is_one_of(said.by, policy.approvers)
        ):
            latest[names.setdefault(person(said.by), said.by)] = said.kind
    approved = tuple(name for name, kind in latest.items() if kind == "approved")
    rejected = tuple(name for name, kind in latest.items() if kind == "rejected")
    return Standing(
        needed=policy.needed,
        approvers=policy.approvers,
        authors=tuple(sorted(authors)),
        requested=requested,
        approved_by=approved,
        rejected_by=rejected,
        missing=_missing(policy, approved, rejected, requested=requested),
        statements=tuple(statements),
    )


def _missing(policy: Policy, approved: Sequence[str], rejected: Sequence[str], *, requested: bool) -> str:
    if policy.needed == 0:
        return ""
    if rejected:
        return f"{', '.join(rejected)} rejected it"
    lacking = policy.needed - len(approved)
    if lacking <= 0:
        return ""
    of = f" of {', '.join(policy.approvers)}" if policy.approvers else " of another person"
    asked = "" if requested else ", and nobody was asked yet"
    return f"{lacking} approval{'s' if lacking > 1 else ''}{of} missing{asked}"


def check_approved(found: Standing, *, what: str, named: str) -> None:
    """Refuse what needs approvals that are not there.

    Args:
        what: What is to be done, e.g. ``champion``.
        named: The version, e.g. ``pears/3``.

    Raises:
        Refused: Saying what is missing.
    """
    if found.missing:
        raise Refused(
            f"{named} may not become {what}: {found.missing}",
            hint=f"`pomona models request-approval {named}`, then another person: "
            f"`pomona models approve {named} --as NAME`",
        )
