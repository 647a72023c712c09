"""Pure rules of the loop: whether a trigger makes sense, and whether to retrain now."""

import re
from datetime import UTC, datetime, timedelta

from pomona.core.errors import Invalid
from pomona.jobs.rules import next_tick
from pomona.loop.records import Decision, Facts, NewTrigger, Trigger
from pomona.releases.rules import check_policy

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
COUNTED = ("drift", "quality", "data_volume")  # kinds whose retrainings start a cool-down, and wait for it

_LONGEST_DAYS = 3660.0  # ten years; beyond, dates run out


def check_trigger(new: NewTrigger) -> None:
    """Refuse a trigger that could never fire, or would never stop.

    Raises:
        Invalid: Naming the field and what to write instead.
    """
    recipe = new.recipe
    wrong = {
        "name": (not NAME.fullmatch(new.name), "lower-case letters, digits and . _ -"),
        "cron": ((new.kind == "schedule") != (new.cron is not None), "a schedule has one, nothing else"),
        "threshold": (
            new.kind == "data_volume" and not (new.threshold or 0.0) > 0.0,
            "data_volume needs a growth: 1.0 = twice the rows of the champion's version",
        ),
        "cooldown_hours": (
            not 0.0 <= new.cooldown_hours <= 24 * _LONGEST_DAYS,
            "0 or more hours, at most ten years",
        ),
        "budget": (new.budget is not None and new.budget < 1, "at least 1 retraining, or leave it out"),
        "budget_days": (not 0.0 < new.budget_days <= _LONGEST_DAYS, "days above 0, at most ten years"),
        "holdout_days": (
            not 0.0 < recipe.holdout_days <= _LONGEST_DAYS,
            "days above 0, at most ten years: without them no model can be judged",
        ),
        "minimum_improvement": (not recipe.minimum_improvement >= 0.0, "0 or more"),
        "label": (not recipe.label.strip(), "the column of the data that holds what came true"),
        "horizon_days": (not 0.0 < recipe.horizon_days <= _LONGEST_DAYS, "days above 0, at most ten years"),
    }
    for field, (is_wrong, hint) in wrong.items():
        if is_wrong:
            given = getattr(new if hasattr(new, field) else recipe, field)
            raise Invalid(f"{field} {given!r} will not do", hint=hint, extra={"field": field})
    if new.cron is not None:
        next_tick(new.cron, datetime(2000, 1, 1, tzinfo=UTC))
    check_policy(recipe.policy)


def decide_retrain(facts: Facts) -> Decision:
    """Retrain now, or not, and the one reason that decides it.

    A person's request passes by thresholds, cool-down, budget and cost; a schedule by threshold and
    cool-down. Nobody trains twice at once, beside a canary that is still judged, or (a person may) the
    same thing on the same data again.
    """
    for rule in (_off, _not_met, _busy, _nothing_new, _too_soon, _over_budget, _not_worth_it):
        refusal = rule(facts)
        if refusal is not None:
            return Decision(fire=False, reason=f"{facts.what}: {refusal}" if facts.what else refusal)
    worth = ""
    if facts.loss_per_day is not None and facts.cost is not None:
        worth = f"; {_saved(facts):,.0f} {facts.currency} at stake against a cost of {facts.cost:,.0f}"
    return Decision(fire=True, reason=f"{facts.what}{worth}")


def _off(facts: Facts) -> str | None:
    return None if facts.enabled else "the trigger is paused"


def _not_met(facts: Facts) -> str | None:
    return facts.unmet


def _busy(facts: Facts) -> str | None:
    if facts.running_job is not None:
        return f"{facts.running_job} is retraining already"
    return None if facts.canary is None else f"a canary is still being judged ({facts.canary})"


def _nothing_new(facts: Facts) -> str | None:
    if facts.data_version is None:
        return "there is no usable data version"
    if facts.kind == "request":
        return None
    if facts.kind in COUNTED and facts.data_version == facts.champion_data:
        return "there is no newer data than the champion's"
    if facts.tried_by is not None:
        return f"the same training was done on the newest data already ({facts.tried_by})"
    return None


def _too_soon(facts: Facts) -> str | None:
    if facts.kind not in COUNTED or facts.last_retrained is None:
        return None
    passed = facts.as_of - facts.last_retrained
    if passed >= timedelta(hours=facts.cooldown_hours):
        return None
    return f"cool-down: {_days(passed)} of {facts.cooldown_hours / 24:g} days since the last retraining"


def _over_budget(facts: Facts) -> str | None:
    if facts.kind == "request" or facts.budget is None or facts.retrained < facts.budget:
        return None
    return f"the budget is spent: {facts.retrained} retrainings in {facts.budget_days:g} days"


def _not_worth_it(facts: Facts) -> str | None:
    if facts.kind not in COUNTED or facts.loss_per_day is None or facts.cost is None:
        return None
    if _saved(facts) >= facts.cost:
        return None
    return (
        f"not worth it: the model loses {facts.loss_per_day:,.0f} {facts.currency} a day, "
        f"{_saved(facts):,.0f} in {facts.horizon_days:g} days, retraining costs {facts.cost:,.0f}"
    )


def _saved(facts: Facts) -> float:
    return (facts.loss_per_day or 0.0) * facts.horizon_days


def _days(passed: timedelta) -> str:
    return f"{passed.total_seconds() / 86_400:.1f}"


def missing_in_window(trigger: Trigger, *, score: float, alarmed: bool, incident: bool) -> str | None:
    """What a window lacks to be a reason: by the trigger's own threshold, else by its incident."""
    if trigger.threshold is not None:
        return None if score >= trigger.threshold else f"below this trigger's {trigger.threshold:g}"
    if not alarmed:
        return "no alarm"
    return None if incident else "one bad window is no incident yet"


def growth(rows: int, champion_rows: int | None) -> float | None:
    """How much more data there is than the champion had: 1.0 = twice as much; None if it is not known.

    >>> growth(250, 100)
    1.5
    """
    if not champion_rows:
        return None
    return rows / champion_rows - 1.0
