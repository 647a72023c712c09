"""Posting to an address: only to the very one that was asked about, signed, without following anywhere."""

import re
import time
from typing import Any, Protocol

import msgspec

from pomona.core.errors import PomonaError, Refused
from pomona.data.sources.rules import is_private
from pomona.registry.webhooks import rules
from pomona.registry.webhooks.records import Receipt

_CONNECTION = re.compile(r"^\w*Connection(Pool)?\(.*?\): |^<.*? object at 0x\w+>: ")
_BODY = 10_000  # bytes of an answer that are kept


class Reach(Protocol):
    """What may be reached from here."""

    def address(self, host: str, port: int) -> str:
        """An IP address of the host that may be connected to.

        Raises:
            Refused: If it may not be reached.
            Unavailable: If the name is unknown.
        """
        ...


def checked_address(url: str, reach: Reach) -> str:
    """The IP address behind a webhook's URL.

    Raises:
        Invalid: If the URL is none.
        Refused: If it may not be reached; plain http only inside an own network.
        Unavailable: If the name is unknown.
    """
    parts = rules.parts_of(url)
    host = parts.hostname or ""
    address = reach.address(host, _port(url))
    if parts.scheme == "http" and not is_private(address):
        raise Refused(f"{host} would be told without encryption", hint="use https")
    return address


def send(url: str, body: str, *, delivery: str, secret: str | None, reach: Reach) -> Receipt:
    """Post a body; what went wrong stands in the receipt."""
    import urllib3  # when somebody is told, not when the server starts

    at = str(int(time.time()))
    headers = {
        "content-type": "application/json",
        "user-agent": "pomona",
        "X-MLflow-Delivery-Id": delivery,
        "X-MLflow-Timestamp": at,
    }
    if secret:
        headers["X-MLflow-Signature"] = rules.signature(secret, delivery=delivery, timestamp=at, body=body)
    began = time.monotonic()
    try:
        receipt = _post(url, body, headers, checked_address(url, reach))
    except PomonaError as error:
        receipt = Receipt(error=error.detail)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        receipt = Receipt(error=_reason(error))
    return msgspec.structs.replace(receipt, seconds=round(time.monotonic() - began, 6))


def _reason(error: Exception) -> str:
    """What went wrong, without the connection that the library names before it."""
    return f"{type(error).__name__}: {_CONNECTION.sub('', str(error))}"[:500]


def _post(url: str, body: str, headers: dict[str, str], address: str) -> Receipt:
    import urllib3

    parts = rules.parts_of(url)
    options: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=10, read=30),
        "maxsize": 1,
        "retries": False,
    }
    kind: type[urllib3.HTTPConnectionPool] = urllib3.HTTPConnectionPool
    if parts.scheme == "https":
        kind = urllib3.HTTPSConnectionPool
        options |= {"server_hostname": parts.hostname, "assert_hostname": parts.hostname}
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    with kind(address, _port(url), **options) as pool:
        answer = pool.urlopen(
            "POST",
            target,
            body=body.encode(),
            headers=headers | {"host": parts.netloc},
            redirect=False,
            preload_content=False,
            assert_same_host=False,
        )
        try:
            text = answer.read(_BODY).decode(errors="replace").replace("\x00", "")
            return Receipt(status=answer.status, body=text)
        finally:
            answer.close()


def _port(url: str) -> int:
    parts = rules.parts_of(url)
    return parts.port or (443 if parts.scheme == "https" else 80)
