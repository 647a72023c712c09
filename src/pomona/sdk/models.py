"""Models, versions, aliases and the gate from Python."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pomona.core.latency import Latency
from pomona.core.records import from_json
from pomona.core.signatures import PublicKey
from pomona.registry.comparing.records import ModelDiff
from pomona.registry.records import (
    AliasMove,
    GateCheck,
    GateResult,
    ModelDetail,
    ModelVersion,
    NewVersion,
    Reason,
    RegisteredModel,
    Score,
    Seal,
    Verified,
    VersionDetail,
)
from pomona.sdk.approvals import Approvals
from pomona.sdk.cards import Cards
from pomona.sdk.session import Session, part

if TYPE_CHECKING:
    from collections.abc import Callable

    from pomona.registry.records import ModelFile

GATES = list[GateResult]  # `list` is a method below
KEYS = list[PublicKey]


class Models:
    """``client.models``: what may be served, and why."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.approvals = Approvals(session)
        self.cards = Cards(session)

    def register(
        self,
        name: str,
        *,
        run_id: str | None = None,
        path: str | None = None,
        source: str | None = None,
        description: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> ModelVersion:
        """Make what a run logged the next version of ``name``, which is created if it is new.

        Args:
            run_id: The run; ``path`` (or the logged model's name) says which model if it logged several.
            source: Or an address: ``models:/m-...``, ``runs:/<run>/<path>``, ``models:/name/3``.
        """
        new = NewVersion(
            run_id=run_id, path=path, source=source, description=description, tags=dict(tags or {})
        )
        return self._session.post(f"/api/v1/models/{part(name)}/versions", new, ModelVersion)

    def bring(
        self,
        name: str,
        folder: str | Path,
        *,
        origin: str | None = None,
        description: str = "",
        allow_code: str | None = None,
    ) -> ModelVersion:
        """Register a model's folder that no run here logged; ``name`` is created if it is new.

        Args:
            folder: With an ``MLmodel`` file.
            origin: Where it came from; default: the folder.
            allow_code: Why files that run code when they are loaded (pickles, say) may come in.

        Raises:
            Refused: If there are such files and no reason.
            Invalid: If it is no model.
        """
        from pomona.sdk.folders import packed

        query = {
            "origin": origin or Path(folder).absolute().as_uri(),
            "description": description,
            "allow_code": allow_code,
        }
        with packed(Path(folder)) as body:
            reply = self._session.call(
                "POST",
                f"/api/v1/models/{part(name)}/outside",
                body=body,
                query=query,
                headers={"content-type": "application/x-tar"},
            )
        return from_json(reply.body, ModelVersion)

    def get(self, name: str) -> ModelDetail:
        """A model, its versions and what the gate said about them."""
        return self._session.get(f"/api/v1/models/{part(name)}", ModelDetail)

    def list(self, *, limit: int | None = None) -> Iterator[RegisteredModel]:
        """Models, newest first."""
        return self._session.all("/api/v1/models", RegisteredModel, limit=limit)

    def version(self, ref: str) -> VersionDetail:
        """A version with its gate results and links: ``name/3``, ``name@champion`` or ``mv_...``."""
        return self._session.get(f"/api/v1/model-versions/{_ref(ref)}", VersionDetail)

    def diff(self, before: str, after: str) -> ModelDiff:
        """How one version differs from another: files, metrics, params, data, code, packages.

        Args:
            before, after: ``name/3``, ``name@champion`` or ``mv_...``, of one model or of two.
        """
        path = f"/api/v1/model-versions/{_ref(before)}/diff/{_ref(after)}"
        return self._session.get(path, ModelDiff)

    def latency(self, ref: str) -> Latency | None:
        """How long a version took to answer what it was asked; None if it answered nothing."""
        body = self._session.call("GET", f"/api/v1/model-versions/{_ref(ref)}/latency").body
        return None if body in (b"", b"null") else from_json(body, Latency)

    def set_alias(self, name: str, alias: str, number: int, *, force: str | None = None) -> ModelVersion:
        """Let an alias name a version; ``champion`` wants a passed gate, or ``force``: the reason."""
        path = f"/api/v1/models/{part(name)}/aliases/{part(alias)}"
        return self._session.put(path, AliasMove(number=number, force=force), ModelVersion)

    def remove_alias(self, name: str, alias: str) -> None:
        """Take an alias away."""
        self._session.delete(f"/api/v1/models/{part(name)}/aliases/{part(alias)}")

    def check_gate(
        self,
        name: str,
        number: int,
        *,
        hypothesis: str | None = None,
        metric: str | None = None,
        candidate: Score | None = None,
        champion: Score | None = None,
        minimum_improvement: float = 0.0,
    ) -> GateResult:
        """Ask the gate whether a version may become champion; the answer and its evidence are kept.

        Without scores it takes what the runs logged (``test_<metric>`` before ``<metric>``).
        """
        check = GateCheck(
            hypothesis=hypothesis,
            metric=metric,
            candidate=candidate,
            champion=champion,
            minimum_improvement=minimum_improvement,
        )
        return self._session.post(f"{_at(name, number)}/gates", check, GateResult)

    def gates(self, name: str, number: int) -> Sequence[GateResult]:
        """What the gate said about a version, newest first."""
        return self._session.get(f"{_at(name, number)}/gates", GATES)

    def verify(self, name: str, number: int) -> Verified:
        """Check a version's seal and hash every file again; raises Tampered if something changed."""
        return self._session.get(f"{_at(name, number)}/verify", Verified)

    def seal(self, name: str, number: int, *, again: str | None = None) -> Seal:
        """What the server signed when a version was registered; ``again``: sign it now, for this reason."""
        if again is not None:
            return self._session.put(f"{_at(name, number)}/seal", Reason(reason=again), Seal)
        return self._session.get(f"{_at(name, number)}/seal", Seal)

    def keys(self) -> Sequence[PublicKey]:
        """The server's public keys, by which anybody can check seals; the one in use first."""
        return self._session.get("/api/v1/signing-keys", KEYS)

    def rotate_key(self, reason: str) -> PublicKey:
        """Let the server sign with a new key from now on; what the old one signed stays valid."""
        return self._session.post("/api/v1/signing-keys/rotate", Reason(reason=reason), PublicKey)

    def download(
        self,
        ref: str,
        folder: str | Path,
        *,
        trusted: str | None = None,
        told: "Callable[[ModelFile], None] | None" = None,
    ) -> Path:
        """Bring a version's files to ``folder``; its seal and every file are checked here.

        Args:
            ref: ``name/3``, ``name@champion`` or ``mv_...``.
            trusted: The server's public key in PEM form, if you do not want to take its word for it.
            told: Called with each file before it is fetched.

        Raises:
            Tampered: If the seal or a file is not what was registered.
        """
        from pomona.sdk.folders import Folders

        return Folders(self._session, trusted=trusted).fetch(self.version(ref), Path(folder), told)

    def load(self, ref: str, *, trusted: str | None = None) -> Any:
        """A version as ``mlflow.pyfunc`` loads it, after its seal and every file were checked here.

        The files stay in ``~/.cache/pomona/models`` and are checked again at the next load.

        Raises:
            Tampered: If the seal or a file is not what was registered.
            MissingExtra: If MLflow is not installed.
        """
        from pomona.sdk.folders import Folders, kept_folder, loaded

        detail = self.version(ref)
        folder = Folders(self._session, trusted=trusted).fetch(detail, kept_folder(detail.version))
        return loaded(folder)

    def read(self, name: str, number: int, path: str) -> bytes:
        """A file of a version, verified."""
        clean = "/".join(part(piece) for piece in path.split("/"))
        return self._session.call("GET", f"{_at(name, number)}/files/{clean}").body


def _at(name: str, number: int) -> str:
    return f"/api/v1/models/{part(name)}/versions/{number}"


def _ref(ref: str) -> str:
    return part(ref.removeprefix("models:/").replace("/", "~"))
