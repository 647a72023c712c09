"""Things that are made when they are first used, so that a start need not load what they stand on."""

from collections.abc import Callable
from threading import RLock
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class _Later(Generic[T]):
    """Stands for a thing; each attribute is looked up on the thing itself."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = RLock()
        self._made: list[T] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # who copies or prints the stand-in does not use the thing
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made.append(self._make())
        return getattr(self._made[0], name)


def later(make: Callable[[], T]) -> T:
    """What ``make`` returns, made once, by the thread that first asks it for something.

    Import what is heavy inside ``make``. The result is a stand-in: call its methods, but do not ask for its
    class. If ``make`` fails, that call fails, and the next one tries again.

    >>> made = []
    >>> word = later(lambda: made.append("made") or "pear")
    >>> len(made), word.upper(), word.title(), len(made)
    (0, 'PEAR', 'Pear', 1)
    """
    return cast(T, _Later(make))
