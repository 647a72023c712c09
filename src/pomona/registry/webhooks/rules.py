"""What a webhook may be, what it is told of, and how that is signed."""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

import msgspec

from pomona.core.errors import Invalid, Refused, Unavailable
from pomona.core.records import Entry
from pomona.registry.prompts.records import PROMPT_TAG, TEXT_TAG, TYPE_TAG
from pomona.registry.webhooks.records import Delivery, DeliveryState, News, Receipt, Webhook, WebhookEvent

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_ACTIONS: dict[str, tuple[str, ...]] = {
    "registered_model": ("created",),
    "model_version": ("created",),
    "model_version_tag": ("set", "deleted"),
    "model_version_alias": ("created", "deleted"),
    "prompt": ("created",),
    "prompt_version": ("created",),
    "prompt_tag": ("set", "deleted"),
    "prompt_version_tag": ("set", "deleted"),
    "prompt_alias": ("created", "deleted"),
    "budget_policy": ("exceeded",),
}
_MEANS = {
    "registered_model.created": "a model is registered",
    "model_version.created": "a model has a new version",
    "model_version_tag.set": "a version of a model is tagged",
    "model_version_tag.deleted": "a version of a model loses a tag",
    "model_version_alias.created": "an alias names a version of a model",
    "model_version_alias.deleted": "an alias of a model is taken away",
    "prompt.created": "a prompt is written",
    "prompt_version.created": "a prompt has a new version",
    "prompt_tag.set": "a prompt is tagged",
    "prompt_tag.deleted": "a prompt loses a tag",
    "prompt_version_tag.set": "a version of a prompt is tagged",
    "prompt_version_tag.deleted": "a version of a prompt loses a tag",
    "prompt_alias.created": "an alias names a version of a prompt",
    "prompt_alias.deleted": "an alias of a prompt is taken away",
}
"""What happens here; what the protocol knows besides (budgets) can be asked for, and is never told."""
MAX_ANSWER = 500  # characters of an answer that are kept
MAX_TRIES = 20  # tries of a delivery that are kept
_OWN_TAGS = (PROMPT_TAG, TEXT_TAG, TYPE_TAG)
NEWS = (
    "registry.model_created",
    "registry.version_registered",
    "registry.version_tagged",
    "registry.alias_moved",
    "registry.prompt_created",
    "registry.prompt_version_created",
    "registry.prompt_tagged",
    "registry.prompt_alias_moved",
)
"""The ledger's entries that webhooks can be told of."""


def event_named(entity: str, action: str) -> str:
    """The event of an entity and an action.

    >>> event_named("MODEL_VERSION", "CREATED")
    'model_version.created'

    Raises:
        Invalid: If there is none.
    """
    thing, deed = entity.lower(), action.lower()
    if thing not in _ACTIONS:
        raise Invalid(f"Invalid webhook entity '{entity}'. Valid entities are: {sorted(_ACTIONS)}")
    if deed not in _ACTIONS[thing]:
        raise Invalid(
            f"Invalid action '{deed}' for entity '{thing}'. Valid actions are: {sorted(_ACTIONS[thing])}"
        )
    return f"{thing}.{deed}"


def known_events() -> list[WebhookEvent]:
    """What can be told here, and what it means."""
    return [WebhookEvent(name=name, means=means) for name, means in _MEANS.items()]


def checked_event(name: str) -> str:
    """An event as it is written here, ``model_version.created``.

    Raises:
        Invalid: If there is none of this name.
    """
    return event_named(*name.partition(".")[::2])


def check_name(name: str) -> None:
    """Refuse names that are odd.

    Raises:
        Invalid: Naming the rule.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(
            f"Webhook name '{name[:100]}' is invalid. It must start and end with a letter or digit, be less "
            "than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and "
            "hyphens (-)."
        )


def check_events(events: Collection[str]) -> None:
    """Refuse a webhook that would never be told anything."""
    if not events:
        raise Invalid("Webhook events must be a non-empty list of WebhookEvent objects: [].")


def parts_of(url: str) -> SplitResult:
    """An address in its parts.

    Raises:
        Invalid: If it is none that can be posted to, or holds a password.
    """
    if not url.strip():
        raise Invalid(f"Webhook URL cannot be empty or just whitespace: {url[:200]!r}")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise Invalid(f"Invalid webhook URL {url[:200]!r}: {error!r}") from None
    if parts.scheme not in ("https", "http"):
        raise Invalid(f"Invalid webhook URL scheme: '{parts.scheme}'. Allowed schemes are: https, http.")
    if not parts.hostname:
        raise Invalid(f"Webhook URL must include a hostname: '{url[:200]}'")
    if parts.username or parts.password or len(url) > 2000 or any(ord(char) <= 32 for char in url):
        raise Invalid("a webhook's URL holds a password, a blank, or more than 2,000 characters")
    return parts


def signature(secret: str, *, delivery: str, timestamp: str, body: str) -> str:
    """The signature that goes with a delivery: the receiver makes the same and compares.

    >>> signature("s", delivery="d", timestamp="1", body="{}")[:3]
    'v1,'

    References:
        https://www.standardwebhooks.com
    """
    signed = hmac.new(secret.encode(), f"{delivery}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def body_of(news: News) -> str:
    """What is sent."""
    entity, action = news.event.split(".")
    told = {"entity": entity, "action": action, "timestamp": news.at.isoformat(), "data": news.data}
    return msgspec.json.encode(told).decode()


def refusal_of(receipt: Receipt, host: str) -> Refused | Unavailable | None:
    """Why a delivery has not arrived: ``Unavailable`` if the receiver may take it later, else ``Refused``."""
    if receipt.status is None:
        return Unavailable(f"{host} could not be told: {receipt.error}", hint="it is tried again")
    if receipt.status >= 500 or receipt.status in (408, 425, 429):
        return Unavailable(f"{host} answered {receipt.status}", hint="it is tried again")
    if receipt.status >= 300:
        return Refused(f"{host} answered {receipt.status}", hint="look at the webhook's address and secret")
    return None


def delivery_of(
    before: Delivery | None,
    receipt: Receipt,
    *,
    webhook: Webhook,
    news: News,
    told: str,
    job: str | None,
    last: bool,
) -> Delivery:
    """A delivery after one more try; ``last``: no other follows by itself."""
    done = receipt.status is not None and receipt.status < 300
    state: DeliveryState = "delivered" if done else "failed" if last else "waiting"
    tries = (
        *(before.tries if before else ()),
        msgspec.structs.replace(receipt, body=receipt.body[:MAX_ANSWER]),
    )
    name, number = news.data.get("name") or "", news.data.get("version")
    return Delivery(
        id=told,
        webhook=webhook.id,
        event=news.event,
        about=f"{name}/{number}" if number else name,
        state=state,
        tries=tries[-MAX_TRIES:],
        test=job is None,
        job=job,
        at=news.at,
        last_at=receipt.at or news.at,
    )


def told_of(entry: Entry, about: Mapping[str, Any]) -> News:
    """A ledger's entry as it is told; ``about`` is what is known of its subject now."""
    data, kind = entry.data, entry.type.removeprefix("registry.")
    if kind in ("model_created", "prompt_created"):
        event = "prompt.created" if kind == "prompt_created" else "registered_model.created"
        told = {"name": data["name"], "tags": _others(about), "description": about.get("description")}
    elif kind in ("version_registered", "prompt_version_created"):
        event, told = _version(kind, data, about)
    elif kind in ("version_tagged", "prompt_tagged"):
        event, told = _tag(kind, data)
    else:
        what = "prompt_alias" if kind == "prompt_alias_moved" else "model_version_alias"
        told = {"name": data.get("model") or data.get("prompt"), "alias": data["alias"]}
        event = f"{what}.deleted" if data["number"] is None else f"{what}.created"
        told |= {} if data["number"] is None else {"version": str(data["number"])}
    return News(event=event, at=entry.at, data=told)


def _version(kind: str, data: Mapping[str, Any], about: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    told = {
        "name": data.get("model") or data.get("prompt"),
        "version": str(data["number"]),
        "tags": _others(about),
        "description": about.get("description") or None,
    }
    if kind == "prompt_version_created":
        return "prompt_version.created", told | {"template": about.get("tags", {}).get(TEXT_TAG, "")}
    return "model_version.created", told | {"source": about.get("source", ""), "run_id": data["run"]}


def _tag(kind: str, data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    told: dict[str, Any] = {"name": data.get("model") or data.get("prompt"), "key": data["key"]}
    what = "model_version_tag"
    if kind == "prompt_tagged":
        what = "prompt_tag" if data["number"] is None else "prompt_version_tag"
    told |= {} if data["number"] is None else {"version": str(data["number"])}
    if data["value"] is None:
        return f"{what}.deleted", told
    return f"{what}.set", told | {"value": data["value"]}


def _others(about: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in about.get("tags", {}).items() if key not in _OWN_TAGS}


def example(event: str) -> dict[str, Any]:
    """What a test of an event is told."""
    told: dict[str, Any] = {"name": "example_prompt" if event.startswith("prompt") else "example_model"}
    thing, action = event.split(".")
    if "version" in thing or (action == "created" and thing.endswith("_alias")):
        told["version"] = "1"
    if thing.endswith("_tag"):
        told["key"] = "example_key"
        return told | ({"value": "example_value"} if action == "set" else {})
    if thing.endswith("_alias"):
        return told | {"alias": "example_alias"}
    told |= {"tags": {"example_key": "example_value"}, "description": "An example"}
    if thing == "model_version":
        told |= {"source": "models:/123", "run_id": "abcd1234abcd5678"}
    return told | ({"template": "Hello {{name}}!"} if thing == "prompt_version" else {})
