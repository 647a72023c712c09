"""The gateway's own look at a seal: it trusts neither the snapshot it is sent nor the one on its disk."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from pomona.core.errors import Tampered, Unavailable
from pomona.core.signatures import Signed, is_signed
from pomona.serving.records import ServedFile, ServedModel


class _Manifest(msgspec.Struct, frozen=True):
    id: str
    files: tuple[ServedFile, ...]


class PublicKeys:
    """Public keys by id: those in ``folders``, else the control plane's, kept in the last folder.

    A key that was seen once is never asked for again, so nobody can put another in its place.
    """

    def __init__(self, folders: list[Path], ask: Callable[[str], str]) -> None:
        self._folders = folders
        self._ask = ask

    def pem(self, key: str) -> str:
        """The key in PEM form.

        Raises:
            Tampered: If there is no such key.
            Unavailable: If the control plane has to be asked and is down.
        """
        if len(key) != 32 or not key.isalnum():
            raise Tampered("a seal names no key", hint="run `pomona doctor` on the server")
        for folder in self._folders:
            path = folder / f"{key}.pub"
            if path.is_file():
                return path.read_text()
        pem = self._ask(key)
        self._folders[-1].mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folders[-1] / f"{key}.pub").write_text(pem)
        return pem


def check_seal(model: ServedModel, keys: PublicKeys) -> None:
    """Whether a model is what the registry signed.

    Raises:
        Tampered: If it has no seal, or one that is not the registry's, or of something else.
        Unavailable: If the key is not known here and the control plane is down.
    """
    if model.seal is None:
        raise _refused(model, "it has no seal, or is not what was registered")
    signed = Signed(key=model.seal.key, signature=model.seal.signature)
    try:
        genuine = is_signed(model.seal.manifest.encode(), signed, keys.pem(signed.key))
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"the public key {signed.key[:8]} cannot be read: {error}") from error
    if not genuine:
        raise _refused(model, "its seal was not signed by the registry")
    try:
        manifest = msgspec.json.decode(model.seal.manifest, type=_Manifest)
    except msgspec.DecodeError:
        raise _refused(model, "its seal cannot be read") from None
    if manifest.id != model.id or manifest.files != model.files:
        raise _refused(model, "its files are not those that were sealed")


def _refused(model: ServedModel, why: str) -> Tampered:
    return Tampered(
        f"model version {model.id} is not loaded: {why}",
        hint="the version before keeps serving. `pomona models verify` on the server says more",
    )
