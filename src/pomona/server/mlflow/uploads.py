"""Uploads in parts: each part goes to this server, as the file itself would."""

import asyncio
import io
import re
from urllib.parse import quote

from msgspec import Struct

from pomona.core.errors import Invalid, NotFound, Refused
from pomona.server.mlflow.bodies import PIECE, BodyStream
from pomona.server.mlflow.wire import EMPTY, MlflowError, Request, Response, Threads, answer
from pomona.training.rules.paths import ArtifactAddress, address_of
from pomona.training.service.tracking import TrackingService
from pomona.training.service.uploads import UploadedPart, UploadService

PARTS = "/mlflow-artifacts/mpu/part/"
_PROXIED = (
    "Presigned {what} is not supported for {whose} artifact storage (artifact URI scheme: mlflow-artifacts). "
    "This endpoint requires {wanted} direct cloud storage artifact URI."
)


class PartForm(Struct):
    part_number: int
    etag: str = ""


class UploadForm(Struct):
    path: str | None = None
    num_parts: int | None = None
    upload_id: str | None = None
    parts: list[PartForm] | None = None


class PresignForm(Struct):
    run_id: str | None = None
    model_id: str | None = None
    path: str | None = None
    expiration: int | None = None


class Uploads:
    """Handlers of ``/mlflow-artifacts/mpu`` and of presigned addresses, which this server has none of."""

    def __init__(self, uploads: UploadService, tracking: TrackingService) -> None:
        self._uploads = uploads
        self._tracking = tracking
        self._threads = Threads(8, "mlflow-parts")

    def create(self, request: Request) -> Response:
        form = request.form(UploadForm, "path")
        count = form.num_parts or 1
        upload = self._uploads.begin(_target(request, form), count)
        origin, headers = _sender(request)
        credentials = [
            {"url": f"{origin}{PARTS}{upload}/{number}", "part_number": number, "headers": headers}
            for number in range(1, count + 1)
        ]
        return answer({"upload_id": upload, "credentials": credentials})

    async def part(self, request: Request) -> Response:
        """Keep the request's body as a part; its digest is answered as the ETag."""
        upload, _, number = request.scope["path"].partition(PARTS)[2].partition("/")
        if not re.fullmatch(r"[0-9]{1,5}", number):
            raise NotFound(f"No part '{number[:40]}'", hint="parts are numbered from 1")
        stream = io.BufferedReader(BodyStream(request.receive, asyncio.get_running_loop()), PIECE)
        digest = await self._threads.run(self._uploads.take, upload, int(number), stream)
        return Response(headers=((b"etag", f'"{digest}"'.encode()),))

    def complete(self, request: Request) -> Response:
        form = request.form(UploadForm, "path", "parts")
        parts = [UploadedPart(number=part.part_number, digest=part.etag) for part in form.parts or []]
        self._uploads.complete(form.upload_id or "", _target(request, form), parts)
        return EMPTY

    def abort(self, request: Request) -> Response:
        form = request.form(UploadForm, "path")
        self._uploads.abort(form.upload_id or "", _target(request, form))
        return EMPTY

    def presigned(self, request: Request) -> Response:
        """No address that works without this server."""
        address_of(request.params["path"])
        raise MlflowError(
            "NOT_IMPLEMENTED",
            501,
            "Presigned URL download is not supported for the current artifact repository",
        )

    def presigned_upload(self, request: Request) -> Response:
        form = request.form(PresignForm, "path")
        if bool(form.run_id) == bool(form.model_id):
            raise Invalid("Exactly one of run_id and model_id must be provided.")
        address_of(form.path or "")
        if form.run_id:
            self._tracking.run(form.run_id)
        else:
            self._tracking.models.get(form.model_id or "")
        raise Invalid(_PROXIED.format(what="upload", whose="proxied", wanted="a"))

    def presigned_download(self, request: Request) -> Response:
        form = request.form(PresignForm, "run_id", "path")
        address_of(form.path or "")
        expiration = 900 if form.expiration is None else form.expiration
        if not 1 <= expiration <= 604_800:
            raise Invalid(f"expiration must be between 1 and 604800 seconds (got {expiration}).")
        self._tracking.run(form.run_id or "")
        raise Invalid(_PROXIED.format(what="download", whose="runs with proxied", wanted="a run with a"))


def _target(request: Request, form: UploadForm) -> ArtifactAddress:
    """The file: the folder of the address, and the name of the sender's own file."""
    name = re.split(r"[/\\]", form.path or "")[-1]
    address = address_of("/".join(part for part in (request.params.get("path", ""), name) if part))
    if address.root.startswith("mv_"):
        raise Refused("the files of a registered version never change", hint="register a new version instead")
    if not name or not address.path:
        raise Invalid("an artifact needs a path", hint="name the file below the run")
    return address


def _sender(request: Request) -> tuple[str, dict[str, str]]:
    """Where the sender reached us, up to the protocol's own paths, and how it proved who it is."""
    headers = {name.lower(): value.decode("latin-1") for name, value in request.scope["headers"]}
    host = headers.get(b"host", "localhost")
    prefix = quote(request.scope["path"].partition("/mlflow-artifacts/")[0])
    proof = headers.get(b"authorization")
    origin = f"{request.scope.get('scheme', 'http')}://{host}{prefix}"
    return origin, {} if proof is None else {"Authorization": proof}
