"""Tags and pins: what a reference means, and what keeps a version."""

from datetime import UTC, datetime

import pytest
from tests.data.keeping.world import World

from pomona.core.errors import Invalid, NotFound, Refused
from pomona.data.keeping.records import NewPin, NewTag
from pomona.data.marts.records import NewMart


def test_a_tag_is_a_reference_and_moves(world: World) -> None:
    world.create()
    one, two = world.commit({1: 1.0}), world.commit({1: 2.0})
    tagger = world.app.keeping.tagger
    tagger.tag("d@v1", NewTag(name="golden"))
    assert world.app.data.resolve("d@golden").id == one.id
    tagger.tag("d@v2", NewTag(name="golden", reason="a better one"))
    assert world.app.data.resolve("d@golden").id == two.id
    assert [(tag.name, tag.number) for tag in tagger.tags("d")] == [("golden", 2)]
    moves = world.app.ledger.entries(types=["data.version_tagged"])
    assert [(entry.data["was"], entry.data["reason"]) for entry in moves] == [(None, ""), (1, "a better one")]
    tagger.untag("d", "golden")
    with pytest.raises(NotFound, match="golden"):
        world.app.data.resolve("d@golden")
    with pytest.raises(NotFound, match="golden"):
        tagger.untag("d", "golden")


@pytest.mark.parametrize(
    "name", ["v3", "3", "latest", "newest", "deadbeef", "2026-01-01", "", "a b", "ä", "-x"]
)
def test_a_tag_cannot_be_read_as_something_else(world: World, name: str) -> None:
    world.create()
    world.commit({1: 1.0})
    with pytest.raises(Invalid, match="tag"):
        world.app.keeping.tagger.tag("d", NewTag(name=name))


def test_a_day_means_the_newest_version_that_was_so_by_its_end(world: World) -> None:
    world.create()
    for day in (1, 3, 5):
        world.commit({1: float(day)}, as_of=datetime(2026, 3, day, 12, tzinfo=UTC))
    numbers = {
        ref: world.app.data.resolve(f"d@{ref}").number
        for ref in ("2026-03-01", "2026-03-02", "2026-03-03", "2026-03-03T11:59:00Z", "2027-01-01")
    }
    assert list(numbers.values()) == [1, 1, 2, 1, 3]
    with pytest.raises(NotFound, match="2026-02-28"):
        world.app.data.resolve("d@2026-02-28")
    with pytest.raises(Invalid):
        world.app.data.resolve("d@2026-02-31")


def test_what_keeps_a_version(world: World) -> None:
    world.create()
    version = world.commit({1: 1.0})
    app, tagger = world.app, world.app.keeping.tagger
    assert tagger.pins("d") == []
    tagger.tag("d", NewTag(name="golden"))
    tagger.pin("d", NewPin(reason=" the regulator asked for it "))
    run = "a" * 32
    app.database.write(lambda tx: tx.link(run, "trained_on", version.id))
    app.database.write(lambda tx: tx.link("mv_1", "evaluated_on", version.id))
    app.database.write(lambda tx: tx.link("dec_1", "evidence", version.id))
    app.jobs.submit("train", {"data": version.id})
    app.marts.create(NewMart(name="m", sql='select * from "d@v1"'))
    kinds = [pin.kind for pin in tagger.pins("d")]
    assert sorted(kinds) == ["decision", "job", "mart", "model", "pin", "run", "tag"]
    assert tagger.unpin("d")[0].reason == "the regulator asked for it"
    assert "pin" not in [pin.kind for pin in tagger.pins("d")]


def test_a_version_of_a_mart_keeps_what_it_was_built_from(world: World) -> None:
    world.create()
    world.create("m")
    old = world.commit({1: 1.0})
    built = world.commit({1: 1.0}, "m")
    world.app.database.write(lambda tx: tx.link(built.id, "derived_from", old.id))
    (pin,) = world.app.keeping.tagger.pins("d@v1")
    assert (pin.kind, pin.by) == ("mart", built.id)


def test_a_pin_needs_a_reason(world: World) -> None:
    world.create()
    world.commit({1: 1.0})
    with pytest.raises(Refused, match="reason"):
        world.app.keeping.tagger.pin("d", NewPin(reason="  "))
