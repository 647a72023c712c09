"""What every SigningKeys implementation promises, and one in memory."""

import base64

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pomona.core.keys import SigningKeys
from pomona.core.signatures import PublicKey, Signed, is_signed, key_id

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


class MemoryKeys:
    """SigningKeys that are gone with the process."""

    def __init__(self) -> None:
        self._keys: list[Ed25519PrivateKey] = []  # the newest first

    def known(self) -> list[PublicKey]:
        return [
            PublicKey(
                id=key_id(key.public_key().public_bytes_raw()),
                pem=key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
                current=place == 0,
            )
            for place, key in enumerate(self._keys)
        ]

    def sign(self, body: bytes) -> Signed:
        if not self._keys:
            self.rotate()
        return Signed(key=self.known()[0].id, signature=base64.b64encode(self._keys[0].sign(body)).decode())

    def is_signed(self, body: bytes, signed: Signed) -> bool:
        return any(known.id == signed.key and is_signed(body, signed, known.pem) for known in self.known())

    def rotate(self) -> PublicKey:
        self._keys.insert(0, Ed25519PrivateKey.generate())
        return self.known()[0]


class SigningKeysContract:
    """Signatures that anybody can check. Inherit it and provide a ``keys`` fixture."""

    def test_what_was_signed_is_signed_and_nothing_else_is(self, keys: SigningKeys) -> None:
        signed = keys.sign(b"pear")
        assert keys.is_signed(b"pear", signed)
        assert not keys.is_signed(b"plum", signed)

    def test_no_key_is_made_before_it_is_needed(self, keys: SigningKeys) -> None:
        assert keys.known() == []
        keys.sign(b"pear")
        assert len(keys.known()) == 1

    def test_others_need_nothing_but_the_public_key(self, keys: SigningKeys) -> None:
        signed = keys.sign(b"pear")
        public = keys.known()[0]
        assert public.id == signed.key
        assert is_signed(b"pear", signed, public.pem)

    @pytest.mark.parametrize("place", [0, 20, 63])
    def test_a_changed_signature_is_none(self, keys: SigningKeys, place: int) -> None:
        signed = keys.sign(b"pear")
        raw = bytearray(base64.b64decode(signed.signature))
        raw[place] ^= 1
        forged = msgspec.structs.replace(signed, signature=base64.b64encode(raw).decode())
        assert not keys.is_signed(b"pear", forged)
        assert not keys.is_signed(b"pear", msgspec.structs.replace(signed, signature="no base64!"))
        letter = signed.signature[-3]  # the four lowest bits of the last letter say nothing
        other = _LETTERS.index(letter) ^ 1
        spelt = f"{signed.signature[:-3]}{_LETTERS[other]}=="
        assert not keys.is_signed(b"pear", msgspec.structs.replace(signed, signature=spelt))
        assert not keys.is_signed(b"pear", msgspec.structs.replace(signed, key="0" * 32))

    def test_what_an_old_key_signed_stays_signed(self, keys: SigningKeys) -> None:
        before = keys.sign(b"pear")
        new = keys.rotate()
        after = keys.sign(b"pear")
        assert before.key != after.key == new.id
        assert keys.is_signed(b"pear", before)
        assert [(key.id, key.current) for key in keys.known()] == [(after.key, True), (before.key, False)]
