"""Reactions: each event once, whatever dies in between, with the reason stored beside the job."""

from datetime import timedelta
from typing import Any

import pytest
from tests.loop.world import START, WEEK, World

from pomona.core.actors import acting_as
from pomona.core.errors import Conflict, NotFound
from pomona.core.events import OutcomesRecorded
from pomona.jobs.records import Job
from pomona.loop.records import Request


def test_a_bad_window_with_newer_data_starts_one_retraining(world: World) -> None:
    world.trigger("drift")
    world.data.count = 2
    window = world.window(0)
    assert world.loop.react() == 1
    assert world.loop.react() == 0
    (reaction,) = world.reactions()
    assert reaction.fired
    assert reaction.reason == "drift until 2026-03-08: temp moved"
    assert reaction.facts.as_of == window.end
    (job,) = world.jobs.open()
    assert (job.id, job.kind) == (reaction.job, "retrain")
    assert job.payload["data_version"] == "ver_2"
    assert job.payload["recipe"]["entry"] == "gbt"
    links = {(link.source, link.relation, link.target) for link in world.ledger.links([reaction.id])}
    assert links == {("inc_drift", "caused", reaction.id), (reaction.id, "caused", job.id)}


def test_good_and_thin_windows_are_no_reason_to_say_anything(world: World) -> None:
    world.trigger("drift")
    for week, state in enumerate(("ok", "warn", "thin")):
        world.window(week, state)  # type: ignore[arg-type]
    assert world.loop.react() == 0
    assert world.reactions() == []


def test_a_bad_window_without_incident_is_noted_but_does_not_fire(world: World) -> None:
    world.trigger("quality")
    world.data.count = 2
    world.window(0, kind="quality", incident=False)
    world.loop.react()
    (reaction,) = world.reactions()
    assert not reaction.fired
    assert reaction.reason.endswith("one bad window is no incident yet")


def test_what_kind_a_trigger_watches_is_all_it_sees(world: World) -> None:
    world.trigger("quality")
    world.window(0, kind="drift")
    assert world.loop.react() == 0


class DiesOnce:
    """A queue whose process is killed in the middle of its first transaction."""

    def __init__(self, queue: Any) -> None:
        self.queue, self.died = queue, False

    def enqueue(self, *args: Any, **more: Any) -> Job:
        job: Job = self.queue.enqueue(*args, **more)
        if not self.died:
            self.died = True
            raise RuntimeError("killed")
        return job


def test_a_crash_between_decision_and_job_leaves_nothing_half_done(world: World) -> None:
    world.trigger("drift")
    world.data.count = 2
    world.window(0)
    dying = world.another_process(DiesOnce(world.jobs))
    with pytest.raises(RuntimeError, match="killed"):
        dying.react()
    assert world.reactions() == []
    assert world.jobs.open() == []
    assert dying.react() == 1
    assert world.loop.react() == 0
    assert len(world.reactions()) == len(world.jobs.open()) == 1


def test_two_processes_deal_with_an_event_once(world: World) -> None:
    world.trigger("drift")
    world.data.count = 2
    world.window(0)
    news = world.ledger.entries(types=["monitoring.window_closed"])
    reactors = [world.another_process().react.__self__ for _ in range(2)]  # type: ignore[attr-defined]
    assert [reactor._deal_with(news[0]) for reactor in reactors] == [1, 0]
    assert len(world.reactions()) == 1


def test_why_it_did_not_fire_is_stored(world: World) -> None:
    world.trigger("drift", cooldown_hours=24.0 * 21)
    world.data.count = 2
    for week in range(4):
        world.window(week)
        world.loop.react()
        world.data.count += 1
        if week == 1:
            world.end_job(str(world.reactions()[0].job))
    first, busy, soon, later = world.reactions()
    assert first.fired
    assert "is retraining already" in busy.reason
    assert soon.reason.endswith("cool-down: 14.0 of 21 days since the last retraining")
    assert later.fired


def test_nothing_is_trained_twice_on_the_same_data(world: World) -> None:
    world.trigger("drift")
    world.window(0)
    world.loop.react()
    assert "no newer data than the champion's" in world.reactions()[0].reason
    world.data.count = 2
    world.window(1)
    world.loop.react()
    world.end_job(str(world.reactions()[1].job))
    world.window(2)
    world.loop.react()
    assert "was done on the newest data already" in world.reactions()[2].reason


def test_a_canary_is_judged_before_the_next_retraining(world: World) -> None:
    world.trigger("drift")
    world.data.count = 2
    world.releases.running = world.releases.release("mv_1", "mv_2")
    world.window(0)
    world.loop.react()
    assert "a canary is still being judged" in world.reactions()[0].reason


def test_new_data_in_the_middle_of_an_incident_is_a_reason(world: World) -> None:
    world.trigger("drift")
    world.commit()
    assert world.loop.react() == 0, "no incident is open"
    world.promote("mv_2")
    world.window(0)
    world.loop.react()
    assert not world.reactions()[0].fired
    world.commit()
    world.loop.react()
    last = world.reactions()[-1]
    assert last.fired
    assert last.reason == "flights@v3 while a drift incident is open"


def test_enough_new_data_is_a_reason(world: World) -> None:
    world.trigger("data_volume", threshold=1.0)
    world.data.count = 2
    world.promote("mv_2")
    world.commit()
    world.loop.react()
    world.commit()
    world.loop.react()
    grown, doubled = world.reactions()
    assert (grown.fired, grown.reason) == (
        False,
        "flights@v3 has +50% rows over the champion's (+100% fires): below the threshold",
    )
    assert doubled.fired
    assert doubled.facts.as_of == START + WEEK * 4


def test_a_version_that_failed_its_checks_is_no_reason(world: World) -> None:
    world.trigger("data_volume", threshold=0.5)
    world.data.failed.add(2)
    world.commit()
    world.loop.react()
    (reaction,) = world.reactions()
    assert not reaction.fired
    assert "failed its checks" in reaction.reason


def test_one_event_starts_one_job_though_two_triggers_see_it(world: World) -> None:
    world.trigger("drift")
    world.trigger("drift", name="drift-too")
    world.data.count = 2
    world.window(0)
    assert world.loop.react() == 2
    assert sorted(reaction.fired for reaction in world.reactions()) == [False, True]
    assert len(world.jobs.open()) == 1


def test_a_schedule_ticks_once_and_makes_up_for_nothing(world: World) -> None:
    world.trigger("schedule", cron="0 6 * * *")
    assert world.loop.tick() == 0
    world.clock.advance(seconds=3 * 86_400)
    world.data.count = 2
    other = world.another_process()
    assert world.loop.tick() + other.tick() == 1
    (reaction,) = world.reactions()
    assert reaction.fired
    assert reaction.reason == "schedule '0 6 * * *', 2026-03-01 06:00"
    assert world.loop.trigger("schedule").next_at == START + timedelta(days=3, hours=6)


def test_a_schedule_may_follow_the_clock_of_the_predictions(world: World) -> None:
    world.trigger("schedule", cron="0 0 3 * *", clock="event")
    assert world.loop.tick() == 0, "nothing was predicted yet"
    world.serving.newest = START
    world.data.count = 2
    assert world.loop.tick() == 0
    world.serving.newest = START + timedelta(days=2)
    assert world.loop.tick() == 1
    assert world.loop.tick() == 0
    assert world.reactions()[0].facts.as_of == START + timedelta(days=2)


def test_a_person_asks_and_is_told(world: World) -> None:
    world.trigger("request")
    with acting_as("ann"):
        asked = world.loop.request("request", Request(reason="the fair starts", params={"leaves": 31}))
        again = world.loop.request("request", Request(reason="hurry"))
    assert asked.fired
    assert asked.by == "ann"
    assert asked.reason == "ann asks for it: the fair starts"
    assert world.jobs.open()[0].payload["recipe"]["params"] == {"leaves": 31}
    assert not again.fired
    assert "is retraining already" in again.reason
    assert world.loop.reaction(asked.id) == asked


def test_a_paused_trigger_is_silent_until_it_is_resumed(world: World) -> None:
    world.trigger("drift")
    world.data.count = 2
    world.loop.pause("drift")
    with pytest.raises(Conflict):
        world.loop.pause("drift")
    world.window(0)
    assert world.loop.react() == 0
    assert world.loop.resume("drift").enabled
    assert world.loop.react() == 0, "what happened meanwhile is passed over"
    world.window(1)
    assert world.loop.react() == 1


def test_triggers_name_what_exists(world: World) -> None:
    made = world.trigger("drift")
    assert world.loop.trigger("drift") == world.loop.trigger(made.id) == made
    assert world.loop.triggers(endpoint="late").items == [made]
    with pytest.raises(Conflict):
        world.trigger("drift")
    with pytest.raises(NotFound):
        world.trigger("quality", endpoint="nowhere")
    with pytest.raises(NotFound):
        world.loop.trigger("nothing")


def test_a_failed_retraining_is_noted_on_its_reaction(world: World) -> None:
    world.trigger("drift")
    world.data.count = 2
    world.window(0)
    world.loop.react()
    job = world.jobs.claim("test", ["retrain"])
    assert job is not None
    world.jobs.fail(job, Conflict("the script raised"))
    assert world.loop.react() == 1
    (reaction,) = world.reactions()
    assert (reaction.outcome, reaction.outcome_reason) == ("failed", "the script raised")
    assert len(world.ledger.entries(types=["loop.retraining_ended"])) == 1


def test_a_canary_is_judged_when_outcomes_come(world: World) -> None:
    def told() -> None:
        news = OutcomesRecorded(subject="end_1", endpoint="late", count=1, until=START)
        world.database.write(lambda tx: tx.emit(news))

    world.releases.running = world.releases.release("mv_1", "mv_2")
    assert world.loop.steer() == 0
    assert len(world.releases.judged) == 1, "a new process looks once at every canary"
    world.loop.steer()
    assert len(world.releases.judged) == 1
    told()
    world.loop.steer()
    assert len(world.releases.judged) == 2
    world.promote("mv_2")
    told()
    world.loop.steer()
    assert len(world.releases.judged) == 2
