"""Models, versions, aliases and the gate from Python."""

from collections.abc import Iterator, Mapping, Sequence

from pomona.registry.records import (
    AliasMove,
    GateCheck,
    GateResult,
    ModelDetail,
    ModelVersion,
    NewVersion,
    RegisteredModel,
    Score,
    Verified,
    VersionDetail,
)
from pomona.sdk.session import Session, part

GATES = list[GateResult]  # `list` is a method below


class Models:
    """``client.models``: what may be served, and why."""

    def __init__(self, session: Session) -> None:
        self._session = session

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

    def get(self, name: str) -> ModelDetail:
        """A model, its versions and what the gate said about them."""
        return self._session.get(f"/api/v1/models/{part(name)}", ModelDetail)

    def list(self, *, limit: int | None = None) -> Iterator[RegisteredModel]:
        """Models, newest first."""
        return self._session.all("/api/v1/models", RegisteredModel, limit=limit)

    def version(self, ref: str) -> VersionDetail:
        """A version with its gate results and links: ``name/3``, ``name@champion`` or ``mv_...``."""
        return self._session.get(f"/api/v1/model-versions/{_ref(ref)}", VersionDetail)

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
        """Hash every file of a version again; raises Tampered if one changed."""
        return self._session.get(f"{_at(name, number)}/verify", Verified)

    def read(self, name: str, number: int, path: str) -> bytes:
        """A file of a version, verified."""
        clean = "/".join(part(piece) for piece in path.split("/"))
        return self._session.call("GET", f"{_at(name, number)}/files/{clean}").body


def _at(name: str, number: int) -> str:
    return f"/api/v1/models/{part(name)}/versions/{number}"


def _ref(ref: str) -> str:
    return part(ref.removeprefix("models:/").replace("/", "~"))
