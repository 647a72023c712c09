"""Whether a call is alone: then it need not wait for others to share a commit with."""

import time
from types import TracebackType
from typing import Self

_MEMORY_S = 0.1  # so long after two calls met, the next are expected to meet others too


class Company:
    """Counts the calls of a kind that are under way; each stays inside ``with`` until it is answered."""

    def __init__(self) -> None:
        self._under_way = 0
        self._met_at = float("-inf")

    def __enter__(self) -> Self:
        self._under_way += 1
        if self._under_way > 1:
            self._met_at = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._under_way -= 1

    @property
    def is_alone(self) -> bool:
        """No other call is under way, nor was a moment ago."""
        return self._under_way == 1 and time.monotonic() - self._met_at > _MEMORY_S
