"""A champion's yardstick: its training version, how far that moves by itself, its answers there."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from pomona.data.profiling import profile_table
from pomona.monitoring.natural import natural_drift
from pomona.monitoring.scoring import labels, plain, sample_rows
from pomona.stats.profiles import profile_categories, profile_numeric

START = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(days=7)


def weather(weeks: int) -> pa.Table:
    """Temperatures that wander from week to week, and carriers that do not."""
    random = np.random.default_rng(5)
    rows = weeks * 700
    moments = [START + WEEK * (n / 700) for n in range(rows)]
    return pa.table(
        {
            "at": pa.array(moments, pa.timestamp("us", tz="UTC")),
            "temp": np.repeat(random.normal(0, 2, size=weeks), 700) + random.normal(size=rows),
            "carrier": random.choice(["AA", "UA"], size=rows),
        }
    )


def test_weather_is_far_from_its_season_every_week_and_carriers_are_not() -> None:
    rows = weather(8)
    columns = {
        "temp": profile_numeric(rows.column("temp").to_numpy()),
        "carrier": profile_categories(rows.column("carrier").to_pylist()),
    }
    natural = natural_drift(columns, rows, time_column="at", window=WEEK)
    assert natural["temp"] > 1.0
    assert natural["carrier"] < 0.02


def test_rows_may_come_in_any_order_and_be_empty_here_and_there() -> None:
    rows = weather(8)
    shuffled = rows.take(np.random.default_rng(1).permutation(rows.num_rows))
    holes = [None if n % 50 == 0 else value for n, value in enumerate(rows.column("carrier").to_pylist())]
    columns = {"temp": profile_numeric(rows.column("temp").to_numpy())}
    one, other = (natural_drift(columns, table, time_column="at", window=WEEK) for table in (rows, shuffled))
    assert one == other
    lists = profile_table(pa.table({"lists": [[1], [2]]})).columns["lists"]
    unnamed = rows.append_column("lists", pa.array([[1]] * rows.num_rows))
    assert natural_drift({"lists": lists}, unnamed, time_column="at", window=WEEK) == {}
    table = rows.set_column(2, "carrier", pa.array(holes))
    words = {"carrier": profile_categories(holes)}
    assert natural_drift(words, table, time_column="at", window=WEEK)["carrier"] < 0.02


def test_what_is_shorter_than_two_windows_tells_nothing() -> None:
    rows = weather(1)
    columns = {"temp": profile_numeric(rows.column("temp").to_numpy())}
    assert natural_drift(columns, rows, time_column="at", window=WEEK) == {}
    assert natural_drift(columns, rows, time_column=None, window=WEEK) == {}
    assert natural_drift(columns, rows.slice(0, 0), time_column="at", window=WEEK) == {}


def test_columns_go_to_a_model_as_a_request_would_carry_them() -> None:
    rows = weather(1)
    assert plain(rows.column("at"))[0] == "2026-03-02T00:00:00+00:00"
    assert plain(pa.chunked_array([pa.array([1, None])])) == [1, None]
    assert sample_rows(rows, 10).num_rows == 10
    assert sample_rows(rows, 10_000).num_rows == 700


def test_labels_are_numbers_and_unknown_ones_stay_unknown() -> None:
    told = labels(pa.chunked_array([pa.array([True, False, None])]))
    assert told[:2].tolist() == [1.0, 0.0]
    assert np.isnan(told[2])
    words = labels(pa.chunked_array([pa.array(["late", "on time"])]), positive_class="late")
    assert words.tolist() == [1.0, 0.0]
