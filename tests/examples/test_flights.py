"""The table of flights: nothing in it was learned after the scheduled departure, but the label."""

from datetime import UTC, datetime, timedelta

import flights as source
import polars as pl
import pytest


@pytest.fixture(scope="module")
def flights() -> pl.DataFrame:
    return source.flights_of_2013()


def test_every_flight_is_there_once(flights: pl.DataFrame) -> None:
    assert flights.height == 336_776
    assert flights[source.KEY].n_unique() == flights.height


def test_a_known_flight_reads_as_it_was(flights: pl.DataFrame) -> None:
    # UA 1545, 1 January: due out of Newark at 05:15, due in Houston at 08:19, 11 minutes late.
    row = flights.row(by_predicate=pl.col(source.KEY) == "2013-01-01 UA1545 EWR", named=True)
    assert row[source.TIME] == datetime(2013, 1, 1, 10, 15, tzinfo=UTC)
    assert row[source.KNOWN] == datetime(2013, 1, 1, 14, 30, tzinfo=UTC)
    assert (row["dest"], row["hour"], row["weekday"], row["arrival_hour"]) == ("IAH", 5, 2, 8)
    assert row[source.UNIT] == "UA1545"
    assert row[source.LABEL] is False


def test_the_label_becomes_known_after_the_flight_was_to_leave(flights: pl.DataFrame) -> None:
    landed = flights.filter(pl.col(source.LABEL).is_not_null())
    assert landed.filter(pl.col(source.KNOWN) <= pl.col(source.TIME)).is_empty()
    assert (flights[source.KNOWN].is_null() == flights[source.LABEL].is_null()).all()


def test_a_cancelled_flight_has_no_label(flights: pl.DataFrame) -> None:
    assert flights[source.LABEL].null_count() == 9_430  # 8,255 cancelled before departure, 1,175 later


def test_clocks_that_change_do_not_move_a_flight(flights: pl.DataFrame) -> None:
    # 10 March 2013: New York went from UTC-5 to UTC-4 at 02:00.
    for day, utc_hour in (("2013-03-09", 11), ("2013-03-10", 10)):
        first = flights.filter(pl.col(source.KEY).str.starts_with(day), pl.col("hour") == 6)
        assert first[source.TIME].dt.hour().unique().to_list() == [utc_hour]


def test_weather_was_measured_before_the_flight_was_to_leave(flights: pl.DataFrame) -> None:
    # A row of the weather is complete 51 minutes after the hour it is named after.
    day = flights.filter(pl.col("origin") == "JFK", pl.col(source.KEY).str.starts_with("2013-07-01"))
    weather = source._read("weather.csv").with_columns(pl.col("time_hour").str.to_datetime(time_zone="UTC"))
    measured = weather.filter(pl.col("origin") == "JFK").select("time_hour", seen="temp")
    latest = pl.col(source.TIME) - timedelta(minutes=51)
    honest = day.with_columns(latest.dt.truncate("1h").alias("time_hour")).join(measured, on="time_hour")
    assert honest.height == day.height
    assert (honest["temp"] == honest["seen"]).all()


def test_months_part_the_year(flights: pl.DataFrame) -> None:
    exports = [source.export_of(flights, month) for month in range(1, 13)]
    assert sum(export.height for export in exports) == flights.height
    assert exports[8][source.LABEL].mean() == pytest.approx(0.132, abs=0.001)
    assert exports[6][source.LABEL].mean() == pytest.approx(0.315, abs=0.001)
    assert exports[11][source.LABEL].mean() == pytest.approx(0.326, abs=0.001)


def test_an_export_comes_when_its_last_flight_has_landed(flights: pl.DataFrame) -> None:
    for month in range(1, 13):
        assert source.export_of(flights, month)[source.KNOWN].max() < source.exported_at(month)
    assert source.exported_at(12) == datetime(2014, 1, 2, 12, tzinfo=UTC)


def test_departures_come_in_time_order_and_none_is_lost(flights: pl.DataFrame) -> None:
    march = source.export_of(flights, 3)
    batches = list(source.departures(march, every="1h"))
    assert sum(batch.height for _, batch in batches) == march.height
    assert [at for at, _ in batches] == sorted({at for at, _ in batches})
    for at, batch in batches[:50]:
        assert batch[source.TIME].is_between(at, at + timedelta(hours=1), closed="left").all()


def test_a_file_the_package_lacks_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"no file moon\.csv"):
        source._read("moon.csv")
