"""Where a script finds this Pomona while it trains: an address and a token."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import msgspec

from pomona.core.errors import Unavailable
from pomona.core.records import Record, from_json
from pomona.process import ServerAddress


class Address(Record, frozen=True, kw_only=True):
    """An address of the API (and the MLflow protocol), and a token that is let in there."""

    url: str
    token: str


Reach = Callable[[], AbstractContextManager[Address]]
"""Opens a way to the API for as long as the block lasts."""


@contextmanager
def server_of(home: Path) -> Iterator[Address]:
    """The server that holds the home folder.

    Raises:
        Unavailable: If none runs.
    """
    try:
        found = from_json((home / "server.json").read_bytes(), ServerAddress)
        token = (home / "token").read_text().strip()
    except (OSError, msgspec.DecodeError) as error:
        raise Unavailable(
            f"no server holds {home}, so a training script has nobody to report to", hint="start `pomona up`"
        ) from error
    yield Address(url=found.url, token=token)
