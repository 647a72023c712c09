"""The gateway's parts put together, and its one background task: following the control plane."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from pomona.core.errors import PomonaError, Unavailable
from pomona.core.ports import Clock
from pomona.serving.gateway.answers import Answers
from pomona.serving.gateway.app import Doorkeeper, GatewayApp
from pomona.serving.gateway.control import Control, ControlPlane, ModelFiles
from pomona.serving.gateway.engines import load_engine
from pomona.serving.gateway.live import Live
from pomona.serving.gateway.predicting import Predictor
from pomona.serving.gateway.seals import PublicKeys
from pomona.serving.gateway.writer import JournalWriter

POLL_S = 0.3
RETRY_S = 5.0  # a refused model is tried again this often

log = logging.getLogger("pomona.gateway")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How one gateway process runs."""

    home: Path
    control: str
    token: str | None
    hosts: tuple[str, ...] = ()
    poll_s: float = POLL_S


class Gateway:
    """One gateway process.

    Raises:
        Conflict: If another gateway writes this home's journal.
    """

    def __init__(self, settings: Settings, clock: Clock, *, control: ControlPlane | None = None) -> None:
        folder = settings.home / "gateway"
        folder.mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self._control = control or Control(settings.control, settings.token)
        self._files = ModelFiles(folder / "models", self._control, self._keys(folder))
        self._live = Live(lambda served: load_engine(self._files.folder(served)), folder / "snapshot.json")
        self._journal_folder = folder / "journal"
        self._journal = JournalWriter(self._journal_folder, clock)
        self._answers = Answers()
        self._predictor = Predictor(self._journal, self._answers, clock)
        self._tasks: list[asyncio.Task[None]] = []
        self._control_error: str | None = None
        self._told: str | None = None  # the failure that was logged last
        self._known: str | None = None  # the first look takes everything: a refused model may load by now
        self._retry_at = 0.0
        self.app = GatewayApp(
            self._live,
            self._predictor,
            Doorkeeper(settings.token, settings.hosts),
            status=self.status,
            start=self.start,
            stop=self.stop,
        )

    def _keys(self, folder: Path) -> PublicKeys:
        return PublicKeys([self._settings.home / "keys", folder / "keys"], self._control.public_key)

    def status(self) -> dict[str, Any]:
        """What this gateway serves and how it is doing."""
        return {
            "pid": os.getpid(),
            "revision": self._live.revision,
            "control_plane": self._control_error or "ok",
            "endpoints": [
                {"name": live.route.name, "release": live.route.release, "revision": live.revision,
                 "arms": live.route.arms, "durability": live.route.durability}
                for live in self._live.endpoints()
            ],
            "models": [
                {"id": model.served.id, "model": model.served.model, "number": model.served.number,
                 "flavor": model.engine.flavor, "batchers": model.status()}
                for model in self._live.models()
            ],
            "problems": self._live.problems,
            "remembered_answers": len(self._answers),
            "journal": self._journal.status(),
        }  # fmt: skip

    async def start(self) -> None:
        """Begin to serve: first what was served before, then what the control plane says."""
        self._tasks = [asyncio.create_task(self._rebuild_answers()), asyncio.create_task(self._follow())]

    async def stop(self) -> None:
        """Write what waits and let go of the journal."""
        for task in self._tasks:
            task.cancel()
        self._journal.close()  # nothing is left to answer, and at exit no thread can be started

    async def _rebuild_answers(self) -> None:
        count = await asyncio.to_thread(self._answers.rebuild, self._journal_folder)
        log.info("%d named answers remembered from the journal", count)
        self._predictor.answers_ready.set()

    async def refresh(self) -> None:
        """Ask the control plane once and serve what it says."""
        try:
            again = self._live.problems and time.monotonic() > self._retry_at
            snapshot = await asyncio.to_thread(self._control.snapshot, None if again else self._known)
            self._control_error = None
            if snapshot is not None:
                await self._live.apply(snapshot)
                log.info("serving revision %s", snapshot.revision)
                self._known, self._retry_at = snapshot.revision, time.monotonic() + RETRY_S
                used = {model.served.id for model in self._live.models()}
                await asyncio.to_thread(self._files.forget_all_but, used)
        except (PomonaError, OSError) as error:
            self._control_error = error.detail if isinstance(error, Unavailable) else str(error)

    async def _follow(self) -> None:
        """Serve what was served before, then whatever the control plane says, as long as it runs."""
        await self._attempt(self._live.restore)
        while True:
            await self._attempt(self.refresh)
            await asyncio.sleep(self._settings.poll_s)

    async def _attempt(self, step: Callable[[], Awaitable[None]]) -> None:
        """Take a step; whatever goes wrong in it, the gateway must not stop following."""
        try:
            await step()
        except Exception as error:  # the edge of the process
            told, self._control_error = self._told, f"the snapshot could not be applied: {error!r}"
            self._told = self._control_error
            if told != self._told:  # once per kind of failure, not three times a second
                log.exception("the snapshot could not be applied")
