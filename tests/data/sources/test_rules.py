"""What is refused, and that no secret is ever repeated."""

from datetime import UTC, date, datetime

import pytest

from pomona.core.errors import Invalid
from pomona.data.sources import rules
from pomona.data.sources.records import NewFeed, NewSource


@pytest.mark.parametrize(
    "location",
    [
        "postgresql://me:hunter2@db/shop",
        "https://files/x.csv?token=hunter2",
        "https://files/x.csv?X-Amz-Signature=hunter2",
        "mysql://me@db/shop?password=hunter2",
        "https://hunter2:hunter2@files/x.csv",
        "https://files/x.csv#token=hunter2",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BUID%3Dme%3BPWD%3Dhunter2",
        "mssql+pyodbc:///?odbc_connect=Driver=x%3B%20Password%20=hunter2",
    ],
)
def test_a_location_with_a_password_is_refused_and_not_repeated(location: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules.check_source(NewSource(name="s", kind="postgresql", location=location))
    assert "hunter2" not in str(caught.value) + str(caught.value.extra)
    assert "env:" in str(caught.value.hint)


@pytest.mark.parametrize("table", ["x.csv?token=hunter2", "https://me:hunter2@files/x.csv"])
def test_a_table_with_a_password_is_refused_and_not_repeated(table: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules.check_feed(NewFeed(dataset="d", table=table), "files")
    assert "hunter2" not in str(caught.value) + str(caught.value.extra)
    rules.check_feed(NewFeed(dataset="d", table="exports/orders-?.csv"), "files")


def test_an_option_that_is_none_is_refused_and_its_value_not_repeated() -> None:
    with pytest.raises(Invalid, match="Authorization") as caught:
        rules.check_options({"format": "csv", "Authorization": "hunter2"}, {"format": "..."}, "http")
    assert "hunter2" not in str(caught.value) + str(caught.value.extra)
    rules.check_options({"format": "csv"}, {"format": "..."}, "http")


@pytest.mark.parametrize(
    "reference", ["hunter2", "env:", "env:A B", "file:relative", "vault:x", "env:POMONA_TOKEN"]
)
def test_credentials_are_a_reference_or_nothing(reference: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules.check_source(NewSource(name="s", kind="files", location="x.csv", credentials=reference))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("feed", "takes"),
    [
        (NewFeed(dataset="d"), "sql"),
        (NewFeed(dataset="d", table="t", query="select 1"), "sql"),
        (NewFeed(dataset="d", query="select 1"), "files"),
        (NewFeed(dataset="d", table="t", cursor="id"), "sql"),
        (NewFeed(dataset="d", table="t", mode="append", cursor="id", overlap=5), "sql"),
        (NewFeed(dataset="d", table="t", mode="delta", overlap=5), "sql"),
        (NewFeed(dataset="d", table="t", mode="delta", cursor="id", overlap=-1), "sql"),
        (NewFeed(dataset="d", table="t", mode="full"), "topic"),
    ],
)
def test_feeds_that_cannot_work_are_refused(feed: NewFeed, takes: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules.check_feed(feed, takes)
    assert caught.value.hint


@pytest.mark.parametrize(
    "value",
    [
        7,
        -3,
        10**18,
        1.1,
        datetime.fromisoformat("2026-01-02 03:04:05.678901"),
        datetime(2026, 1, 2, tzinfo=UTC),
        date(2026, 1, 2),
        "b7",
    ],
)
def test_a_cursor_comes_back_as_it_was(value: object) -> None:
    assert rules.value_of(rules.cursor_of("c", value)) == value


def test_an_overlap_looks_back_in_the_cursor_s_own_unit() -> None:
    at = rules.cursor_of("at", datetime(2026, 1, 2, tzinfo=UTC))
    since, inclusive = rules.start_of(at, 3600)
    assert since is not None
    assert (rules.value_of(since), inclusive) == (datetime(2026, 1, 1, 23, tzinfo=UTC), True)
    assert rules.start_of(at, 0) == (at, False)
    day, _ = rules.start_of(rules.cursor_of("d", date(2026, 1, 5)), 86_401)
    assert day is not None
    assert rules.value_of(day) == date(2026, 1, 3)
    with pytest.raises(Invalid):
        rules.start_of(rules.cursor_of("c", "text"), 1)
    with pytest.raises(Invalid):
        rules.cursor_of("c", True)


def test_a_message_loses_every_form_of_the_secret() -> None:
    said = rules.redact("at postgresql://me:a%2Fb%40c@db: 'a/b@c' is wrong for user:pw9", "a/b@c", "user:pw9")
    assert "a/b" not in said
    assert "a%2Fb" not in said
    assert "pw9" not in said


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "fd00:ec2::254", "100.100.100.200", "224.0.0.1"],
)
def test_metadata_addresses_are_known(address: str) -> None:
    assert rules.is_metadata(address)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "::ffff:10.0.0.1", "0.0.0.0", "fd12::1"]
)
def test_private_addresses_are_known(address: str) -> None:
    assert rules.is_private(address)
    assert not rules.is_private("93.184.216.34")


def test_a_list_of_what_is_allowed_names_hosts_and_networks() -> None:
    assert rules.is_allowed("files.local", "10.1.2.3", "other, files.local")
    assert rules.is_allowed("x", "10.1.2.3", "10.1.0.0/16")
    assert not rules.is_allowed("x", "10.2.2.3", "10.1.0.0/16, files.local")
