"""Files as pages ask for them: the run, logged model or version and the path stand in the query."""

import io

from msgspec import Struct

from pomona.core.errors import Invalid, NotFound, TooLarge
from pomona.registry.service import RegistryService
from pomona.server.mlflow.artifacts import Artifacts
from pomona.server.mlflow.files import FileAnswer
from pomona.server.mlflow.forms import RegistryForm
from pomona.server.mlflow.registry import version_named
from pomona.server.mlflow.wire import EMPTY, MlflowError, Request, Response
from pomona.training.rules.paths import ArtifactAddress, safe_path
from pomona.training.service.tracking import TrackingService

MAX_UPLOAD = 10 << 20  # bytes; larger files go through the artifact proxy


class FileForm(Struct):
    run_id: str | None = None
    run_uuid: str | None = None
    path: str | None = None


class Viewer:
    """Handlers of ``/get-artifact``, ``/model-versions/get-artifact`` and what else pages load or store."""

    def __init__(self, artifacts: Artifacts, tracking: TrackingService, registry: RegistryService) -> None:
        self._artifacts = artifacts
        self._tracking = tracking
        self._registry = registry

    def of_run(self, request: Request) -> FileAnswer:
        form = request.form(FileForm, "path")
        path = safe_path(form.path or "")
        run_id = form.run_id or form.run_uuid or ""
        self._tracking.run(run_id)
        return self._file(ArtifactAddress(root=run_id, path=path))

    def of_model(self, request: Request) -> FileAnswer:
        asked = dict(request.query).get("artifact_file_path")
        if not asked:
            raise MlflowError(
                "BAD_REQUEST", 400, 'Request must include the "artifact_file_path" query parameter.'
            )
        path = safe_path(asked)
        model = self._tracking.models.get(request.params["model_id"])
        return self._file(ArtifactAddress(root=model.id, path=path))

    def of_version(self, request: Request) -> FileAnswer:
        path = safe_path(request.form(FileForm, "path").path or "")
        version = version_named(self._registry, request.form(RegistryForm, "name", "version"))
        return self._file(ArtifactAddress(root=version.id, path=path))

    def upload(self, request: Request) -> Response:
        """Keep the request's body as a file of a run."""
        query = dict(request.query)
        for name in ("run_uuid", "path"):
            if not query.get(name):
                raise Invalid(f"Request must specify {name}.")
        path, run_id = safe_path(query["path"]), query["run_uuid"]
        if not request.body:
            raise Invalid("Request must specify data.")
        if len(request.body) > MAX_UPLOAD:
            raise TooLarge("Artifact size is too large. Max size is 10MB.")
        self._tracking.run(run_id)
        address = ArtifactAddress(root=run_id, path=path)
        self._tracking.artifacts.put(address, io.BytesIO(request.body))
        return EMPTY

    def _file(self, address: ArtifactAddress) -> FileAnswer:
        try:
            return self._artifacts.answer_of(address)
        except NotFound:
            if not address.path or self._artifacts.children(address):
                raise Invalid(f"Artifact path refers to a directory, not a file: '{address.path}'") from None
            raise
