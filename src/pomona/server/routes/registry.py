"""Stage 4 over HTTP: models, their versions, aliases and the gate."""

import asyncio
import tempfile
from typing import Any

from litestar import Controller, Request, Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from pomona.core.latency import Latency
from pomona.core.records import Page
from pomona.core.signatures import PublicKey
from pomona.registry.comparing.records import ModelDiff
from pomona.registry.outside.service import Brought
from pomona.registry.records import (
    AliasMove,
    GateCheck,
    GateResult,
    ModelDetail,
    ModelVersion,
    NewVersion,
    Reason,
    RegisteredModel,
    Seal,
    Verified,
    VersionDetail,
)
from pomona.server.files import file_response
from pomona.server.wiring import Wired


class ModelRoutes(Controller):
    """Registered models."""

    path = "/api/v1/models"
    tags = ("registry",)

    @get(sync_to_thread=True)
    def page(
        self, app: Wired, cursor: FromQuery[str | None] = None, limit: FromQuery[int] = 50
    ) -> Page[RegisteredModel]:
        """Models, newest first."""
        return app.registry.models(cursor=cursor, limit=limit)

    @get("/{name:str}", sync_to_thread=True)
    def show(self, app: Wired, name: FromPath[str]) -> ModelDetail:
        """A model, its versions and what the gate said about them."""
        return app.registry.detail(name)

    @post("/{name:str}/versions", sync_to_thread=True)
    def register(self, app: Wired, name: FromPath[str], data: JSONBody[NewVersion]) -> ModelVersion:
        """Make what a run logged the next version; the model is created if it is new."""
        return app.registry.register(name, data)

    @post("/{name:str}/outside", request_max_body_size=None)
    async def bring(
        self,
        app: Wired,
        request: Request[Any, Any, Any],
        name: FromPath[str],
        origin: FromQuery[str],
        description: FromQuery[str] = "",
        allow_code: FromQuery[str | None] = None,
    ) -> ModelVersion:
        """Register a model that was made elsewhere: its folder as an uncompressed tar file in the body.

        A file that would run code when it is loaded (a pickle, say) is refused, unless ``allow_code`` says
        why it may; the ledger keeps that.
        """
        wish = Brought(origin=origin, description=description, allow_code=allow_code)
        folder = app.home / "incoming"
        folder.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as body:
            async for piece in request.stream():
                body.write(piece)
            return await asyncio.to_thread(app.gangway.bring, name, body, wish)

    @get("/{name:str}/versions/{number:int}", sync_to_thread=True)
    def version(self, app: Wired, name: FromPath[str], number: FromPath[int]) -> VersionDetail:
        """One version with its gate results and links."""
        return app.registry.version_detail(f"{name}/{number}")

    @post("/{name:str}/versions/{number:int}/gates", sync_to_thread=True)
    def check_gate(
        self, app: Wired, name: FromPath[str], number: FromPath[int], data: JSONBody[GateCheck]
    ) -> GateResult:
        """Ask the gate whether this version may become champion; the answer is kept."""
        return app.registry.check_gate(f"{name}/{number}", data)

    @get("/{name:str}/versions/{number:int}/gates", sync_to_thread=True)
    def gates(self, app: Wired, name: FromPath[str], number: FromPath[int]) -> list[GateResult]:
        """What the gate said about this version, newest first."""
        return app.registry.gates(f"{name}/{number}")

    @get("/{name:str}/versions/{number:int}/verify", sync_to_thread=True)
    def verify(self, app: Wired, name: FromPath[str], number: FromPath[int]) -> Verified:
        """Hash every file again and compare."""
        return app.registry.verify(f"{name}/{number}")

    @get("/{name:str}/versions/{number:int}/seal", sync_to_thread=True)
    def seal(self, app: Wired, name: FromPath[str], number: FromPath[int]) -> Seal:
        """What was signed when this version was registered; refused if the version is not that any more."""
        return app.registry.sealed(f"{name}/{number}")[1]

    @put("/{name:str}/versions/{number:int}/seal", sync_to_thread=True)
    def seal_again(
        self, app: Wired, name: FromPath[str], number: FromPath[int], data: JSONBody[Reason]
    ) -> Seal:
        """Sign a version as it is now, with a reason: after the signing keys were lost, say."""
        return app.registry.seals.again(app.registry.version(f"{name}/{number}"), data.reason)

    @get("/{name:str}/versions/{number:int}/files/{path:path}", sync_to_thread=True)
    def file(
        self, app: Wired, name: FromPath[str], number: FromPath[int], path: FromPath[str]
    ) -> Response[bytes]:
        """A file of a version, verified against its digest."""
        found = app.registry.file(f"{name}/{number}", path.lstrip("/"))
        return file_response(found.path, app.registry.read(found))

    @put("/{name:str}/aliases/{alias:str}", sync_to_thread=True)
    def set_alias(
        self, app: Wired, name: FromPath[str], alias: FromPath[str], data: JSONBody[AliasMove]
    ) -> ModelVersion:
        """Let an alias name a version; ``champion`` wants a passed gate, or ``force`` with a reason."""
        return app.registry.set_alias(name, alias, data.number, force=data.force)

    @delete("/{name:str}/aliases/{alias:str}", sync_to_thread=True)
    def remove_alias(self, app: Wired, name: FromPath[str], alias: FromPath[str]) -> None:
        """Take an alias away."""
        app.registry.remove_alias(name, alias)


class ModelVersionRoutes(Controller):
    """Model versions by id or reference (``scorer~3``, ``scorer@champion``)."""

    path = "/api/v1/model-versions"
    tags = ("registry",)

    @get("/{ref:str}", sync_to_thread=True)
    def show(self, app: Wired, ref: FromPath[str]) -> VersionDetail:
        """One version, by ``mv_...``, ``name@alias`` or ``name~number``."""
        return app.registry.version_detail(ref.replace("~", "/"))

    @get("/{ref:str}/latency", sync_to_thread=True)
    def latency(self, app: Wired, ref: FromPath[str]) -> Latency | None:
        """How long it took to answer, over everything it was served for; nothing if it answered nothing."""
        return app.serving.latency(app.registry.version(ref.replace("~", "/")).id)

    @get("/{ref:str}/diff/{other:str}", sync_to_thread=True)
    def diff(self, app: Wired, ref: FromPath[str], other: FromPath[str]) -> ModelDiff:
        """How ``other`` differs from ``ref``: files, metrics, params, data, code, packages."""
        return app.comparer.diff(ref.replace("~", "/"), other.replace("~", "/"))


class SigningKeyRoutes(Controller):
    """The keys that check seals."""

    path = "/api/v1/signing-keys"
    tags = ("registry",)

    @get(sync_to_thread=True)
    def page(self, app: Wired) -> list[PublicKey]:
        """Every public key there ever was, the one in use first."""
        return app.registry.seals.keys()

    @get("/{key:str}", sync_to_thread=True)
    def show(self, app: Wired, key: FromPath[str]) -> PublicKey:
        """One public key."""
        return app.registry.seals.key(key)

    @post("/rotate", sync_to_thread=True)
    def rotate(self, app: Wired, data: JSONBody[Reason]) -> PublicKey:
        """Sign with a new key from now on; what the old one signed stays valid."""
        return app.registry.seals.rotate(data.reason)


class GateRoutes(Controller):
    """Gate results."""

    path = "/api/v1/gates"
    tags = ("registry",)

    @get("/{gate_id:str}", sync_to_thread=True)
    def show(self, app: Wired, gate_id: FromPath[str]) -> GateResult:
        """One gate result with everything it rests on."""
        return app.registry.gate(gate_id)
