"""Where the gateway is and how it is doing, as the control plane sees it."""

import urllib.request
from pathlib import Path
from typing import Any

import msgspec

from pomona.core.records import Record
from pomona.process import ServerAddress


class GatewayState(Record, frozen=True, kw_only=True):
    """The gateway's address and its own report; ``problem`` when it cannot be asked."""

    url: str | None = None
    status: dict[str, Any] | None = None
    problem: str | None = None


def ask_gateway(home: Path, *, timeout_s: float = 2.0) -> GatewayState:
    """Ask the gateway of a home folder how it is doing."""
    try:
        url = msgspec.json.decode((home / "server.json").read_bytes(), type=ServerAddress).gateway_url
    except (FileNotFoundError, msgspec.DecodeError):
        return GatewayState(problem="no gateway runs on this home folder; `pomona up` starts one")
    token = home / "token"
    headers = {"Authorization": f"Bearer {token.read_text().strip()}"} if token.is_file() else {}
    request = urllib.request.Request(f"{url}/status", headers=headers)  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:  # noqa: S310
            return GatewayState(url=url, status=msgspec.json.decode(answer.read()))
    except (OSError, msgspec.DecodeError) as error:
        return GatewayState(url=url, problem=f"the gateway does not answer: {error}")
