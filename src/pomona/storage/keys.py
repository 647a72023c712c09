"""Signing keys in a folder of their owner's: one private key, and every public one there ever was."""

import base64
import os
import tempfile
from pathlib import Path
from typing import Any

from pomona.core.errors import MissingExtra, Tampered
from pomona.core.signatures import PublicKey, Signed, is_signed, key_id
from pomona.storage.disk import disk_errors, sync_folder

_PRIVATE = "current.key"


class FileKeys:
    """SigningKeys below ``folder``: ``current.key`` signs, ``<id>.pub`` check. Made when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pem: dict[str, str] = {}  # of public keys that were read: they never change

    def known(self) -> list[PublicKey]:
        if not (self._folder / _PRIVATE).exists():
            current = None
        else:
            current = key_id(self._private().public_key().public_bytes_raw())
        found = sorted(self._folder.glob("*.pub"), key=lambda path: (path.stem != current, path.stem))
        return [PublicKey(id=path.stem, pem=path.read_text(), current=path.stem == current) for path in found]

    def sign(self, body: bytes) -> Signed:
        if not (self._folder / _PRIVATE).exists():
            self._make(replace=False)
        private = self._private()
        raw = private.public_key().public_bytes_raw()
        return Signed(key=key_id(raw), signature=base64.b64encode(private.sign(body)).decode())

    def is_signed(self, body: bytes, signed: Signed) -> bool:
        pem = self._pem.get(signed.key) or self._read(signed.key)
        return bool(pem) and is_signed(body, signed, pem)

    def rotate(self) -> PublicKey:
        self._make(replace=True)
        return self.known()[0]

    def _read(self, key: str) -> str:
        if len(key) != 32 or not key.isalnum():
            return ""
        try:
            self._pem[key] = (self._folder / f"{key}.pub").read_text()
        except (FileNotFoundError, UnicodeDecodeError):
            return ""
        return self._pem[key]

    def _make(self, *, replace: bool) -> None:
        """The public half goes first: no signature is ever without the key that checks it."""
        ed25519, forms = _library()
        with disk_errors():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            private = ed25519.Ed25519PrivateKey.generate()
            public = private.public_key()
            pem = public.public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
            secret = private.private_bytes(
                forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()
            )
            named = self._folder / f"{key_id(public.public_bytes_raw())}.pub"
            self._publish(pem, named, replace=True)
            if not self._publish(secret, self._folder / _PRIVATE, replace=replace):
                named.unlink()  # another process was faster

    def _publish(self, body: bytes, path: Path, *, replace: bool) -> bool:
        handle, name = tempfile.mkstemp(dir=self._folder)  # only its owner reads it
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(body)
                out.flush()
                os.fsync(out.fileno())
            if replace:
                Path(name).replace(path)
            else:
                os.link(name, path)
        except FileExistsError:
            return False
        finally:
            Path(name).unlink(missing_ok=True)
        sync_folder(self._folder)
        return True

    def _private(self) -> Any:
        ed25519, forms = _library()
        try:
            key = forms.load_pem_private_key((self._folder / _PRIVATE).read_bytes(), password=None)
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise Tampered(
                f"the signing key in {self._folder} cannot be read",
                hint="restore it from a backup; without one: move it away, `pomona models rotate-key`",
            )
        return key


def _library() -> Any:
    """Loaded when it is needed: most commands sign nothing."""
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ModuleNotFoundError as error:
        raise MissingExtra("cryptography", "server") from error
    return ed25519, serialization
