"""Ed25519 signatures: what a server signed, anybody who has its public key can check."""

import base64
import binascii

from blake3 import blake3

from pomona.core.errors import MissingExtra
from pomona.core.records import Record


class PublicKey(Record, frozen=True, kw_only=True):
    """A key by which others check what was signed here; ``id`` begins the BLAKE3 of its 32 bytes."""

    id: str
    algorithm: str = "ed25519"
    pem: str
    current: bool = True  # False: replaced; what it signed stays valid


class Signed(Record, frozen=True, kw_only=True):
    """A signature: by which key, and its 64 bytes in base64."""

    key: str
    signature: str


def key_id(raw: bytes) -> str:
    """The name of a public key: 32 hex digits of the BLAKE3 of its bytes.

    >>> len(key_id(bytes(32)))
    32
    """
    return blake3(raw).hexdigest()[:32]


def is_signed(body: bytes, signed: Signed, pem: str) -> bool:
    """Whether ``signed`` is a signature of ``body`` by the key in ``pem``, and names that key.

    Raises:
        MissingExtra: If the library that checks signatures is not installed.

    References:
        RFC 8032, Edwards-Curve Digital Signature Algorithm (EdDSA).
    """
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ModuleNotFoundError as error:
        raise MissingExtra("cryptography", "server") from error
    try:
        key = load_pem_public_key(pem.encode())
        if not isinstance(key, Ed25519PublicKey) or key_id(key.public_bytes_raw()) != signed.key:
            return False
        raw = base64.b64decode(signed.signature, validate=True)
        if base64.b64encode(raw).decode() != signed.signature:  # its last letter has bits that nobody reads
            return False
        key.verify(raw, body)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, binascii.Error):
        return False
    return True
