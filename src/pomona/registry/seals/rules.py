"""What a seal covers, and whether a version still is what was sealed."""

import msgspec

from pomona.core.errors import Tampered
from pomona.registry.records import ModelVersion, Seal
from pomona.registry.rules import manifest_digest

FORMAT = "pomona.seal/1"
_FIELDS = (
    "id",
    "model_id",
    "number",
    "run_id",
    "logged_model",
    "source",
    "files",
    "digest",
    "size",
    "flavors",
    "signature",
    "metrics",
    "data_version",
    "hypothesis",
    "environment",
    "outside",
    "created_at",
    "created_by",
    "run_user",
)
_HINT = "restore it from a backup; the ledger says who registered what: `pomona events`"


def manifest_of(version: ModelVersion) -> str:
    """Everything about a version that never changes, as JSON with sorted keys.

    Its model's name is what it was called then; descriptions, tags, stages and aliases are no part of it.
    """
    facts = {name: getattr(version, name) for name in _FIELDS}
    body = facts | {"format": FORMAT, "model": version.model}
    return msgspec.json.encode(body, order="sorted").decode()


def check_sealed(version: ModelVersion, seal: Seal) -> None:
    """Whether a version, as the database has it now, is what was sealed.

    Raises:
        Tampered: Naming what differs.
    """
    named = f"{version.model}/{version.number}"
    try:
        sealed = msgspec.json.decode(seal.manifest)
        found = msgspec.json.decode(manifest_of(version))
        if sealed.get("format") != FORMAT:
            raise Tampered(f"{named}: its seal has a format this Pomona does not know", hint="upgrade it")
    except (msgspec.DecodeError, AttributeError) as error:
        raise Tampered(f"{named}: its seal cannot be read", hint=_HINT) from error
    wrong = sorted(name for name in _FIELDS if sealed.get(name, "") != found.get(name))
    if wrong:
        raise Tampered(f"{named}: what its row says of {wrong[0]!r} is not what was registered", hint=_HINT)
    check_digest(version)


def check_digest(version: ModelVersion) -> None:
    """Whether the list of files is what the version's digest names.

    Raises:
        Tampered: If it is not.
    """
    if manifest_digest(version.files) != version.digest:
        raise Tampered(
            f"{version.model}/{version.number}: its manifest does not match its digest", hint=_HINT
        )
