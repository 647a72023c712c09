"""The gateway looks at seals itself: neither its snapshot nor its disk is believed."""

from pathlib import Path

import msgspec
import pytest
from blake3 import blake3

from pomona.core.errors import Tampered, Unavailable
from pomona.serving.gateway.control import ModelFiles
from pomona.serving.gateway.seals import PublicKeys, check_seal
from pomona.serving.records import GatewaySnapshot, ServedFile, ServedModel, ServedSeal
from pomona.testing.keys import MemoryKeys

BODY = b"weights"


class Registry:
    """A control plane with one model; it can be down, and it can lie about its key."""

    def __init__(self) -> None:
        self.keys = MemoryKeys()
        self.asked = 0
        self.down = False

    def snapshot(self, known_revision: str | None) -> GatewaySnapshot | None:
        raise AssertionError("not asked here")

    def fetch(self, file: ServedFile, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(BODY)

    def public_key(self, key: str) -> str:
        self.asked += 1
        if self.down:
            raise Unavailable("the control plane is down")
        return next((known.pem for known in self.keys.known() if known.id == key), "no key")

    def served(self, keys: MemoryKeys | None = None) -> ServedModel:
        file = ServedFile(path="model.pkl", digest=blake3(BODY).hexdigest(), size=len(BODY))
        manifest = msgspec.json.encode({"id": "mv_1", "files": [file]})
        signed = (keys or self.keys).sign(manifest)
        seal = ServedSeal(manifest=manifest.decode(), key=signed.key, signature=signed.signature)
        return ServedModel(id="mv_1", model="pears", number=1, files=(file,), seal=seal)


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
def keys(registry: Registry, tmp_path: Path) -> PublicKeys:
    return PublicKeys([tmp_path / "home-keys", tmp_path / "own-keys"], registry.public_key)


def test_what_the_registry_signed_is_loaded(registry: Registry, keys: PublicKeys, tmp_path: Path) -> None:
    folder = ModelFiles(tmp_path / "models", registry, keys).folder(registry.served())
    assert (folder / "model.pkl").read_bytes() == BODY


def test_a_key_is_asked_for_once_and_then_needs_no_control_plane(
    registry: Registry, keys: PublicKeys, tmp_path: Path
) -> None:
    check_seal(registry.served(), keys)
    registry.down = True
    check_seal(registry.served(), PublicKeys([tmp_path / "own-keys"], registry.public_key))
    assert registry.asked == 1


@pytest.mark.parametrize("wrong", ["none", "stranger", "files", "id", "manifest", "key"])
def test_anything_else_is_refused(registry: Registry, keys: PublicKeys, wrong: str) -> None:
    good = registry.served()
    assert good.seal is not None
    evil = msgspec.structs.replace(good.files[0], digest=blake3(b"evil").hexdigest())
    seal = {
        "manifest": msgspec.structs.replace(
            good.seal, manifest=good.seal.manifest.replace("weights", "x") + " "
        ),
        "key": msgspec.structs.replace(good.seal, key="../../etc/passwd"),
    }.get(wrong, good.seal)
    bad = {
        "none": msgspec.structs.replace(good, seal=None),
        "stranger": registry.served(MemoryKeys()),
        "files": msgspec.structs.replace(good, files=(evil,)),
        "id": msgspec.structs.replace(good, id="mv_2"),
    }.get(wrong, msgspec.structs.replace(good, seal=seal))
    with pytest.raises(Tampered, match=r"not loaded|names no key"):
        check_seal(bad, keys)


def test_a_key_in_the_home_folder_goes_before_what_a_control_plane_says(
    registry: Registry, keys: PublicKeys, tmp_path: Path
) -> None:
    served = registry.served()
    (tmp_path / "home-keys").mkdir()
    stranger = MemoryKeys().rotate()
    (tmp_path / "home-keys" / f"{served.seal.key}.pub").write_text(stranger.pem)  # type: ignore[union-attr]
    with pytest.raises(Tampered):
        check_seal(served, keys)
    assert registry.asked == 0
