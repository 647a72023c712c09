"""What every Sealer promises, and one for tests that keeps its key in memory."""

import base64

import pytest

from pomona.core.errors import Tampered
from pomona.core.keys import Sealer


class MemorySealer:
    """Sealer whose texts hide nothing: for tests only."""

    def __init__(self) -> None:
        self._count = 0

    def seal(self, secret: str) -> str:
        self._count += 1
        return base64.b64encode(f"{self._count}:{secret}".encode()).decode()

    def unseal(self, sealed: str) -> str:
        try:
            return base64.b64decode(sealed, validate=True).decode().partition(":")[2]
        except ValueError:
            raise Tampered("a sealed secret cannot be opened") from None


class SealerContract:
    """Inherit it and provide a fixture ``sealer``."""

    def test_what_was_sealed_opens_again(self, sealer: Sealer) -> None:
        for secret in ("", "quince", "é" * 500):
            assert sealer.unseal(sealer.seal(secret)) == secret

    def test_a_sealed_text_does_not_tell_the_secret(self, sealer: Sealer) -> None:
        assert "quince" not in sealer.seal("quince")
        assert sealer.seal("quince") != sealer.seal("quince")

    def test_a_changed_text_does_not_open(self, sealer: Sealer) -> None:
        with pytest.raises(Tampered):
            sealer.unseal("!" + sealer.seal("quince")[1:])
