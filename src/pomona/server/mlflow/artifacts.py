"""The artifact proxy: files streamed in and out, hashed on the way; registered versions are read only."""

import asyncio
import io

from pomona.core.errors import Invalid, NotFound, Refused
from pomona.registry.service import RegistryService
from pomona.server.mlflow import shapes
from pomona.server.mlflow.bodies import PIECE, BodyStream
from pomona.server.mlflow.files import FileAnswer
from pomona.server.mlflow.forms import RunForm
from pomona.server.mlflow.wire import EMPTY, SEE_DOCS, Request, Response, Threads, answer
from pomona.training.records.runs import ArtifactFile
from pomona.training.rules.paths import ArtifactAddress, address_of, safe_path
from pomona.training.service.tracking import TrackingService


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
            shapes.file_info(item) | {"path": item.path.rsplit("/", 1)[-1]} for item in self.children(address)
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

    async def get(self, request: Request) -> FileAnswer:
        """The file at the request's path."""
        return await self._threads.run(self._named, request.params["path"])

    def answer_of(self, address: ArtifactAddress) -> FileAnswer:
        """A file, opened and ready to be sent.

        Raises:
            NotFound: If there is none.
            Tampered: If it is of a registered version and not what was registered.
        """
        file = self._file(address)
        return FileAnswer(file, self._tracking.artifacts.open(file), self._threads)

    def children(self, address: ArtifactAddress) -> list[ArtifactFile]:
        """What lies directly in a folder."""
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

    def _named(self, path: str) -> FileAnswer:
        address = address_of(path)
        if not address.path:
            raise NotFound("No such artifact: ''", hint="name a file below the run")
        try:
            return self.answer_of(address)
        except NotFound as error:
            if address.root.startswith("mv_"):
                raise
            raise NotFound(f"No such artifact: '{path}'", hint=error.hint) from None

    def _file(self, address: ArtifactAddress) -> ArtifactFile:
        if not address.root.startswith("mv_"):
            return self._tracking.artifacts.file(address)
        found = self._registry.file(address.root, address.path)
        return ArtifactFile(path=found.path, size=found.size, digest=found.digest)


def _writable(request: Request) -> ArtifactAddress:
    address = address_of(request.params["path"])
    if address.root.startswith("mv_"):
        raise Refused("the files of a registered version never change", hint="register a new version instead")
    return address
