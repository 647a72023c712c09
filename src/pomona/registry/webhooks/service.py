"""Use cases of webhooks: register, change, test; queue what is to be told, and tell it."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from pomona.core.errors import Invalid, Refused, Unavailable
from pomona.core.ids import new_id
from pomona.core.keys import Sealer
from pomona.core.ports import Clock, Database, Transaction
from pomona.core.records import Entry, Page
from pomona.jobs.service import JobService
from pomona.jobs.worker import JobContext, Workflow
from pomona.registry import store as models
from pomona.registry.prompts import store as prompts
from pomona.registry.webhooks import rules, store
from pomona.registry.webhooks.delivery import Reach, checked_address, send
from pomona.registry.webhooks.records import (
    Delivery,
    News,
    Receipt,
    Webhook,
    WebhookChange,
    WebhookInfo,
    WebhookStatus,
)
from pomona.training.rules.limits import check_length

JOB_KIND = "deliver_webhook"
_MAX_SECRET = 1000
_TRIES = 10  # over eight minutes
_DELIVERIES = uuid.UUID("5f6d1c1e-6d6b-4b7e-9d7a-0a5c2f1e8b11")


class WebhookService:
    """Addresses that are told what happens to models and prompts."""

    def __init__(
        self, database: Database, clock: Clock, jobs: JobService, sealer: Sealer, reach: Callable[[], Reach]
    ) -> None:
        self._database = database
        self._clock = clock
        self._jobs = jobs
        self._sealer = sealer
        self._reach = reach

    def create(
        self,
        name: str,
        url: str,
        events: Sequence[str],
        *,
        description: str = "",
        secret: str | None = None,
        status: WebhookStatus = "ACTIVE",
    ) -> Webhook:
        """Register an address.

        Raises:
            Invalid: If the name, the address or an event breaks a rule.
                Or if the address may not, or cannot, be reached from here.
        """
        rules.check_name(name)
        rules.check_events(events)
        check_length("description", description, 1000)
        self._check_url(url)
        now = self._clock.now()
        made = Webhook(
            id=new_id("whk", now),
            name=name,
            url=url,
            events=tuple(dict.fromkeys(events)),
            description=description,
            status=status,
            sealed=self._sealed(secret),
            created_at=now,
            updated_at=now,
        )
        return self._database.write(lambda tx: store.webhooks.insert(tx, made))

    def _check_url(self, url: str) -> None:
        try:
            checked_address(url, self._reach())
        except (Refused, Unavailable) as error:
            raise Invalid(f"Invalid webhook URL: {error.detail}", hint=error.hint) from None

    def _sealed(self, secret: str | None) -> str | None:
        if not secret:
            return None
        check_length("secret", secret, _MAX_SECRET)
        return self._sealer.seal(secret)

    def get(self, webhook_id: str) -> Webhook:
        """The webhook with this id.

        Raises:
            NotFound: If there is none.
        """
        return self._database.read(lambda tx: store.get(tx, webhook_id))

    def info(self, ref: str) -> WebhookInfo:
        """A webhook as people see it, by its id or name.

        Raises:
            NotFound: If there is none.
            Conflict: If several have the name.
        """
        return self._database.read(lambda tx: _info(tx, store.named(tx, ref)))

    def infos(self, *, cursor: str | None = None, limit: int = 50) -> Page[WebhookInfo]:
        """Webhooks as people see them, newest first."""

        def read(tx: Transaction) -> Page[WebhookInfo]:
            found = store.webhooks.page(tx, cursor=cursor, limit=limit)
            return Page(items=[_info(tx, one) for one in found.items], next_cursor=found.next_cursor)

        return self._database.read(read)

    def deliveries(self, ref: str) -> list[Delivery]:
        """What a webhook was told, the newest first; one whose job has ended waits no longer.

        Raises:
            NotFound: If there is no such webhook.
        """

        def read(tx: Transaction) -> list[Delivery]:
            open_jobs = {job.id for job in self._jobs.open(JOB_KIND)}
            return [
                msgspec.structs.replace(one, state="failed")
                if one.state == "waiting" and one.job not in open_jobs
                else one
                for one in store.history(tx, store.named(tx, ref).id)
            ]

        return self._database.read(read)

    def page(self, *, limit: int, offset: int) -> tuple[list[Webhook], int | None]:
        """One page, newest first, and the offset of the next."""
        if not 1 <= limit <= 1000:
            raise Invalid("max_results must be between 1 and 1000.")
        found, more = self._database.read(lambda tx: store.page(tx, limit=limit, offset=offset))
        return found, offset + limit if more else None

    def update(self, webhook_id: str, change: WebhookChange) -> Webhook:
        """Change a webhook.

        Raises:
            NotFound: If there is none with this id.
            Invalid: As for ``create``.
        """
        if change.name is not None:
            rules.check_name(change.name)
        if change.events is not None:
            rules.check_events(change.events)
        check_length("description", change.description or "", 1000)
        if change.url is not None:
            self.get(webhook_id)
            self._check_url(change.url)
        plain = ("name", "url", "events", "description", "status")
        values: dict[str, Any] = {
            name: value for name in plain if (value := getattr(change, name)) is not None
        }
        if change.secret is not None:
            values["sealed"] = self._sealed(change.secret)

        def work(tx: Transaction) -> Webhook:
            before = store.get(tx, webhook_id)
            after = msgspec.structs.replace(before, updated_at=self._clock.now(), **values)
            return store.webhooks.replace(tx, after)

        return self._database.write(work)

    def delete(self, webhook_id: str) -> None:
        """Forget a webhook, and its secret.

        Raises:
            NotFound: If there is none with this id.
        """

        def work(tx: Transaction) -> None:
            store.get(tx, webhook_id)
            store.remove(tx, webhook_id)

        self._database.write(work)

    def test(self, webhook_id: str, event: str | None = None) -> Delivery:
        """Tell an example, now and once.

        Raises:
            NotFound: If there is none with this id.
        """
        webhook = self.get(webhook_id)
        event = event or webhook.events[0]
        news = News(event=event, at=self._clock.now(), data=rules.example(event))
        told = str(uuid.uuid4())
        receipt = self._send(webhook, news, told)
        done = rules.delivery_of(None, receipt, webhook=webhook, news=news, told=told, job=None, last=True)
        return self._database.write(lambda tx: store.keep(tx, done))

    def enqueue(self, tx: Transaction, entry: Entry) -> int:
        """Queue what the ledger tells for each webhook that asked; returns how many."""
        waiting = [item for item in store.active(tx) if item.created_at <= entry.at]
        if not waiting:
            return 0
        news = rules.told_of(entry, _about(tx, entry))
        chosen = [item for item in waiting if news.event in item.events]
        for item in chosen:
            payload = {"webhook": item.id, "news": news, "seq": entry.seq}
            self._jobs.enqueue(tx, JOB_KIND, payload, key=f"{item.id}:{entry.seq}", max_failures=_TRIES)
        return len(chosen)

    def workflow(self) -> Workflow:
        """The job that tells one webhook of one event."""
        return Workflow(kind=JOB_KIND, version=1, run=self._deliver)

    def _deliver(self, job: JobContext) -> dict[str, Any]:
        webhook_id = str(job.payload["webhook"])
        webhook = self._database.read(lambda tx: store.webhooks.find(tx, webhook_id))
        # The same delivery tried again keeps its id: a receiver can tell it from another one.
        told = str(uuid.uuid5(_DELIVERIES, f"{webhook_id}:{job.payload['seq']}"))
        if webhook is None or webhook.status != "ACTIVE":
            self._database.write(lambda tx: store.give_up(tx, told))
            return {"told": False, "why": "the webhook is gone" if webhook is None else "it is paused"}
        news = msgspec.convert(job.payload["news"], News)
        receipt = self._send(webhook, news, told)
        job.log(f"{news.event} to {webhook.name}: {receipt.status or receipt.error}")
        refusal = rules.refusal_of(receipt, rules.parts_of(webhook.url).hostname or "")
        last = isinstance(refusal, Refused) or job.job.failures + 1 >= job.job.max_failures

        def keep(tx: Transaction) -> None:
            before = store.deliveries.find(tx, told)
            after = rules.delivery_of(
                before, receipt, webhook=webhook, news=news, told=told, job=job.job.id, last=last
            )
            if store.webhooks.find(tx, webhook_id) is not None:
                store.keep(tx, after)

        self._database.write(keep)
        if refusal is not None:
            raise refusal
        return {"told": True, "status": receipt.status}

    def _send(self, webhook: Webhook, news: News, delivery: str) -> Receipt:
        secret = None if webhook.sealed is None else self._sealer.unseal(webhook.sealed)
        at = self._clock.now()
        receipt = send(
            webhook.url, rules.body_of(news), delivery=delivery, secret=secret, reach=self._reach()
        )
        return msgspec.structs.replace(receipt, at=at)


def _info(tx: Transaction, webhook: Webhook) -> WebhookInfo:
    return WebhookInfo(
        id=webhook.id,
        name=webhook.name,
        url=webhook.url,
        events=webhook.events,
        description=webhook.description,
        status=webhook.status,
        signed=webhook.sealed is not None,
        created_at=webhook.created_at,
        updated_at=webhook.updated_at,
        last=next(iter(store.history(tx, webhook.id, limit=1)), None),
    )


def _about(tx: Transaction, entry: Entry) -> dict[str, Any]:
    """What is known of an entry's subject now: it may have been deleted since."""
    kind, data = entry.type.removeprefix("registry."), entry.data
    found: Any = None
    if kind == "model_created":
        found = models.find_model(tx, data["name"])
    elif kind == "version_registered":
        found = models.version_by_id(tx, entry.subject)
    elif kind == "prompt_created":
        found = prompts.find(tx, data["name"])
    elif kind == "prompt_version_created":
        found = prompts.find_version(tx, entry.subject)
    return {} if found is None else msgspec.structs.asdict(found)
