"""An error crosses the wire and comes back as the same class, hint and all."""

import pytest

from pomona.core import errors
from pomona.core.records import from_json, to_json

KINDS = [kind for kind in errors._kinds(errors.PomonaError) if kind.__init__ is errors.PomonaError.__init__]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_comes_back_as_itself(kind: type[errors.PomonaError]) -> None:
    sent = kind("it broke", hint="mend it", extra={"column": "age"})
    back = errors.error_from(from_json(to_json(sent.problem()), errors.Problem))
    assert type(back) is kind
    assert (back.detail, back.hint, back.extra) == ("it broke", "mend it", {"column": "age"})
    assert "mend it" in str(back)


def test_a_missing_extra_names_the_pip_command() -> None:
    sent = errors.MissingExtra("ray", "ray")
    back = errors.error_from(sent.problem())
    assert isinstance(back, errors.MissingExtra)
    assert "pip install 'pomona[ray]'" in str(back)


def test_an_unknown_kind_is_still_a_pomona_error() -> None:
    problem = errors.Problem(title="FromTheFuture", status=418, code="x", detail="tea")
    assert type(errors.error_from(problem)) is errors.PomonaError
