"""Every kind of column has a profile."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa

from pomona.core.records import from_json, to_json
from pomona.data.profiling import profile_table
from pomona.data.tables import canonical
from pomona.stats.records import CategoryProfile, NumericProfile, TableProfile, TimeProfile

COLUMNS = {
    "number": ([1.5, None], NumericProfile),
    "whole": ([1, None], NumericProfile),
    "flag": ([True, None], NumericProfile),
    "money": ([Decimal("1.50"), None], NumericProfile),
    "long": ([timedelta(seconds=2), None], NumericProfile),
    "word": (["a", None], CategoryProfile),
    "clock": ([time(12), None], CategoryProfile),
    "bytes": ([b"x", None], CategoryProfile),
    "list": ([[1], None], CategoryProfile),
    "struct": ([{"x": 1}, None], CategoryProfile),
    "moment": ([datetime(2026, 1, 1, tzinfo=UTC), None], TimeProfile),
    "naive": ([datetime(2026, 1, 1), None], TimeProfile),  # noqa: DTZ001
    "day": ([date(2026, 1, 1), None], TimeProfile),
    "nothing": ([None, None], CategoryProfile),
}


def test_every_kind_of_column_has_a_profile_that_survives_json() -> None:
    table = canonical(pa.table({name: values for name, (values, _) in COLUMNS.items()}), None)
    profile = profile_table(table)
    assert from_json(to_json(profile), TableProfile) == profile
    for name, (_, kind) in COLUMNS.items():
        column = profile.columns[name]
        assert isinstance(column, kind), name
        if name != "nothing":
            assert (column.count, column.missing) == (1, 1), name


def test_an_instant_is_profiled_in_utc() -> None:
    berlin = pa.array([datetime(2026, 1, 1, tzinfo=UTC)], pa.timestamp("ns", "Europe/Berlin"))
    column = profile_table(pa.table({"at": berlin})).columns["at"]
    assert isinstance(column, TimeProfile)
    assert column.earliest == datetime(2026, 1, 1, tzinfo=UTC)
