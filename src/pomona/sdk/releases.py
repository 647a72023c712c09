"""Endpoints and releases from Python."""

from collections.abc import Iterator, Sequence

from pomona.releases.records import (
    ByHand,
    CanaryPolicy,
    Durability,
    Endpoint,
    NewEndpoint,
    NewRelease,
    Release,
    StoredVerdict,
    StrategyName,
)
from pomona.sdk.session import Session, part

VERDICTS = list[StoredVerdict]  # `list` is a method below


class Endpoints:
    """``client.endpoints``: named routes of the gateway."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(
        self,
        name: str,
        *,
        model: str,
        hypothesis: str | None = None,
        threshold: float | None = None,
        positive_class: str | None = None,
        unit_column: str | None = None,
        durability: Durability = "commit",
    ) -> Endpoint:
        """Name a route for a registered model; it answers once a release is started on it.

        Args:
            hypothesis: Id or name; its payoffs and threshold are copied.
            threshold: Answer the probability of the positive class, decide above it. Default: the
                hypothesis'; without both the answer is what the model predicts.
            positive_class: The label counted as "yes"; default the model's second class.
            unit_column: The input column that names the unit when a request names none.
            durability: ``commit``: an answer is given once it is on disk; ``async``: at once.
        """
        new = NewEndpoint(
            name=name,
            model=model,
            hypothesis=hypothesis,
            threshold=threshold,
            positive_class=positive_class,
            unit_column=unit_column,
            durability=durability,
        )
        return self._session.post("/api/v1/endpoints", new, Endpoint)

    def get(self, ref: str) -> Endpoint:
        """One endpoint, by id or name."""
        return self._session.get(f"/api/v1/endpoints/{part(ref)}", Endpoint)

    def list(self, *, limit: int | None = None) -> Iterator[Endpoint]:
        """Endpoints, newest first."""
        return self._session.all("/api/v1/endpoints", Endpoint, limit=limit)


class Releases:
    """``client.releases``: what endpoints serve, and how a candidate is proved."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(
        self,
        endpoint: str,
        version: str,
        *,
        reason: str,
        strategy: StrategyName = "canary",
        policy: CanaryPolicy | None = None,
        force: str | None = None,
    ) -> Release:
        """Serve a model version: at once as ``champion``, or as ``canary`` on a share of units.

        Args:
            version: ``mv_...``, ``name/3``, ``models:/name/3`` or ``name@alias``.
            policy: When the canary ends, and how.
            force: Why a champion may serve although its gate has not let it pass.

        Raises:
            Conflict: If a canary runs already.
            Refused: If the gate has not let it pass, or there is no champion to compare with.
        """
        new = NewRelease(version=version, strategy=strategy, policy=policy, reason=reason, force=force)
        return self._session.post(f"/api/v1/endpoints/{part(endpoint)}/releases", new, Release)

    def active(self, endpoint: str) -> Release | None:
        """What an endpoint serves now; None before its first release."""
        path = f"/api/v1/endpoints/{part(endpoint)}/release"
        return self._session.get(path, Release | None)  # type: ignore[arg-type]

    def get(self, release_id: str) -> Release:
        """One release."""
        return self._session.get(f"/api/v1/releases/{part(release_id)}", Release)

    def list(self, *, endpoint: str | None = None, limit: int | None = None) -> Iterator[Release]:
        """Releases, newest first."""
        return self._session.all("/api/v1/releases", Release, limit=limit, endpoint=endpoint)

    def verdicts(self, release_id: str) -> Sequence[StoredVerdict]:
        """Every verdict of a release with its evidence, oldest first."""
        return self._session.get(f"/api/v1/releases/{part(release_id)}/verdicts", VERDICTS)

    def promote(self, release_id: str, *, reason: str) -> Release:
        """Make a canary's candidate the champion, by hand."""
        return self._by_hand(release_id, "promote", reason)

    def roll_back(self, release_id: str, *, reason: str) -> Release:
        """Take a canary's candidate back, by hand."""
        return self._by_hand(release_id, "rollback", reason)

    def _by_hand(self, release_id: str, action: str, reason: str) -> Release:
        path = f"/api/v1/releases/{part(release_id)}/{action}"
        return self._session.post(path, ByHand(reason=reason), Release)
