"""What the gateway asks of the control plane: the newest snapshot, and model files by digest."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

import msgspec
import urllib3
from blake3 import blake3

from pomona.core.errors import Invalid, PomonaError, Problem, Tampered, Unavailable, error_from
from pomona.core.signatures import PublicKey
from pomona.serving.gateway.seals import PublicKeys, check_seal
from pomona.serving.records import GatewaySnapshot, ServedFile, ServedModel

_CHUNK = 1 << 20


class ControlPlane(Protocol):
    """Where snapshots and model files come from."""

    def snapshot(self, known_revision: str | None) -> GatewaySnapshot | None:
        """The newest snapshot; None if it still is ``known_revision``.

        Raises:
            Unavailable: If the control plane does not answer.
        """
        ...

    def fetch(self, file: ServedFile, target: Path) -> None:
        """Bring one file to ``target``, whole and verified.

        Raises:
            Tampered: If the bytes received are not those of the digest.
        """
        ...

    def public_key(self, key: str) -> str:
        """A public key of the registry, in PEM form.

        Raises:
            Unavailable: If the control plane does not answer.
            NotFound: If it has no such key.
        """
        ...


class Control:
    """ControlPlane over HTTP; every call may find it down.

    Args:
        url: Its address, e.g. ``http://127.0.0.1:7700``.
        token: Bearer token; None when it runs without login.
    """

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._pool = urllib3.PoolManager(
            maxsize=2, retries=False, timeout=urllib3.Timeout(connect=2.0, read=30.0)
        )

    def snapshot(self, known_revision: str | None) -> GatewaySnapshot | None:
        headers = {"If-None-Match": f'"{known_revision}"'} if known_revision else {}
        answer = self._get("/api/v1/gateway/snapshot", headers)
        if answer.status == 304:
            return None
        try:
            return msgspec.json.decode(answer.data, type=GatewaySnapshot)
        except msgspec.MsgspecError as error:
            raise Unavailable(
                f"the snapshot is not readable: {error}", hint="are both of one version?"
            ) from error

    def fetch(self, file: ServedFile, target: Path) -> None:
        answer = self._get(f"/api/v1/blobs/{file.digest}", {}, stream=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        hasher = blake3()
        handle, name = tempfile.mkstemp(dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as out:
                for chunk in answer.stream(_CHUNK):
                    hasher.update(chunk)
                    out.write(chunk)
            if hasher.hexdigest() != file.digest:
                raise _tampered(file)
            Path(name).replace(target)
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"the download of {file.path} broke off: {error}") from error
        finally:
            answer.release_conn()
            Path(name).unlink(missing_ok=True)

    def public_key(self, key: str) -> str:
        answer = self._get(f"/api/v1/signing-keys/{key}", {})
        return msgspec.json.decode(answer.data, type=PublicKey).pem

    def _get(self, path: str, headers: dict[str, str], *, stream: bool = False) -> urllib3.BaseHTTPResponse:
        try:
            answer = self._pool.request(
                "GET", self._url + path, headers=self._headers | headers, preload_content=not stream
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"the control plane at {self._url} does not answer: {error}") from error
        if answer.status in (200, 304):
            return answer
        raise _refusal(answer)


class ModelFiles:
    """Model folders on the gateway's disk, one per model version, checked before each load.

    Args:
        root: Where they are.
        control: Where missing files come from.
        keys: By which seals are checked.
    """

    def __init__(self, root: Path, control: ControlPlane, keys: PublicKeys) -> None:
        self._root, self._control, self._keys = root, control, keys

    def folder(self, model: ServedModel) -> Path:
        """The model's folder with every file verified; what is missing or changed is fetched again.

        Raises:
            Tampered: If its seal is not the registry's, or a file cannot be had as its digest says.
            Unavailable: If a file is missing here and the control plane is down.
            Invalid: If a path would leave the folder.
        """
        check_seal(model, self._keys)
        folder = self._root / model.id
        if not model.files:
            raise Invalid(f"model version {model.id} has no files", hint="register it again")
        for file in model.files:
            target = (folder / file.path).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise Invalid(
                    f"the model file {file.path!r} lies outside its folder", hint="register it again"
                )
            if not _is_whole(target, file.digest):
                self._control.fetch(file, target)
        return folder

    def forget_all_but(self, used: set[str]) -> None:
        """Delete the folders of model versions that are not loaded any more."""
        if self._root.is_dir():
            for folder in self._root.iterdir():
                if folder.name not in used:
                    shutil.rmtree(folder, ignore_errors=True)


def _is_whole(path: Path, digest: str) -> bool:
    try:
        with path.open("rb") as stream:
            hasher = blake3()
            while chunk := stream.read(_CHUNK):
                hasher.update(chunk)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False
    return hasher.hexdigest() == digest


def _tampered(file: ServedFile) -> Tampered:
    return Tampered(
        f"the model file {file.path} does not match its digest {file.digest[:12]}",
        hint="it is not loaded; the version before keeps serving. Run `pomona doctor` on the server",
    )


def _refusal(answer: urllib3.BaseHTTPResponse) -> PomonaError:
    try:
        return error_from(msgspec.json.decode(answer.data, type=Problem))
    except msgspec.MsgspecError:
        return Unavailable(f"the control plane answered {answer.status}")
