"""The artifact proxy: files streamed in and out, hashed on the way; registered versions are read only."""

import asyncio
import io
import mimetypes
import re
from urllib.parse import quote

from pomona.core.errors import Invalid, NotFound, Refused
from pomona.registry.service import RegistryService
from pomona.server.mlflow import shapes
from pomona.server.mlflow.bodies import PIECE, BodyStream, send_verified
from pomona.server.mlflow.forms import RunForm
from pomona.server.mlflow.wire import EMPTY, SEE_DOCS, Request, Response, Send, Threads, answer
from pomona.training.records.runs import ArtifactFile
from pomona.training.rules.paths import ArtifactAddress, address_of, safe_path
from pomona.training.service.tracking import TrackingService

_TEXTS = ("mlmodel", "mlproject")
_UNQUOTED = re.compile(r"[^ !#-\[\]-~]")


class Artifacts:
    """Handlers of ``/mlflow-artifacts`` and ``/mlflow/artifacts``."""

    def __init__(self, tracking: TrackingService, registry: RegistryService) -> None:
        self._tracking = tracking
        self._registry = registry
        self._threads = Threads(16, "mlflow-files")

    def of_run(self, request: Request) -> Response:
        """List the artifacts of a run, paths relative to it."""
        form = request.form(RunForm)
        run_id = form.run_id or form.run_uuid
        if not run_id:
            raise Invalid(f"Missing value for required parameter 'run_id'. {SEE_DOCS}")
        run = self._tracking.run(run_id)
        folder = safe_path(form.path or "")
        found = self._tracking.artifacts.children(ArtifactAddress(root=run_id, path=folder))
        return answer({"root_uri": run.artifact_uri, "files": [shapes.file_info(item) for item in found]})

    def folder(self, request: Request) -> Response:
        """List a folder of the proxy, by base name."""
        address = address_of(dict(request.query).get("path", ""))
        files = [
            shapes.file_info(item) | {"path": item.path.rsplit("/", 1)[-1]}
            for item in self._children(address)
        ]
        return answer({"files": files})

    def delete(self, request: Request) -> Response:
        """Delete a file or folder."""
        address = _writable(request)
        self._tracking.artifacts.delete(address)
        return EMPTY

    async def put(self, request: Request) -> Response:
        """Keep the request's body as a file."""
        address = _writable(request)
        stream = io.BufferedReader(BodyStream(request.receive, asyncio.get_running_loop()), PIECE)
        await self._threads.run(self._tracking.artifacts.put, address, stream)
        return EMPTY

    async def get(self, request: Request, send: Send) -> None:
        """Send a file; its last piece only once the whole hashed to its digest."""
        file = await self._threads.run(self._file, request.params["path"])
        stream = await self._threads.run(self._tracking.artifacts.open, file)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _headers(file)})
            await send_verified(send, stream, str(file.digest), file.size or 0, self._threads)
        finally:
            stream.close()

    def _file(self, path: str) -> ArtifactFile:
        address = address_of(path)
        if not address.path:
            raise NotFound("No such artifact: ''", hint="name a file below the run")
        if not address.root.startswith("mv_"):
            try:
                return self._tracking.artifacts.file(address)
            except NotFound as error:
                raise NotFound(f"No such artifact: '{path}'", hint=error.hint) from None
        found = self._registry.file(address.root, address.path)
        return ArtifactFile(path=found.path, size=found.size, digest=found.digest)

    def _children(self, address: ArtifactAddress) -> list[ArtifactFile]:
        if not address.root.startswith("mv_"):
            return self._tracking.artifacts.children(address)
        prefix = f"{address.path}/" if address.path else ""
        found: dict[str, ArtifactFile] = {}
        for file in self._registry.sealed(address.root)[0].files:
            if file.path.startswith(prefix):
                head, _, below = file.path.removeprefix(prefix).partition("/")
                path = prefix + head
                whole = ArtifactFile(path=path, size=file.size, digest=file.digest)
                found.setdefault(path, ArtifactFile(path=path, is_dir=True) if below else whole)
        return [*found.values()]


def _writable(request: Request) -> ArtifactAddress:
    address = address_of(request.params["path"])
    if address.root.startswith("mv_"):
        raise Refused("the files of a registered version never change", hint="register a new version instead")
    return address


def _headers(file: ArtifactFile) -> list[tuple[bytes, bytes]]:
    name = file.path.rsplit("/", 1)[-1]
    guessed = "text/plain" if name.lower() in _TEXTS else mimetypes.guess_type(name)[0]
    media = guessed or "application/octet-stream"
    plain = _UNQUOTED.sub("_", name)  # for those who do not read the exact name after it
    return [
        (b"content-type", media.encode()),
        (b"content-length", str(file.size or 0).encode()),
        (
            b"content-disposition",
            f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}".encode(),
        ),
        (b"x-content-type-options", b"nosniff"),
    ]
