"""What is being served right now, and how it changes without losing a request.

A request takes the ``LiveEndpoint`` it finds and keeps it to the end; a swap only changes which one the
next request finds. An endpoint changes when every model of its new route is loaded; until then, or if
one is refused, the old one goes on serving.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pomona.core.errors import Invalid, NotFound, PomonaError, Unavailable
from pomona.releases.records import Arm, Assignment
from pomona.serving.gateway.batching import Batcher
from pomona.serving.gateway.columns import Signature
from pomona.serving.gateway.engines import Answer, Engine
from pomona.serving.records import EndpointRoute, GatewaySnapshot, ServedModel

if TYPE_CHECKING:
    from pomona.releases.strategies import Strategy

_KEEP_IDLE = 2  # models no route names any more, kept loaded for a quick way back

log = logging.getLogger("pomona.gateway")
Load = Callable[[ServedModel], Engine]


class LiveModel:
    """A loaded model version, with one batcher per kind of answer."""

    def __init__(self, served: ServedModel, engine: Engine) -> None:
        self.served, self.engine = served, engine
        self._batchers: dict[Answer, Batcher] = {}

    def batcher(self, answer: Answer) -> Batcher:
        if answer not in self._batchers:
            self._batchers[answer] = Batcher(self.engine, answer)
        return self._batchers[answer]

    def status(self) -> dict[str, Any]:
        """Counters of its batchers."""
        return {answer.kind: batcher.status() for answer, batcher in self._batchers.items()}


@dataclass(frozen=True, kw_only=True)
class LiveEndpoint:
    """A route and its loaded models."""

    route: EndpointRoute
    revision: str
    models: dict[str, LiveModel]  # by model version
    strategy: "Strategy"

    def assign(self, unit: str) -> Assignment:
        """The arm for a unit, the same on every gateway."""
        return self.strategy.assign(self.route.arms, self.route.salt, unit)

    @property
    def champion(self) -> Arm:
        """The arm that answers when another fails."""
        return self.route.arms[0]

    @property
    def answer(self) -> Answer:
        if self.route.threshold is None:
            return Answer("prediction")
        return Answer("probability", self.route.positive_class)

    @property
    def signature(self) -> Signature:
        """The inputs of the first arm's model."""
        return self.models[self.champion.model_version].engine.signature


class Live:
    """Everything served; changed only by ``apply``, in the event loop.

    Args:
        load: Makes an engine of a served model; runs in a thread.
        keep: Where the snapshot in force is kept for a start without the control plane.
    """

    def __init__(self, load: Load, keep: Path) -> None:
        self._load, self._keep = load, keep
        self._models: dict[str, LiveModel] = {}
        self._endpoints: dict[str, LiveEndpoint] = {}
        self.revision: str | None = None
        self.problems: dict[str, str] = {}  # by endpoint or model version

    def endpoint(self, name: str) -> LiveEndpoint:
        """The endpoint of this name.

        Raises:
            NotFound: If no such endpoint is served.
            Unavailable: If it exists but its model could not be loaded yet, or nothing is known yet.
        """
        found = self._endpoints.get(name)
        if found is not None:
            return found
        if name in self.problems:
            raise Unavailable(f"endpoint {name!r} cannot serve: {self.problems[name]}", hint="see /status")
        self._check_started()
        known = ", ".join(sorted(self._endpoints)) or "none"
        raise NotFound(f"no endpoint {name!r} is served here", hint=f"served: {known}; `pomona releases ls`")

    def only_endpoint(self) -> str:
        """The name of the one endpoint there is.

        Raises:
            Invalid: If there are several or none, so that the caller must name one.
        """
        if len(self._endpoints) != 1:
            self._check_started()
            known = ", ".join(sorted(self._endpoints)) or "none"
            raise Invalid("say which endpoint to ask", hint=f"add ?endpoint=NAME; served: {known}")
        return next(iter(self._endpoints))

    def endpoints(self) -> list[LiveEndpoint]:
        """All endpoints, by name."""
        return [self._endpoints[name] for name in sorted(self._endpoints)]

    def models(self) -> list[LiveModel]:
        """All loaded models, also those kept for a way back."""
        return list(self._models.values())

    async def restore(self) -> None:
        """Serve what was served before the restart."""
        try:
            snapshot = msgspec.json.decode(self._keep.read_bytes(), type=GatewaySnapshot)
        except FileNotFoundError:
            return
        except msgspec.MsgspecError as error:
            log.warning("the kept snapshot is not readable, waiting for the control plane: %s", error)
            return
        await self.apply(snapshot)

    async def apply(self, snapshot: GatewaySnapshot) -> None:
        """Make ``snapshot`` what is served, as far as its models load; the rest stays as it is."""
        problems: dict[str, str] = {}
        wanted = {arm.model_version for route in snapshot.endpoints for arm in route.arms}
        for served in snapshot.models:
            if served.id in self._models and self._models[served.id].served == served:
                continue
            try:
                engine = await asyncio.to_thread(self._load, served)
            except Exception as error:  # noqa: BLE001 - this model's fault: the others go on
                problems[served.id] = str(error)
                log.warning("model version %s is refused: %s", served.id, error)
                continue
            self._models[served.id] = LiveModel(served, engine)
        endpoints: dict[str, LiveEndpoint] = {}
        for route in snapshot.endpoints:
            try:
                endpoints[route.name] = self._live(route, snapshot.revision, problems)
            except PomonaError as error:
                problems[route.name] = error.detail
                if route.name in self._endpoints:
                    endpoints[route.name] = self._endpoints[route.name]
        self._endpoints, self.problems, self.revision = endpoints, problems, snapshot.revision
        self._forget_idle(wanted)
        await asyncio.to_thread(self._remember)

    def _check_started(self) -> None:
        """A gateway that was just started does not know yet what it does not serve."""
        if self.revision is None:
            raise Unavailable("the gateway is starting", hint="send the request again in a second")

    def _live(self, route: EndpointRoute, revision: str, problems: dict[str, str]) -> LiveEndpoint:
        models = {}
        for arm in route.arms:
            model = self._models.get(arm.model_version)
            if model is None or arm.model_version in problems:
                why = problems.get(arm.model_version, "it is not in the snapshot")
                raise Unavailable(f"model version {arm.model_version} is refused: {why}")
            models[arm.model_version] = model
        if not models:
            raise Unavailable("it has no release", hint="`pomona releases start`")
        old = self._endpoints.get(route.name)
        if old is not None and old.route == route and old.models == models:
            return old  # nothing changed for this endpoint: it keeps the revision it was applied with
        from pomona.releases.strategies import STRATEGIES  # brings SciPy, as most models do: not at start

        strategy = STRATEGIES[route.strategy]
        live = LiveEndpoint(route=route, revision=revision, models=models, strategy=strategy)
        for model_version, model in models.items():
            if not model.engine.can(live.answer):
                wanted = route.positive_class or "the positive class"
                raise Invalid(f"model version {model_version} gives no probability of {wanted}")
        return live

    def _forget_idle(self, wanted: set[str]) -> None:
        in_use = wanted | {mv for endpoint in self._endpoints.values() for mv in endpoint.models}
        idle = [model_version for model_version in self._models if model_version not in in_use]
        for model_version in idle[: max(0, len(idle) - _KEEP_IDLE)]:
            del self._models[model_version]

    def _remember(self) -> None:
        """Keep what is really served, so that a refused model is not tried first after a restart."""
        used = {mv: model for endpoint in self._endpoints.values() for mv, model in endpoint.models.items()}
        snapshot = GatewaySnapshot(
            revision=self.revision or "",
            endpoints=tuple(endpoint.route for endpoint in self.endpoints()),
            models=tuple(model.served for model in used.values()),
        )
        part = self._keep.with_suffix(".part")
        with part.open("wb") as out:
            out.write(msgspec.json.encode(snapshot))
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._keep)
