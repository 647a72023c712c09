"""Sealing what is registered, and refusing what is not what was sealed."""

import msgspec

from pomona.core.actors import current_actor
from pomona.core.errors import Invalid, NotFound, Tampered
from pomona.core.keys import SigningKeys
from pomona.core.ports import Blobs, Clock, Database, Transaction
from pomona.core.registry_events import ModelSealed, ModelTampered, SigningKeyRotated
from pomona.core.signatures import PublicKey, Signed
from pomona.registry import store as shelf
from pomona.registry.records import ModelFile, ModelVersion, Seal, Verified
from pomona.registry.seals import rules, store

_FIRST = "registered before there were seals"
_CHUNK = 1 << 20


class Sealer:
    """Signs versions with the server's key and checks them.

    Versions from before there were seals are sealed as they are when the first key is made; after that
    a version without a seal is refused.
    """

    def __init__(self, database: Database, blobs: Blobs, clock: Clock, keys: SigningKeys) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock
        self._keys = keys
        self._told: set[tuple[str, str]] = set()
        self._begun = False

    def keys(self) -> list[PublicKey]:
        """Every public key, the one in use first."""
        self.begin()
        return self._keys.known()

    def key(self, key_id: str) -> PublicKey:
        """One public key.

        Raises:
            NotFound: If there is none with this id.
        """
        for key in self.keys():
            if key.id == key_id:
                return key
        raise NotFound(f"no signing key {key_id!r}", hint="`pomona models key` lists them")

    def begin(self) -> None:
        """Make the first key if there is none, and seal what was registered before it."""
        if not self._begun and not self._keys.known():
            self._database.write(self._adopt)
        self._begun = True

    def _adopt(self, tx: Transaction) -> None:
        if self._keys.known():  # another process was faster
            return
        for version_id in store.unsealed(tx):
            try:
                self._keep(tx, shelf.version_by_id(tx, version_id), note=_FIRST)
            except Tampered:  # a row that cannot be read gets no seal, and is refused when it is asked for
                continue
        self._keys.sign(b"")  # makes the first key where nothing was sealed

    def seal(self, tx: Transaction, version: ModelVersion) -> Seal:
        """Sign a version that is being registered, in the caller's transaction."""
        return store.seals.insert(tx, self._signed(version, ""))

    def of(self, version: ModelVersion) -> Seal:
        """The seal of a version, checked: it is ours, and the version is what it says.

        Raises:
            Tampered: If it is not, or there is none; the ledger keeps that it was found.
        """
        self.begin()
        try:
            return self._database.read(lambda tx: self._checked(tx, version))
        except Tampered as error:
            self.tell(version, error.detail)
            raise

    def find(self, version_id: str) -> Seal | None:
        """The seal of a version as it is stored, not checked."""
        return self._database.read(lambda tx: store.seals.find(tx, version_id))

    def _checked(self, tx: Transaction, version: ModelVersion) -> Seal:
        named = f"{version.model}/{version.number}"
        try:
            seal = store.seals.find(tx, version.id)
        except msgspec.DecodeError as error:
            raise Tampered(f"{named}: its seal cannot be read", hint="restore a backup") from error
        if seal is None or seal.id != version.id:
            raise Tampered(
                f"{named} has no seal: it was not registered by this server",
                hint="register it again; if you know why, `pomona models seal` it with the reason",
            )
        signed = Signed(key=seal.key, signature=seal.signature)
        if not self._keys.is_signed(seal.manifest.encode(), signed):
            known = ", ".join(key.id[:8] for key in self._keys.known()) or "none"
            raise Tampered(
                f"{named}: its seal is not signed by a key of this server ({seal.key[:8]}; known: {known})",
                hint="restore the keys folder from a backup, or `pomona models seal` it with the reason",
            )
        rules.check_sealed(version, seal)
        column = store.differing_column(tx, version)
        if column is not None:
            raise Tampered(f"{named}: the {column} of its row is not what was registered")
        return seal

    def file(self, version: ModelVersion, file: ModelFile) -> None:
        """Hash a file again.

        Raises:
            Tampered: If it is not what was registered; the ledger keeps that.
        """
        problem = self._damage(file)
        if problem is not None:
            reason = f"{version.model}/{version.number}: {file.path} is not what was registered"
            self.tell(version, reason)
            raise Tampered(reason, hint=problem)

    def _damage(self, file: ModelFile) -> str | None:
        from blake3 import blake3

        try:
            hasher, size = blake3(), 0
            with self._blobs.open(file.digest) as stream:
                while chunk := stream.read(_CHUNK):
                    hasher.update(chunk)
                    size += len(chunk)
        except NotFound as error:
            return error.hint
        whole = hasher.hexdigest() == file.digest and size == file.size
        return None if whole else "the file on disk changed; restore it from a backup"

    def verify(self, version: ModelVersion) -> Verified:
        """Check the seal and hash every file again.

        Raises:
            Tampered: Naming what is not as it was registered.
        """
        seal = self.of(version)
        for file in version.files:
            self.file(version, file)
        return Verified(
            version=version.id,
            digest=version.digest,
            files=len(version.files),
            size=version.size,
            key=seal.key,
            sealed_at=seal.sealed_at,
        )

    def again(self, version: ModelVersion, reason: str) -> Seal:
        """Sign a version as it is now, whole as its digest says: after a key was lost, say.

        Raises:
            Invalid: If no reason is given.
            Tampered: If a file is not what its digest says.
        """
        _need(reason)
        self.begin()
        for file in version.files:
            self.file(version, file)
        rules.check_digest(version)
        return self._database.write(lambda tx: self._keep(tx, version, note=reason))

    def rotate(self, reason: str) -> PublicKey:
        """Sign with a new key from now on; what the old one signed stays valid.

        Raises:
            Invalid: If no reason is given.
        """
        _need(reason)
        before = next((key.id for key in self.keys()), None)
        made = self._keys.rotate()
        self._database.write(
            lambda tx: tx.emit(SigningKeyRotated(subject=made.id, before=before, reason=reason))
        )
        return made

    def tell(self, version: ModelVersion, reason: str) -> None:
        """Note in the ledger what was found; once a process, since gateways ask three times a second."""
        if (version.id, reason) not in self._told:
            self._told.add((version.id, reason))
            told = ModelTampered(
                subject=version.id, model=version.model, number=version.number, reason=reason
            )
            self._database.write(lambda tx: tx.emit(told))

    def _keep(self, tx: Transaction, version: ModelVersion, *, note: str) -> Seal:
        seal = self._signed(version, note)
        store.seals.remove(tx, store.seals.c.id == version.id)
        store.seals.insert(tx, seal)
        tx.emit(
            ModelSealed(
                subject=version.id, model=version.model, number=version.number, key=seal.key, reason=note
            )
        )
        return seal

    def _signed(self, version: ModelVersion, note: str) -> Seal:
        manifest = rules.manifest_of(version)
        signed = self._keys.sign(manifest.encode())
        return Seal(
            id=version.id,
            manifest=manifest,
            key=signed.key,
            signature=signed.signature,
            sealed_at=self._clock.now(),
            sealed_by=current_actor(),
            note=note,
        )


def _need(reason: str) -> None:
    if len(reason.strip()) < 3:
        raise Invalid("this needs a reason", hint="one that still makes sense in a year")
