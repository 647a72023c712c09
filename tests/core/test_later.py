"""What is made later: once, by whoever asks first, and again if that failed."""

import threading
from typing import Any

import pytest

from pomona.core.later import later


class Pear:
    def __init__(self) -> None:
        self.eaten = 0

    def eat(self) -> int:
        self.eaten += 1
        return self.eaten


def test_it_is_made_at_the_first_question_and_once_however_many_ask() -> None:
    made: list[Pear] = []
    gate = threading.Barrier(8)

    def make() -> Pear:
        made.append(Pear())
        return made[-1]

    pear = later(make)
    assert made == []

    def ask() -> None:
        gate.wait()
        pear.eat()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert pear.eaten == 8


def test_what_could_not_be_made_is_tried_again() -> None:
    tries: list[Any] = [OSError("the disk is full"), Pear()]

    def make() -> Pear:
        found = tries.pop(0)
        if isinstance(found, OSError):
            raise found
        return found  # type: ignore[no-any-return]

    pear = later(make)
    with pytest.raises(OSError, match="full"):
        pear.eat()
    assert pear.eat() == 1


def test_to_look_at_the_stand_in_makes_nothing() -> None:
    pear = later(Pear)
    assert not hasattr(pear, "__deepcopy__")
    assert "Later" in repr(pear)
