"""Secrets sealed with a key of the installation, and with one from the environment."""

import base64
from pathlib import Path

import pytest

from pomona.core.errors import Invalid, Tampered
from pomona.storage.sealing import KEY_VARIABLE, KeySealer
from pomona.testing.sealing import MemorySealer, SealerContract


class TestKeySealer(SealerContract):
    @pytest.fixture
    def sealer(self, tmp_path: Path) -> KeySealer:
        return KeySealer(tmp_path / "keys" / "secrets.key")


class TestMemorySealer(SealerContract):
    @pytest.fixture
    def sealer(self) -> MemorySealer:
        return MemorySealer()


def test_another_process_opens_what_this_one_sealed(tmp_path: Path) -> None:
    path = tmp_path / "secrets.key"
    sealed = KeySealer(path).seal("quince")
    assert KeySealer(path).unseal(sealed) == "quince"
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(Tampered):
        KeySealer(tmp_path / "other.key").unseal(sealed)


def test_a_key_from_the_environment_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, base64.b64encode(bytes(32)).decode())
    sealed = KeySealer(tmp_path / "a.key").seal("quince")
    assert KeySealer(tmp_path / "b.key").unseal(sealed) == "quince"
    assert not (tmp_path / "a.key").exists()
    monkeypatch.setenv(KEY_VARIABLE, "too short")
    with pytest.raises(Invalid, match="holds no key"):
        KeySealer(tmp_path / "a.key").seal("quince")
