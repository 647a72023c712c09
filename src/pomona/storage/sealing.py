"""Secrets sealed with a key of this installation: AES-256-GCM, the key in a file of its owner's."""

import base64
import binascii
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

from pomona.core.errors import Invalid, MissingExtra, Tampered
from pomona.storage.disk import disk_errors, sync_folder

KEY_VARIABLE = "POMONA_SECRETS_KEY"
_KEY_BYTES, _NONCE_BYTES = 32, 12


class KeySealer:
    """Sealer with the key in ``path``, made when first needed; ``POMONA_SECRETS_KEY`` goes before it.

    Several servers on one database need the same key: set the variable to 32 bytes in base64.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def seal(self, secret: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        body = nonce + self._cipher().encrypt(nonce, secret.encode(), None)
        return base64.b64encode(body).decode()

    def unseal(self, sealed: str) -> str:
        try:
            body = base64.b64decode(sealed, validate=True)
            plain: bytes = self._cipher().decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], None)
        except (binascii.Error, ValueError, _invalid_tag()):
            raise Tampered(
                "a sealed secret cannot be opened",
                hint=f"it was changed, or {KEY_VARIABLE} or {self._path} is not what it was: set it anew",
            ) from None
        return plain.decode()

    def _cipher(self) -> Any:
        return _library().AESGCM(self._key())

    def _key(self) -> bytes:
        told = os.environ.get(KEY_VARIABLE, "")
        if not told and not self._path.exists():
            self._make()
        try:
            key = base64.b64decode(told or self._path.read_bytes(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            where = KEY_VARIABLE if told else str(self._path)
            raise Invalid(f"{where} holds no key", hint=f"{_KEY_BYTES} random bytes in base64")
        return key

    def _make(self) -> None:
        with disk_errors():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent)  # only its owner reads it
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)))
                    out.flush()
                    os.fsync(out.fileno())
                os.link(name, self._path)
            except FileExistsError:
                return  # another process was faster: its key counts
            finally:
                Path(name).unlink(missing_ok=True)
            sync_folder(self._path.parent)


def _library() -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers import aead
    except ModuleNotFoundError as error:
        raise MissingExtra("cryptography", "server") from error
    return aead


def _invalid_tag() -> type[Exception]:
    from cryptography.exceptions import InvalidTag

    return InvalidTag
