"""Taking over webhooks: without their secrets, and disabled, so that nobody is told of anything unasked."""

from pomona.core.errors import Invalid
from pomona.core.ids import new_id
from pomona.core.ports import Clock, Database, Transaction
from pomona.registry.importing import rules, store
from pomona.registry.importing.counting import Counting
from pomona.registry.importing.records import OldWebhook
from pomona.registry.webhooks import rules as webhook_rules
from pomona.registry.webhooks import store as webhooks
from pomona.registry.webhooks.records import Webhook
from pomona.sql import from_us
from pomona.training.rules.limits import check_length

_ASLEEP = "secrets of webhooks: they came over disabled; give each its secret and enable it"


class Hooking:
    """Takes webhooks over, each once: what is changed or deleted here stays so."""

    def __init__(self, database: Database, clock: Clock, counting: Counting) -> None:
        self._database = database
        self._clock = clock
        self._counting = counting

    def take(self, found: list[OldWebhook]) -> None:
        """Every webhook that no import brought yet."""
        for old in found:
            try:
                self._database.write(lambda tx, old=old: self._one(tx, old))  # type: ignore[misc]
            except Invalid as error:
                self._counting.left.add(f"webhooks: {error.detail}", old.name[:100])

    def _one(self, tx: Transaction, old: OldWebhook) -> None:
        what = f"webhook {old.id}"[:400]
        if what in store.marks(tx, [what]):
            return
        webhook_rules.check_name(old.name)
        check_length("description", old.description, 1000)
        webhook_rules.parts_of(old.url)
        events = tuple(webhook_rules.checked_event(event) for event in old.events)
        webhook_rules.check_events(events)
        made_at = from_us(old.created_ms * 1000)
        made = Webhook(
            id=new_id("whk", self._clock.now()),
            name=old.name,
            url=old.url,
            events=events,
            description=old.description,
            status="DISABLED",
            created_at=made_at,
            updated_at=made_at,
        )
        webhooks.webhooks.insert(tx, made)
        store.mark(tx, {what: (rules.mark_of(old), "")})
        self._counting.lost.add(_ASLEEP, old.name)
        self._counting.keep(tx, webhooks=1)
