"""Seals: nothing that a version was registered as can be changed unseen."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from tests.registry.test_service import trained

from pomona.core.errors import Invalid, NotFound, Tampered
from pomona.registry import store
from pomona.registry.records import ModelVersion, NewVersion
from pomona.registry.seals.rules import _FIELDS
from pomona.registry.seals.store import seals
from pomona.registry.service import RegistryService
from pomona.storage.ledger import SqlLedger
from pomona.testing.keys import MemoryKeys
from pomona.training.service.tracking import TrackingService


@pytest.fixture
def sealed(tracking: TrackingService, registry: RegistryService) -> ModelVersion:
    return registry.register("pears", NewVersion(run_id=trained(tracking, auc=0.75)))


def write(database: Any, statement: Any) -> None:
    database.write(lambda tx: tx.execute(statement))


def test_a_version_is_sealed_when_it_is_registered(
    registry: RegistryService, sealed: ModelVersion, keys: MemoryKeys
) -> None:
    found = registry.verify("pears/1")
    assert (found.files, found.key) == (3, keys.known()[0].id)
    manifest = msgspec.json.decode(registry.sealed("pears/1")[1].manifest)
    assert [file["path"] for file in manifest["files"]] == ["MLmodel", "model.pkl", "requirements.txt"]
    assert (manifest["model"], manifest["number"], manifest["run_id"]) == ("pears", 1, sealed.run_id)


def test_what_may_change_does_not_break_the_seal(registry: RegistryService, sealed: ModelVersion) -> None:
    registry.set_alias("pears", "shadow", 1)
    registry.shelf.describe_version("pears", 1, "sweet")
    registry.shelf.set_version_tag("pears", 1, "colour", "green")
    registry.shelf.move_stage("pears", 1, "Staging")
    registry.shelf.rename("pears", "plums")
    assert registry.verify("plums/1").version == sealed.id


@pytest.mark.parametrize(
    ("column", "value"), [("run_id", "0" * 32), ("digest", "0" * 64), ("number", 7), ("source", "runs:/x/y")]
)
def test_a_changed_column_is_found(
    registry: RegistryService, sealed: ModelVersion, database: Any, column: str, value: object
) -> None:
    write(database, update(store.versions.table).values({column: value}))
    with pytest.raises(Tampered, match="is not what was registered"):
        registry.verify(sealed.id)


def test_a_seal_that_is_gone_or_moved_or_by_another_key_is_found(
    registry: RegistryService,
    sealed: ModelVersion,
    database: Any,
    ledger: SqlLedger,
    tracking: TrackingService,
) -> None:
    registry.register("pears", NewVersion(run_id=trained(tracking, auc=0.8)))
    other = registry.sealed("pears/2")[1]
    genuine = registry.sealed("pears/1")[1]
    swapped = msgspec.structs.replace(other, id=sealed.id)
    database.write(lambda tx: seals.replace(tx, swapped))
    with pytest.raises(Tampered, match=r"pears/1: what its row says of .* is not what was registered"):
        registry.verify("pears/1")
    stranger = MemoryKeys().sign(genuine.manifest.encode())
    forged = msgspec.structs.replace(genuine, key=stranger.key, signature=stranger.signature)
    database.write(lambda tx: seals.replace(tx, forged))
    with pytest.raises(Tampered, match="not signed by a key of this server"):
        registry.file("pears/1", "model.pkl")
    database.write(lambda tx: seals.remove(tx, seals.c.id == sealed.id))
    with pytest.raises(Tampered, match="has no seal"):
        registry.sealed("pears/1")
    told = [entry.data["reason"] for entry in ledger.entries(types=["registry.tampered"])]
    assert len(told) == 3
    assert all(entry.subject == sealed.id for entry in ledger.entries(types=["registry.tampered"]))
    with pytest.raises(Tampered):  # said once is said
        registry.sealed("pears/1")
    assert len(ledger.entries(types=["registry.tampered"])) == 3


def test_a_copy_of_a_tampered_version_is_not_registered(
    registry: RegistryService, sealed: ModelVersion, database: Any
) -> None:
    database.write(lambda tx: seals.remove(tx, seals.c.id == sealed.id))
    with pytest.raises(Tampered):
        registry.register("copy", NewVersion(source="models:/pears/1"))


def test_versions_from_before_are_sealed_once_and_later_ones_never_by_themselves(
    registry: RegistryService,
    sealed: ModelVersion,
    database: Any,
    ledger: SqlLedger,
    renewed: Callable[..., RegistryService],
) -> None:
    database.write(lambda tx: seals.remove(tx))
    younger = renewed(MemoryKeys())  # a server that has no key yet
    assert younger.verify("pears/1").version == sealed.id
    (told,) = ledger.entries(types=["registry.sealed"])
    assert told.data["reason"] == "registered before there were seals"
    database.write(lambda tx: seals.remove(tx))
    with pytest.raises(Tampered, match="no seal"):
        younger.verify("pears/1")


def test_lost_keys_are_got_over_with_a_reason_if_the_files_are_whole(
    registry: RegistryService,
    sealed: ModelVersion,
    ledger: SqlLedger,
    renewed: Callable[..., RegistryService],
) -> None:
    keys = MemoryKeys()
    keys.rotate()
    later = renewed(keys)
    with pytest.raises(Tampered, match="not signed by a key of this server"):
        later.verify("pears/1")
    with pytest.raises(Invalid, match="reason"):
        later.seals.again(sealed, " ")
    later.seals.again(sealed, "the disk with the keys died")
    assert later.verify("pears/1").key == keys.known()[0].id
    assert ledger.entries(types=["registry.sealed"])[0].data["reason"] == "the disk with the keys died"


def test_a_rotated_key_keeps_what_it_signed(
    registry: RegistryService, sealed: ModelVersion, tracking: TrackingService, ledger: SqlLedger
) -> None:
    before = registry.seals.keys()[0].id
    made = registry.seals.rotate("yearly")
    registry.register("pears", NewVersion(run_id=trained(tracking, auc=0.8)))
    assert registry.verify("pears/1").key == before
    assert registry.verify("pears/2").key == made.id != before
    assert ledger.entries(types=["registry.key_rotated"])[0].data == {"before": before, "reason": "yearly"}
    with pytest.raises(NotFound):
        registry.seals.key("nobody")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_of_what_was_registered_is_found(
    registry: RegistryService, sealed: ModelVersion, database: Any, folder: Path, data: st.DataObject
) -> None:
    """In a file, in the seal, or in the version's row: found, or nothing that was sealed is different."""
    what = data.draw(st.sampled_from(["file", "manifest", "signature", "key", "row"]))
    if what == "file":
        file = data.draw(st.sampled_from(sealed.files))
        path = folder / "blobs" / file.digest[:2] / file.digest[2:]
        path.chmod(0o644)
        good = path.read_bytes()
        path.write_bytes(flipped(good, data))
        try:
            with pytest.raises(Tampered):
                registry.verify(sealed.id)
            with pytest.raises(Tampered):
                registry.file(sealed.id, file.path)
        finally:
            path.write_bytes(good)
        return
    table = store.versions.table if what == "row" else seals.table
    where = table.c.id == sealed.id
    good_text = database.read(lambda tx: tx.execute(select(table.c.body).where(where)).scalar_one())
    if what == "row":
        bad = flipped(good_text.encode(), data).decode("latin-1")
    else:
        record = msgspec.json.decode(good_text)
        record[what] = flipped(record[what].encode(), data).decode("latin-1")
        bad = msgspec.json.encode(record).decode()
    if "\0" in bad:
        bad = bad.replace("\0", "?")
    write(database, update(table).where(where).values(body=bad))
    try:
        found = registry.verify(sealed.id)
        assert what == "row"
        now = registry.version(sealed.id)
        assert found.version == sealed.id
        assert [getattr(now, name) for name in _FIELDS] == [getattr(sealed, name) for name in _FIELDS]
    except Tampered:
        pass
    finally:
        write(database, update(table).where(where).values(body=good_text))


def flipped(body: bytes, data: st.DataObject) -> bytes:
    place, bit = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(body)
    changed[place] ^= 1 << bit
    return bytes(changed)


def test_a_signature_of_another_length_or_alphabet_is_none(
    registry: RegistryService, sealed: ModelVersion, database: Any
) -> None:
    genuine = registry.sealed("pears/1")[1]
    for signature in ("", "é", base64.b64encode(b"short").decode(), genuine.signature + "AAAA"):
        forged = msgspec.structs.replace(genuine, signature=signature)
        database.write(lambda tx, forged=forged: seals.replace(tx, forged))
        with pytest.raises(Tampered):
            registry.verify("pears/1")
