"""Models from outside: whatever would run code is found, refused, and only let in by name.

The pickles here are real and would leave a file behind; none is ever loaded.
"""

import bz2
import gzip
import io
import lzma
import os
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pomona.core.errors import Invalid, NotFound, Refused
from pomona.core.ports import Database
from pomona.registry.outside.pickles import UNREAD
from pomona.registry.outside.scanning import code_in
from pomona.registry.outside.service import Brought, Gangway
from pomona.registry.records import NewVersion
from pomona.registry.service import RegistryService
from pomona.storage.files import FileBlobs
from pomona.storage.ledger import SqlLedger

MLMODEL = b"flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n"


class Evil:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch /tmp/pomona-was-here",)


@pytest.fixture(autouse=True)
def nothing_was_run() -> Iterator[None]:
    yield
    assert not Path("/tmp/pomona-was-here").exists()


@pytest.fixture
def gangway(database: Database, blobs: FileBlobs, registry: RegistryService) -> Gangway:
    return Gangway(database, blobs, registry)


def tar(files: dict[str, bytes]) -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:") as archive:
        for name, body in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(body)
            archive.addfile(about, io.BytesIO(body))
    return made


def zipped(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return made.getvalue()


def array(values: Any) -> bytes:
    made = io.BytesIO()
    np.save(made, values, allow_pickle=True)
    return made.getvalue()


def torch_file() -> bytes:
    """As torch.save writes it: a zip with the pickle and the raw numbers."""
    return zipped({"archive/data.pkl": pickle.dumps(Evil()), "archive/data/0": bytes(4096)})


def joblib_file() -> bytes:
    import joblib

    made = io.BytesIO()
    joblib.dump({"weights": np.arange(1000.0), "code": Evil()}, made)
    return made.getvalue()


def cloudpickled() -> bytes:
    import cloudpickle

    return cloudpickle.dumps(lambda: os.system("touch /tmp/pomona-was-here"))


EVIL = {f"protocol {n}": pickle.dumps(Evil(), protocol=n) for n in range(6)}
EVIL |= {
    "without its mark": EVIL["protocol 4"][2:],
    "broken behind its harm": EVIL["protocol 4"][:-1] + b"\xff\xff\xff",
    "by hand": b"cos\nsystem\n(S'touch /tmp/pomona-was-here'\ntR.",
    "by hand, INST": b"(S'touch /tmp/pomona-was-here'\nios\nsystem\n.",
    "by hand, OBJ": b"(cos\nsystem\nS'touch /tmp/pomona-was-here'\no.",
}
EVIL["padded"] = b"N0" * 2000 + EVIL["by hand"]
EVIL["padded for ever"] = b"N0" * 200_000 + EVIL["by hand"]
EVIL |= {
    "cloudpickle": cloudpickled(),
    "joblib": joblib_file(),
    "torch": torch_file(),
    "gzip": gzip.compress(EVIL["protocol 4"]),
    "zlib": zlib.compress(EVIL["protocol 4"]),
    "bz2": bz2.compress(EVIL["protocol 4"]),
    "xz": lzma.compress(EVIL["protocol 4"]),
    "lzma": lzma.compress(EVIL["protocol 4"], format=lzma.FORMAT_ALONE),
    "gzip in gzip": gzip.compress(gzip.compress(EVIL["protocol 4"])),
    "gzip behind an empty one": gzip.compress(b"") + gzip.compress(EVIL["protocol 4"]),
    "bz2 behind an empty one": bz2.compress(b"") + bz2.compress(EVIL["protocol 4"]),
    "xz behind an empty one": lzma.compress(b"") + bytes(4) + lzma.compress(EVIL["protocol 4"]),
    "zip in zip": zipped({"a.zip": zipped({"b.bin": EVIL["protocol 2"]})}),
    "tar in zip": zipped({"a.tar": tar({"b.bin": EVIL["protocol 2"]}).getvalue()}),
    "zip behind a text": b"# nothing to see here\n" + torch_file(),
    "array of objects": array(np.array([Evil()], dtype=object)),
    "npz with objects": zipped({"x.npy": array(np.array([Evil()], dtype=object))}),
    "a large member": zipped({"big.bin": EVIL["protocol 4"] + bytes(6 << 20)}),
}
HIDDEN = {
    "damaged zip": torch_file()[:-1] + b"\xff",
    "gzip behind very many empty ones": gzip.compress(b"") * 220_000 + gzip.compress(EVIL["protocol 4"]),
    "lz4": b"\x04\x22\x4d\x18" + bytes(30),
    "deep": zipped({"a": zipped({"b": zipped({"c": zipped({"d": b"text"})})})}),
}


@pytest.mark.parametrize("name", EVIL)
def test_a_pickle_is_found_whatever_it_is_called_and_however_it_is_packed(name: str) -> None:
    found = code_in("weights.bin", io.BytesIO(EVIL[name]))
    assert [item.kind for item in found] == ["pickle"]


@pytest.mark.parametrize("name", ["protocol 0", "protocol 2", "protocol 4", "torch", "gzip", "padded"])
def test_what_a_pickle_would_import_is_told(name: str) -> None:
    (found,) = code_in("weights.bin", io.BytesIO(EVIL[name]))
    assert f"{os.system.__module__}.system" in found.imports or "os.system" in found.imports


def test_a_pickle_with_raw_numbers_in_it_says_that_more_may_follow() -> None:
    (found,) = code_in("model", io.BytesIO(EVIL["joblib"]))
    assert found.imports[0] == "joblib.numpy_pickle.NumpyArrayWrapper"
    assert found.imports[-1] == UNREAD


@pytest.mark.parametrize("name", ["lz4", "deep"])
def test_what_cannot_be_looked_into_is_told_as_such(name: str) -> None:
    found = code_in("weights.bin", io.BytesIO(HIDDEN[name]))
    assert {item.kind for item in found} == {"unreadable"}


def harmless() -> dict[str, bytes]:
    from sklearn.linear_model import LinearRegression
    from skops.io import dumps

    x, y = np.arange(200.0).reshape(100, 2), np.arange(100.0)
    return {
        "MLmodel": MLMODEL,
        "model.skops": dumps(LinearRegression().fit(x, y)),
        "model.lgb": b"tree\nversion=v4\nnum_class=1\nfeature_names=Column_0\ntree_sizes=311\n",
        "array.npy": array(x),
        "arrays.npz": zipped({"x.npy": array(x)}),
        "requirements.txt": b"cloudpickle==3.1.2\ncffi\nnumpy\nRtree\nscikit-learn==1.9\n",
        "conda.yaml": b"channels:\n- conda-forge\ndependencies:\n- python=3.11\n",
        "cover.txt": b"cos\nsystem\n\nis how a pickle begins\n",
        "example.json": b'{"columns": ["a"], "data": [[1]]}',
        "table.csv": b"carrier,origin\nUA,EWR\n",
        "model.onnx": b"\x08\x08\x12\x08skl2onnx" + bytes(200),
        "empty": b"",
        "notes.gz": gzip.compress(b"only words"),
    }


def test_models_without_pickles_are_not_suspected() -> None:
    for name, body in harmless().items():
        assert code_in(name, io.BytesIO(body)) == [], name


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_anything_can_be_looked_at(body: bytes) -> None:
    for item in code_in("x", io.BytesIO(body)):
        assert item.path.startswith("x")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_text_is_hardly_ever_a_pickle(text: str) -> None:
    assert code_in("notes.txt", io.BytesIO(("# " + text).encode())) == []


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.binary(max_size=40),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
    st.integers(0, 5),
)
def test_harm_is_found_beside_any_data(value: Any, protocol: int) -> None:
    (found,) = code_in("x", io.BytesIO(pickle.dumps([value, Evil()], protocol=protocol)))
    assert any(name.endswith(".system") for name in found.imports)


def test_a_model_without_code_comes_in_and_is_sealed(gangway: Gangway, registry: RegistryService) -> None:
    made = gangway.bring("guest", tar(harmless()), Brought(origin="file:///home/ann/model"))
    assert (made.number, made.run_id, made.source) == (1, None, "file:///home/ann/model")
    assert made.outside is not None
    assert (made.outside.code, made.outside.allowed) == ((), None)
    assert registry.verify("guest/1").files == len(harmless())
    assert made.environment == next(f.digest for f in made.files if f.path == "requirements.txt")


def test_one_with_a_pickle_is_refused_and_leaves_nothing(
    gangway: Gangway, registry: RegistryService, folder: Path
) -> None:
    files = {"MLmodel": MLMODEL, "model.bin": EVIL["protocol 4"]}
    with pytest.raises(Refused, match=r"model\.bin \(a pickle that imports (posix|os)\.system\)") as caught:
        gangway.bring("guest", tar(files), Brought(origin="https://models.example/guest"))
    assert "--allow-code" in (caught.value.hint or "")
    assert caught.value.extra["code"][0]["path"] == "model.bin"
    with pytest.raises(NotFound):
        registry.model("guest")
    assert not [path for path in (folder / "blobs").rglob("*") if path.is_file()]


def test_it_comes_in_by_name_with_a_reason_that_is_kept(
    gangway: Gangway, registry: RegistryService, ledger: SqlLedger
) -> None:
    files = {"MLmodel": MLMODEL, "model.bin": EVIL["protocol 4"]}
    with pytest.raises(Invalid, match="needs a reason"):
        gangway.bring("guest", tar(files), Brought(origin="x", allow_code=" "))
    wish = Brought(origin="https://models.example/guest", allow_code="read by ann, line by line")
    made = gangway.bring("guest", tar(files), wish)
    assert made.outside is not None
    assert made.outside.allowed == "read by ann, line by line"
    (told,) = ledger.entries(types=["registry.outside_code_allowed"])
    assert (told.subject, told.data["files"]) == (made.id, ["model.bin"])
    assert told.data["reason"] == "read by ann, line by line"
    copy = registry.register("copy", NewVersion(source="models:/guest/1"))
    assert copy.outside == made.outside


def test_python_that_a_flavor_imports_is_code_too(gangway: Gangway) -> None:
    flavored = b"flavors:\n  python_function:\n    loader_module: mine\n    code: code\n"
    files = {"MLmodel": flavored, "code/mine.py": b"import os\n", "code/notes.txt": b"", "tools/x.py": b""}
    with pytest.raises(Refused, match=r"code/mine\.py \(python\)") as caught:
        gangway.bring("guest", tar(files), Brought(origin="x"))
    assert len(caught.value.extra["code"]) == 1


@pytest.mark.parametrize("folder", ["code", "./code", "code/", "x/../code", "."])
def test_python_is_found_however_its_folder_is_written(gangway: Gangway, folder: str) -> None:
    flavored = f"flavors:\n  python_function:\n    loader_module: mine\n    code: {folder}\n".encode()
    files = {"MLmodel": flavored, "code/mine.py": b"import os\n"}
    with pytest.raises(Refused, match=r"code/mine\.py \(python\)"):
        gangway.bring("guest", tar(files), Brought(origin="x"))


def link() -> io.BytesIO:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:") as archive:
        about = tarfile.TarInfo("MLmodel")
        about.type, about.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(about)
    return made


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: tar({"../../etc/cron.d/x": b"", "MLmodel": MLMODEL}), "Invalid path"),
        (lambda: tar({"/etc/x": b"", "MLmodel": MLMODEL}), "Invalid path"),
        (lambda: tar({"a/MLmodel": MLMODEL}), "no MLmodel file"),
        (lambda: tar({"MLmodel": b"- no\n"}), "names no flavors"),
        (lambda: io.BytesIO(b"no tar at all, but a text"), "no tar archive"),
        (lambda: io.BytesIO(b""), "no tar archive"),
        (link, "is a link"),
    ],
    ids=["climbs", "absolute", "no MLmodel", "no flavors", "text", "nothing", "link"],
)
def test_what_is_no_model_is_refused(gangway: Gangway, made: Callable[[], io.BytesIO], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        gangway.bring("guest", made(), Brought(origin="x"))


@pytest.mark.parametrize("source", ["file:///etc", "/etc", "https://models.example/m", "s3://bucket/m"])
def test_addresses_elsewhere_are_not_fetched(registry: RegistryService, source: str) -> None:
    with pytest.raises(Invalid) as caught:
        registry.register("guest", NewVersion(source=source))
    assert "--from FOLDER" in (caught.value.hint or "")
