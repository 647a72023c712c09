"""Models of runs that an import brought: strangers, whoever registers them."""

import msgspec

from pomona.core.errors import Refused
from pomona.core.ports import Blobs, Database, Transaction
from pomona.core.registry_events import OutsideCodeAllowed
from pomona.registry.importing import store
from pomona.registry.intake import Taken
from pomona.registry.outside.scanning import code_in, python_in
from pomona.registry.records import Code, ModelVersion, Outside


def code_of(blobs: Blobs, taken: Taken) -> tuple[Code, ...]:
    """What in a model's files runs code when it is loaded."""
    code: list[Code] = []
    for file in taken.files:
        with blobs.open(file.digest) as stream:
            code += code_in(file.path, stream)
    return (*code, *python_in([file.path for file in taken.files], taken.about.flavors))


def judged(database: Database, blobs: Blobs, taken: Taken) -> Taken:
    """A model that its run logged here as it is; one that an import brought, if it may be loaded.

    Raises:
        Refused: If loading it would run code from outside, and no import was told to trust it.
    """
    names = [taken.root, store.trust_name(taken.root)]
    marks = database.read(lambda tx: store.marks(tx, names)) if taken.root else {}
    if taken.root not in marks:
        return taken
    code = code_of(blobs, taken)
    trusted = marks.get(store.trust_name(taken.root))
    if code and trusted is None:
        raise Refused(
            f"{taken.root} was imported, and loading this model would run code from outside: {code[0].path}",
            hint='look at it, then import again with --trust "why"; the ledger keeps the reason',
        )
    allowed = f"trusted by import {trusted[0]}" if code and trusted is not None else None
    outside = Outside(origin=f"imported: {taken.source}"[:1000], code=code, allowed=allowed)
    return msgspec.structs.replace(taken, outside=outside)


def tell_of_code(tx: Transaction, version: ModelVersion) -> None:
    """The ledger keeps why code from outside may run in a version."""
    outside = version.outside
    if outside is not None and outside.allowed is not None:
        tx.emit(
            OutsideCodeAllowed(
                subject=version.id,
                model=version.model,
                number=version.number,
                origin=outside.origin,
                files=[item.path for item in outside.code],
                reason=outside.allowed,
            )
        )
