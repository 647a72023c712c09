"""Fingerprints and signatures by a key that only the home folder has."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import msgspec

from pomona.data.keeping.records import Erasure


class Signer:
    """HMAC-SHA256 with a key in a file of its owner's; the key is made when it is first needed.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def fingerprint(self, text: str) -> str:
        """Tells the same text again, and nothing of it to who has no key."""
        return self._mac(b"subject\n" + text.encode())

    def signature(self, record: Erasure) -> str:
        """The signature of a record, whatever signature it carries."""
        plain = msgspec.structs.replace(record, signature="")
        return self._mac(b"erasure\n" + msgspec.json.encode(plain, order="sorted"))

    def is_signed(self, record: Erasure) -> bool:
        """Whether a record is what was signed."""
        return hmac.compare_digest(self.signature(record), record.signature)

    def _mac(self, body: bytes) -> str:
        return hmac.new(self._key(), body, hashlib.sha256).hexdigest()

    def _key(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            pass
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:  # another process was faster
            return self._path.read_bytes()
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(out.fileno())
        return self._path.read_bytes()
