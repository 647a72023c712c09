"""What webhooks were told is kept, try by try; from SDK, socket and command line."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from tests.registry.test_prompts import client, ways  # noqa: F401
from tests.registry.test_surfaces import run
from tests.server.mlflow.conftest import Anywhere
from tests.server.mlflow.test_webhooks import Receiver
from typer.testing import CliRunner

from pomona.cli.main import app as cli
from pomona.core.errors import Conflict, Invalid, NotFound
from pomona.core.ports import Database
from pomona.jobs.service import JobService
from pomona.jobs.worker import Worker
from pomona.loop.webhooks import WebhookReactor
from pomona.registry.prompts.service import PromptService
from pomona.registry.webhooks import rules, store
from pomona.registry.webhooks.records import Delivery, WebhookChange
from pomona.registry.webhooks.service import WebhookService
from pomona.sdk.client import Client
from pomona.storage.ledger import SqlLedger
from pomona.testing.clock import FakeClock
from pomona.testing.sealing import MemorySealer


class World:
    """Webhooks with everything around them, and a worker."""

    def __init__(self, database: Database, clock: FakeClock, ledger: SqlLedger, folder: Path) -> None:
        self.clock = clock
        self.database = database
        self.jobs = JobService(database, clock)
        self.hooks = WebhookService(database, clock, self.jobs, MemorySealer(), Anywhere)
        self.prompts = PromptService(database, clock)
        self._reactor = WebhookReactor(database, ledger, self.hooks)
        flow = self.hooks.workflow()
        self._worker = Worker(self.jobs, {flow.kind: flow}, folder / "jobs")

    def happen(self, name: str) -> None:
        """A prompt is created, a second later."""
        self.clock.advance(seconds=1)
        self.prompts.create(name)

    def work(self, *, after_s: int = 0) -> int:
        """Tell what is due; returns how many tries that took."""
        self.clock.advance(seconds=after_s)
        self._reactor.react()
        return sum(iter(self._worker.run_one, False))


@pytest.fixture
def world(database: Database, clock: FakeClock, ledger: SqlLedger, tmp_path: Path) -> World:
    return World(database, clock, ledger, tmp_path)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def test_each_try_of_a_delivery_is_kept(world: World, receiver: Receiver) -> None:
    hook = world.hooks.create("hook", receiver.url, ["prompt.created"], secret="quince")
    receiver.answers = [503, 429]
    world.happen("greeting")
    world.work()
    [waiting] = world.hooks.deliveries("hook")
    assert (waiting.state, waiting.event, waiting.about) == ("waiting", "prompt.created", "greeting")
    world.work(after_s=60)
    world.work(after_s=60)
    [done] = world.hooks.deliveries(hook.id)
    assert (done.state, done.test, done.id) == ("delivered", False, waiting.id)
    assert [one.status for one in done.tries] == [503, 429, 200]
    assert done.tries[0].body == "pear"
    assert all(0 < one.seconds < 20 and one.at is not None for one in done.tries)
    assert receiver.told[0][0]["x-mlflow-delivery-id"] == done.id
    shown = world.hooks.info("hook")
    assert (shown.last, shown.signed) == (done, True)
    assert "quince" not in str(shown)


def test_what_is_refused_or_never_answered_has_failed(world: World, receiver: Receiver) -> None:
    world.hooks.create("gone", receiver.url, ["prompt.created"])
    world.hooks.create("nobody", "http://127.0.0.1:1/", ["prompt.created"])
    receiver.answers = [410]
    world.happen("greeting")
    for _ in range(12):
        world.work(after_s=600)
    [refused], [unheard] = world.hooks.deliveries("gone"), world.hooks.deliveries("nobody")
    assert (refused.state, len(refused.tries)) == ("failed", 1)
    assert (unheard.state, len(unheard.tries)) == ("failed", 10)
    assert unheard.tries[-1].status is None
    assert str(unheard.tries[-1].error).startswith("NewConnectionError: Failed to establish")


def test_a_delivery_that_nobody_tries_any_more_waits_no_longer(world: World, receiver: Receiver) -> None:
    for name in ("paused", "stopped"):
        world.hooks.create(name, receiver.url, ["prompt.created"])
    receiver.answers = [503, 503]
    world.happen("greeting")
    world.work()
    paused = world.hooks.info("paused")
    world.hooks.update(paused.id, WebhookChange(status="DISABLED"))
    [job] = [one for one in world.jobs.open() if one.payload["webhook"] != paused.id]
    world.jobs.cancel(job.id)
    assert world.hooks.deliveries("stopped")[0].state == "failed"
    world.work(after_s=60)
    assert world.hooks.deliveries("paused")[0].state == "failed"
    assert len(receiver.told) == 2


def test_only_the_last_hundred_are_kept_and_none_after_its_webhook(world: World, receiver: Receiver) -> None:
    hook = world.hooks.create("hook", receiver.url, ["prompt.created"])
    other = world.hooks.create("other", receiver.url, ["prompt.created"])
    world.hooks.test(other.id)
    told = world.hooks.test(hook.id)
    for number in range(1, store.KEPT + 3):
        world.clock.advance(seconds=1)
        told_again(world, told, f"d{number}")
    kept = world.hooks.deliveries("hook")
    assert (len(kept), kept[0].id, kept[-1].id) == (store.KEPT, f"d{store.KEPT + 2}", "d3")
    assert len(world.hooks.deliveries("other")) == 1
    told_again(
        world, told, "late", at=told.at
    )  # tried again after newer events were told: it does not push them out
    assert [one.id for one in world.hooks.deliveries("hook")] == [one.id for one in kept]
    world.hooks.delete(hook.id)
    assert world.database.read(lambda tx: store.deliveries.count(tx)) == 1


def told_again(world: World, told: Delivery, name: str, *, at: datetime | None = None) -> None:
    """The same once more, of an event that happened just now, without asking the receiver."""
    again = msgspec.structs.replace(told, id=name, at=at or world.clock.now())
    world.database.write(lambda tx: store.keep(tx, again))


def test_every_event_that_happens_has_its_meaning() -> None:
    known = {one.name for one in rules.known_events()}
    every = {f"{thing}.{deed}" for thing, deeds in rules._ACTIONS.items() for deed in deeds}
    assert every - known == {"budget_policy.exceeded"}  # which never happens here
    assert [rules.checked_event(name) for name in known] == list(known)


@ways
def test_from_python(client: Client, receiver: Receiver) -> None:  # noqa: F811
    hooks = client.webhooks
    made = hooks.create("hook", receiver.url, ["prompt.created"], secret="quince", description="d")
    assert (made.signed, made.last, made.status) == (True, None, "ACTIVE")
    assert hooks.get("hook") == hooks.get(made.id) == made == next(hooks.list())
    assert hooks.test("hook").state == "delivered"
    receiver.answers = [500]
    told = hooks.test("hook", "prompt_version.created")
    assert (told.state, told.tries[-1].status) == ("failed", 500)
    assert hooks.deliveries("hook")[0].id == told.id
    assert hooks.pause("hook").status == "DISABLED"
    assert hooks.resume("hook").status == "ACTIVE"
    changed = hooks.change("hook", WebhookChange(name="other", secret=""))
    assert (changed.name, changed.signed, changed.events) == ("other", False, ("prompt.created",))
    for bad in (WebhookChange(events=("nope.set",)), WebhookChange(url="ftp://x")):
        with pytest.raises(Invalid):
            hooks.change("other", bad)
    with pytest.raises(Invalid, match="Invalid webhook entity"):
        hooks.create("x", receiver.url, ["nope"])
    hooks.create("other", receiver.url, ["prompt.created"])
    with pytest.raises(Conflict, match="2 webhooks are called other"):
        hooks.delete("other")
    hooks.delete(made.id)
    hooks.delete("other")
    with pytest.raises(NotFound):
        hooks.get("other")
    assert len(hooks.events()) == 14


@pytest.mark.parametrize("client", ["over a socket"], indirect=True)
def test_from_a_terminal(client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("HOOK_SECRET", "quince")
    told = run("webhooks", "new", "hook", receiver.url, "-e", "prompt.created", "--secret-env", "HOOK_SECRET")
    assert "signed" in told
    assert "prompt_alias.deleted" in run("webhooks", "events")
    assert "200 pear" in run("webhooks", "test", "hook")
    receiver.answers = [418]
    failed = CliRunner().invoke(cli, ["webhooks", "test", "hook"])
    assert failed.exit_code == 1
    shown = run("webhooks", "show", "hook")
    assert "418" in shown
    assert "quince" not in shown
    assert len(json.loads(run("webhooks", "show", "hook", "--json"))["deliveries"]) == 2
    assert "is paused" in run("webhooks", "pause", "hook")
    assert "paused" in run("webhooks", "ls")
    assert "told again" in run("webhooks", "resume", "hook")
    unset = ["webhooks", "new", "x", receiver.url, "-e", "prompt.created", "--secret-env", "NO_SUCH"]
    assert CliRunner().invoke(cli, unset).exit_code == 1
    assert "forgotten" in run("webhooks", "rm", "hook")
