"""FileKeys keeps the SigningKeys contract, and its secret."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pomona.core.errors import Tampered
from pomona.storage.keys import FileKeys
from pomona.testing.keys import MemoryKeys, SigningKeysContract


class TestFileKeys(SigningKeysContract):
    @pytest.fixture
    def keys(self, tmp_path: Path) -> FileKeys:
        return FileKeys(tmp_path / "keys")


class TestMemoryKeys(SigningKeysContract):
    @pytest.fixture
    def keys(self) -> MemoryKeys:
        return MemoryKeys()


def test_only_its_owner_reads_the_private_key_and_it_is_gone_after_a_rotation(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    keys = FileKeys(folder)
    keys.sign(b"pear")
    secret = (folder / "current.key").read_bytes()
    assert (folder / "current.key").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    keys.rotate()
    assert all(path.read_bytes() != secret for path in folder.iterdir())
    assert len(list(folder.glob("*.pub"))) == 2


def test_those_who_sign_first_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(lambda _: FileKeys(tmp_path / "keys").sign(b"pear"), range(16)))
    assert len({one.key for one in signed}) == 1
    assert all(FileKeys(tmp_path / "keys").is_signed(b"pear", one) for one in signed)


def test_a_broken_key_is_told_of(tmp_path: Path) -> None:
    keys = FileKeys(tmp_path / "keys")
    keys.sign(b"pear")
    (tmp_path / "keys" / "current.key").write_bytes(b"no key")
    with pytest.raises(Tampered, match="cannot be read"):
        keys.sign(b"pear")
