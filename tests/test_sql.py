"""Times are stored to the microsecond, or refused: nothing goes in that could not come out again."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pomona.core.errors import Invalid
from pomona.sql import from_us, to_us

ZONES = st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))
EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES))  # noqa: DTZ001 - with zones
def test_a_time_comes_back_to_the_microsecond(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment


@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_first_and_the_last_moment_come_back_too(moment: datetime) -> None:
    assert from_us(to_us(moment)) == moment


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        (datetime(2026, 1, 31), "no time zone"),  # noqa: DTZ001 - that is the point
        (datetime.min.replace(tzinfo=EAST), "outside the years"),
        (datetime.max.replace(tzinfo=WEST), "outside the years"),
    ],
)
def test_a_time_that_could_not_be_read_back_is_refused(moment: datetime, says: str) -> None:
    with pytest.raises(Invalid, match=says) as caught:
        to_us(moment)
    assert caught.value.hint
