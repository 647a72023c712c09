"""From what people write to the version they mean."""

from pomona.core.errors import NotFound
from pomona.core.ports import Transaction
from pomona.registry import store
from pomona.registry.records import CHAMPION, ModelVersion
from pomona.registry.rules import VersionRef


def resolve(tx: Transaction, wanted: VersionRef) -> ModelVersion:
    """The version that a reference names.

    Raises:
        NotFound: If there is none; lists what there is.
    """
    if wanted.id is not None:
        return store.version_by_id(tx, wanted.id)
    owner = store.model(tx, wanted.model)
    number = wanted.number
    if wanted.alias == "latest":
        number = owner.latest
    elif wanted.alias is not None:
        number = owner.aliases.get(wanted.alias)
    elif wanted.stage is not None:
        staged = [v.number for v in store.versions_of(tx, owner.id) if v.stage == wanted.stage]
        number = staged[0] if staged else None
    if number is None:
        what = f"alias {wanted.alias!r}" if wanted.alias else f"version in stage {wanted.stage}"
        known = ", ".join(sorted(owner.aliases)) or "none"
        raise NotFound(f"model {owner.name!r} has no {what}", hint=f"its aliases: {known}")
    return store.version(tx, owner, number)


def champion_of(tx: Transaction, model: str) -> ModelVersion | None:
    """The version that goes by ``champion``; None if none does, or there is no such model."""
    owner = store.find_model(tx, model)
    number = owner.aliases.get(CHAMPION) if owner else None
    return store.version(tx, owner, number) if owner and number else None
