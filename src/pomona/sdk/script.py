"""What a training script asks: which data, which parameters. By hand it answers with the defaults."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from pomona.core.errors import NotFound
from pomona.sdk.client import Client, connect
from pomona.sdk.http import HttpTransport
from pomona.sdk.versions import Selection, Version


def training_data(default: str | None = None, *, purpose: str | None = None) -> Version:
    """The data this training is for, narrowed to the part the entry selects and the purpose it names.

    Args:
        default: What to use when the script is run by hand, e.g. ``flights@latest``.
        purpose: What the rows are read for; default what the entry says, else ``training``.

    Raises:
        NotFound: If nothing says which data: the script runs by hand, and there is no default.
    """
    ref = os.environ.get("POMONA_DATA_VERSION") or default
    if ref is None:
        raise NotFound(
            "no training selects the data of this script",
            hint="run it by hand with training_data('flights'), or store it: `pomona train store`",
        )
    version = _client().data.version(ref)
    chosen = msgspec.json.decode(os.environ.get("POMONA_DATA_SELECTION") or "{}", type=Selection)
    named = purpose or os.environ.get("POMONA_PURPOSE") or "training"
    return version.select(chosen.columns, since=chosen.since, until=chosen.until, purpose=named)


def params(defaults: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The parameters of this training, over the script's own defaults."""
    given = msgspec.json.decode(os.environ.get("POMONA_PARAMS") or "{}", type=dict[str, Any])
    return {**(defaults or {}), **given}


@cache
def _client() -> Client:
    url = os.environ.get("POMONA_URL")
    if url and "POMONA_RUN" in os.environ:  # in a training: the server may be just starting again
        return Client(HttpTransport(url, token=os.environ.get("POMONA_TOKEN"), retries=8))
    return connect()
