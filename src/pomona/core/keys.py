"""Doors to the keys of this installation: what is signed with them, and what is kept secret."""

from typing import Protocol

from pomona.core.signatures import PublicKey, Signed


class Sealer(Protocol):
    """Keeps short secrets so that the database alone does not tell them."""

    def seal(self, secret: str) -> str:
        """The secret as a text that tells nothing; sealed twice it is another text."""
        ...

    def unseal(self, sealed: str) -> str:
        """The secret.

        Raises:
            Tampered: If the text was changed, or sealed with another key.
        """
        ...


class SigningKeys(Protocol):
    """What a server signs with, and what others check it by."""

    def known(self) -> list[PublicKey]:
        """Every public key there ever was, the one in use first; empty while none was made."""
        ...

    def sign(self, body: bytes) -> Signed:
        """Sign with the key in use; the first one is made when it is needed."""
        ...

    def is_signed(self, body: bytes, signed: Signed) -> bool:
        """Whether this is a signature of ``body`` by one of the known keys."""
        ...

    def rotate(self) -> PublicKey:
        """Sign with a new key from now on. The old private key is gone, its public one stays."""
        ...
