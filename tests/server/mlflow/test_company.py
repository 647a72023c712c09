"""Calls that meet others are told apart from those that are alone."""

import time

import pytest

from pomona.server.mlflow.company import Company


def test_one_after_the_other_each_is_alone() -> None:
    calls = Company()
    for _ in range(3):
        with calls as met:
            assert met.is_alone


def test_who_meets_another_is_not_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    calls = Company()
    with calls, calls as met:
        assert not met.is_alone
    now = 100.09
    with calls as met:
        assert not met.is_alone
    now = 100.2
    with calls as met:
        assert met.is_alone


def test_a_call_that_fails_has_left() -> None:
    calls = Company()
    with pytest.raises(ValueError, match="no"), calls:
        raise ValueError("no")
    with calls as met:
        assert met.is_alone
