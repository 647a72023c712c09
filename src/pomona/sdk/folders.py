"""Model versions as folders on this machine: fetched, checked against their seal, loaded."""

import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from blake3 import blake3

from pomona.core.errors import MissingExtra, NotFound, Tampered
from pomona.core.signatures import PublicKey, Signed, is_signed
from pomona.registry.records import ModelFile, ModelVersion, Seal, VersionDetail
from pomona.sdk.session import Session, part

if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1 << 20


class _Manifest(msgspec.Struct, frozen=True):
    id: str
    files: tuple[ModelFile, ...]


class Folders:
    """Fetches and checks model versions.

    Args:
        trusted: A public key in PEM form that is believed instead of what the server says its key is.
    """

    def __init__(self, session: Session, *, trusted: str | None = None) -> None:
        self._session = session
        self._trusted = trusted

    def seal(self, detail: VersionDetail) -> tuple[ModelFile, ...]:
        """The files that the seal of a version names; the seal is checked here, not only by the server.

        Raises:
            Tampered: If there is none, or it is not signed by the key.
        """
        name = f"{detail.version.model}/{detail.version.number}"
        address = f"/api/v1/models/{part(detail.version.model)}/versions/{detail.version.number}/seal"
        return sealed_files(name, self._session.get(address, Seal), self._key, detail.version.id)

    def fetch(
        self, detail: VersionDetail, folder: Path, told: "Callable[[ModelFile], None] | None" = None
    ) -> Path:
        """Bring every file of a version to ``folder``; what is there already and whole is not fetched again.

        Raises:
            Tampered: If the seal or a file is not what was registered.
        """
        version = detail.version
        base = f"/api/v1/models/{part(version.model)}/versions/{version.number}/files"
        for file in self.seal(detail):
            target = (folder / file.path).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise Tampered(f"the file {file.path!r} lies outside its folder", hint="register it again")
            if told is not None:
                told(file)
            if digest_of(target) != file.digest:
                self._write(f"{base}/{'/'.join(part(piece) for piece in file.path.split('/'))}", target)
            if digest_of(target) != file.digest:
                target.unlink(missing_ok=True)
                raise Tampered(f"{file.path} did not arrive as it was registered", hint="try again")
        return folder

    def _write(self, address: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part_of = target.with_name(f".{target.name}.part")
        with part_of.open("wb") as out:
            for piece in self._session.stream(address):
                out.write(piece)
        part_of.replace(target)

    def _key(self, key: str) -> str:
        return self._trusted or self._session.get(f"/api/v1/signing-keys/{part(key)}", PublicKey).pem


def sealed_files(
    name: str, seal: Seal, pem_of: "Callable[[str], str]", version: str
) -> tuple[ModelFile, ...]:
    """What a seal says a version's files are, once its signature is checked.

    Raises:
        Tampered: If it was signed by another key, or is the seal of another version.
    """
    signed = Signed(key=seal.key, signature=seal.signature)
    if not is_signed(seal.manifest.encode(), signed, pem_of(seal.key)):
        raise Tampered(f"{name}: its seal was not signed by the key {seal.key[:8]}", hint="do not load it")
    manifest = msgspec.json.decode(seal.manifest, type=_Manifest)
    if manifest.id != version:
        raise Tampered(f"{name}: this is the seal of {manifest.id}", hint="do not load it")
    return manifest.files


def check_folder(folder: Path, seal: Seal, pem: str) -> int:
    """Check a folder that was fetched before against its seal, without a server; returns its files.

    Raises:
        Tampered: Naming the file that is missing, changed or was never part of it.
    """
    files = {file.path: file for file in sealed_files(str(folder), seal, lambda _: pem, seal.id)}
    for file in files.values():
        if digest_of(folder / file.path) != file.digest:
            raise Tampered(f"{folder / file.path} is not what was registered", hint="fetch it again")
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in files:
            raise Tampered(f"{path} is no part of the model", hint="take it away, or fetch the model anew")
    return len(files)


@contextmanager
def packed(folder: Path) -> Iterator[BinaryIO]:
    """A folder's files as one tar archive, in a temporary file.

    Raises:
        NotFound: If there is no such folder.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}", hint="name the folder with the MLmodel file")
    with tempfile.TemporaryFile() as body:
        with tarfile.open(fileobj=body, mode="w:") as archive:
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                archive.add(path.resolve(), arcname=path.relative_to(folder).as_posix(), recursive=False)
        body.seek(0)
        yield body


def from_mlflow(address: str, server: str, into: Path) -> Path:
    """A model of another MLflow server, fetched by MLflow's own client.

    Raises:
        MissingExtra: If MLflow is not installed.
        NotFound: If that server does not hand it out.
    """
    try:
        import mlflow
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException
    except ModuleNotFoundError as error:
        raise MissingExtra("mlflow-skinny", "server") from error
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    mlflow.set_tracking_uri(server)  # otherwise MLflow makes a database of its own here
    mlflow.set_registry_uri(server)  # where models:/NAME/3 is looked up
    try:
        return Path(download_artifacts(artifact_uri=address, tracking_uri=server, dst_path=str(into)))
    except (MlflowException, OSError) as error:
        raise NotFound(f"{server} does not hand out {address}: {error}", hint="see what it lists") from error
    finally:
        mlflow.set_tracking_uri(before[0])
        mlflow.set_registry_uri(before[1])


def kept_folder(version: ModelVersion) -> Path:
    """Where a version's files are kept on this machine; whatever is no part of it is taken away."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    folder = root / "pomona" / "models" / version.id
    files = {file.path for file in version.files}
    for path in folder.rglob("*") if folder.is_dir() else ():
        if not path.is_dir() and path.relative_to(folder).as_posix() not in files:
            path.unlink()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def digest_of(path: Path) -> str:
    """The BLAKE3 of a file; empty if there is none."""
    hasher = blake3()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                hasher.update(chunk)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return ""
    return hasher.hexdigest()


def loaded(folder: Path) -> Any:
    """A folder's model, as ``mlflow.pyfunc`` loads it.

    Raises:
        MissingExtra: If MLflow is not installed.
        NotFound: If the model has no flavor that ``pyfunc`` knows.
    """
    try:
        import mlflow.pyfunc
        from mlflow.exceptions import MlflowException
    except ModuleNotFoundError as error:
        raise MissingExtra("mlflow-skinny", "server") from error
    try:
        return mlflow.pyfunc.load_model(str(folder))
    except MlflowException as error:
        raise NotFound(f"the model cannot be loaded: {error}", hint="see its flavors") from error
