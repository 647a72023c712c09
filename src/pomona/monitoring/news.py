"""Which endpoints something happened to since the last look."""

from collections.abc import Sequence

from pomona.core.ports import Ledger

_AT_ONCE = 1000


class News:
    """Remembers, for one process, how far it has read; a new process begins by looking at everything.

    Args:
        types: The events that are news; each names its ``endpoint``.
    """

    def __init__(self, ledger: Ledger, types: Sequence[str]) -> None:
        self._ledger = ledger
        self._types = types
        self._seen: int | None = None

    def endpoints(self) -> set[str] | None:
        """Names of endpoints with news; None for all (at the first look)."""
        if self._seen is None:
            self._seen = self._ledger.last_seq()
            return None
        names: set[str] = set()
        while news := self._ledger.entries(after=self._seen, types=self._types, limit=_AT_ONCE):
            self._seen = news[-1].seq
            names |= {str(entry.data["endpoint"]) for entry in news}
        return names
